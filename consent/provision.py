"""A FHIR R4 Consent, read: its base policy and the tree of its provisions. What is not
understood is kept as such. Pure.

Source: FHIR R4 consent.html; IHE PCF (policies, actor roles). Nothing is refused here: a decision
of the patient that is only half understood still denies (docs/implementation/consent.md).
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from alliance.platform.dates import EARLIEST_INSTANT, LATEST_INSTANT, parse_date_range
from consent.criteria import ResourceItem
from consent.labels import KIND_SYSTEMS, LABEL_BY_CODE, LEVEL_SYSTEMS, MASK_UP_TO_LEVEL
from consent.purposes import purpose_key as purpose_named

HOSPITAL_SYSTEM, STAFF_SYSTEM = (
    "urn:xinglin:hospital",
    "urn:xinglin:staff",
)  # identifiers of who takes part, in Consent.provision.actor
RECIPIENT_ROLES, SOURCE_ROLES, AUTHOR_ROLES = (
    frozenset({"IRCP", "PRCP"}),
    frozenset({"CST"}),
    frozenset({"AUT"}),
)
EFFECT_BY_POLICY = {  # policyRule and policy.uri -> permit or deny
    "OPTIN": True,
    "OPTINR": True,
    "OPTOUT": False,
    "OPTOUTE": False,
    "Policy-basic-normal": True,
    "Policy-all-normal": True,
    "Policy-break-glass-only": False,
    "Policy-deny": False,
}
TYPES_SYSTEM = "http://hl7.org/fhir/resource-types"
DATA_MEANINGS = frozenset({"instance", "related", "dependents", "authoredby"})
READABLE_ELEMENTS = frozenset(
    {
        "id",
        "extension",
        "type",
        "period",
        "actor",
        "action",
        "securityLabel",
        "purpose",
        "class",
        "code",
        "dataPeriod",
        "data",
        "provision",
    }
)
# Codes of these systems say how a resource is made, not what it is of: they are not kept for
# consents, and one that names them is not understood.
FORMAL_SYSTEMS = (
    "http://terminology.hl7.org/",
    "http://unitsofmeasure.org",
    "http://hl7.org/fhir/",
    "urn:ietf:",
)
CLINICAL_SYSTEMS = ("http://hl7.org/fhir/sid/",)

Span = tuple[dt.datetime, dt.datetime]


def is_clinical_system(system: str) -> bool:
    """Whether codes of the system are kept for consents."""
    return bool(system) and (
        system.startswith(CLINICAL_SYSTEMS) or not system.startswith(FORMAL_SYSTEMS)
    )


@dataclass(frozen=True, slots=True)
class ProvisionActor:
    """Who: a hospital's code, a staff number, or an item of the consent's store; role in
    RECIPIENT, SOURCE, AUTHOR, or "" for another.
    """

    role: str
    hospital: str = ""
    staff: str = ""
    item: ResourceItem | None = None

    @property
    def is_identified(self) -> bool:
        return bool(self.hospital or self.staff)

    @property
    def group(self) -> ResourceItem | None:
        """The Group of practitioners that it is, in the consent's store."""
        return (
            self.item
            if self.item is not None and self.item.type_name == "Group" and not self.is_identified
            else None
        )


@dataclass(frozen=True, slots=True, eq=False)
class Provision:
    """One rule, known by its identity. permit: None where it does not say. Empty fields ask
    nothing. unknown: it asks something that is not understood; of a list of which a part is not,
    nothing is kept, for the list means any of them.
    """

    permit: bool | None
    period: Span | None = None
    actors: tuple[ProvisionActor, ...] = ()
    actions: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()
    types: frozenset[str] = frozenset()
    codes: frozenset[tuple[str, str]] = frozenset()
    data_period: Span | None = None
    data: tuple[tuple[str, ResourceItem], ...] = ()
    unknown: bool = False
    parts: tuple["Provision", ...] = ()


