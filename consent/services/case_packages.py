"""Whether the manifest of an evidence package is one that this installation has signed."""

import hashlib
import json
from typing import Any

from django.utils.translation import gettext as _

from alliance.auth.principal import Principal
from consent.audit.canonical_line import encode_canonical_json
from consent.audit.package_verifier import load_verifier
from consent.audit.second_signature import SIGNATURE, SecondSignature, find_statement_fault
from consent.audit.signing_keys import load_own_pins
from consent.services.case_gathering import ITEM_FINDERS, PACKAGE, ItemFace


class UnverifiedManifest(ValueError):
    """It is no manifest of a package, or not one that was signed here."""


def verify_manifest(data: bytes) -> str:
    """The SHA-256 of the manifest as it stands in the package. Raises UnverifiedManifest."""
    verifier = load_verifier()
    try:
        manifest: dict[str, Any] = json.loads(data)
        if manifest["kind"] != verifier.KIND:
            raise UnverifiedManifest(_("This is no manifest of an evidence package."))
        unsigned = {k: v for k, v in manifest.items() if k not in ("signature", SIGNATURE)}
        fault = find_statement_fault(
            load_own_pins(),
            bytes.fromhex(manifest["key"]),
            bytes.fromhex(manifest["signature"]),
            SecondSignature.from_json(manifest),
            verifier.DOMAIN + encode_canonical_json(unsigned),
            manifest["exported_at"],
        )
    except (KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
        if isinstance(error, UnverifiedManifest):
            raise
        raise UnverifiedManifest(_("This is no manifest of an evidence package.")) from error
    if fault:
        raise UnverifiedManifest(_("Not signed by this platform: %s") % fault)
    return hashlib.sha256(data).hexdigest()


def find_package_face(ref: str, acting: Principal) -> ItemFace:
    return ItemFace(f"SHA-256 {ref}")


ITEM_FINDERS[PACKAGE] = find_package_face
