"""What a hospital's system says when it asks about a patient as a doctor (POST /launch): read, or
told where it is wrong and what to write instead.
"""

import json
import re
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from records.mpi.matching.rules.resident_number import (
    RESIDENT_NUMBER_SYSTEM,
    InvalidResidentNumber,
    normalize_resident_number,
)

MAX_BODY = 16_384
MAX_IDENTIFIERS = 8
MAX_VALUE = 128
MEMBERS = frozenset({"patient", "doctor", "purpose", "visit", "department"})
PURPOSE = "TREAT"
PLAIN_CODE = re.compile(r"[A-Za-z0-9._-]{1,64}")


@dataclass(frozen=True, slots=True)
class LaunchFault:
    """place: as in JSON, "patient[0].value"."""

    place: str
    says: str
    mend: str


@dataclass(frozen=True, slots=True)
class LaunchRequest:
    """numbers: (kind, value) of the patient's identifiers, the kind as of digest_identifier;
    citizen numbers in their one form; visit, department: the system's own codes, for the log alone.
    """

    numbers: tuple[tuple[str, str], ...] = ()
    doctor: str = ""
    visit: str = ""
    department: str = ""

    @property
    def detail(self) -> str:
        said = (("visit", self.visit), ("department", self.department))
        return " · ".join(f"{name} {code}" for name, code in said if code)


@dataclass(slots=True)
class LaunchReading:
    request: LaunchRequest = field(default_factory=LaunchRequest)
    faults: list[LaunchFault] = field(default_factory=list)

    def add_fault(self, place: str, says: str, mend: str) -> None:
        self.faults.append(LaunchFault(place, says, mend))


def read_launch_request(body: bytes) -> LaunchReading:
    reading = LaunchReading()
    found = parse_object(body, reading)
    if found is None:
        return reading
    for name in sorted(found.keys() - MEMBERS):
        reading.add_fault(
            str(name)[:60],
            _("There is no such member."),
            _("Leave it out; there are: %(members)s.") % {"members": ", ".join(sorted(MEMBERS))},
        )
    numbers = read_identifiers(found.get("patient"), reading)
    doctor = found.get("doctor")
    if not isinstance(doctor, str) or not is_plain_text(doctor, 150):
        reading.add_fault(
            "doctor",
            _("The doctor's user name is missing."),
            _("Write the user name of the doctor's account here, as text."),
        )
        doctor = ""
    if found.get("purpose", PURPOSE) != PURPOSE:
        reading.add_fault(
            "purpose",
            _("A record is opened from a system for treatment alone."),
            _("Write TREAT or leave it out. In an emergency the doctor signs in here."),
        )
    reading.request = LaunchRequest(
        numbers,
        doctor.strip(),
        read_code(found, "visit", reading),
        read_code(found, "department", reading),
    )
    return reading


def parse_object(body: bytes, reading: LaunchReading) -> dict[str, Any] | None:
    try:
        found = json.loads(body.decode()) if len(body) <= MAX_BODY else None
    except (ValueError, RecursionError):
        found = None
    if isinstance(found, dict):
        return found
    reading.add_fault(
        "",
        _("The body is no JSON object of at most 16 KiB in UTF-8."),
        _('Send for example {"patient": [{"value": "A001"}], "doctor": "wang"}.'),
    )
    return None


def is_plain_text(text: str, most: int) -> bool:
    """Not empty, and nothing that no database keeps: NUL, half a surrogate pair."""
    return 0 < len(text.strip()) <= most and text.strip().isprintable()


def read_identifiers(found: Any, reading: LaunchReading) -> tuple[tuple[str, str], ...]:
    if not isinstance(found, list) or not 0 < len(found) <= MAX_IDENTIFIERS:
        reading.add_fault(
            "patient",
            _("The patient's identifiers are missing."),
            _('Write one to eight of them: [{"system": "…", "value": "…"}].'),
        )
        return ()
    return tuple(filter(None, (read_identifier(x, n, reading) for n, x in enumerate(found))))


def read_identifier(found: Any, number: int, reading: LaunchReading) -> tuple[str, str] | None:
    """None where it is none. What is said to be a citizen number is compared with citizen numbers
    alone: a mother's may stand among the other numbers of her child.
    """
    place = f"patient[{number}].value"
    value = found.get("value") if isinstance(found, dict) else None
    if not isinstance(value, str) or not is_plain_text(value, MAX_VALUE):
        reading.add_fault(
            place,
            _("The identifier has no value."),
            _("Write the number as text of at most 128 characters."),
        )
        return None
    if found.get("system") != RESIDENT_NUMBER_SYSTEM:
        return "other", value.strip()
    try:
        return "resident", normalize_resident_number(value)
    except InvalidResidentNumber:
        reading.add_fault(
            place,
            _("This is no citizen number: its shape, its date or its check digit is wrong."),
            _("Read it from the card once more, or send the hospital's own number."),
        )
        return None


def read_code(found: dict[str, Any], name: str, reading: LaunchReading) -> str:
    code = found.get(name, "")
    if code == "" or (isinstance(code, str) and PLAIN_CODE.fullmatch(code)):
        return str(code)
    reading.add_fault(
        name,
        _("This is no code."),
        _("Write letters, digits, dots, hyphens and underscores, 64 at most, or leave it out."),
    )
    return ""
