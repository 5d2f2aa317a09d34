"""What is said of an exported file, signed with the audit key: its filter, its rows, its bytes, its columns, and the tree head that its proofs lead to."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from consent.audit import canonical
from consent.audit.keys import Pin, fault

VERSION = 2
DOMAIN = b"xinglin audit manifest\n"  # the same key signs tree heads: what it signs as one is never the other


class Unsigned(ValueError):
    """A manifest of an earlier release: nothing vouches for what it says."""


def manifest_path(path: Path) -> Path:
    return path.with_name(path.name + ".manifest.json")


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def proofs_digest(proofs: Iterable[dict[str, Any]]) -> str:
    """Of the proofs' canonical forms, a line each."""
    whole = hashlib.sha256()
    for proof in proofs:
        whole.update(canonical.encode(proof) + b"\n")
    return whole.hexdigest()


def message(told: dict[str, Any]) -> bytes:
    """What the signature covers: all but the proofs, of which it covers the digest."""
    return DOMAIN + canonical.encode({k: v for k, v in told.items() if k not in ("signature", "proofs")})


def signed(told: dict[str, Any]) -> dict[str, Any]:
    from consent.audit.keys import public_bytes, signing_key

    told = {"v": VERSION, **told, "key": public_bytes().hex()}
    return {**told, "signature": signing_key().sign(message(told)).hex()}


def write(path: Path, told: dict[str, Any], proofs: Path) -> None:
    """The signed manifest with its proofs, which stand in a file of their canonical forms: there may be more than memory holds."""
    with path.open("w", encoding="utf-8") as file, proofs.open(encoding="utf-8", newline="\n") as each:
        file.write(json.dumps(told, ensure_ascii=False, indent=1).removesuffix("\n}") + ',\n "proofs": [')
        for n, proof in enumerate(each):
            file.write(f"{',' if n else ''}\n  {proof[:-1]}")
        file.write("\n ]\n}\n")


def load(path: Path) -> dict[str, Any]:
    """Raises OSError, ValueError where it is no manifest."""
    if not path.exists():
        packed = path.name.endswith(".zip.manifest.json")
        raise FileNotFoundError("this is the ZIP of the auditor's page: unpack it, and name the file that lies in it beside its manifest" if packed else
                                f"{path} is missing: the manifest belongs beside the exported file, under its name")
    told = json.loads(path.read_bytes())
    if not isinstance(told, dict):
        raise ValueError(f"{path.name} is no manifest")
    return told


def faults(told: dict[str, Any], pins: Iterable[Pin]) -> list[str]:
    """Why what it says proves nothing under these keys."""
    if told.get("v") != VERSION or "signature" not in told:
        raise Unsigned("its manifest is not signed (an earlier release wrote it, or somebody took the signature away): nothing vouches for its filter, "
                       "its rows and its bytes. Export it anew.")
    try:
        why = fault(pins, bytes.fromhex(told["key"]), bytes.fromhex(told["signature"]), message(told), str(told["exported_at"]))
    except (KeyError, TypeError, ValueError) as error:
        why = f"its signature cannot be read ({error})"
    return [f"the manifest: {why}"] if why else []
