"""Receipts of sync: the platform's signed word on a batch, by the key of the log, verified offline
(docs/sync.md, Push).
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from consent.audit.canonical_line import encode_canonical_json
from consent.audit.signing_keys import (
    PinnedKey,
    fingerprint_of_key,
    load_signing_key,
    own_public_key_bytes,
    parse_offset_time,
)

PREFIX = "SHA256:"


class NoReceipt(ValueError):
    """What was given is no receipt."""


@dataclass(frozen=True, slots=True)
class SignedReceipt:
    """signature: Ed25519 over the receipt as canonical JSON; key: the fingerprint of the log's
    key.
    """

    receipt: dict[str, Any]
    signature: bytes
    key: str

    @classmethod
    def from_json(cls, data: bytes) -> "SignedReceipt":
        """What else lies beside it is not looked at. Raises NoReceipt."""
        try:
            content = json.loads(data)
            receipt, key = content["receipt"], str(content["key"])
            if not isinstance(receipt, dict) or not key.startswith(PREFIX):
                raise NoReceipt("it has no receipt, or its key is no fingerprint")
            return cls(receipt, bytes.fromhex(content["signature"]), key.removeprefix(PREFIX))
        except (KeyError, TypeError, ValueError, RecursionError) as error:
            raise NoReceipt(f"it is no receipt of a batch ({type(error).__name__})") from error

    def as_json(self) -> dict[str, Any]:
        return {
            "receipt": self.receipt,
            "signature": self.signature.hex(),
            "key": f"{PREFIX}{self.key}",
        }

    def find_fault(self, pinned_keys: Iterable[PinnedKey]) -> str:
        """Why it proves nothing under these keys; "" where it does."""
        pins = [p for p in pinned_keys if p.fingerprint == self.key]
        if not pins:
            return (
                f"it is signed by a key that is not pinned ({PREFIX}{self.key}): another"
                " installation's, or a forger's"
            )
        whole = [p for p in pins if p.key]
        if not whole:
            return (
                "a receipt names its key by the fingerprint alone: give the key itself, a file of"
                " PEM blocks (--key)"
            )
        try:
            when = parse_offset_time(str(self.receipt.get("at")))
            if not any(p.covers(when) for p in whole):
                return f"it is signed on {self.receipt['at']}, when {whole[0].name} did not sign"
            Ed25519PublicKey.from_public_bytes(whole[0].key).verify(
                self.signature, encode_canonical_json(self.receipt)
            )
        except InvalidSignature:
            return "its signature does not fit: it was changed"
        except ValueError as error:
            return f"its time or text cannot be read ({error})"
        return ""


def sign_receipt(receipt: dict[str, Any]) -> SignedReceipt:
    return SignedReceipt(
        receipt,
        load_signing_key().sign(encode_canonical_json(receipt)),
        fingerprint_of_key(own_public_key_bytes()),
    )