def parse_consent(
    consent: dict[str, Any], hospital: str = "", *, as_written: bool = False
) -> Provision:
    """The whole of it as one rule. hospital: in whose store its literal references lie;
    as_written: without what permits inside permits leave unsaid.
    """
    base = parse_base_policy(consent)
    node = consent.get("provision")
    if not isinstance(node, dict):
        return Provision(base, unknown=base is None)
    effect = (
        node.get("type") if node.get("type") in ("permit", "deny") else "permit" if base else None
    )
    root = parse_provision(node if as_written else inherit_permit_terms(node, effect), hospital)
    if root.permit is None:
        return Provision(base, *[getattr(root, f) for f in PROVISION_FIELDS])
    return Provision(base, parts=(root,)) if base is not None and base is not root.permit else root


PROVISION_FIELDS = [f for f in Provision.__dataclass_fields__ if f != "permit"]


def parse_base_policy(consent: dict[str, Any]) -> bool | None:
    """What holds where no provision says otherwise; None where the consent names no policy that
    is known.
    """
    names = [
        c.get("code")
        for c in (consent.get("policyRule") or {}).get("coding") or []
        if isinstance(c, dict)
    ]
    names += [
        str(p.get("uri") or "").rsplit("/", 1)[-1]
        for p in consent.get("policy") or []
        if isinstance(p, dict)
    ]
    effects = {EFFECT_BY_POLICY[n] for n in names if n in EFFECT_BY_POLICY}
    return None if not effects else effects == {True}


def inherit_permit_terms(node: dict[str, Any], effect: str | None) -> dict[str, Any]:
    """With each permit inside a permit saying of itself what it leaves to the one around it: it
    widens that one (IHE PCF Advanced), so what it names takes the place of what is named around it,
    and the rest holds for both. The period is no such thing: it bounds the whole. effect: of the
    node.
    """

    def inner(part: dict[str, Any]) -> dict[str, Any]:
        if effect != "permit" or part.get("type") != "permit":
            return inherit_permit_terms(part, part.get("type"))
        roles = {parse_actor_role(a) for a in part.get("actor") or []}
        actors = [
            *(part.get("actor") or []),
            *(a for a in node.get("actor") or [] if parse_actor_role(a) not in roles),
        ]
        return inherit_permit_terms(
            {k: v for k, v in node.items() if k not in NOT_INHERITED}
            | {k: v for k, v in part.items() if v not in (None, [], {})}
            | ({"actor": actors} if actors else {}),
            "permit",
        )

    return (
        {**node, "provision": [inner(p) for p in node["provision"]]}
        if node.get("provision")
        else node
    )


NOT_INHERITED = frozenset(
    {"id", "extension", "type", "period", "actor", "provision"}
)  # what no rule has from the one around it; actors by their role


def parse_provision(node: dict[str, Any], hospital: str) -> Provision:
    unknown = bool({k for k in node if not k.startswith("_")} - READABLE_ELEMENTS)
    actors = tuple(parse_actor(a, hospital) for a in node.get("actor") or [])
    levels, kinds, odd_labels = parse_security_labels(node.get("securityLabel") or [])
    types, odd_types = parse_classes(node.get("class") or [])
    codes, odd_codes = parse_codes(node.get("code") or [])
    actions = [
        c
        for a in node.get("action") or []
        for c in (x.get("code") for x in a.get("coding") or [{}])
    ]
    data = [
        (
            str(d.get("meaning")),
            parse_resource_item((d.get("reference") or {}).get("reference"), hospital),
        )
        for d in node.get("data") or []
    ]
    odd_data = any(i is None or m not in DATA_MEANINGS for m, i in data)
    permit = {"permit": True, "deny": False}.get(node.get("type", ""))
    if odd_labels:
        levels, kinds = (), ()
    return Provision(
        permit,
        span_from_period(node.get("period")),
        actors,
        tuple(a or "" for a in actions),
        levels,
        kinds,
        tuple(
            purpose_named(p.get("system") or "", str(p.get("code") or ""))
            for p in node.get("purpose") or []
        ),
        frozenset() if odd_types else types,
        frozenset() if odd_codes else codes,
        span_from_period(node.get("dataPeriod")),
        () if odd_data else tuple((m, i) for m, i in data if i is not None),
        unknown
        or odd_labels
        or odd_types
        or odd_codes
        or odd_data
        or any(a.role == "" for a in actors),
        tuple(parse_provision(p, hospital) for p in node.get("provision") or []),
    )


