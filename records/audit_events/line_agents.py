"""Agents of an AuditEvent: the person who acted, the application by which, their hospital, and the
platform that answered (BALP: user, client, userorg, server).
"""

import ipaddress
import re
from typing import Any

from consent.audit.line_names import STAFF_KINDS, LineNames
from records.audit_events.codings import (
    DCM,
    HOSPITAL,
    OWN_ROLE,
    PARTICIPATION,
    PROVENANCE_ROLE,
    REASON,
    ROLE_CLASS,
    SECURITY_ROLE,
    STAFF,
    SYSTEM,
    Json,
    coding,
    concept,
    identifier,
)

BY_CLIENT = re.compile(r"by client/([\w.-]+)")
# (code system, code) of the application and of the platform, by action: who reads receives, who
# writes sends (DICOM PS3.15 A.5.3)
APPLICATION_ROLES = {
    "R": ((DCM, "110152"), (DCM, "110153")),
    "D": ((DCM, "110150"), (PROVENANCE_ROLE, "custodian")),
}
SENDING_ROLES = ((DCM, "110153"), (DCM, "110152"))
WRITES = "CUD"


def platform_reference(root: str) -> Json:
    """Who recorded it: this platform."""
    return {"identifier": {"system": "urn:ietf:rfc:3986", "value": root}, "display": "Xinglin"}


def build_agents(line: dict[str, Any], names: LineNames, action: str, root: str) -> list[Json]:
    """Of an event of FHIR's or DICOM's kinds; the user is left out where a system acted for
    nobody.
    """
    application, platform = APPLICATION_ROLES.get(action, SENDING_ROLES)
    user = build_user(line, names, root, "AUT" if action in WRITES else "IRCP")
    return [
        build_application(line, names, application, requestor=user is None),
        {
            "type": concept(*platform),
            "who": platform_reference(root),
            "requestor": False,
            "network": {"address": root, "type": "5"},
        },
        *([user] if user else []),
        *build_organization(line, names),
    ]


def build_decision_agents(line: dict[str, Any], names: LineNames, root: str) -> list[Json]:
    """Of a decision of the gate: client, user, userorg, authorizer; a system that acted for nobody
    is its own user.
    """
    application = build_application(line, names, (DCM, "110150"), requestor=False)
    user = build_user(line, names, root, "IRCP") or {
        "type": concept(PARTICIPATION, "IRCP"),
        "who": application["who"],
        "requestor": True,
        **build_purpose(line, "purposeOfUse"),
    }
    application.pop("name", None)
    return [
        application,
        user,
        *build_organization(line, names),
        {
            "type": concept(SECURITY_ROLE, "authserver"),
            "who": platform_reference(root),
            "requestor": False,
        },
    ]


def build_application(
    line: dict[str, Any], names: LineNames, role: tuple[str, str], *, requestor: bool
) -> Json:
    """The system, an administrator's client, or the pages, with the address of the network."""
    by_client = BY_CLIENT.search(line["detail"])
    if line["actor_kind"] == "client" or by_client:
        client = by_client[1] if by_client else line["actor"]
        who = identifier(SYSTEM, client) if client else {"display": "unknown"}
        name = names.system_of(line)
    else:
        who, name = {"display": "command line" if line["actor_kind"] == "operator" else "pages"}, ""
    return {
        "type": concept(*role),
        "who": who,
        **({"name": name} if name else {}),
        "requestor": requestor,
        **({"network": build_network(line["address"])} if line["address"] else {}),
    }


def build_network(address: str) -> Json:
    """An address of IP (2), or a machine's name (1)."""
    try:
        ipaddress.ip_address(address)
    except ValueError:
        return {"address": address, "type": "1"}
    return {"address": address, "type": "2"}


def build_user(
    line: dict[str, Any], names: LineNames, root: str, participation: str
) -> Json | None:
    """Who acted, None where it was a system; of a hospital whose names the reader may not know,
    what they are.
    """
    kind, actor = line["actor_kind"], line["actor"]
    if kind == "client":
        return None
    name = names.actor_name(line)
    if kind in STAFF_KINDS and actor:
        who = identifier(STAFF, actor)
    elif kind == "patient" and actor:
        who = {"reference": f"{root}/alliance/Patient/{actor}"}
    else:
        who = {"display": name or "unknown"}
    return {
        "type": concept(PARTICIPATION, participation),
        **(
            {"role": [concept(OWN_ROLE, line["role"], names.role_words(line))]}
            if line["role"]
            else {}
        ),
        "who": who,
        **({"name": name} if name else {}),
        "requestor": True,
        **build_purpose(line, "purposeOfUse"),
    }


def build_organization(line: dict[str, Any], names: LineNames) -> list[Json]:
    """The hospital for which they acted; none of the server's operator."""
    if not (code := line["actor_hospital"]):
        return []
    who = {**identifier(HOSPITAL, code), "display": names.hospital_name(code)}
    return [{"type": concept(ROLE_CLASS, "PROV"), "who": who, "requestor": False}]


def build_purpose(line: dict[str, Any], element: str) -> Json:
    return {element: [{"coding": [coding(REASON, line["purpose"])]}]} if line["purpose"] else {}
