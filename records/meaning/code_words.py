"""The codes by which a resource was sent, as a page shows them a tap away: system, code and text as
sent, and whether the system is one that all hospitals mean alike.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from records.fhir.json_codec import ExactNumber
from records.meaning.phrase import Json

# elements that say what a resource is of
CODED = ("code", "medicationCodeableConcept", "vaccineCode", "type", "class")
# beginnings of systems -> how people call them
SHARED_SYSTEMS = {
    "http://loinc.org": "LOINC",
    "urn:oid:2.16.840.1.113883.6.1": "LOINC",
    "http://snomed.info/sct": "SNOMED CT",
    "urn:oid:2.16.840.1.113883.6.96": "SNOMED CT",
    "http://hl7.org/fhir/sid/icd-10": "ICD-10",
    "urn:xinglin:codesystem:icd-10-clinical": "ICD-10 国临版",
    "urn:xinglin:codesystem:icd-10-insurance": "ICD-10 医保版",
    "http://hl7.org/fhir/sid/icd-9": "ICD-9",
    "http://id.who.int/icd": "ICD-11",
    "http://www.whocc.no/atc": "ATC",
    "http://www.nlm.nih.gov/research/umls/rxnorm": "RxNorm",
    "http://hl7.org/fhir/sid/cvx": "CVX",
    "http://terminology.hl7.org/CodeSystem/": "HL7",
    "urn:oid:2.16.156.10011.2.": "WS/T",
    "http://CodeSystem.hl7fhir.cn/": "HL7 China",
}


@dataclass(frozen=True, slots=True)
class CodeWords:
    """One code as sent. system: how people call it, else as sent; shared: whether all hospitals
    mean the same by it.
    """

    system: str
    code: str
    text: str
    shared: bool


def list_code_words(resource: Json) -> tuple[CodeWords, ...]:
    """The codes of the first element that says by code what it is of; a code without words of its
    own has those of the element.
    """
    for key in CODED:
        concept: Any = resource.get(key)
        if isinstance(concept, list) and concept:
            concept = concept[0]
        if not isinstance(concept, dict):
            continue
        text = str(concept.get("text") or "")
        codings = [c for c in concept.get("coding") or [concept] if isinstance(c, dict)]
        if found := tuple(build_code_words(c, text) for c in codings if c.get("code")):
            return found
    return ()


def is_mapped(codes: Iterable[CodeWords]) -> bool:
    """Whether one of the codes is of a system that all hospitals mean alike."""
    return any(c.shared for c in codes)


def say_value_as_sent(observation: Json) -> str:
    """A number with its unit and the unit's code as they were sent; "" for other values."""
    quantity = observation.get("valueQuantity")
    if not isinstance(quantity, dict) or quantity.get("value") is None:
        return ""
    value = quantity["value"]
    code = str(quantity.get("code") or "")
    unit = str(quantity.get("unit") or "")
    parts = (
        str(quantity.get("comparator") or ""),
        value.text if isinstance(value, ExactNumber) else str(value),
        unit,
        f"[{code}]" if code and code != unit else "",
    )
    return " ".join(filter(None, parts))


def build_code_words(coding: Json, text: str) -> CodeWords:
    system = str(coding.get("system") or "")
    name = next((n for start, n in SHARED_SYSTEMS.items() if system.startswith(start)), "")
    return CodeWords(
        name or system, str(coding["code"]), str(coding.get("display") or text), bool(name)
    )
