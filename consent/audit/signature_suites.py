"""The kinds of signatures that the log knows, the one that always signs first."""

from consent.audit.ed25519_suite import ED25519
from consent.audit.signature_suite import SignatureSuite
from consent.audit.sm2_suite import SM2

SUITES = (ED25519, SM2)


def suite_named(name: str) -> SignatureSuite:
    return next(s for s in SUITES if s.name == name)


def suite_of_key(key: bytes) -> SignatureSuite:
    """By its length. Raises ValueError."""
    for suite in SUITES:
        if len(key) == suite.key_bytes:
            return suite
    raise ValueError(f"{len(key)} bytes are a public key of no suite")


def parse_public_key(der: bytes) -> tuple[SignatureSuite, bytes]:
    """Raises ValueError where it is a key of no suite."""
    for suite in SUITES:
        if (key := suite.parse_der(der)) is not None:
            return suite, key
    raise ValueError("the log is signed with Ed25519 and SM2, this is another kind of key")
