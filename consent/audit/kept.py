"""A signed head that was kept elsewhere: by an auditor in the manifest of an older export, by itself (audit_verify --keep), or by this machine.

What a log must still lead to, whoever holds its database and its key today. Heads that member hospitals keep, as witnesses, are read here too.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from consent.audit import tree
from consent.audit.head import Head
from consent.audit.manifest import load, manifest_path

SUFFIX = ".manifest.json"


@dataclass(frozen=True, slots=True)
class Kept:
    """whence: "… the head that `whence`". leaves: of the lines that were exported with it, {position: leaf hash}."""

    head: Head
    whence: str
    leaves: dict[int, bytes] = field(default_factory=dict)


def read(path: Path) -> Kept:
    """Of a manifest, of the file beside it, or of a head alone. Raises OSError, ValueError where there is none."""
    if not path.name.endswith(SUFFIX) and manifest_path(path).exists():
        path = manifest_path(path)
    told = load(path)
    try:
        head = Head.of_json(told.get("head", told))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path.name} names no signed tree head") from error
    return Kept(head, f"{path.name} keeps", leaves(head, told.get("proofs") or []))


def leaves(head: Head, proofs: Any) -> dict[int, bytes]:
    """Leaves of exported lines, as far as their proofs lead to the head: they name the lines that have changed since."""
    found = {}
    try:
        for p in proofs:
            leaf = bytes.fromhex(p["leaf"])
            if tree.root_from_proof(leaf, p["position"], head.size, [bytes.fromhex(n) for n in p["path"]]) == head.root:
                found[p["position"]] = leaf
    except (KeyError, TypeError, ValueError):
        return found  # the head alone tells whether, these only where
    return found
