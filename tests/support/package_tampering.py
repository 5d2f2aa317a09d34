"""Ways in which somebody changes an evidence package, and what both verifiers (tools/verify.py,
tools/verify.html) tell of each.
"""

import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from consent.audit.canonical_line import FIELDS
from tests.factories.evidence_packages import (
    LOG_KEY,
    READABLE,
    EvidencePackage,
    fingerprint,
    make_package,
    pem,
)

DIGESTS = {"member-size", "member-sha256", "member-sm3"}
ACTOR, REASON, ID = (len(READABLE) + FIELDS.index(n) for n in ("actor", "reason", "id"))
More = list[tuple[str | zipfile.ZipInfo, bytes]]
Edit = Callable[[EvidencePackage], More | None]


@dataclass(frozen=True)
class Tampering:
    """codes: all that is told but for DIGESTS, which are told where `digests`; row and column: of
    the first finding that has the first code. key: what the user trusts.
    """

    name: str
    edit: Edit
    codes: tuple[str, ...]
    digests: bool
    row: int | None
    column: str | None
    key: str
    after: Callable[[Path], None] | None

    def write(self, path: Path) -> Path:
        package = make_package()
        more = self.edit(package) or []
        package.write(path, *more)
        if self.after:
            self.after(path)
        return path


def told(
    into: list[Tampering],
    *codes: str,
    digests: bool = False,
    row: int | None = None,
    column: str | None = None,
    key: str = fingerprint(LOG_KEY),
    after: Callable[[Path], None] | None = None,
) -> Callable[[Edit], Edit]:
    """List an edit with what is told of it."""

    def add(edit: Edit) -> Edit:
        into.append(Tampering(edit.__name__, edit, codes, digests, row, column, key, after))
        return edit

    return add


def trusted(tampering: Tampering) -> str:
    """What is given as --key."""
    return tampering.key.replace("PEM", pem(LOG_KEY))


def matches(tampering: Tampering, findings: list[dict[str, Any]]) -> str:
    """Why these findings are not those; "" where they are."""
    codes = [f["code"] for f in findings]
    rest = set(codes) - DIGESTS
    if rest != set(tampering.codes) - DIGESTS:
        return f"{sorted(rest)} instead of {tampering.codes}"
    wanted = tampering.digests or bool(DIGESTS & set(tampering.codes))
    if bool(DIGESTS & set(codes)) != wanted:
        return f"digests: {sorted(DIGESTS & set(codes))}"
    if tampering.row is None:
        return ""
    first = next(f for f in findings if f["code"] == tampering.codes[0])
    if (first["row"], first["column"] or None) != (tampering.row, tampering.column):
        return f"at row {first['row']}, column {first['column']!r}"
    return ""
