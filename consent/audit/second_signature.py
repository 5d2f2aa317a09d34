"""The second signature of what the log's key signs, by SM2: the statement itself says by which key,
or why there is none, under both signatures. So nobody who lacks the first key takes the second one
away unseen.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self

from consent.audit.ed25519_suite import ED25519
from consent.audit.signing_keys import PinnedKey, find_signature_fault, parse_offset_time
from consent.audit.sm2_suite import SM2

SAID, SIGNATURE = "sm2", "sm2_signature"  # names in JSON; the second is what the signatures leave


@dataclass(frozen=True, slots=True)
class SecondSignature:
    """key: of SM2, b"" where not even that is known; signature: DER, b"" where it is absent, or
    gone; absent: what was missing when it should have been made ("library", "key").
    """

    key: bytes
    signature: bytes = b""
    absent: str = ""

    @classmethod
    def from_json(cls, content: Any) -> Self | None:
        """None where the statement says nothing of one. Raises KeyError, TypeError, ValueError."""
        said = content.get(SAID)
        if said is None:
            if content.get(SIGNATURE):
                raise ValueError("it has an SM2 signature of which it says nothing")
            return None
        return cls(
            bytes.fromhex(said["key"]),
            bytes.fromhex(content.get(SIGNATURE, "")),
            str(said.get("absent", "")),
        )

    def statement(self) -> dict[str, str]:
        """What both signatures cover of it."""
        return {"key": self.key.hex(), **({"absent": self.absent} if self.absent else {})}

    def as_json(self) -> dict[str, Any]:
        more = {SIGNATURE: self.signature.hex()} if self.signature else {}
        return {SAID: self.statement(), **more}

    def find_fault(self, pinned_keys: Sequence[PinnedKey], message: bytes, signed_at: str) -> str:
        """Where no key of SM2 is pinned, the one that the first signature vouches for counts."""
        if self.absent:
            return ""
        if not self.signature:
            return (
                "it says that it is signed with SM2 too, and that signature is gone: it was taken"
                " out"
            )
        pins = [p for p in pinned_keys if p.suite == SM2.name]
        if not pins:
            try:
                mark = SM2.fingerprint(self.key)
            except ValueError as error:
                return f"SM2: its key cannot be read ({error})"
            pins = [PinnedKey(mark, "it", suite=SM2.name)]
        fault = find_signature_fault(pins, self.key, self.signature, message, signed_at, SM2)
        return f"SM2: {fault}" if fault else ""


Unsigned = Callable[[SecondSignature | None], bytes]  # the bytes to sign, with what they say of it


def second_as_json(second: SecondSignature | None) -> dict[str, Any]:
    return second.as_json() if second else {}


def find_statement_fault(
    pinned_keys: Sequence[PinnedKey],
    key: bytes,
    signature: bytes,
    second: SecondSignature | None,
    message: bytes,
    signed_at: str,
) -> str:
    """Why a statement that may have two signatures proves nothing under these keys; "" where it
    does. Keys of one suite alone are enough where that one has signed; where keys of both are
    given, both must fit. While a pinned key of SM2 signs, none may be without it.
    """
    first = [p for p in pinned_keys if p.suite == ED25519.name]
    if not first and len(key) == ED25519.key_bytes:
        first = [PinnedKey(ED25519.fingerprint(key), "it")]
    faults = [find_signature_fault(first, key, signature, message, signed_at)]
    if second and not second.absent:
        faults.append(second.find_fault(pinned_keys, message, signed_at))
    else:
        faults.append(find_missing_fault(pinned_keys, second, signed_at))
    return "; ".join(filter(None, faults))


def find_missing_fault(
    pinned_keys: Sequence[PinnedKey], second: SecondSignature | None, signed_at: str
) -> str:
    """Of a statement that is not signed with SM2."""
    ours = [p for p in pinned_keys if p.suite == SM2.name]
    try:
        due = next((p for p in ours if p.covers(parse_offset_time(signed_at))), None)
    except ValueError:
        due = None  # which the first signature's fault tells
    if ours and (len(ours) == len(pinned_keys) or (due and second is None)):
        name = due.name if due else "the key of SM2 that is pinned"
        return f"SM2: it has no signature, and {name} signs then: it was taken out"
    return ""
