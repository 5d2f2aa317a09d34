"""The texts that codes were written with, each once: `code:text=糖化` looks here first, and
resources carry only hashes of their texts. Likewise the ways into contained resources that there
are.

Learnt by a connection of its own before the resources are stored: it may know a text too many,
never one too few, and writers never wait for each other's new words.
"""

from collections.abc import Iterable

from django.db import connection

from alliance.platform.array_literals import text_array_literal, unquoted_array_literal
from records.search.contained_resources import WAYS
from records.search.search_terms import IndexValues
from records.store import keys

MOST = 200_000  # words that a process remembers as known
known: set[tuple[int, str]] = set()
# index: record_vocabulary_pkey
LEARN = """
INSERT INTO record_vocabulary (parameter, value, hash)
SELECT * FROM unnest(%s::bigint[], %s::text[], %s::bigint[]) ON CONFLICT DO NOTHING
"""


# index: record_vocabulary_pkey
LEADING = "SELECT value FROM record_vocabulary WHERE parameter = %s"


def list_contained_ways() -> frozenset[str]:
    """All that a store of the alliance has or had: of which kinds, never whose."""
    with connection.cursor() as cursor:
        cursor.execute(LEADING, [WAYS])
        return frozenset(value for (value,) in cursor.fetchall())


def learn_texts(indexes: Iterable[IndexValues]) -> None:
    new = {(p, v): h for index in indexes for p, v, h in index.texts if (p, v) not in known}
    if not new:
        return
    with keys.separate_connection() as cursor:
        cursor.execute(
            LEARN,
            [
                unquoted_array_literal(p for p, _ in new),
                text_array_literal(v for _, v in new),
                unquoted_array_literal(new.values()),
            ],
        )
    if len(known) > MOST:
        known.clear()
    known.update(new)
