"""The golden record: one Patient for a person, made of the source patients that the viewer may
see; each value names the registration that it comes from (HAPI MDM and JeMPI words; survivorship).

What a card said counts before what somebody has verified, that before what was typed, that before
what was taken over from a relative; of equal ones the newest counts. A hospital says how it got a
Patient, or one of its elements, with the extension ORIGIN; a curator who has seen the card says it
for a registration.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from records.fhir.json_codec import dump_json, parse_json
from records.mpi.matching.rules import identity_paper
from records.mpi.matching.rules.resident_number import RESIDENT_NUMBER_SYSTEM
from records.store.rows import Row

SINGLE_ELEMENTS = (
    "gender",
    "birthDate",
    "deceasedBoolean",
    "deceasedDateTime",
    "maritalStatus",
    "multipleBirthInteger",
    "multipleBirthBoolean",
)
LIST_ELEMENTS = ("identifier", "name", "telecom", "address")
ORIGIN_URL = "urn:xinglin:extension:value-origin"
SOURCE_URL = "urn:xinglin:extension:value-source"
ORIGIN_RANK = {"card": 0, "verified": 1, "typed": 2, "inherited": 3}
FORMER_USES = frozenset({"old", "maiden"})


@dataclass(frozen=True, slots=True)
class CuratorState:
    """What curators have said of a registration: its card was seen; its citizen number is not
    `wrong` but `right` ("" for not known).
    """

    confirmed: bool = False
    wrong: str = ""
    right: str = ""
    corrected: bool = False


@dataclass(frozen=True, slots=True)
class GoldenPart:
    """One registration's say: its resource, where it lies, how good its words are."""

    body: dict[str, Any]
    url: str
    curator_state: CuratorState

    def origin(self, node: Any) -> str:
        """Of an element, else of the whole registration."""
        own = value_origin(node) or value_origin(self.body) or "typed"
        return (
            "verified"
            if self.curator_state.confirmed and ORIGIN_RANK[own] > ORIGIN_RANK["verified"]
            else own
        )

    def origin_extensions(self, node: Any) -> list[dict[str, Any]]:
        return [
            {"url": SOURCE_URL, "valueReference": {"reference": self.url}},
            {"url": ORIGIN_URL, "valueCode": self.origin(node)},
        ]


def value_origin(node: Any) -> str:
    found = (
        next(
            (
                e.get("valueCode")
                for e in (node or {}).get("extension", [])
                if e.get("url") == ORIGIN_URL
            ),
            "",
        )
        if isinstance(node, dict)
        else ""
    )
    return found if found in ORIGIN_RANK else ""


def assemble_golden_record(
    person: UUID, rows: list[Row], root: str, standing: Mapping[int, CuratorState]
) -> bytes:
    """rows: the Patients; standing: by row of the index. Lists are united, the best first, a
    value that several say once; every source is linked (seealso).
    """
    ordered = sorted(rows, key=lambda r: r.last_updated, reverse=True)
    parts = [
        GoldenPart(
            parse_json(r.body),
            f"{root}/{r.hospital}/Patient/{r.fhir_id}",
            standing.get(r.source_patient_id, CuratorState()),
        )
        for r in ordered
    ]
    parts = [replace(p, body=p.body | {"identifier": corrected_identifiers(p)}) for p in parts]
    out: dict[str, Any] = {
        "resourceType": "Patient",
        "id": str(person),
        "meta": {"lastUpdated": parts[0].body["meta"]["lastUpdated"]},
        "active": True,
    }
    for name in LIST_ELEMENTS:
        if united := unite_values(name, parts):
            out[name] = united
    for name in SINGLE_ELEMENTS:
        having = [p for p in parts if name in p.body]
        if having:
            best = min(
                having, key=lambda p: ORIGIN_RANK[p.origin(p.body.get(f"_{name}", p.body[name]))]
            )
            out |= single_element(name, best)
    out["link"] = [{"other": {"reference": p.url}, "type": "seealso"} for p in parts]
    return dump_json(out)


