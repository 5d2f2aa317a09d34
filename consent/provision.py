"""A FHIR R4 Consent, read: its base policy and the tree of its provisions. What is not understood is kept as such. Pure.

Source: FHIR R4 consent.html; IHE PCF (policies, actor roles). Nothing is refused here: a decision of the patient that is only half
understood still denies (docs/implementation/consent.md).
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from alliance.config.dates import HIGH, LOW, span
from consent.criteria import Item
from consent.labels import OF_KINDS, OF_LEVELS, SENSITIVE, UP_TO
from consent.purposes import named as purpose_named

HOSPITAL, STAFF = "urn:xinglin:hospital", "urn:xinglin:staff"  # identifiers of who takes part, in Consent.provision.actor
RECIPIENT, SOURCE, AUTHOR = frozenset({"IRCP", "PRCP"}), frozenset({"CST"}), frozenset({"AUT"})
BASES = {  # policyRule and policy.uri -> permit or deny
    "OPTIN": True, "OPTINR": True, "OPTOUT": False, "OPTOUTE": False,
    "Policy-basic-normal": True, "Policy-all-normal": True, "Policy-break-glass-only": False, "Policy-deny": False,
}
TYPES_SYSTEM = "http://hl7.org/fhir/resource-types"
MEANINGS = frozenset({"instance", "related", "dependents", "authoredby"})
READABLE = frozenset({"id", "extension", "type", "period", "actor", "action", "securityLabel", "purpose", "class", "code", "dataPeriod", "data", "provision"})
# Codes of these systems say how a resource is made, not what it is of: they are not kept for consents, and one that names them is not understood.
FORMAL = ("http://terminology.hl7.org/", "http://unitsofmeasure.org", "http://hl7.org/fhir/", "urn:ietf:")
CLINICAL = ("http://hl7.org/fhir/sid/",)

Span = tuple[dt.datetime, dt.datetime]


def clinical(system: str) -> bool:
    """Whether codes of the system are kept for consents."""
    return bool(system) and (system.startswith(CLINICAL) or not system.startswith(FORMAL))


@dataclass(frozen=True, slots=True)
class Actor:
    """Who: a hospital's code, a staff number, or an item of the consent's store; role in RECIPIENT, SOURCE, AUTHOR, or "" for another."""

    role: str
    hospital: str = ""
    staff: str = ""
    item: Item | None = None

    @property
    def known(self) -> bool:
        return bool(self.hospital or self.staff)

    @property
    def group(self) -> Item | None:
        """The Group of practitioners that it is, in the consent's store."""
        return self.item if self.item is not None and self.item.type_name == "Group" and not self.known else None


@dataclass(frozen=True, slots=True, eq=False)
class Provision:
    """One rule, known by its identity. permit: None where it does not say. Empty fields ask nothing. unknown: it asks something that is not understood; of a list of which a part
    is not, nothing is kept, for the list means any of them."""

    permit: bool | None
    period: Span | None = None
    actors: tuple[Actor, ...] = ()
    actions: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()
    types: frozenset[str] = frozenset()
    codes: frozenset[tuple[str, str]] = frozenset()
    data_period: Span | None = None
    data: tuple[tuple[str, Item], ...] = ()
    unknown: bool = False
    parts: tuple["Provision", ...] = ()


def read(consent: dict[str, Any], hospital: str = "", *, as_written: bool = False) -> Provision:
    """The whole of it as one rule. hospital: in whose store its literal references lie; as_written: without what permits inside permits leave unsaid."""
    base = policy(consent)
    node = consent.get("provision")
    if not isinstance(node, dict):
        return Provision(base, unknown=base is None)
    effect = node.get("type") if node.get("type") in ("permit", "deny") else "permit" if base else None
    root = provision(node if as_written else complete(node, effect), hospital)
    if root.permit is None:
        return Provision(base, *[getattr(root, f) for f in FIELDS])
    return Provision(base, parts=(root,)) if base is not None and base is not root.permit else root


FIELDS = [f for f in Provision.__dataclass_fields__ if f != "permit"]


def policy(consent: dict[str, Any]) -> bool | None:
    """What holds where no provision says otherwise; None where the consent names no policy that is known."""
    names = [c.get("code") for c in (consent.get("policyRule") or {}).get("coding") or [] if isinstance(c, dict)]
    names += [str(p.get("uri") or "").rsplit("/", 1)[-1] for p in consent.get("policy") or [] if isinstance(p, dict)]
    found = {BASES[n] for n in names if n in BASES}
    return None if not found else found == {True}


def complete(node: dict[str, Any], effect: str | None) -> dict[str, Any]:
    """With each permit inside a permit saying of itself what it leaves to the one around it: it widens that one (IHE PCF Advanced), so what it names takes
    the place of what is named around it, and the rest holds for both. The period is no such thing: it bounds the whole. effect: of the node."""
    def inner(part: dict[str, Any]) -> dict[str, Any]:
        if effect != "permit" or part.get("type") != "permit":
            return complete(part, part.get("type"))
        roles = {role_of(a) for a in part.get("actor") or []}
        actors = [*(part.get("actor") or []), *(a for a in node.get("actor") or [] if role_of(a) not in roles)]
        return complete({k: v for k, v in node.items() if k not in OWN} | {k: v for k, v in part.items() if v not in (None, [], {})} | ({"actor": actors} if actors else {}), "permit")

    return {**node, "provision": [inner(p) for p in node["provision"]]} if node.get("provision") else node