def parse_actor_role(node: dict[str, Any]) -> str:
    roles = {c.get("code") for c in (node.get("role") or {}).get("coding") or []}
    return next(
        (
            name
            for name, codes in (
                ("recipient", RECIPIENT_ROLES),
                ("source", SOURCE_ROLES),
                ("author", AUTHOR_ROLES),
            )
            if roles & codes
        ),
        "",
    )


def parse_actor(node: dict[str, Any], hospital: str) -> ProvisionActor:
    role = parse_actor_role(node)
    reference = node.get("reference") or {}
    identifier = reference.get("identifier") or {}
    if identifier.get("system") == HOSPITAL_SYSTEM:
        return ProvisionActor(role, hospital=str(identifier.get("value") or ""))
    if identifier.get("system") == STAFF_SYSTEM:
        return ProvisionActor(role, staff=str(identifier.get("value") or ""))
    return ProvisionActor(role, item=parse_resource_item(reference.get("reference"), hospital))


def parse_security_labels(
    labels: list[dict[str, Any]],
) -> tuple[tuple[str, ...], tuple[str, ...], bool]:
    """(confidentiality levels, sensitivity codes, whether another stands there)."""
    codes = [(c.get("system") or "", str(c.get("code"))) for c in labels]
    levels = tuple(c for system, c in codes if c in MASK_UP_TO_LEVEL and system in LEVEL_SYSTEMS)
    kinds = tuple(c for system, c in codes if c in LABEL_BY_CODE and system in KIND_SYSTEMS | {""})
    return levels, kinds, len(levels) + len(kinds) < len(codes)


def parse_classes(classes: list[dict[str, Any]]) -> tuple[frozenset[str], bool]:
    names = frozenset(str(c.get("code")) for c in classes if c.get("system") == TYPES_SYSTEM)
    return names, any(c.get("system") != TYPES_SYSTEM for c in classes)


def parse_codes(concepts: list[dict[str, Any]]) -> tuple[frozenset[tuple[str, str]], bool]:
    pairs = [
        (str(x.get("system") or ""), str(x.get("code") or ""))
        for c in concepts
        for x in c.get("coding") or []
    ]
    good = frozenset(p for p in pairs if is_clinical_system(p[0]) and p[1])
    return good, len(good) < len(set(pairs)) or any(not c.get("coding") for c in concepts)


def parse_resource_item(reference: object, hospital: str) -> ResourceItem | None:
    parts = str(reference or "").split("/")
    return (
        ResourceItem(hospital, *parts)
        if len(parts) == 2 and all(parts) and hospital and parts[0][:1].isupper()
        else None
    )


def find_named_groups(rule: Provision) -> frozenset[ResourceItem]:
    """The Groups whose members it lets in or refuses."""
    return frozenset(
        a.group
        for part in walk_provisions(rule)
        for a in part.actors
        if a.role == "recipient" and a.group
    )


def find_named_sources(rule: Provision) -> set[str]:
    """The hospitals whose records it names; "" for one that is not identified."""
    return {
        actor.hospital
        for part in walk_provisions(rule)
        for actor in part.actors
        if actor.role == "source"
    }


def find_named_staff(rule: Provision) -> set[int]:
    """Numbers of the staff whom it names, in whatever role."""
    return {
        int(a.staff) for part in walk_provisions(rule) for a in part.actors if a.staff.isdecimal()
    }


def span_from_period(period: dict[str, Any] | None) -> Span | None:
    if period is None:
        return None
    low = parse_date_range(period["start"])[0] if period.get("start") else EARLIEST_INSTANT
    high = parse_date_range(period["end"])[1] if period.get("end") else LATEST_INSTANT
    return low, high


def walk_provisions(provision: Provision) -> Iterator[Provision]:
    yield provision
    for part in provision.parts:
        yield from walk_provisions(part)


def has_denial(provision: Provision) -> bool:
    """Whether it may forbid anything."""
    return any(q.permit is False for q in walk_provisions(provision))


def has_permit(provision: Provision) -> bool:
    return any(q.permit is True for q in walk_provisions(provision))
