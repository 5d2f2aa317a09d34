"""What the profiles of IHE Basic Audit Log Patterns 1.1 ask for, as a table, and what of it an
AuditEvent lacks. Written from the profiles; the guide's own examples are held against it, too.
"""

from dataclasses import dataclass, field
from typing import Any

BALP = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit."
DCM = "http://dicom.nema.org/resources/ontology/DCM"
TERMS = "http://terminology.hl7.org/CodeSystem/"
REST = "http://hl7.org/fhir/restful-interaction"
OBJECT, PERSON = (f"{TERMS}audit-entity-type", "2"), (f"{TERMS}audit-entity-type", "1")
XREQUEST = ("https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType", "XrequestId")
CONSENT = ("http://hl7.org/fhir/resource-types", "Consent")
USERS = frozenset({"AUT", "INF", "CST"})
Code = tuple[str, str]


@dataclass(frozen=True)
class Slice:
    """Agents or entities of a type: how many, which elements each has and has not, and its role."""

    type: Code
    least: int
    most: int | None
    has: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()


@dataclass(frozen=True)
class Profile:
    type: Code
    action: str
    subtypes: frozenset[Code]
    agents: tuple[Slice, ...]
    entities: tuple[Slice, ...]
    least_entities: int
    succeeds: bool = True
    closed: bool = False  # no other entities than these
    observed: Code | None = None  # the agent that is the source, too
    only_subtypes: bool = False


def ends(client: Code, server: Code) -> tuple[Slice, ...]:
    return (
        Slice(client, 1, 1, ("who", "network"), ("media",)),
        Slice(server, 1, 1, ("who", "network"), ("media",)),
    )


SOURCE, DESTINATION, APPLICATION = (DCM, "110153"), (DCM, "110152"), (DCM, "110150")
READER = Slice((f"{TERMS}v3-ParticipationType", "IRCP"), 0, 1, ("who",), ("network", "media"))
DATA = Slice(OBJECT, 1, 1, ("what",), roles=("4", "3", "20"))
QUERY = Slice(OBJECT, 1, 1, ("query",), ("what", "lifecycle", "detail"), roles=("24",))
REQUEST = Slice(XREQUEST, 0, 1, ("what",))
PATIENT = Slice(PERSON, 1, 1, ("what",), roles=("1",))
TWO_WAYS = {
    "Read": ("R", {"read", "vread"}, ends(DESTINATION, SOURCE), DATA, 2),
    "Query": ("E", {"search", "search-type", "search-system"}, ends(SOURCE, DESTINATION), QUERY, 1),
    "Create": ("C", {"create"}, ends(SOURCE, DESTINATION), DATA, 2),
    "Update": ("U", {"update", "patch"}, ends(SOURCE, DESTINATION), DATA, 2),
    "Delete": (
        "D",
        {"delete"},
        ends(APPLICATION, (f"{TERMS}provenance-participant-type", "custodian")),
        DATA,
        2,
    ),
}
PROFILES: dict[str, Profile] = {
    about + name: Profile(
        (f"{TERMS}audit-event-type", "rest"),
        action,
        frozenset((REST, i) for i in interactions),
        agents + ((READER,) if name in ("Read", "Query") else ()),
        (data, REQUEST, *((PATIENT,) if about else ())),
        least if about else 1,
    )
    for name, (action, interactions, agents, data, least) in TWO_WAYS.items()
    for about in ("", "Patient")
}
PROFILES["AuthZconsent"] = Profile(
    (DCM, "110113"),
    "E",
    frozenset(
        ("https://profiles.ihe.net/ITI/BALP/CodeSystem/AuthZsubType", c)
        for c in ("AuthZ-Consent", "AuthZ-Role")
    ),
    (
        Slice(APPLICATION, 1, 1, ("who", "network"), ("role", "altId", "name", "purposeOfUse")),
        Slice(READER.type, 1, 1, ("who",), ("altId", "location", "network", "media")),
        Slice((f"{TERMS}v3-RoleClass", "PROV"), 1, 1, ("who",), ("role", "name", "network")),
        Slice(
            (f"{TERMS}extra-security-role-type", "authserver"), 1, 1, ("who",), ("name", "network")
        ),
    ),
    (PATIENT, Slice(CONSENT, 1, None, ("what",))),
    2,
    succeeds=False,
    closed=True,
    observed=(f"{TERMS}extra-security-role-type", "authserver"),
    only_subtypes=True,
)
DISCLOSED = frozenset({(f"{TERMS}iso-21089-lifecycle", "disclose")})
for end, event, action, own in (
    ("Source", "110106", "R", SOURCE),
    ("Recipient", "110107", "C", DESTINATION),
):
    PROFILES[f"PrivacyDisclosure.{end}"] = Profile(
        (DCM, event),
        action,
        DISCLOSED,
        ends(SOURCE, DESTINATION),
        (PATIENT,),
        2,
        succeeds=False,
        observed=own,
    )


