"""Read an opinion's document as lines for people, in the reader's language: for the page and for
paper. Everything that was signed is in it, without codes of FHIR.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import get_language

from records.consultations.document_parts import REQUEST_NUMBER, field_of_part
from records.consultations.opinion_fields import FIELDS_BY_NAME
from records.consultations.section_table import OPINION_SECTIONS, REPORT_SECTIONS, Chapter

Json = Mapping[str, Any]
PARTIES = Chapter("患者与会诊双方", "Patient and parties", "", ())
QUESTION = Chapter("会诊问题", "Question", "", ())
TITLES = {c.zh: c.en for c in (PARTIES, QUESTION, *OPINION_SECTIONS, *REPORT_SECTIONS)}
GENDERS = {"male": ("男", "Male"), "female": ("女", "Female")}
NOT_STATED = ("未说明", "Not stated")
BIRTH_DATE = ("出生日期", "Born")
REPLACES = ("替代", "Replaces")
AN_EARLIER = ("同一会诊此前签署的文书", "an earlier document of this consultation")
CODED_NAMES = {  # a code is read beside its name
    "diagnosis_code": "diagnosis_name",
    "tcm_disease_code": "tcm_disease_name",
    "tcm_syndrome_code": "tcm_syndrome_name",
}


@dataclass(frozen=True, slots=True)
class ReadingLine:
    label: str
    text: str


@dataclass(frozen=True, slots=True)
class ReadingSection:
    title: str
    lines: tuple[ReadingLine, ...]


class DocumentReader:
    def __init__(self, document: Json, zh: bool) -> None:
        self.n = 0 if zh else 1
        self.inside = {e["fullUrl"]: e["resource"] for e in document["entry"]}
        self.parts = {r["id"]: r for r in self.inside.values()}
        self.composition = document["entry"][0]["resource"]

    def label(self, name: str) -> str:
        field = FIELDS_BY_NAME[name]
        return (field.zh, field.en)[self.n]

    def section(self, zh: str, lines: Iterator[ReadingLine]) -> ReadingSection:
        title = zh if self.n == 0 else TITLES.get(zh, zh)
        return ReadingSection(title, tuple(line for line in lines if line.text))

    def read(self) -> list[ReadingSection]:
        request = self.parts["request"]
        asked = " ".join(note["text"] for note in request.get("note", []))
        sections = [
            self.section(PARTIES.zh, self.read_parties()),
            self.section(QUESTION.zh, iter([ReadingLine("", asked)])),
            *(self.section(s["title"], self.read_entries(s)) for s in self.composition["section"]),
        ]
        return [s for s in sections if s.lines]

    def read_parties(self) -> Iterator[ReadingLine]:
        request, patient, n = self.parts["request"], self.parts["patient"], self.n
        number = next(i["value"] for i in request["identifier"] if i["system"] == REQUEST_NUMBER)
        yield ReadingLine(self.label("request_number"), number)
        if "relatesTo" in self.composition:
            yield ReadingLine(REPLACES[n], AN_EARLIER[n])
        yield ReadingLine(self.label("patient_name"), patient["name"][0]["text"])
        yield ReadingLine(self.label("sex_code"), GENDERS.get(patient["gender"], NOT_STATED)[n])
        yield ReadingLine(BIRTH_DATE[n], patient.get("birthDate", ""))
        for name in ("age_years", "age_months"):
            found = self.parts.get(f"field-{name.replace('_', '-')}", {})
            yield ReadingLine(self.label(name), found.get("valueString", ""))
        yield from self.read_stay()
        asking = self.parts["asking-doctor-role"]
        yield ReadingLine(self.label("asking_doctor"), self.read_doctor(asking))
        for reference in self.composition["author"]:
            expert = self.inside[reference["reference"]]
            yield ReadingLine(self.label("expert"), self.read_doctor(expert))
        custodian = self.inside[self.composition["custodian"]["reference"]]
        yield ReadingLine(self.label("consulted_hospital"), custodian["name"])
        yield ReadingLine(self.label("consultation_kind"), request["code"]["text"])
        ended = dt.datetime.fromisoformat(self.composition["event"][0]["period"]["end"])
        yield ReadingLine(self.label("ended_at"), f"{ended:%Y-%m-%d %H:%M}")

    def read_stay(self) -> Iterator[ReadingLine]:
        stay = self.parts.get("stay", {})
        numbers = stay.get("identifier", [{}])
        yield ReadingLine(self.label("inpatient_number"), numbers[0].get("value", ""))
        department = stay.get("serviceType", {}).get("text", "")
        yield ReadingLine(self.label("patient_department"), department)
        for place in stay.get("location", []):
            kind = place["physicalType"]["coding"][0]["code"]
            name = {"wa": "ward", "ro": "room", "bd": "bed"}[kind]
            yield ReadingLine(self.label(name), place["location"]["display"])

    def read_doctor(self, role: Json) -> str:
        """Name, title, department, hospital."""
        who = self.inside[role["practitioner"]["reference"]]["name"][0]["text"]
        hospital = self.inside[role["organization"]["reference"]]["name"]
        words = [c["text"] for c in (*role.get("code", []), *role.get("specialty", []))]
        return " · ".join([who, *words, hospital])

    def read_entries(self, section: Json) -> Iterator[ReadingLine]:
        for entry in section["entry"]:
            resource = self.inside[entry["reference"]]
            if resource["resourceType"] == "DocumentReference":
                address = resource["content"][0]["attachment"]["url"].partition("/_history/")
                yield ReadingLine(resource["description"], f"{address[0]} · {address[2]}")
                continue
            field = field_of_part(resource["id"])
            if field is None or field.name in CODED_NAMES or field.name == "consultation_kind":
                continue
            code = next((c for c, n in CODED_NAMES.items() if n == field.name), "")
            found = self.parts.get(f"field-{code.replace('_', '-')}")
            beside = f"（{read_code(found)}）" if found else ""
            yield ReadingLine(self.label(field.name), read_text(resource) + beside)


def read_document(document: Json, language: str = "") -> list[ReadingSection]:
    """language: "zh" or "en"; the page's own where none is named."""
    zh = (language or get_language() or "zh").startswith("zh")
    return DocumentReader(document, zh).read()


def read_code(observation: Json) -> str:
    return str(observation["valueCodeableConcept"]["coding"][0]["code"])


def read_text(observation: Json) -> str:
    """A day as people write it, any other text as it is."""
    text = str(observation.get("valueString", ""))
    if observation["id"] == "field-examined-on":
        return f"{text[:4]}-{text[4:6]}-{text[6:]}"
    return text
