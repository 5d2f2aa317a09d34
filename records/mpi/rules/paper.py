"""Identity papers beside the citizen number: permits, passports, birth certificates, insurance numbers; and what is no number at all. Pure."""

import re
import unicodedata

from records.mpi.rules import resident_number

TRASH = re.compile(r"^(.)\1*$|^0?1?23456789?|^无$|^未|^不详|^NULL$|^N/?A$")
PERMIT = re.compile(r"^([HM])(\d{8})\d{0,2}$")  # Hong Kong, Macau: the last two digits count re-issues


def normal(text: str) -> str:
    """Compatibility-folded, without separators; "" for what is no information."""
    value = re.sub(r"[\s\-_.:：/]", "", unicodedata.normalize("NFKC", text)).upper()
    if len(value) < 4 or TRASH.match(value) or not any(c.isdigit() for c in value):
        return ""
    m = PERMIT.match(value)
    return m[1] + m[2] if m else value


def citizen(text: str) -> str:
    """The 18-digit number where it is a valid one, else ""."""
    try:
        number = resident_number.normal(text)
    except resident_number.NotANumber:
        return ""
    return "" if TRASH.match(number) else number