OWN = frozenset({"id", "extension", "type", "period", "actor", "provision"})  # what no rule has from the one around it; actors by their role


def provision(node: dict[str, Any], hospital: str) -> Provision:
    unknown = bool({k for k in node if not k.startswith("_")} - READABLE)
    actors = tuple(actor(a, hospital) for a in node.get("actor") or [])
    levels, kinds, odd_labels = labels(node.get("securityLabel") or [])
    types, odd_types = classes(node.get("class") or [])
    codes, odd_codes = coded(node.get("code") or [])
    actions = [c for a in node.get("action") or [] for c in (x.get("code") for x in a.get("coding") or [{}])]
    data = [(str(d.get("meaning")), item((d.get("reference") or {}).get("reference"), hospital)) for d in node.get("data") or []]
    odd_data = any(i is None or m not in MEANINGS for m, i in data)
    permit = {"permit": True, "deny": False}.get(node.get("type", ""))
    if odd_labels:
        levels, kinds = (), ()
    return Provision(
        permit, span_of(node.get("period")), actors, tuple(a or "" for a in actions), levels, kinds,
        tuple(purpose_named(p.get("system") or "", str(p.get("code") or "")) for p in node.get("purpose") or []), frozenset() if odd_types else types, frozenset() if odd_codes else codes,
        span_of(node.get("dataPeriod")), () if odd_data else tuple((m, i) for m, i in data if i is not None),
        unknown or odd_labels or odd_types or odd_codes or odd_data or any(a.role == "" for a in actors),
        tuple(provision(p, hospital) for p in node.get("provision") or []))


def role_of(node: dict[str, Any]) -> str:
    roles = {c.get("code") for c in (node.get("role") or {}).get("coding") or []}
    return next((name for name, codes in (("recipient", RECIPIENT), ("source", SOURCE), ("author", AUTHOR)) if roles & codes), "")


def actor(node: dict[str, Any], hospital: str) -> Actor:
    role = role_of(node)
    reference = node.get("reference") or {}
    named = reference.get("identifier") or {}
    if named.get("system") == HOSPITAL:
        return Actor(role, hospital=str(named.get("value") or ""))
    if named.get("system") == STAFF:
        return Actor(role, staff=str(named.get("value") or ""))
    return Actor(role, item=item(reference.get("reference"), hospital))


def labels(found: list[dict[str, Any]]) -> tuple[tuple[str, ...], tuple[str, ...], bool]:
    """(confidentiality levels, sensitivity codes, whether another stands there)."""
    codes = [(c.get("system") or "", str(c.get("code"))) for c in found]
    levels = tuple(c for system, c in codes if c in UP_TO and system in OF_LEVELS)
    kinds = tuple(c for system, c in codes if c in SENSITIVE and system in OF_KINDS | {""})
    return levels, kinds, len(levels) + len(kinds) < len(codes)


def classes(found: list[dict[str, Any]]) -> tuple[frozenset[str], bool]:
    names = frozenset(str(c.get("code")) for c in found if c.get("system") == TYPES_SYSTEM)
    return names, any(c.get("system") != TYPES_SYSTEM for c in found)


def coded(found: list[dict[str, Any]]) -> tuple[frozenset[tuple[str, str]], bool]:
    pairs = [(str(x.get("system") or ""), str(x.get("code") or "")) for c in found for x in c.get("coding") or []]
    good = frozenset(p for p in pairs if clinical(p[0]) and p[1])
    return good, len(good) < len(set(pairs)) or any(not c.get("coding") for c in found)


def item(reference: object, hospital: str) -> Item | None:
    parts = str(reference or "").split("/")
    return Item(hospital, *parts) if len(parts) == 2 and all(parts) and hospital and parts[0][:1].isupper() else None


def groups_named(rule: Provision) -> frozenset[Item]:
    """The Groups whose members it lets in or refuses."""
    return frozenset(a.group for part in walk(rule) for a in part.actors if a.role == "recipient" and a.group)


def staff_named(rule: Provision) -> set[int]:
    """Numbers of the staff whom it names, in whatever role."""
    return {int(a.staff) for part in walk(rule) for a in part.actors if a.staff.isdecimal()}


def span_of(period: dict[str, Any] | None) -> Span | None:
    if period is None:
        return None
    low = span(period["start"])[0] if period.get("start") else LOW
    high = span(period["end"])[1] if period.get("end") else HIGH
    return low, high


def walk(p: Provision) -> Iterator[Provision]:
    yield p
    for part in p.parts:
        yield from walk(part)


def denies(p: Provision) -> bool:
    """Whether it may forbid anything."""
    return any(q.permit is False for q in walk(p))


def permits(p: Provision) -> bool:
    return any(q.permit is True for q in walk(p))
