"""Check an evidence package by the stand-alone verifier (tools/verify.py), and ask besides what the
installation alone knows: whether the log of today still leads to a package's head
(docs/implementation/evidence-package.md).
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from consent.audit.kept_head import KeptHead
from consent.audit.signing_keys import PinnedKey
from consent.audit.sm2_suite import SM2
from consent.audit.standalone_verifier import (
    FOLDER,
    LOG_DIFFERS,
    VERIFIERS,
    load_verifier,
)
from consent.audit.tree_head import TreeHead
from consent.audit.verify import verify_log

__all__ = ["FOLDER", "VERIFIERS", "load_verifier"]


def verify_package(
    path: Path,
    pins: Iterable[PinnedKey],
    *,
    witnesses: Iterable[PinnedKey] = (),
    against: Path | None = None,
    against_log: bool = False,
) -> Any:
    """Check a package, or a signed opinion; returns the Report of tools/verify.py. against_log:
    this installation's log must lead to a package's head and hold its lines.
    """
    verifier, leaves = load_verifier(), dict[int, bytes]()
    pins = list(pins)
    report = verifier.verify_file(
        path,
        as_verifier_keys(pins),
        against=against,
        witnesses=as_verifier_keys(witnesses),
        on_leaf=leaves.__setitem__ if against_log else None,
    )
    if against_log and report.facts and not report.opinion:
        head = TreeHead.from_json(verifier.Package(path).read_json("manifest.json")["head"])
        kept = KeptHead(head, f"{path.name} keeps", leaves)
        for fault in verify_log([kept], pins).faults:
            report.tell(LOG_DIFFERS, why=fault)
        report.notes = [note for note in report.notes if note[0] != "today"]
    return report


def as_verifier_keys(pins: Iterable[PinnedKey]) -> list[Any]:
    known = load_verifier().PinnedKey
    return [known(p.fingerprint, p.key, p.since, p.until, p.suite == SM2.name) for p in pins]
