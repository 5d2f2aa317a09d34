"""Check an exported file against its manifest, without the database (audit_verify --package)."""

import csv
import hashlib
import json
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from consent.audit import canonical, tree


def check(path: Path) -> list[str]:
    """The faults of an exported file; none means that every row is what was sealed. Raises OSError, ValueError if unreadable."""
    from consent.audit.export import manifest_path

    manifest = json.loads(manifest_path(path).read_text())
    faults = []
    if hashlib.sha256(path.read_bytes()).hexdigest() != manifest["sha256"]:
        faults.append(f"{path.name}: the file is not the one that was exported (SHA-256 differs)")
    head = manifest["head"]
    if head is None:
        return faults
    message = canonical.head_message(head["size"], bytes.fromhex(head["root"]), head["sealed_at"])
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(head["key"])).verify(bytes.fromhex(head["signature"]), message)
    except InvalidSignature:
        faults.append("the signature of the tree head does not fit")
    if len(manifest["proofs"]) != manifest["rows"]:
        faults.append(f"{manifest['rows']} rows are promised, {len(manifest['proofs'])} proofs are there")
    faults += [
        f"audit line {p['id']}: its proof does not lead to the signed root" for p in manifest["proofs"]
        if tree.root_from_proof(bytes.fromhex(p["leaf"]), p["position"], head["size"], [bytes.fromhex(x) for x in p["path"]])
        != bytes.fromhex(head["root"])
    ]
    return faults + compare(path, manifest)


def compare(path: Path, manifest: dict[str, Any]) -> list[str]:
    """Rows of the file against the leaves: NDJSON carries the hashed bytes themselves, CSV the ids in order."""
    proofs = manifest["proofs"]
    if manifest["format"] == "ndjson":
        leaves = [canonical.leaf_hash(row).hex() for row in path.read_bytes().splitlines()]
        return [f"audit line {p['id']} was changed in the file" for p, leaf in zip(proofs, leaves, strict=False) if leaf != p["leaf"]] + \
            ([f"{len(proofs)} rows are promised, {len(leaves)} are in the file"] if len(leaves) != len(proofs) else [])
    if manifest["format"] == "csv":
        with path.open(encoding="utf-8-sig", newline="") as file:
            ids = [row[0] for row in csv.reader(file)][1:]
        return [] if ids == [str(p["id"]) for p in proofs] else ["the rows of the file are not the promised ones, in order"]
    return []
