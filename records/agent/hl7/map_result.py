"""Map OBX, with the NTE behind it, to Observation; what is a file goes to its report."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from . import rules
from .building import Building
from .code_tables import FHIR, OBSERVATION_STATUS, RECALLED
from .data_types import read_concept, read_staff
from .message import Segment
from .result_value import (
    measure,
    read_flag,
    read_implied_flag,
    read_range,
    read_structured,
    read_unit,
)
from .times import Stamp, UnreadableTime, parse_stamp

FILES = frozenset({"ED", "RP"})
TIMES = frozenset({"DT", "TS", "DTM"})
BASE64 = re.compile(r"[A-Za-z0-9+/\s]+={0,2}\s*")
MEDIA_TYPES = {
    "PDF": "application/pdf",
    "JPEG": "image/jpeg",
    "JPG": "image/jpeg",
    "PNG": "image/png",
    "GIF": "image/gif",
    "TIFF": "image/tiff",
    "TIF": "image/tiff",
    "HTML": "text/html",
    "RTF": "application/rtf",
    "XML": "text/xml",
    "DICOM": "application/dicom",
}


@dataclass
class Result:
    """An OBX and the notes behind it."""

    obx: Segment
    notes: list[Segment] = field(default_factory=list)

    @property
    def kind(self) -> str:
        return self.obx.text(2).upper()


def read_notes(notes: list[Segment]) -> list[dict[str, str]]:
    """NTE-3 of each, as annotations."""
    return [{"text": text} for text in (n.lines(3) for n in notes) if text]


def read_file(obx: Segment, building: Building) -> dict[str, Any]:
    """ED or RP as an Attachment; {} and a refusal where it is none."""
    found = obx.repetitions(5)
    title = obx.text(3, 2) or obx.text(3)
    if obx.text(2).upper() == "RP":
        address = found[0].text(1) if found else ""
        if re.fullmatch(r"https?://[^\s]+", address):
            return {"url": address, "title": title}
        building.warn(rules.FILE, obx, 5, address)
        return {}
    kind, encoding = (found[0].text(n) if found else "" for n in (3, 4))
    data = found[0].whole(5) if found else ""
    if encoding.upper() != "BASE64" or not data or not BASE64.fullmatch(data):
        building.warn(rules.FILE, obx, 5, obx.whole(5))
        return {}
    type = MEDIA_TYPES.get(kind.upper(), "application/octet-stream")
    return {"contentType": type, "data": "".join(data.split()), "title": title}


def read_value(result: Result, unit: dict[str, str], building: Building) -> dict[str, Any]:
    """OBX-5 by OBX-2, as value[x]."""
    obx, kind = result.obx, result.kind
    values = obx.repetitions(5)
    text = obx.lines(5) if kind in ("TX", "FT", "ST") else obx.whole(5)
    if not text:
        return {}
    if kind == "SN" and len(values) == 1:
        return read_structured(values[0], unit)
    if kind in ("CE", "CWE", "CNE", "CF", "IS", "ID"):
        concept = read_concept(values[0], building.origin, "result")
        return {"valueCodeableConcept": concept} if concept else {"valueString": text}
    if kind in TIMES:
        try:
            stamp = parse_stamp(text, building.origin.zone)
        except UnreadableTime:
            stamp = None
        return {"valueDateTime": stamp.date_time} if stamp else {"valueString": text}
    if kind == "NM" or (kind in ("ST", "") and unit):
        quantity = measure(text, unit)
        if quantity:
            return {"valueQuantity": quantity}
        if kind == "NM" and not read_implied_flag(text):
            building.warn(rules.NUMBER, obx, 5, text)
    return {"valueString": text}


def read_flags(obx: Segment, value: dict[str, Any]) -> list[dict[str, Any]]:
    flags = [read_flag(r.text(1)) for r in obx.repetitions(8) if r.text(1)]
    if not flags and value:
        implied = read_implied_flag(obx.whole(5))
        flags = [implied] if implied else []
    return flags


def read_status(obx: Segment, otherwise: str, building: Building) -> str:
    sent = obx.text(11).upper()
    if not sent:
        return otherwise
    status = OBSERVATION_STATUS.get(sent)
    if not status:
        building.warn(rules.RESULT_STATUS, obx, 11, sent)
    return status or "unknown"


def put_result(
    result: Result,
    building: Building,
    *,
    prefix: str,
    taken: Stamp | None,
    status: str,
    moment: int | None,
    laboratory: bool,
    used: set[str],
) -> str:
    """prefix: the number of what the result belongs to; taken: when, where OBX-14 is silent; used:
    the numbers given before. The Observation's number, or "".
    """
    obx = result.obx
    found = obx.repetitions(3)
    concept = read_concept(found[0], building.origin, "laboratory") if found else {}
    if not concept:
        building.refuse(rules.NO_CODE, obx, 3)
        return ""
    codings = concept.get("coding") or []
    code = codings[0]["code"] if codings else "-".join(concept["text"].split())[:60]
    record = "/".join(p for p in (prefix, code, obx.text(4)) if p)
    count = 2
    while record in used:  # one code several times, and nothing that tells which
        record = "/".join(p for p in (prefix, code, obx.text(4), str(count)) if p)
        count += 1
    used.add(record)
    when = building.time(obx, 14) or taken
    if obx.text(11).upper() in RECALLED:
        building.put(
            "Observation",
            record,
            {},
            obx,
            day=when.day if when else "",
            action="recall",
            moment=moment,
        )
        return ""
    unit = read_unit(obx)
    value = read_value(result, unit, building)
    range = obx.whole(7)
    staff = [s for s in map(read_staff, obx.repetitions(16)) if s]
    places = [{"display": r.text(2) or r.text(1)} for r in obx.repetitions(15)]
    issued = building.time(obx, 19)
    methods = obx.repetitions(17)
    resource = {
        "status": read_status(obx, status, building),
        "category": [{"coding": [{"system": FHIR + "observation-category", "code": "laboratory"}]}]
        if laboratory
        else [],
        "code": concept,
        "subject": building.subject(),
        **building.encounter(),
        "effectiveDateTime": when.date_time if when else "",
        "issued": issued.instant if issued else "",
        "performer": [p for p in (*staff, *places) if p.get("display")],
        **value,
        "interpretation": read_flags(obx, value),
        "note": read_notes(result.notes),
        "method": read_concept(methods[0], building.origin, "method") if methods else {},
        "referenceRange": [read_range(range, unit)] if range else [],
    }
    day = when.day if when else ""
    return (
        record if building.put("Observation", record, resource, obx, day=day, moment=moment) else ""
    )
