"""Codes of printed pages: a random one of the print, the number of the page, and a short
authentication code of both (HMAC, RFC 2104) under a key that only the database has. A page put
between those of another print, or with another number, does not fit.
"""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: no I, L, O, U
READ_AS = str.maketrans("ILO", "110")
PRINT_LENGTH, PROOF_LENGTH = 12, 5  # 60 bits, 25 bits
KEY_BYTES = 32
FORM = re.compile(
    rf"([{ALPHABET}]{{{PRINT_LENGTH}}})-?0*(\d{{1,3}})-([{ALPHABET}]{{{PROOF_LENGTH}}})"
)


@dataclass(frozen=True, slots=True)
class PageCode:
    """print_code: of the whole print; page: from 1; proof: that both belong together."""

    print_code: str
    page: int
    proof: str

    def __str__(self) -> str:
        groups = "-".join(self.print_code[i : i + 4] for i in range(0, PRINT_LENGTH, 4))
        return f"{groups}-{self.page}-{self.proof}"


def make_print_code() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(PRINT_LENGTH))


def make_page_code(key: bytes, print_code: str, page: int) -> PageCode:
    digest = hmac.new(key, f"{print_code}/{page}".encode(), hashlib.sha256).digest()
    number = int.from_bytes(digest[:8], "big")
    proof = "".join(ALPHABET[(number >> 5 * i) & 31] for i in range(PROOF_LENGTH))
    return PageCode(print_code, page, proof)


def is_genuine(key: bytes, code: PageCode) -> bool:
    return hmac.compare_digest(make_page_code(key, code.print_code, code.page).proof, code.proof)


def parse_page_code(text: str) -> PageCode | None:
    """As somebody types it from paper; None for what is no code."""
    typed = re.sub(r"[\s\u2010-\u2015]+", "-", text.strip().upper()).translate(READ_AS)
    parts = typed.strip("-").split("-")
    if len(parts) < 3:
        return None
    found = FORM.fullmatch(f"{''.join(parts[:-2])}-{parts[-2]}-{parts[-1]}")
    return PageCode(found[1], int(found[2]), found[3]) if found else None
