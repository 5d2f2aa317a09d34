"""Entities of an AuditEvent: the patients, the data by version, the question that was asked, the
request (BALP: patient, data, query, transaction).
"""

import base64
import re
from typing import Any

from consent.audit.line_names import persons_of_line
from records.audit_events.codings import (
    BALP_ENTITY,
    ENTITY_TYPE,
    OBJECT_ROLE,
    RESOURCE_TYPE,
    Json,
    coding,
)
from records.fhir.resource_types import TYPES

VERSIONED = re.compile(r"([a-z0-9-]+)/([A-Za-z]+)/([A-Za-z0-9.-]{1,64})/([0-9]+)")
RESOURCE = re.compile(r"([a-z0-9-]+)/([A-Za-z]+)/([A-Za-z0-9.-]{1,64})")
PERSON, OBJECT = coding(ENTITY_TYPE, "1"), coding(ENTITY_TYPE, "2")
PATIENT_ROLE, DATA_ROLE = coding(OBJECT_ROLE, "1"), coding(OBJECT_ROLE, "4")
QUERY_ROLE = coding(OBJECT_ROLE, "24")


def build_patients(line: dict[str, Any], root: str) -> list[Json]:
    return [
        {
            "what": {"reference": f"{root}/alliance/Patient/{person}"},
            "type": PERSON,
            "role": PATIENT_ROLE,
        }
        for person in persons_of_line(line)
    ]


def build_data(line: dict[str, Any], root: str) -> list[Json]:
    """What was read or changed: by version where it was one, else what was asked for and each
    version of it by its type.
    """
    refs = [m for ref in line["refs"] if (m := VERSIONED.fullmatch(ref))]
    if len(refs) == 1:
        return [{"what": refer_version(refs[0], root), "type": OBJECT, **describe(line)}]
    asked = {"what": refer_target(line["target"], root), "type": OBJECT, **describe(line)}
    return [*([asked] if line["target"] else []), *build_versions(refs, root)]


def build_query(line: dict[str, Any], root: str) -> list[Json]:
    """The question as far as the line holds it, where it was asked and by which parameters, never
    by which values; and each version that it found.
    """
    names = line["detail"].partition(" · ")[0]
    asked = f"GET {root}/{line['target']}{f'?{names}' if names else ''}"
    refs = [m for ref in line["refs"] if (m := VERSIONED.fullmatch(ref))]
    return [
        {
            "type": OBJECT,
            "role": QUERY_ROLE,
            "description": asked,
            "query": base64.b64encode(asked.encode()).decode(),
        },
        *build_versions(refs, root),
    ]


def build_versions(refs: list[re.Match[str]], root: str) -> list[Json]:
    return [
        {
            "what": refer_version(ref, root),
            "type": coding(RESOURCE_TYPE, ref[2]),
            "role": DATA_ROLE,
        }
        for ref in refs
    ]


def build_transaction(line: dict[str, Any]) -> list[Json]:
    """The X-Request-Id of the answer."""
    if not line["request_id"]:
        return []
    return [
        {
            "what": {"identifier": {"value": line["request_id"]}},
            "type": coding(BALP_ENTITY, "XrequestId"),
        }
    ]


def build_consent(words: str) -> Json:
    """The patient's decision by which a refusal was decided: a line holds its reason, not its
    number.
    """
    return {
        "what": {"type": "Consent", "display": words},
        "type": coding(RESOURCE_TYPE, "Consent"),
    }


def refer_version(ref: re.Match[str], root: str) -> Json:
    hospital, type_name, fhir_id, version = ref.groups()
    return {"reference": f"{root}/{hospital}/{type_name}/{fhir_id}/_history/{version}"}


def refer_target(target: str, root: str) -> Json:
    """A resource by its address; what is none, as the line calls it."""
    found = RESOURCE.fullmatch(target)
    if found and found[2] in TYPES:
        return {"reference": f"{root}/{target}"}
    return {"display": target}


def describe(line: dict[str, Any]) -> Json:
    return {"role": DATA_ROLE, **({"description": line["detail"]} if line["detail"] else {})}
