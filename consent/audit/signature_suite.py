"""Define what a kind of signature is to the log: how its keys are written and named, and how a
signature is verified. Which there are: consent/audit/signature_suites.py.
"""

import base64
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SignatureSuite:
    """spki: what precedes a public key's bytes in its DER form (SubjectPublicKeyInfo); key_bytes:
    how many these are; digest: name of the hash by which keys are told apart, and hash_bytes it;
    note_kind: of its keys in a C2SP note; verify: (key, signature, message) → whether it fits.
    """

    name: str
    spki: bytes
    key_bytes: int
    digest: str
    hash_bytes: Callable[[bytes], bytes]
    note_kind: bytes
    verify: Callable[[bytes, bytes, bytes], bool]

    def fingerprint(self, key: bytes) -> str:
        """Raises ValueError where this is no key of the suite."""
        if len(key) != self.key_bytes:
            raise ValueError(f"{len(key)} bytes are no public key of {self.name}")
        return self.hash_bytes(self.spki + key).hex()

    def mark(self, fingerprint: str) -> str:
        """A fingerprint as people are shown it, and give it."""
        return f"{self.digest}:{fingerprint}"

    def pem(self, key: bytes) -> str:
        text = base64.b64encode(self.spki + key).decode()
        rows = [text[at : at + 64] for at in range(0, len(text), 64)]
        return "\n".join(["-----BEGIN PUBLIC KEY-----", *rows, "-----END PUBLIC KEY-----", ""])

    def parse_der(self, der: bytes) -> bytes | None:
        """The key's bytes; None where it is of another kind."""
        if len(der) != len(self.spki) + self.key_bytes or not der.startswith(self.spki):
            return None
        return der[len(self.spki) :]
