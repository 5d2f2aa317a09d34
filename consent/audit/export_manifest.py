"""Build and sign the manifest of an exported file with the audit key: its filter, its rows, its
bytes, its columns, and the tree head that its proofs lead to.
"""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from consent.audit import canonical_line
from consent.audit.second_signature import (
    SIGNATURE,
    SecondSignature,
    find_statement_fault,
    second_as_json,
)
from consent.audit.signing_keys import PinnedKey

VERSION = 3
LOCAL_TIMES = 2  # of releases whose files had the sealed columns alone, `recorded` in local time
# the same key signs tree heads: what it signs as one is never the other
DOMAIN = b"xinglin audit manifest\n"


class UnsignedManifest(ValueError):
    """A manifest of an earlier release: nothing vouches for what it says."""


def manifest_path(path: Path) -> Path:
    return path.with_name(path.name + ".manifest.json")


def hash_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def hash_proofs(proofs: Iterable[dict[str, Any]]) -> str:
    """Of the proofs' canonical forms, a line each."""
    digest = hashlib.sha256()
    for proof in proofs:
        digest.update(canonical_line.encode_canonical_json(proof) + b"\n")
    return digest.hexdigest()


def signed_manifest_bytes(manifest: dict[str, Any]) -> bytes:
    """What the signature covers: all but the proofs, of which it covers the digest."""
    return DOMAIN + canonical_line.encode_canonical_json(
        {k: v for k, v in manifest.items() if k not in ("signature", SIGNATURE, "proofs")}
    )


def sign_manifest(manifest: dict[str, Any]) -> dict[str, Any]:
    from consent.audit.signing_keys import load_signing_key, own_public_key_bytes
    from consent.audit.sm2_key import sign_second

    manifest = {"v": VERSION, **manifest, "key": own_public_key_bytes().hex()}
    second = sign_second(lambda said: signed_manifest_bytes({**manifest, **second_as_json(said)}))
    manifest |= second_as_json(second)
    return {**manifest, "signature": load_signing_key().sign(signed_manifest_bytes(manifest)).hex()}


def write_manifest(path: Path, manifest: dict[str, Any], proofs: Path) -> None:
    """Write the signed manifest with its proofs, which stand in a file of their canonical forms:
    there may be more than memory holds.
    """
    with (
        path.open("w", encoding="utf-8") as file,
        proofs.open(encoding="utf-8", newline="\n") as each,
    ):
        file.write(
            json.dumps(manifest, ensure_ascii=False, indent=1).removesuffix("\n}")
            + ',\n "proofs": ['
        )
        for n, proof in enumerate(each):
            file.write(f"{',' if n else ''}\n  {proof[:-1]}")
        file.write("\n ]\n}\n")


def load_manifest(path: Path) -> dict[str, Any]:
    """Raises OSError, ValueError where it is no manifest."""
    if not path.exists():
        packed = path.name.endswith(".zip.manifest.json")
        raise FileNotFoundError(
            "this is the ZIP of the auditor's page: unpack it, and name the file that lies in it"
            " beside its manifest"
            if packed
            else f"{path} is missing: the manifest belongs beside the exported file, under its name"
        )
    manifest = json.loads(path.read_bytes())
    if not isinstance(manifest, dict):
        raise ValueError(f"{path.name} is no manifest")
    return manifest


def find_manifest_faults(manifest: dict[str, Any], pinned_keys: Iterable[PinnedKey]) -> list[str]:
    """Why what it says proves nothing under these keys."""
    if manifest.get("v") not in (LOCAL_TIMES, VERSION) or "signature" not in manifest:
        raise UnsignedManifest(
            "its manifest is not signed (an earlier release wrote it, or somebody took the"
            " signature away): nothing vouches for its filter, its rows and its bytes. Export it"
            " anew."
        )
    try:
        fault = find_statement_fault(
            list(pinned_keys),
            bytes.fromhex(manifest["key"]),
            bytes.fromhex(manifest["signature"]),
            SecondSignature.from_json(manifest),
            signed_manifest_bytes(manifest),
            str(manifest["exported_at"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        fault = f"its signature cannot be read ({error})"
    return [f"the manifest: {fault}"] if fault else []
