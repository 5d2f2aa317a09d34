"""The International Patient Summary of the rows that a viewer may see: a document Bundle (IPS IG 2.0; FHIR R4 documents.html). Pure.

What an entry says, and whether it is a fact at all, is read in `records/meaning`, as on the pages."""

import datetime as dt
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from records.facade.enclosed import enclosed
from records.fhir.json import dump, parse
from records.meaning import results
from records.meaning.facts import DATED
from records.meaning.medicine import joined, product_of
from records.meaning.modifiers import warnings
from records.meaning.patient import describe_patient
from records.meaning.phrase import join
from records.meaning.ranges import Patient
from records.meaning.read import read
from records.meaning.results import Result
from records.meaning.sense import Reading, Sense
from records.meaning.times import moment_of
from records.meaning.values import drop_nulls
from records.meaning.wording import chinese, result_words
from records.store.rows import Row

Json = dict[str, Any]
LOINC = "http://loinc.org"
COMPOSITION = "http://hl7.org/fhir/uv/ips/StructureDefinition/Composition-uv-ips"
BUNDLE = "http://hl7.org/fhir/uv/ips/StructureDefinition/Bundle-uv-ips"


@dataclass(frozen=True, slots=True)
class Entry:
    """A row with what it says; hospital: the name of its own; results: the values of an Observation."""

    row: Row
    body: Json
    reading: Reading
    hospital: str
    results: tuple[Result, ...] = ()
    product: str = ""  # the Medication that it refers to


def category(r: Json, *codes: str) -> bool:
    return any(c.get("code") in codes for x in r.get("category", []) for c in x.get("coding", []))


def says(*senses: Sense) -> Callable[[Entry], bool]:
    """Whether an entry says one of these; one that is hidden says nothing, but its section tells of it."""
    return lambda e: e.reading.sense in senses


FACT = says(Sense.CURRENT, Sense.UNCERTAIN)


def observed(*categories: str, others: bool = False) -> Callable[[Entry], bool]:
    """Results of the categories; others: of all but these."""
    return lambda e: category(e.body, *categories) is not others and FACT(e)


# (LOINC code, title in Chinese, title in English, required by the IPS, {type: which of its entries})
SECTIONS: tuple[tuple[str, str, str, bool, dict[str, Callable[[Entry], bool]]], ...] = (
    ("11450-4", "问题清单", "Problem list", True, {"Condition": FACT}),
    ("48765-2", "过敏与不耐受", "Allergies and intolerances", True, {"AllergyIntolerance": FACT}),
    ("10160-0", "用药清单", "Medication list", True, {
        "MedicationRequest": says(Sense.FORBIDDEN, Sense.CURRENT, Sense.UNCERTAIN),
        "MedicationStatement": lambda e: FACT(e) or (e.body.get("status") == "completed" and e.reading.sense is Sense.PAST)}),
    ("11369-6", "免疫接种", "Immunizations", False, {"Immunization": FACT}),
    ("47519-4", "手术操作史", "Procedures", False, {"Procedure": FACT}),
    ("30954-2", "检验检查结果", "Results", False, {"Observation": observed("vital-signs", "social-history", others=True), "DiagnosticReport": FACT}),
    ("8716-3", "生命体征", "Vital signs", False, {"Observation": observed("vital-signs")}),
    ("29762-2", "社会史", "Social history", False, {"Observation": observed("social-history")}),
    ("46264-8", "医疗器械使用", "Medical devices", False, {"DeviceUseStatement": says(Sense.CURRENT, Sense.UNCERTAIN, Sense.PAST)}),
    ("11348-0", "既往史", "History of past problems", False, {"Condition": says(Sense.PAST)}),
)
ALLERGIES = "48765-2"
TYPES = {"Condition": 200, "AllergyIntolerance": 100, "MedicationStatement": 100, "MedicationRequest": 100, "Immunization": 100, "Procedure": 100, "Observation": 200,
         "DiagnosticReport": 50, "DeviceUseStatement": 50}  # the newest of each


