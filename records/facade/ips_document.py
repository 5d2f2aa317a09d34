"""The International Patient Summary of the rows that a viewer may see: a document Bundle (IPS IG
2.0; FHIR R4 documents.html). Pure.

What an entry says, and whether it is a fact at all, is read in `records/meaning`, as on the pages.
"""

import datetime as dt
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from records.facade.document_references import enclose_references
from records.fhir.json_codec import dump_json, parse_json
from records.meaning import observation_results
from records.meaning.medicine import join_medication, medication_address
from records.meaning.observation_results import Result
from records.meaning.patient_details import traits_of_patient
from records.meaning.phrase import join_distinct
from records.meaning.reference_ranges import PatientTraits
from records.meaning.resource_facts import DATED
from records.meaning.resource_reading import interpret_resource
from records.meaning.result_wording import is_reader_chinese, result_words
from records.meaning.sense import ResourceReading, Sense
from records.meaning.times import moment_of_element
from records.meaning.unknown_modifiers import warn_of_hidden_entries
from records.meaning.value_text import drop_nulls
from records.store.rows import Row

Json = dict[str, Any]
LOINC = "http://loinc.org"
COMPOSITION = "http://hl7.org/fhir/uv/ips/StructureDefinition/Composition-uv-ips"
BUNDLE = "http://hl7.org/fhir/uv/ips/StructureDefinition/Bundle-uv-ips"


@dataclass(frozen=True, slots=True)
class SummaryEntry:
    """A row with what it says; hospital: the name of its own; results: the values of an
    Observation.
    """

    row: Row
    body: Json
    reading: ResourceReading
    hospital: str
    results: tuple[Result, ...] = ()
    product: str = ""  # the Medication that it refers to


def has_category(r: Json, *codes: str) -> bool:
    return any(c.get("code") in codes for x in r.get("category", []) for c in x.get("coding", []))


def has_sense(*senses: Sense) -> Callable[[SummaryEntry], bool]:
    """Whether an entry says one of these; one that is hidden says nothing, but its section tells
    of it.
    """
    return lambda e: e.reading.sense in senses


IS_FACT = has_sense(Sense.CURRENT, Sense.UNCERTAIN)


def has_result_category(*categories: str, others: bool = False) -> Callable[[SummaryEntry], bool]:
    """Results of the categories; others: of all but these."""
    return lambda e: has_category(e.body, *categories) is not others and IS_FACT(e)


# (LOINC code, title in Chinese, title in English, required by the IPS, {type: which of its
# entries})
IPS_SECTIONS: tuple[tuple[str, str, str, bool, dict[str, Callable[[SummaryEntry], bool]]], ...] = (
    ("11450-4", "问题清单", "Problem list", True, {"Condition": IS_FACT}),
    (
        "48765-2",
        "过敏与不耐受",
        "Allergies and intolerances",
        True,
        {"AllergyIntolerance": IS_FACT},
    ),
    (
        "10160-0",
        "用药清单",
        "Medication list",
        True,
        {
            "MedicationRequest": has_sense(Sense.FORBIDDEN, Sense.CURRENT, Sense.UNCERTAIN),
            "MedicationStatement": lambda e: (
                IS_FACT(e)
                or (e.body.get("status") == "completed" and e.reading.sense is Sense.PAST)
            ),
        },
    ),
    ("11369-6", "免疫接种", "Immunizations", False, {"Immunization": IS_FACT}),
    ("47519-4", "手术操作史", "Procedures", False, {"Procedure": IS_FACT}),
    (
        "30954-2",
        "检验检查结果",
        "Results",
        False,
        {
            "Observation": has_result_category("vital-signs", "social-history", others=True),
            "DiagnosticReport": IS_FACT,
        },
    ),
    (
        "8716-3",
        "生命体征",
        "Vital signs",
        False,
        {"Observation": has_result_category("vital-signs")},
    ),
    (
        "29762-2",
        "社会史",
        "Social history",
        False,
        {"Observation": has_result_category("social-history")},
    ),
    (
        "46264-8",
        "医疗器械使用",
        "Medical devices",
        False,
        {"DeviceUseStatement": has_sense(Sense.CURRENT, Sense.UNCERTAIN, Sense.PAST)},
    ),
    ("11348-0", "既往史", "History of past problems", False, {"Condition": has_sense(Sense.PAST)}),
)
ALLERGY_SECTION = "48765-2"
SUMMARY_TYPES = {
    "Condition": 200,
    "AllergyIntolerance": 100,
    "MedicationStatement": 100,
    "MedicationRequest": 100,
    "Immunization": 100,
    "Procedure": 100,
    "Observation": 200,
    "DiagnosticReport": 50,
    "DeviceUseStatement": 50,
}  # the newest of each


