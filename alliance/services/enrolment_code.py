"""Write and read a code that people copy by hand: six groups of four characters of Crockford's
base 32, 110 random bits and two check characters (a Reed-Solomon code over GF(32)). Pure.

Any two wrong characters, and so any two that were swapped, are noticed; of one, where it stands.
"""

import hashlib
import secrets
import unicodedata
from dataclasses import dataclass

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
MISREAD = str.maketrans("ILO", "110")  # which are not used, for they look like these
RANDOM_LENGTH, LENGTH, GROUP = 22, 24, 4
PRIMITIVE = 0b100101  # x^5 + x^2 + 1
POWERS = [1]
while len(POWERS) < 31:
    doubled = POWERS[-1] << 1
    POWERS.append(doubled ^ PRIMITIVE if doubled & 32 else doubled)
LOGARITHMS = {power: exponent for exponent, power in enumerate(POWERS)}
CHECK_POLYNOMIAL = (POWERS[1] ^ POWERS[2], POWERS[3])  # (x - a)(x - a^2), without x^2


@dataclass(frozen=True, slots=True)
class MistypedCode(ValueError):
    """It cannot be a code. length: of what was typed; group: where the wrong character probably
    stands, counted from 1, or 0.
    """

    length: int
    group: int = 0


def make_code() -> str:
    symbols = [secrets.randbelow(32) for _ in range(RANDOM_LENGTH)]
    return format_code([*symbols, *compute_check(symbols)])


def format_code(symbols: list[int]) -> str:
    text = "".join(ALPHABET[symbol] for symbol in symbols)
    return "-".join(text[i : i + GROUP] for i in range(0, LENGTH, GROUP))


def hash_code(typed: str) -> bytes:
    """By which a code is found, however it was typed: small letters, blanks, other hyphens,
    full-width characters. Raises MistypedCode.
    """
    text = unicodedata.normalize("NFKC", typed).upper().translate(MISREAD)
    text = "".join(c for c in text if not (c.isspace() or unicodedata.category(c) == "Pd"))
    wrong = next((i for i, c in enumerate(text) if c not in ALPHABET), None)
    if len(text) != LENGTH:
        raise MistypedCode(len(text))
    if wrong is not None:
        raise MistypedCode(LENGTH, wrong // GROUP + 1)
    symbols = [ALPHABET.index(c) for c in text]
    first, second = (evaluate(symbols, exponent) for exponent in (1, 2))
    if first or second:
        raise MistypedCode(LENGTH, locate_group(first, second))
    return hashlib.sha256(text.encode()).digest()


def multiply(one: int, two: int) -> int:
    return POWERS[(LOGARITHMS[one] + LOGARITHMS[two]) % 31] if one and two else 0


def compute_check(symbols: list[int]) -> list[int]:
    """The remainder of the division by the check polynomial, as the two last characters."""
    high = low = 0
    for symbol in symbols:
        factor = symbol ^ high
        high, low = (
            low ^ multiply(factor, CHECK_POLYNOMIAL[0]),
            multiply(factor, CHECK_POLYNOMIAL[1]),
        )
    return [high, low]


def evaluate(symbols: list[int], exponent: int) -> int:
    """The characters as a polynomial, at this power of the primitive element; 0 in a right code."""
    total = 0
    for symbol in symbols:
        total = multiply(total, POWERS[exponent]) ^ symbol
    return total


def locate_group(first: int, second: int) -> int:
    """The group of the one wrong character, or 0 where more than one is wrong."""
    if not (first and second):
        return 0
    place = (LOGARITHMS[second] - LOGARITHMS[first]) % 31  # counted from the end
    return (LENGTH - 1 - place) // GROUP + 1 if place < LENGTH else 0