def document(patient_url: str, patient: bytes, rows: list[Row], products: list[Row], url: Callable[[Row], str], custodian: str, names: Mapping[str, str], at: dt.datetime) -> bytes:
    """patient: the Patient that the summary is about; rows: the records with the registrations that it is made of; custodian: who keeps the records; names: of the
    hospitals, by code; products: Medications that the rows refer to. Entries carry their urls in the owning store."""
    about = drop_nulls(parse(patient))
    known = {(p.hospital, f"Medication/{p.fhir_id}"): p for p in products}
    bodies = {key: parse(p.body) for key, p in known.items()}
    found = [enter(r, describe_patient(about), names.get(r.hospital, r.hospital), bodies) for r in rows if r.type_name != "Patient"]
    used: dict[int, Row] = {}
    sections = []
    for code, title, translated, required, kinds in SECTIONS:
        mine = choose(code, kinds, found)
        unread = warnings(e.hospital for e in found if e.reading.hidden and belongs(e, kinds))
        if mine or required or unread:
            used |= {e.row.rid: e.row for e in mine} | {p.rid: p for e in mine if (p := known.get((e.row.hospital, e.product)))}
            asked = not any(e.reading.sense is Sense.UNASKED and e.row.type_name in kinds for e in found)
            sections.append(section(code, f"{title} {translated}", mine, url, unread, asked=asked))
    moment = at.isoformat(timespec="seconds")
    device = f"urn:uuid:{uuid.uuid4()}"
    composition: Json = {
        "resourceType": "Composition", "language": "zh-CN" if chinese() else "en", "meta": {"profile": [COMPOSITION]}, "status": "final",
        "type": {"coding": [{"system": LOINC, "code": "60591-5", "display": "Patient summary Document"}]},
        "subject": {"reference": patient_url}, "date": moment, "author": [{"reference": device}], "title": "患者摘要 Patient summary", "section": sections}
    there = {url(r): url(r) for r in used.values()}
    people = {url(r): patient_url for r in rows if r.type_name == "Patient"}
    entries = [entry(f"urn:uuid:{uuid.uuid4()}", dump(composition)), entry(patient_url, enclosed(patient, patient_url, there)),
               entry(device, dump({"resourceType": "Device", "deviceName": [{"name": "Xinglin", "type": "user-friendly-name"}], "note": [{"text": custodian}]}))]
    entries += [entry(url(r), enclosed(r.body, url(r), people | there)) for r in used.values()]
    head = {"resourceType": "Bundle", "meta": {"profile": [BUNDLE]}, "identifier": {"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{uuid.uuid4()}"}, "type": "document", "timestamp": moment}
    return dump(head)[:-1] + b',"entry":[' + b",".join(entries) + b"]}"


def entry(url: str, body: bytes) -> bytes:
    return b'{"fullUrl":' + dump(url) + b',"resource":' + body + b"}"


def enter(row: Row, patient: Patient, hospital: str, products: Mapping[tuple[str, str], Json]) -> Entry:
    """products: Medications by hospital and Type/id."""
    sent = drop_nulls(parse(row.body))
    target = product_of(sent)
    body = joined(sent, {target: products[row.hospital, target]}) if (row.hospital, target) in products else sent
    reading = read(body)
    measured = results.read(body, patient, row.hospital, chinese()) if row.type_name == "Observation" and not reading.hidden else []
    return Entry(row, body, reading, hospital, tuple(measured), target)


def choose(code: str, kinds: dict[str, Callable[[Entry], bool]], found: list[Entry]) -> list[Entry]:
    """Those of a section, what is forbidden first; where there is no allergy, the statements that there is none (a ruled-out
    allergy is no such statement)."""
    mine = [e for e in found if e.row.type_name in kinds and kinds[e.row.type_name](e)]
    if code == ALLERGIES and not mine:
        return [e for e in found if e.row.type_name in kinds and e.reading.sense is Sense.NEGATIVE and not e.reading.loud]
    return sorted(mine, key=lambda e: e.reading.danger if code == ALLERGIES else (e.reading.sense is not Sense.FORBIDDEN,))


def belongs(e: Entry, kinds: dict[str, Callable[[Entry], bool]]) -> bool:
    """Whether a hidden entry would stand in this section, were it plain."""
    shown = Entry(e.row, e.body, Reading(""), e.hospital)
    return e.row.type_name in kinds and kinds[e.row.type_name](shown)


def section(code: str, title: str, found: list[Entry], url: Callable[[Row], str], unread: list[str], *, asked: bool) -> Json:
    out: Json = {"title": title, "code": {"coding": [{"system": LOINC, "code": code}]}, "text": narrative([line(e) for e in found], unread)}
    if found:
        out["entry"] = [{"reference": url(e.row)} for e in found]
    else:
        out["emptyReason"] = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/list-empty-reason", "code": "unavailable" if asked else "notasked"}]}
    return out


def narrative(lines: list[str], unread: list[str]) -> Json:
    inside = "<ul>" + "".join(f"<li>{escape(x)}</li>" for x in lines) + "</ul>" if lines else "<p>没有可显示的信息 No information is available</p>" if not unread else ""
    inside += "".join(f"<p>{escape(w)}</p>" for w in unread)
    return {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{inside}</div>'}


def line(e: Entry) -> str:
    """One entry in the words of the pages: what changes its meaning first, then how much, what more, when."""
    reading = e.reading
    loud = join((m.text for m in reading.marks if m.loud), " ")
    others = join((m.text for m in reading.marks if not m.loud), " ")
    amounts = [f"{r.title if r.title != reading.title else ''} {result_words(r)}".strip() for r in e.results]
    notes = (f"{n.text} ({n.by})" if n.by else n.text for n in reading.notes)
    title = f"{loud}: {reading.title}" if loud else reading.title
    return join((title, *amounts, others, *reading.facts, reading.text, *notes, moment_of(e.body, *DATED[e.row.type_name]).shown))