@dataclass
class Faults:
    """Of one event by its profile."""

    found: list[str] = field(default_factory=list)

    def need(self, holds: object, says: str) -> None:
        if not holds:
            self.found.append(says)


def code_of(coding: Any) -> Code:
    coding = coding.get("coding", [coding])[0] if isinstance(coding, dict) else {}
    return coding.get("system", ""), coding.get("code", "")


def codes_of(concept: Any) -> set[Code]:
    return {code_of(c) for c in concept.get("coding", [concept])}


def profile_name(event: dict[str, Any]) -> str:
    """Of the profile that the event says it meets, "" for none."""
    [*said] = event.get("meta", {}).get("profile", [])
    return said[0].removeprefix(BALP) if said else ""


def balp_faults(event: dict[str, Any], name: str) -> list[str]:
    profile, faults = PROFILES[name], Faults()
    subtypes = {code_of(s) for s in event.get("subtype", [])}
    faults.need(code_of(event["type"]) == profile.type, "type")
    faults.need(event.get("action") == profile.action, "action")
    faults.need(len(subtypes & profile.subtypes) >= 1, "subtype")
    faults.need(not profile.only_subtypes or subtypes <= profile.subtypes, "other subtypes")
    faults.need("recorded" in event and "outcome" in event, "recorded and outcome")
    faults.need(not profile.succeeds or event.get("outcome") == "0", "a success")
    faults.need(len(event["agent"]) >= 2, "two agents")
    entities = event.get("entity", [])
    faults.need(len(entities) >= profile.least_entities, "entities")
    for kind, slices, nodes in (
        ("agent", profile.agents, event["agent"]),
        ("entity", profile.entities, entities),
    ):
        for wanted in slices:
            check_slice(faults, f"{kind} {wanted.type[1]}", wanted, nodes)
    if profile.closed:
        known = {s.type for s in profile.entities}
        faults.need(all(codes_of(e["type"]) & known for e in entities), "no other entities")
    if profile.observed:
        whos = [a.get("who") for a in event["agent"] if profile.observed in codes_of(a["type"])]
        faults.need(whos == [event["source"]["observer"]], "the source is that agent")
    return faults.found


def check_slice(faults: Faults, where: str, wanted: Slice, nodes: list[dict[str, Any]]) -> None:
    found = [n for n in nodes if wanted.type in codes_of(n.get("type", {}))]
    faults.need(
        wanted.least <= len(found) <= (wanted.most or len(found)), f"{where}: {len(found)} of them"
    )
    for node in found:
        faults.need(all(e in node for e in wanted.has), f"{where}: {wanted.has}")
        faults.need(
            not any(e in node for e in wanted.without), f"{where}: none of {wanted.without}"
        )
        faults.need(
            not wanted.roles or code_of(node.get("role", {}))[1] in wanted.roles, f"{where}: role"
        )