def build_ips_document(
    patient_url: str,
    patient: bytes,
    rows: list[Row],
    products: list[Row],
    url: Callable[[Row], str],
    custodian: str,
    names: Mapping[str, str],
    at: dt.datetime,
) -> bytes:
    """patient: the Patient that the summary is about; rows: the records with the registrations
    that it is made of; custodian: who keeps the records; names: of the hospitals, by code;
    products: Medications that the rows refer to. Entries carry their urls in the owning store.
    """
    about = drop_nulls(parse_json(patient))
    known = {(p.hospital, f"Medication/{p.fhir_id}"): p for p in products}
    bodies = {key: parse_json(p.body) for key, p in known.items()}
    found = [
        read_summary_entry(r, traits_of_patient(about), names.get(r.hospital, r.hospital), bodies)
        for r in rows
        if r.type_name != "Patient"
    ]
    used: dict[int, Row] = {}
    sections = []
    for code, title, translated, required, kinds in IPS_SECTIONS:
        mine = choose_section_entries(code, kinds, found)
        unread = warn_of_hidden_entries(
            e.hospital for e in found if e.reading.hidden and belongs_in_section(e, kinds)
        )
        if mine or required or unread:
            used |= {e.row.resource_id: e.row for e in mine} | {
                p.resource_id: p for e in mine if (p := known.get((e.row.hospital, e.product)))
            }
            asked = not any(
                e.reading.sense is Sense.UNASKED and e.row.type_name in kinds for e in found
            )
            sections.append(
                build_section(code, f"{title} {translated}", mine, url, unread, asked=asked)
            )
    moment = at.isoformat(timespec="seconds")
    device = f"urn:uuid:{uuid.uuid4()}"
    composition: Json = {
        "resourceType": "Composition",
        "language": "zh-CN" if is_reader_chinese() else "en",
        "meta": {"profile": [COMPOSITION]},
        "status": "final",
        "type": {
            "coding": [{"system": LOINC, "code": "60591-5", "display": "Patient summary Document"}]
        },
        "subject": {"reference": patient_url},
        "date": moment,
        "author": [{"reference": device}],
        "title": "患者摘要 Patient summary",
        "section": sections,
    }
    there = {url(r): url(r) for r in used.values()}
    people = {url(r): patient_url for r in rows if r.type_name == "Patient"}
    entries = [
        document_entry(f"urn:uuid:{uuid.uuid4()}", dump_json(composition)),
        document_entry(patient_url, enclose_references(patient, patient_url, there)),
        document_entry(
            device,
            dump_json(
                {
                    "resourceType": "Device",
                    "deviceName": [{"name": "Xinglin", "type": "user-friendly-name"}],
                    "note": [{"text": custodian}],
                }
            ),
        ),
    ]
    entries += [
        document_entry(url(r), enclose_references(r.body, url(r), people | there))
        for r in used.values()
    ]
    head = {
        "resourceType": "Bundle",
        "meta": {"profile": [BUNDLE]},
        "identifier": {"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{uuid.uuid4()}"},
        "type": "document",
        "timestamp": moment,
    }
    return dump_json(head)[:-1] + b',"entry":[' + b",".join(entries) + b"]}"


