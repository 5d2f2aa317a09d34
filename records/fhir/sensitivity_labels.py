"""TABLE codes -> sensitivity labels, put on at every write, and the marks that a consent may
name. The sender may add labels by meta.security; nobody takes one off: a resource keeps the labels
of all its versions.

Source: v3-ActCode sensitivity policies, v3-Confidentiality; ICD-10 chapters; GB/T 39725-2020 level
5 (HIV, STD).
"""

from functools import lru_cache
from typing import Any

from consent.labels import LEVEL_MASK, Label, label_from_tag
from consent.provision import is_clinical_system
from records.fhir.hashes import author_mark, code_mark, reference_hash

ICD10 = (
    "http://hl7.org/fhir/sid/icd-10",
    "http://hl7.org/fhir/sid/icd-10-cm",
    "urn:oid:2.16.156.10011.2.3.3.11",
    "urn:oid:2.16.156.10011.2.3.3.11.3",
    "urn:xinglin:codesystem:icd-10-clinical",
    "urn:xinglin:codesystem:icd-10-insurance",
)
# (code systems, prefix of the code) -> label
LABELED_PREFIXES: tuple[tuple[tuple[str, ...], str, Label], ...] = (
    *((ICD10, p, Label.HIV) for p in ("B20", "B21", "B22", "B23", "B24", "Z21", "R75")),
    (ICD10, "F10", Label.ALCOHOL),
    (ICD10, "F11", Label.OPIOID),
    *((ICD10, f"F{n}", Label.ETH) for n in range(12, 20)),
    *((ICD10, f"F{n}", Label.PSY) for n in (*range(20, 70), *range(80, 100))),
    *((ICD10, f"A5{n}", Label.STD) for n in range(10)),
    *((ICD10, f"A6{n}", Label.STD) for n in range(5)),
    *((ICD10, p, Label.SDV) for p in ("T74", "Y07")),
    *((ICD10, p, Label.SEX) for p in ("O04", "O05", "O06", "N46", "N97", "Z30", "Z31", "Z64.0")),
    *((ICD10, f"Q{n}", Label.GDIS) for n in range(90, 100)),
)
LABELED_CODES: dict[tuple[str, str], Label] = {
    **{
        ("http://loinc.org", c): Label.HIV
        for c in (
            "75622-1",
            "7917-8",
            "29893-5",
            "25836-8",
            "24467-3",
            "56888-1",
            "80387-4",
            "89365-1",
        )
    },
    **{("http://loinc.org", c): Label.STD for c in ("20507-0", "22461-8", "24312-1", "31147-2")},
    **{("http://snomed.info/sct", c): Label.HIV for c in ("86406008", "165816005", "62479008")},
    **{
        ("http://snomed.info/sct", c): Label.PSY
        for c in ("370143000", "58214004", "13746004", "35489007", "47505003")
    },
    **{
        ("http://snomed.info/sct", c): Label.ETH
        for c in ("55680006", "5602001", "7200002", "66590003", "6525002")
    },
}
AUTHORS = frozenset(
    {
        "author",
        "recorder",
        "asserter",
        "performer",
        "requester",
        "sender",
        "enterer",
        "informationSource",
        "attester",
        "participant",
        "provider",
        "prescriber",
    }
)


@lru_cache(maxsize=50_000)
def labels_of_coding(system: str, code: str) -> int:
    found = LABELED_CODES.get((system, code), Label.NONE)
    if system in ICD10:
        for systems, prefix, label in LABELED_PREFIXES:
            if code.startswith(prefix) and system in systems:
                found |= label
    return int(found)


def labels_of_tags(resource: dict[str, Any]) -> int:
    """Of meta.security: a level that stands beside a kind says no more than that kind
    (v3-ActCode: each kind is restricted).
    """
    found = 0
    for tag in (resource.get("meta") or {}).get("security") or []:
        found |= int(label_from_tag(tag.get("system") or "", tag.get("code") or ""))
    return found & ~int(Label.RESTRICTED) if found & ~LEVEL_MASK else found


def labels_and_marks(resource: dict[str, Any]) -> tuple[int, set[int]]:
    """(labels, marks): all labels that its codes and security tags call for, and a hash of each
    code, reference and author that stands in it. Contained resources count. What the entries of a
    Bundle refer to is their own, and marks nothing.
    """
    bits, marks, closed = labels_of_tags(resource), set(), resource.get("resourceType") == "Bundle"
    stack: list[tuple[Any, bool]] = [
        (v, k in AUTHORS)
        for k, v in resource.items()
        if k != "meta" and (type(v) is dict or type(v) is list)
    ]
    while stack:
        node, by = stack.pop()
        if type(node) is list:
            stack += [(v, by) for v in node if type(v) is dict or type(v) is list]
            continue
        system, code, reference = (
            node.get("system"),
            node.get("code"),
            None if closed else node.get("reference"),
        )
        if type(system) is str and type(code) is str:
            bits |= labels_of_coding(system, code)
            if is_clinical_system(system):
                marks.add(code_mark(system, code))
        if type(reference) is str and not reference.startswith(("Patient/", "#")):
            marks.add(reference_hash(reference.partition("/_history/")[0]))
        if by and type(reference) is str:
            marks.add(
                author_mark(*reference.split("/", 1))
                if "/" in reference
                else reference_hash(reference)
            )
        stack += [
            (v, by or k in AUTHORS) for k, v in node.items() if type(v) is dict or type(v) is list
        ]
    return bits, marks


def labels_of(resource: dict[str, Any]) -> int:
    return labels_and_marks(resource)[0]
