"""Build the FHIR R4 AuditEvent of a line of the audit log, by IHE Basic Audit Log Patterns (BALP):
one event a line, so that each has the line's seal as its proof (docs/adr/0075).

What BALP's profiles ask for and a line does not hold (a network address, one patient alone) is not
made up: such an event has the same shape and names no profile.
"""

from typing import Any

from django.conf import settings

from consent.audit.line_names import LineNames
from records.audit_events.codings import (
    BALP_DECISION,
    DCM,
    EVENT_TYPE,
    LIFECYCLE,
    OWN_EVENT,
    SOURCE_TYPE,
    Json,
    coding,
)
from records.audit_events.event_shapes import BALP, EventShape, find_shape
from records.audit_events.line_agents import (
    build_agents,
    build_decision_agents,
    build_purpose,
    platform_reference,
)
from records.audit_events.line_entities import (
    build_consent,
    build_data,
    build_patients,
    build_query,
    build_transaction,
)

LINE_URL = "urn:xinglin:extension:audit-line"
OUTCOME_CODES = {"success": "0", "not-found": "4", "refused": "8", "failed": "8"}
SUBSETTED = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
    "code": "SUBSETTED",
}
DISCLOSE = coding(LIFECYCLE, "disclose")
ROLE_REASONS = frozenset({"role", "unvouched", "scope", "viewer_inactive", "foreign_store"})
DISCLOSURE = EventShape((DCM, "110106"), None, "R", "PrivacyDisclosure.Source")


def build_audit_event(line: dict[str, Any], names: LineNames, root: str = "") -> Json:
    """line: of canonical_line.FIELDS, with `persons` where it is about several; `position` and
    `hash` of its leaf, where it is sealed and they are known; `several`: how many persons there
    are, where `persons` are not all. root: the absolute address of the FHIR bases.
    """
    root = root or f"{settings.PUBLIC_URL}/fhir"
    line = {k: "" if isinstance(v, str) and v.isspace() else v for k, v in line.items()}
    if line["outcome"] == "refused" and line["code"].startswith("records:"):
        return drop_blanks(build_decision(line, names, root))
    return drop_blanks(build_act(line, names, root))


def build_act(line: dict[str, Any], names: LineNames, root: str) -> Json:
    """What was done, or shown."""
    shape = find_shape(line["code"])
    disclosed = shape.reads and line["outcome"] == "success" and is_disclosure(line)
    patients = build_patients(line, root)
    if disclosed and len(patients) == 1 and line["address"]:
        subtypes, shape = [DISCLOSE, *build_subtypes(line, shape)], DISCLOSURE
    else:
        subtypes = [*build_subtypes(line, shape), *([DISCLOSE] if disclosed else [])]
    asked = (
        build_query(line, root)
        if find_shape(line["code"]).profile == "Query"
        else build_data(line, root)
    )
    return {
        **build_head(line, root),
        **name_profile(line, shape, patients),
        "type": coding(*shape.type),
        "subtype": subtypes,
        "action": shape.action,
        **build_outcome(line, names),
        **build_purpose(line, "purposeOfEvent"),
        "agent": build_agents(line, names, shape.action, root),
        "source": build_source(line, root, "4"),
        **list_entities([*patients, *asked, *build_transaction(line)]),
    }


def build_decision(line: dict[str, Any], names: LineNames, root: str) -> Json:
    """A refusal of the gate (BALP AuthZconsent, whose entities are the patient and the consent
    alone: target and request stand in the extension).
    """
    patients = build_patients(line, root)
    by_consent = line["reason"] not in ROLE_REASONS
    entities = [*patients, *([build_consent(names.reason_words(line))] if by_consent else [])]
    is_whole = len(patients) == 1 and by_consent and line["address"] and line["actor_hospital"]
    head = build_head(line, root)
    head["extension"][0]["extension"] += [
        {"url": part, "valueString": line[name]}
        for part, name in (("target", "target"), ("request", "request_id"))
        if line[name]
    ]
    return {
        **head,
        **build_meta(line, "AuthZconsent" if is_whole else ""),
        "type": coding(DCM, "110113"),
        "subtype": [coding(BALP_DECISION, "AuthZ-Consent" if by_consent else "AuthZ-Role")],
        "action": "E",
        **build_outcome(line, names),
        **build_purpose(line, "purposeOfEvent"),
        "agent": build_decision_agents(line, names, root),
        "source": build_source(line, root, "6"),
        **list_entities(entities),
    }


