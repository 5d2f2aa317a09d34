"""Which results are of one test, so that they may stand in one row and be joined in one trend
(docs/adr/0028-identity-of-a-test.md).
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Any

from records.meaning.recognition_mark import split_recognition_marks
from records.meaning.result_units import Unit, unit_dimension

LOINC, SNOMED = "http://loinc.org", "http://snomed.info/sct"
ALIASES = {
    "urn:oid:2.16.840.1.113883.6.1": LOINC,
    "urn:oid:2.16.840.1.113883.6.96": SNOMED,
    "https://loinc.org": LOINC,
    "http://loinc.org/": LOINC,
}
NATIONAL = (
    "urn:oid:2.16.156.10011.2.",
    "http://CodeSystem.hl7fhir.cn/",
)  # code tables of the national health standards; not the identifiers of hospitals
SHARED = (
    (LOINC,),
    NATIONAL,
    (SNOMED,),
)  # beginnings of systems that all hospitals mean alike; of several codes the first of these counts


@dataclass(frozen=True, slots=True)
class CodeKey:
    """A code or a text, and whose it is: hospital is "" where the system is shared by all."""

    hospital: str
    system: str
    code: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class ResultIdentity:
    """Equal for results that may be joined. path: the code of the Observation, and of the
    component within it; unit: a dimension, or a unit that is converted to no other; kind: numbers
    apart from words.
    """

    path: tuple[CodeKey, ...]
    unit: str
    kind: str
    specimen: str = ""
    method: str = ""
    site: str = ""


def squeeze_text(text: str) -> str:
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).casefold()


def list_codings(concept: Any) -> list[dict[str, Any]]:
    found = concept.get("coding") if isinstance(concept, dict) else None
    return [c for c in found or [] if isinstance(c, dict) and c.get("code")]


def concept_key(concept: Any, hospital: str) -> CodeKey:
    """Of a CodeableConcept: its best shared code; else its code in a system of the hospital's
    own, whatever that system is called, for two hospitals may call theirs alike; else, for a code
    without a system, code and text; else the text: the last three within the hospital.
    """
    found = [
        (
            ALIASES.get(str(c.get("system") or ""), str(c.get("system") or "")),
            str(c["code"]).strip(),
        )
        for c in list_codings(concept)
    ]
    for systems in SHARED:
        if best := min((f for f in found if f[0].startswith(systems)), default=None):
            return CodeKey("", *best)
    text = concept_name(concept)
    if local := min((f for f in found if f[0]), default=None):
        return CodeKey(hospital, *local)
    if bare := min(found, default=None):
        return CodeKey(hospital, "", bare[1], text)
    return CodeKey(hospital, "", "", text)


def concept_name(concept: Any) -> str:
    """Its text, else its first display; without marks of mutual recognition."""
    if not isinstance(concept, dict):
        return ""
    displays = (
        str(c.get("display") or "") for c in concept.get("coding") or [] if isinstance(c, dict)
    )
    name = str(concept.get("text") or next(filter(None, displays), ""))
    return squeeze_text(split_recognition_marks(name)[0])


def concept_identity(concept: Any) -> str:
    """A method or a site: its shared code, else its words; "" where none is given."""
    if not isinstance(concept, dict):
        return ""
    found = concept_key(concept, "")
    if found.system.startswith(tuple(s for systems in SHARED for s in systems)):
        return f"{found.system}|{found.code}"
    return concept_name(concept) or found.code


def specimen_kind(observation: dict[str, Any]) -> str:
    """The kind of specimen, where the Observation itself tells it: of a contained Specimen, or
    the words of the reference; a number of one specimen is no kind.
    """
    reference = observation.get("specimen")
    if not isinstance(reference, dict):
        return ""
    target = str(reference.get("reference") or "").removeprefix("#")
    for inside in observation.get("contained") or []:
        if (
            isinstance(inside, dict)
            and inside.get("resourceType") == "Specimen"
            and inside.get("id") == target
        ):
            return concept_identity(inside.get("type"))
    words = squeeze_text(str(reference.get("display") or ""))
    return "" if re.search(r"\d", words) else words


def identify_result(
    observation: dict[str, Any],
    component: dict[str, Any] | None,
    unit: Unit,
    kind: str,
    hospital: str,
) -> ResultIdentity:
    """kind: of its value. A test without code and name is like no other."""
    concepts = [
        observation.get("code"),
        *([component.get("code")] if component is not None else []),
    ]
    path = tuple(concept_key(c, hospital) for c in concepts)
    if not (path[-1].code or path[-1].text):
        path = (
            *path,
            CodeKey(hospital, "Observation", str(observation.get("id") or id(observation))),
        )
    return ResultIdentity(
        path,
        f"odd {unit.sent}|{unit.code}" if unit.odd else unit_dimension(unit.code) or unit.code,
        kind,
        specimen_kind(observation),
        concept_identity(observation.get("method")),
        concept_identity(observation.get("bodySite")),
    )
