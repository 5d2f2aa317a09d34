"""A log of leaves alone, larger than a subtree of height 16, in tables of its own."""

import hashlib
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, transaction

from consent.audit.merkle_tree import Frontier
from consent.audit.tree_head import TreeHead

SIZE = 70_000  # so that there is a subtree of height 16
LEAVES = [hashlib.sha256(n.to_bytes(4, "big")).digest() for n in range(SIZE)]


class Undo(Exception):
    pass


def head_of(size: int) -> TreeHead:
    tree = Frontier()
    for leaf in LEAVES[:size]:
        tree.add(leaf)
    return TreeHead(size, tree.root(), "2026-01-01T00:00:00+00:00", b"", b"")


@pytest.fixture
def log(world: None) -> Iterator[Any]:
    """The tables of another log, in a transaction that is taken back."""
    with pytest.raises(Undo), transaction.atomic(), connection.cursor() as cursor:
        for table in ("consent_audit_leaf", "consent_audit_subtree"):
            cursor.execute(f"CREATE TEMP TABLE {table} (LIKE public.{table}) ON COMMIT DROP")
        cursor.execute("SET LOCAL search_path = pg_temp, public")
        cursor.executemany(
            "INSERT INTO consent_audit_leaf VALUES (%s, %s, %s)",
            [(n, n, leaf) for n, leaf in enumerate(LEAVES)],
        )
        cursor.execute("CREATE INDEX ON consent_audit_leaf (position)")
        yield cursor
        raise Undo
