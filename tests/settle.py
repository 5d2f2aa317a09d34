"""Waiting for older transactions: the change feed and the sealer pass over what is younger than one that still runs (docs/adr/0005)."""

from records.store.chunks import newest_transaction, settled
from tests.until import until


def settle() -> None:
    """Wait until what was committed so far can be read in the feed and sealed. Transactions of other databases on the server count as well, such as a sealer's round."""
    newest = newest_transaction()
    until(lambda: settled(newest), "older transactions end")
