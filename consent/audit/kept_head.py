"""Read signed heads that were kept elsewhere: by an auditor in the manifest of an older export, by
itself (audit_verify --keep), or by this machine.

What a log must still lead to, whoever holds its database and its key today. Heads that member
hospitals keep, as witnesses, are read here too.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from consent.audit import merkle_tree
from consent.audit.export_manifest import load_manifest, manifest_path
from consent.audit.tree_head import TreeHead

SUFFIX = ".manifest.json"


@dataclass(frozen=True, slots=True, eq=False)
class KeptHead:
    """whence: "… the head that `whence`". leaves: of the lines that were exported with it,
    {position: leaf hash}.
    """

    head: TreeHead
    keeper_phrase: str
    leaves: dict[int, bytes] = field(default_factory=dict)


def read_kept_head(path: Path) -> KeptHead:
    """Read a kept head from a manifest, from the file beside it, or from a head alone. Raises
    OSError, ValueError where there is none.
    """
    if not path.name.endswith(SUFFIX) and manifest_path(path).exists():
        path = manifest_path(path)
    manifest = load_manifest(path)
    try:
        head = TreeHead.from_json(manifest.get("head", manifest))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path.name} names no signed tree head") from error
    return KeptHead(
        head, f"{path.name} keeps", leaves_from_proofs(head, manifest.get("proofs") or [])
    )


def leaves_from_proofs(head: TreeHead, proofs: Any) -> dict[int, bytes]:
    """Leaves of exported lines, as far as their proofs lead to the head: they name the lines
    that have changed since.
    """
    leaves = {}
    try:
        for proof in proofs:
            leaf = bytes.fromhex(proof["leaf"])
            if (
                merkle_tree.root_from_proof(
                    leaf, proof["position"], head.size, [bytes.fromhex(n) for n in proof["path"]]
                )
                == head.root
            ):
                leaves[proof["position"]] = leaf
    except (KeyError, TypeError, ValueError):
        return leaves  # the head alone tells whether, these only where
    return leaves