def document_entry(url: str, body: bytes) -> bytes:
    return b'{"fullUrl":' + dump_json(url) + b',"resource":' + body + b"}"


def read_summary_entry(
    row: Row, patient: PatientTraits, hospital: str, products: Mapping[tuple[str, str], Json]
) -> SummaryEntry:
    """products: Medications by hospital and Type/id."""
    sent = drop_nulls(parse_json(row.body))
    target = medication_address(sent)
    body = (
        join_medication(sent, {target: products[row.hospital, target]})
        if (row.hospital, target) in products
        else sent
    )
    reading = interpret_resource(body)
    measured = (
        observation_results.read_results(body, patient, row.hospital, is_reader_chinese())
        if row.type_name == "Observation" and not reading.hidden
        else []
    )
    return SummaryEntry(row, body, reading, hospital, tuple(measured), target)


def choose_section_entries(
    code: str, kinds: dict[str, Callable[[SummaryEntry], bool]], found: list[SummaryEntry]
) -> list[SummaryEntry]:
    """Those of a section, what is forbidden first; where there is no allergy, the statements
    that there is none (a ruled-out allergy is no such statement).
    """
    mine = [e for e in found if e.row.type_name in kinds and kinds[e.row.type_name](e)]
    if code == ALLERGY_SECTION and not mine:
        return [
            e
            for e in found
            if e.row.type_name in kinds and e.reading.sense is Sense.NEGATIVE and not e.reading.loud
        ]
    return sorted(
        mine,
        key=lambda e: (
            e.reading.danger
            if code == ALLERGY_SECTION
            else (e.reading.sense is not Sense.FORBIDDEN,)
        ),
    )


def belongs_in_section(e: SummaryEntry, kinds: dict[str, Callable[[SummaryEntry], bool]]) -> bool:
    """Whether a hidden entry would stand in this section, were it plain."""
    shown = SummaryEntry(e.row, e.body, ResourceReading(""), e.hospital)
    return e.row.type_name in kinds and kinds[e.row.type_name](shown)


def build_section(
    code: str,
    title: str,
    found: list[SummaryEntry],
    url: Callable[[Row], str],
    unread: list[str],
    *,
    asked: bool,
) -> Json:
    out: Json = {
        "title": title,
        "code": {"coding": [{"system": LOINC, "code": code}]},
        "text": section_narrative([describe_entry(e) for e in found], unread),
    }
    if found:
        out["entry"] = [{"reference": url(e.row)} for e in found]
    else:
        out["emptyReason"] = {
            "coding": [
                {
                    "system": "http://terminology.hl7.org/CodeSystem/list-empty-reason",
                    "code": "unavailable" if asked else "notasked",
                }
            ]
        }
    return out


def section_narrative(lines: list[str], unread: list[str]) -> Json:
    inside = (
        "<ul>" + "".join(f"<li>{escape(x)}</li>" for x in lines) + "</ul>"
        if lines
        else "<p>没有可显示的信息 No information is available</p>"
        if not unread
        else ""
    )
    inside += "".join(f"<p>{escape(w)}</p>" for w in unread)
    return {
        "status": "generated",
        "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{inside}</div>',
    }


def describe_entry(e: SummaryEntry) -> str:
    """One entry in the words of the pages: what changes its meaning first, then how much, what
    more, when.
    """
    reading = e.reading
    loud = join_distinct((m.text for m in reading.marks if m.loud), " ")
    others = join_distinct((m.text for m in reading.marks if not m.loud), " ")
    amounts = [
        f"{r.title if r.title != reading.title else ''} {result_words(r)}".strip()
        for r in e.results
    ]
    notes = (f"{n.text} ({n.by})" if n.by else n.text for n in reading.notes)
    title = f"{loud}: {reading.title}" if loud else reading.title
    return join_distinct(
        (
            title,
            *amounts,
            others,
            *reading.facts,
            reading.text,
            *notes,
            moment_of_element(e.body, *DATED[e.row.type_name]).shown,
        )
    )
