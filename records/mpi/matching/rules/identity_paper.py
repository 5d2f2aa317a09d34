"""Identity papers beside the citizen number: permits, passports, birth certificates, insurance
numbers; and what is no number at all. Pure.
"""

import re
import unicodedata

from records.mpi.matching.rules import filler_digits, resident_number
from records.mpi.matching.rules.invisible_characters import strip_invisible

TRASH = re.compile(r"^(.)\1*$|^0?1?23456789?|^无$|^未|^不详|^NULL$|^N/?A$")
UNPAID = re.compile(
    r"自费|自理|全费|现金|免费|暂无|没有|无卡|待[查补定]|未[知办带]|不[详明]|保密"
)  # words in a number's place
SERIAL = re.compile(r"\D*(\d+)\D?(\d?)\D*")  # letters about the digits, a check digit in brackets
PERMIT = re.compile(
    r"^([HM])(\d{8})\d{0,2}$"
)  # Hong Kong, Macau: the last two digits count re-issues


def fold_identifier(value: str) -> str:
    """Any identifier as it is looked for: compatibility-folded, capital letters, without spaces
    and what nobody sees.
    """
    return "".join(unicodedata.normalize("NFKC", strip_invisible(value)).upper().split())


def normalize_paper_number(text: str) -> str:
    """Compatibility-folded, without separators; "" for what is no information."""
    value = re.sub(
        r"[\s\-_.:：/]", "", unicodedata.normalize("NFKC", strip_invisible(text))
    ).upper()
    if len(value) < 4 or TRASH.match(value) or not any(c.isdigit() for c in value):
        return ""
    serial = SERIAL.fullmatch(value)
    if UNPAID.search(value) or (serial and filler_digits.is_filler(serial[1] + serial[2])):
        return ""
    m = PERMIT.match(value)
    return m[1] + m[2] if m else value


def valid_resident_number(text: str) -> str:
    """The 18-digit number where it is a valid one, else ""."""
    try:
        number = resident_number.normalize_resident_number(text)
    except resident_number.InvalidResidentNumber:
        return ""
    return "" if TRASH.match(number) else number
