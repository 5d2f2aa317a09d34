"""Define the signed statement that tree heads were thinned out: how many lay between two that
stay. Who has the database alone can take no head out, for a gap without such a statement, under
the installation's key, is a fault.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

from django.db import connection

from consent.audit import canonical_line
from consent.audit.merkle_tree import Frontier
from consent.audit.signing_keys import (
    PinnedKey,
    find_signature_fault,
    load_signing_key,
    own_public_key_bytes,
)
from consent.audit.tree_head import TreeHead

COLUMNS = "above, below, last, heads, digest, thinned_at, signature, key"


@dataclass(frozen=True, slots=True)
class ThinningStatement:
    """What was taken out between two heads that stay. above: size of the smaller one (0: the
    log's beginning), below: of the greater; last: of the greatest head that is gone; heads: how
    many are; digest: SHA-256, the root of a tree over what their signatures covered.
    """

    above: int
    below: int
    last: int
    heads: int
    digest: bytes
    thinned_at: str
    signature: bytes = b""
    key: bytes = b""

    @classmethod
    def create_signed(
        cls, above: int, below: int, thinned_heads: Sequence[TreeHead], thinned_at: str
    ) -> Self:
        tree = Frontier()
        for head in thinned_heads:
            tree.add(canonical_line.leaf_hash(head.signed_bytes()))
        unsigned = cls(
            above, below, thinned_heads[-1].size, len(thinned_heads), tree.root(), thinned_at
        )
        return replace(
            unsigned,
            signature=load_signing_key().sign(unsigned.signed_bytes()),
            key=own_public_key_bytes(),
        )

    @classmethod
    def from_row(cls, row: tuple[Any, ...]) -> Self:
        """The columns COLUMNS."""
        above, below, last, heads, digest, thinned_at, signature, key = row
        return cls(
            above, below, last, heads, bytes(digest), thinned_at, bytes(signature), bytes(key)
        )

    def signed_bytes(self) -> bytes:
        """What the signature covers."""
        return canonical_line.encode_canonical_json(
            {
                "v": 1,
                "thinned": True,
                "above": self.above,
                "below": self.below,
                "last": self.last,
                "heads": self.heads,
                "digest": self.digest.hex(),
                "thinned_at": self.thinned_at,
            }
        )

    def find_fault(self, pinned_keys: Iterable[PinnedKey]) -> str:
        """Why it proves nothing under these keys; "" where it does."""
        return find_signature_fault(
            pinned_keys, self.key, self.signature, self.signed_bytes(), self.thinned_at
        )


def read_thinnings() -> dict[tuple[int, int], ThinningStatement]:
    """{(above, below): the statement}."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {COLUMNS} FROM consent_audit_thinning ORDER BY above")
        return {(t.above, t.below): t for t in map(ThinningStatement.from_row, cursor.fetchall())}
