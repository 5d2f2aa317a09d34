"""Turn HL7's data types into FHIR's: CWE, XPN, XAD, XTN, XCN. Pure."""

from __future__ import annotations

import re
from typing import Any

from ..sets.standard_codes import icd_code, loinc_code
from .code_tables import (
    ADDRESS_USES,
    CODE_SYSTEMS,
    ICD10,
    LOINC,
    NAME_USES,
    PHONE_SYSTEMS,
    PHONE_USES,
    V2,
)
from .message import Repetition
from .origin import Hl7Origin

HANZI = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]")
TABLE = re.compile(r"HL7(\d{4,5})")
OID = re.compile(r"[0-2](\.\d+)+")
CODE = re.compile(r"[^\s]+( [^\s]+)*")


def read_coding(
    code: str, display: str, system: str, origin: Hl7Origin, kind: str
) -> dict[str, Any]:
    """One of a CWE's triplets; a code without a known system is the hospital's own."""
    system = system.strip().upper()
    table = TABLE.fullmatch(system)
    if table:
        uri = f"{V2}{int(table.group(1)) % 10000:04d}"
    elif OID.fullmatch(system):
        uri = f"urn:oid:{system}"
    else:
        uri = CODE_SYSTEMS.get(system, "")
    if uri == LOINC and not loinc_code(code):
        uri = ""
    coding = {"system": uri or origin.local_system(kind), "code": " ".join(code.split())}
    if display:
        coding["display"] = display
    return coding


def read_concept(value: Repetition, origin: Hl7Origin, kind: str) -> dict[str, Any]:
    """CWE or CE: both triplets, and the text. {} where nothing was sent."""
    codings = []
    for first in (1, 4):
        code, display = value.text(first), value.text(first + 1)
        if code:
            codings.append(read_coding(code, display, value.text(first + 2), origin, kind))
    if kind == "laboratory" and codings and loinc_code(codings[0]["code"]):
        own = codings[0]
        if ":local:" in own["system"] and all(c["system"] != LOINC for c in codings):
            codings.insert(0, {**own, "system": LOINC})
    if kind == "diagnosis" and codings and all(":local:" in c["system"] for c in codings):
        own = codings[0]
        if icd_code(own["code"]) and own.get("display"):  # by shape and name
            codings.insert(0, {**own, "system": ICD10})
    concept: dict[str, Any] = {"coding": codings} if codings else {}
    text = value.text(9) or value.text(2) or value.text(5)
    if not text and codings:
        text = codings[0]["code"]
    if text:
        concept["text"] = text
    return concept


def read_name(value: Repetition) -> dict[str, Any]:
    """XPN: Chinese names without a blank, others as they are spoken."""
    family, given, more = value.text(1), value.text(2), value.text(3)
    name: dict[str, Any] = {}
    use = NAME_USES.get(value.text(7).upper())
    if use:
        name["use"] = use
    chinese = HANZI.search(family + given)
    givens = [g for g in (given, more) if g]
    spoken = family + "".join(givens) if chinese else " ".join(x for x in (*givens, family) if x)
    if not spoken:
        return {}
    name["text"] = spoken
    if family and (givens or not chinese):
        name["family"] = family
    if givens:
        name["given"] = givens
    for part, number in (("suffix", 4), ("prefix", 5)):
        if value.text(number):
            name[part] = [value.text(number)]
    return name


def read_address(value: Repetition) -> dict[str, Any]:
    """XAD, and an address in one piece."""
    street = value.text(1) or " ".join(x for x in (value.text(1, 2), value.text(1, 3)) if x)
    lines = [x for x in (street, value.text(2)) if x]
    address: dict[str, Any] = {}
    use = ADDRESS_USES.get(value.text(7).upper())
    if use:
        address["use"] = use
    if lines:
        address["line"] = lines
    for part, number in (("city", 3), ("state", 4), ("postalCode", 5), ("country", 6)):
        if value.text(number):
            address[part] = value.text(number)
    if not set(address) - {"use"}:
        return {}
    parts = [address.get("state", ""), address.get("city", ""), *lines]
    joiner = "" if HANZI.search("".join(parts)) else ", "
    address["text"] = joiner.join(p for p in parts if p) or address.get("country", "")
    if not address["text"]:
        del address["text"]
    return address


def read_telecom(value: Repetition) -> dict[str, Any]:
    """XTN: the number as one text, or by its parts."""
    system = PHONE_SYSTEMS.get(value.text(3).upper(), "phone")
    number = value.text(4) if system == "email" and value.text(4) else value.text(1)
    if not number or number.startswith("^"):
        parts = [value.text(5), value.text(6), value.text(7)]
        number = "-".join(p for p in parts if p) or value.text(12)
    if not number:
        return {}
    telecom = {"system": "email" if "@" in number else system, "value": number}
    use = "mobile" if value.text(3).upper() == "CP" else PHONE_USES.get(value.text(2).upper())
    if use:
        telecom["use"] = use
    return telecom


def read_staff(value: Repetition) -> dict[str, Any]:
    """XCN: a reference by display alone; doctors are no records of this interface."""
    family = value.text(2)
    given = " ".join(x for x in (value.text(3), value.text(4)) if x)
    chinese = HANZI.search(family + given)
    spoken = family + given.replace(" ", "") if chinese else f"{given} {family}".strip()
    spoken = spoken or value.text(1)
    return {"display": spoken} if spoken else {}


def read_place(value: Repetition) -> str:
    """PL: ward, room and bed as one text."""
    parts = [value.text(n) for n in (4, 1, 2, 3)]
    return " ".join(dict.fromkeys(p for p in parts if p))
