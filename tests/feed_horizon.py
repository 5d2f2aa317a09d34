"""Waiting for older transactions: the change feed and the sealer pass over what is younger than
one that still runs (docs/adr/0005).
"""

from records.store.chunks import fetch_next_transaction, is_settled
from tests.wait_until import wait_until


def wait_for_feed() -> None:
    """Wait until what was committed so far can be read in the feed and sealed. Transactions of
    other databases on the server count as well, such as a sealer's round.
    """
    newest = fetch_next_transaction()
    wait_until(lambda: is_settled(newest), "older transactions end")