def single_element(name: str, part: GoldenPart) -> dict[str, Any]:
    value, beside = part.body[name], part.body.get(f"_{name}") or {}
    if isinstance(value, dict):
        return {name: with_origin_marks(value, part)}
    return {name: value, f"_{name}": with_origin_marks(beside, part)}


def with_origin_marks(node: dict[str, Any], part: GoldenPart) -> dict[str, Any]:
    kept = [e for e in node.get("extension", []) if e.get("url") not in (ORIGIN_URL, SOURCE_URL)]
    return {k: v for k, v in node.items() if k != "extension"} | {
        "extension": [*kept, *part.origin_extensions(node)]
    }


def unite_values(name: str, parts: list[GoldenPart]) -> list[dict[str, Any]]:
    """Each value once, with the best of those who say it; current ones first."""
    best: dict[bytes, tuple[tuple[bool, int, int], dict[str, Any]]] = {}
    for place, part in enumerate(parts):
        for node in part.body.get(name) or []:
            plain = {k: v for k, v in node.items() if k != "extension"}
            rank = (node.get("use") in FORMER_USES, ORIGIN_RANK[part.origin(node)], place)
            key = dump_json(dict(sorted(plain.items())))
            if key not in best or rank < best[key][0]:
                best[key] = (rank, with_origin_marks(node, part))
    return [node for _, node in sorted(best.values(), key=lambda found: found[0])]


def corrected_identifiers(part: GoldenPart) -> list[dict[str, Any]]:
    """As the hospital sent them; a number that a curator has put right is former, and the right
    one stands beside it.
    """
    sent = part.body.get("identifier") or []
    if not part.curator_state.corrected:
        return sent
    wrong = part.curator_state.wrong
    out = [
        (
            i | {"use": "old"}
            if i.get("system") == RESIDENT_NUMBER_SYSTEM
            and wrong
            and identity_paper.valid_resident_number(str(i.get("value") or "")) == wrong
            else i
        )
        for i in sent
    ]
    if out != sent or not wrong:
        right = part.curator_state.right
        out += (
            [
                {
                    "use": "official",
                    "system": RESIDENT_NUMBER_SYSTEM,
                    "value": right,
                    "extension": [{"url": ORIGIN_URL, "valueCode": "verified"}],
                }
            ]
            if right
            else []
        )
    return out


def person_pointer(old: UUID, now: UUID, root: str) -> bytes:
    """Whether an id is a person's, or stands for one who was linked with an older registration
    (Patient.link, replaced-by).
    """
    if old == now:
        return dump_json({"resourceType": "Patient", "id": str(old), "active": True})
    return dump_json(
        {
            "resourceType": "Patient",
            "id": str(old),
            "active": False,
            "link": [
                {"other": {"reference": f"{root}/alliance/Patient/{now}"}, "type": "replaced-by"}
            ],
        }
    )


def build_fhir_person(
    record: bytes,
    who: UUID,
    root: str,
    standing: Mapping[str, CuratorState],
    by_human: frozenset[str],
) -> bytes:
    """The FHIR Person of a golden record: demographics, and the linked Patients with how sure
    the index is (Person.link.assurance); standing and by_human: by url of the Patient.
    """
    patient = parse_json(record)
    out = {
        k: v
        for k, v in patient.items()
        if k
        in (
            "identifier",
            "name",
            "telecom",
            "gender",
            "_gender",
            "birthDate",
            "_birthDate",
            "address",
            "active",
        )
    }
    links = [{"target": {"reference": f"{root}/alliance/Patient/{who}"}}] + [
        {
            "target": link["other"],
            "assurance": (
                "level4"
                if standing.get(link["other"]["reference"], CuratorState()).confirmed
                else "level3"
                if link["other"]["reference"] in by_human
                else "level2"
            ),
        }
        for link in patient["link"]
    ]
    return dump_json(
        {"resourceType": "Person", "id": str(who), "meta": patient["meta"], **out, "link": links}
    )