def is_disclosure(line: dict[str, Any]) -> bool:
    """Whether data of another hospital than the reader's left its store."""
    own = f"{line['actor_hospital']}/"
    return any(not ref.startswith(own) for ref in line["refs"])


def build_head(line: dict[str, Any], root: str) -> Json:
    """Id, and the line with its place in the tree, by which its proof can be asked for."""
    parts = {
        "number": str(line["id"]),
        "position": str(line["position"]) if line.get("position") is not None else "",
        "hash": line.get("hash") or "",
    }
    return {
        "resourceType": "AuditEvent",
        "id": str(line["id"]),
        "extension": [
            {
                "url": LINE_URL,
                "extension": [
                    {"url": "code", "valueCoding": coding(OWN_EVENT, line["code"])},
                    *({"url": u, "valueString": v} for u, v in parts.items() if v),
                ],
            }
        ],
        "recorded": line["recorded"],
    }


def name_profile(line: dict[str, Any], shape: EventShape, patients: list[Json]) -> Json:
    """The profile that the event meets: BALP's are of successes, with both ends of the network,
    and have one patient or none.
    """
    name = shape.profile if line["outcome"] == "success" and line["address"] else ""
    if name and shape.type == (EVENT_TYPE, "rest") and len(patients) == 1:
        name = f"Patient{name}"
    if name in ("Read", "Create", "Update", "Delete") and not (line["target"] or line["refs"]):
        name = ""
    return build_meta(line, name)


def build_meta(line: dict[str, Any], profile: str) -> Json:
    is_cut = (line.get("several") or 0) > len(line.get("persons") or [])
    meta = {
        **({"profile": [BALP + profile]} if profile else {}),
        **({"tag": [SUBSETTED]} if is_cut else {}),
    }
    return {"meta": meta} if meta else {}


def build_subtypes(line: dict[str, Any], shape: EventShape) -> list[Json]:
    return [
        *([coding(*shape.subtype)] if shape.subtype else []),
        coding(OWN_EVENT, line["code"]),
    ]


def build_outcome(line: dict[str, Any], names: LineNames) -> Json:
    """What is no success says why, in words."""
    code = OUTCOME_CODES.get(line["outcome"], "8")
    if code == "0":
        return {"outcome": code}
    words = ": ".join(filter(None, (names.outcome_words(line), names.reason_words(line))))
    return {"outcome": code, **({"outcomeDesc": words} if words else {})}


def build_source(line: dict[str, Any], root: str, kind: str) -> Json:
    """This platform, and the hospital at which it was done."""
    return {
        **({"site": line["actor_hospital"]} if line["actor_hospital"] else {}),
        "observer": platform_reference(root),
        "type": [coding(SOURCE_TYPE, kind)],
    }


def drop_blanks(node: Any) -> Any:
    """Of a line whose columns are blank or broken over lines (a forged one, one of another
    release), what FHIR can hold: no empty string, list or object, and codes without spaces at
    their ends (https://hl7.org/fhir/R4/datatypes.html#code).
    """
    if isinstance(node, dict):
        kept = {}
        for key, value in node.items():
            found = value if isinstance(value, str) else drop_blanks(value)
            if not is_blank(found):
                is_code = key == "code" and isinstance(found, str)
                kept[key] = " ".join(found.split()) if is_code else found
        return kept
    if isinstance(node, list):
        return [found for value in node if not is_blank(found := drop_blanks(value))]
    return node


def is_blank(value: Any) -> bool:
    """Numbers, truths and null never are."""
    if isinstance(value, str):
        return not value or value.isspace()
    return not value and isinstance(value, list | dict)


def list_entities(entities: list[Json]) -> Json:
    return {"entity": entities} if entities else {}
