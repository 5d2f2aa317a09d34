"""Phone numbers: mobile (11 digits) and landline with area code; what is dialled as a
placeholder is no information. Pure.
"""

import re
import unicodedata

from rapidfuzz.distance import OSA

from records.mpi.matching.rules import filler_digits

HOTLINE = re.compile(r"^[48]00\d{7}$")  # an insurer's, a shop's: nobody's own
AREA = re.compile(r"^0(?:10|2\d|[3-9]\d\d)(?=\d{7})")
MOBILE = re.compile(r"^1[3-9]\d{9}$")


def normalize_phone(text: str) -> str:
    """Digits only, without the country's; "" for none and for placeholders (13800000000,
    0731-00000000, 1234567) and hotlines (400 and 800).
    """
    digits = "".join(
        str(unicodedata.decimal(c)) for c in re.sub(r"\D", "", unicodedata.normalize("NFKC", text))
    )
    for prefix in ("0086", "86"):
        if digits.startswith(prefix) and len(digits) >= 11 + len(prefix):
            digits = digits[len(prefix) :]
    if (
        len(digits) < 7
        or re.search(r"(\d)\1{5,}", digits)
        or "12345678" in digits
        or HOTLINE.match(digits)
        or filler_digits.is_sequential(AREA.sub("", digits))
    ):
        return ""
    return digits


def phone_level(a: str, b: str) -> str:
    if not a or not b:
        return ""
    if a == b:
        return "same"
    mobile = bool(MOBILE.match(a) or MOBILE.match(b)) and a[:1] == b[:1] == "1"
    return "near" if mobile and abs(len(a) - len(b)) <= 1 and OSA.distance(a, b) == 1 else "differ"
