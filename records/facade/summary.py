"""The International Patient Summary of the rows that a viewer may see: a document Bundle (IPS IG 2.0; FHIR R4 documents.html). Pure."""

import datetime as dt
import uuid
from collections.abc import Callable
from html import escape
from typing import Any

from records.fhir.json import dump, parse
from records.store.rows import Row

Json = dict[str, Any]
LOINC = "http://loinc.org"
COMPOSITION = "http://hl7.org/fhir/uv/ips/StructureDefinition/Composition-uv-ips"
BUNDLE = "http://hl7.org/fhir/uv/ips/StructureDefinition/Bundle-uv-ips"


def of(field: str, *values: str) -> Callable[[Json], bool]:
    """Whether an element, a code or a CodeableConcept, has one of the values, or is not there."""

    def test(r: Json) -> bool:
        found = r.get(field)
        codes = [c.get("code") for c in found.get("coding", [])] if isinstance(found, dict) else [found]
        return found is None or any(c in values for c in codes)

    return test


def not_refuted(r: Json) -> bool:
    return not any(c.get("code") in ("refuted", "entered-in-error") for c in (r.get("verificationStatus") or {}).get("coding", []))


def category(r: Json, *codes: str) -> bool:
    return any(c.get("code") in codes for x in r.get("category", []) for c in x.get("coding", []))


# (LOINC code, title in Chinese, title in English, required by the IPS, {type: which of its resources})
SECTIONS: tuple[tuple[str, str, str, bool, dict[str, Callable[[Json], bool]]], ...] = (
    ("11450-4", "问题清单", "Problem list", True, {"Condition": lambda r: not_refuted(r) and of("clinicalStatus", "active", "recurrence", "relapse")(r)}),
    ("48765-2", "过敏与不耐受", "Allergies and intolerances", True, {"AllergyIntolerance": lambda r: not_refuted(r) and of("clinicalStatus", "active")(r)}),
    ("10160-0", "用药清单", "Medication list", True, {
        "MedicationStatement": of("status", "active", "intended", "on-hold", "completed", "unknown"), "MedicationRequest": of("status", "active", "on-hold", "unknown")}),
    ("11369-6", "免疫接种", "Immunizations", False, {"Immunization": of("status", "completed")}),
    ("47519-4", "手术操作史", "Procedures", False, {"Procedure": of("status", "completed", "in-progress")}),
    ("30954-2", "检验检查结果", "Results", False, {
        "Observation": lambda r: of("status", "final", "amended", "corrected", "preliminary")(r) and not category(r, "vital-signs", "social-history"),
        "DiagnosticReport": of("status", "final", "amended", "corrected")}),
    ("8716-3", "生命体征", "Vital signs", False, {"Observation": lambda r: of("status", "final", "amended", "corrected", "preliminary")(r) and category(r, "vital-signs")}),
    ("29762-2", "社会史", "Social history", False, {"Observation": lambda r: of("status", "final", "amended", "corrected")(r) and category(r, "social-history")}),
    ("46264-8", "医疗器械使用", "Medical devices", False, {"DeviceUseStatement": of("status", "active", "completed")}),
    ("11348-0", "既往史", "History of past problems", False, {"Condition": lambda r: not_refuted(r) and "clinicalStatus" in r and not of("clinicalStatus", "active", "recurrence", "relapse")(r)}),
)
TYPES = {"Condition": 200, "AllergyIntolerance": 100, "MedicationStatement": 100, "MedicationRequest": 100, "Immunization": 100, "Procedure": 100, "Observation": 200,
         "DiagnosticReport": 50, "DeviceUseStatement": 50}  # the newest of each


def document(patient_url: str, patient: bytes, rows: list[Row], url: Callable[[Row], str], custodian: str, at: dt.datetime) -> bytes:
    """patient: the Patient that the summary is about; custodian: who keeps the records. Entries carry their urls in the owning store."""
    bodies = [(r, parse(r.body)) for r in rows]
    used: dict[int, Row] = {}
    sections = []
    for code, chinese, english, required, kinds in SECTIONS:
        mine = [(r, b) for r, b in bodies if r.type_name in kinds and kinds[r.type_name](b)]
        if mine or required:
            used |= {r.rid: r for r, _ in mine}
            sections.append(section(code, f"{chinese} {english}", [(url(r), b) for r, b in mine]))
    moment = at.isoformat(timespec="seconds")
    device = f"urn:uuid:{uuid.uuid4()}"
    composition: Json = {
        "resourceType": "Composition", "meta": {"profile": [COMPOSITION]}, "status": "final", "type": {"coding": [{"system": LOINC, "code": "60591-5", "display": "Patient summary Document"}]},
        "subject": {"reference": patient_url}, "date": moment, "author": [{"reference": device}], "title": "患者摘要 Patient summary", "section": sections}
    entries = [entry(f"urn:uuid:{uuid.uuid4()}", dump(composition)), entry(patient_url, patient),
               entry(device, dump({"resourceType": "Device", "deviceName": [{"name": "Xinglin", "type": "user-friendly-name"}], "note": [{"text": custodian}]}))]
    entries += [entry(url(r), r.body) for r in used.values()]
    head = {"resourceType": "Bundle", "meta": {"profile": [BUNDLE]}, "identifier": {"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{uuid.uuid4()}"}, "type": "document", "timestamp": moment}
    return dump(head)[:-1] + b',"entry":[' + b",".join(entries) + b"]}"


def entry(url: str, body: bytes) -> bytes:
    return b'{"fullUrl":' + dump(url) + b',"resource":' + body + b"}"


def section(code: str, title: str, found: list[tuple[str, Json]]) -> Json:
    out: Json = {"title": title, "code": {"coding": [{"system": LOINC, "code": code}]}, "text": narrative([line(b) for _, b in found])}
    if found:
        out["entry"] = [{"reference": url} for url, _ in found]
    else:
        out["emptyReason"] = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/list-empty-reason", "code": "unavailable"}]}
    return out


def narrative(lines: list[str]) -> Json:
    inside = "<ul>" + "".join(f"<li>{escape(x)}</li>" for x in lines) + "</ul>" if lines else "<p>没有可显示的信息 No information is available</p>"
    return {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{inside}</div>'}


def line(r: Json) -> str:
    """One resource in a few words: what, how much, when."""
    what = next((words(r[k]) for k in ("code", "medicationCodeableConcept", "vaccineCode", "device") if isinstance(r.get(k), dict)), "")
    what = what or (r.get("medicationReference") or {}).get("display") or r["resourceType"]
    amount = r.get("valueQuantity") or {}
    value = f"{amount.get('value', '')} {amount.get('unit', '')}".strip() or words(r.get("valueCodeableConcept")) or str(r.get("valueString") or "")
    when = next((r[k] for k in ("effectiveDateTime", "onsetDateTime", "recordedDate", "authoredOn", "occurrenceDateTime", "performedDateTime", "issued") if k in r), "")
    return " · ".join(x for x in (what, value, when[:10]) if x)


def words(concept: Any) -> str:
    if not isinstance(concept, dict):
        return ""
    return str(concept.get("text") or next((c.get("display") or c.get("code") for c in concept.get("coding", []) if c.get("display") or c.get("code")), ""))
