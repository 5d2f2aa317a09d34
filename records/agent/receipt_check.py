"""Verify a receipt: signed by a key of the platform that enrolment gave us (Ed25519 over canonical
JSON; docs/sync.md, Push), and about the batch that was sent.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .platform_away import PlatformAway, Trouble

if TYPE_CHECKING:
    from .outbox_batches import Batch

PEM_BLOCK = re.compile(rb"-----BEGIN PUBLIC KEY-----.+?-----END PUBLIC KEY-----", re.S)


class PinnedKeys:
    """The platform's keys that we trust: PEM blocks in one file of the home."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._keys: list[Any] = []

    def load(self) -> list[Any]:
        """Raises PlatformAway(SETTINGS) where there is none."""
        if not self._keys:
            from cryptography.hazmat.primitives.serialization import load_pem_public_key

            try:
                blocks = PEM_BLOCK.findall(self.path.read_bytes())
                self._keys = [load_pem_public_key(block) for block in blocks]
            except (OSError, ValueError) as error:
                raise PlatformAway(Trouble.SETTINGS, f"{self.path}: {error}") from error
            if not self._keys:
                raise PlatformAway(
                    Trouble.SETTINGS, f"{self.path} holds no key of the platform: enrol first"
                )
        return self._keys

    def verify(self, data: bytes, signature: str) -> bool:
        from cryptography.exceptions import InvalidSignature

        for key in self.load():
            try:
                key.verify(bytes.fromhex(signature), data)
                return True
            except (InvalidSignature, ValueError, TypeError):
                continue
        return False


def encode_canonical(value: Any) -> bytes:
    """Keys sorted, no blanks, UTF-8."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def check_receipt(
    answer: Any, batch: Batch, stream: str, hospital: str, client: str, keys: PinnedKeys
) -> None:
    """Raises PlatformAway(RECEIPT), which says what does not fit."""
    if not isinstance(answer, dict) or not isinstance(answer.get("receipt"), dict):
        raise PlatformAway(Trouble.PLATFORM, "an answer without a receipt")
    receipt = answer["receipt"]
    meant = {
        "hospital": hospital,
        "client": client,
        "stream": stream,
        "number": batch.number,
        "root": batch.root,
        "items": batch.items,
    }
    for name, value in meant.items():
        if receipt.get(name) != value:
            raise PlatformAway(Trouble.RECEIPT, f"{stream}/{batch.number}: {name}")
    if not keys.verify(encode_canonical(receipt), str(answer.get("signature", ""))):
        raise PlatformAway(Trouble.RECEIPT, f"{stream}/{batch.number}: signature")
