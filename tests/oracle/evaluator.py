"""A second, slow reading of docs/implementation/consent.md: may this viewer see this resource?
It shares no code with the gate.

It decides one resource at a time from the raw JSON of consents and resource, and tries out every
way in which what is not understood could be meant. A resource may be seen by a consent if every
meaning permits it, and is denied if any meaning denies it.
"""

import datetime as dt
import itertools
from dataclasses import dataclass, field, replace
from typing import Any

UNDERSTOOD = {
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
    "id",
    "extension",
}
LEVEL = {"U": 0, "L": 0, "M": 0, "N": 0, "R": 1, "V": 2}
KIND = {"HIV", "PSY", "ETH", "ETHUD", "OPIOIDUD", "SDV", "STD", "GDIS", "SEX", "ADOL"}
PARTS = {"ETH": {"ETHUD", "OPIOIDUD"}}
SAME = {"SUD": "ETH", "PSYTHPN": "PSY", "MH": "PSY"}
AUTHORING = {
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
KIND_OF = {
    "ETREAT": "TREAT",
    "COC": "TREAT",
    "CLINTRCH": "HRESCH",
    "PRECLINTRCH": "CLINTRCH",
    "PATADMIN": "HOPERAT",
    "HQUALIMP": "HOPERAT",
}  # of the purposes that tests name
PURPOSES = {
    "TREAT",
    "TREATMENT",
    "BTG",
    "HPAYMT",
    "HOPERAT",
    "PATRQT",
    "HRESCH",
    "PUBHLTH",
    *KIND_OF,
}
BROKEN = {"BTG", "ETREAT"}
TO_TREAT = {"TREAT", "TREATMENT"}
LONG_AGO, FAR_OFF = dt.datetime(1, 1, 2, tzinfo=dt.UTC), dt.datetime(9999, 12, 30, tzinfo=dt.UTC)
YES, NO, UNSURE = {True}, {False}, {True, False}


@dataclass
class Thing:
    """A stored resource: of which hospital, its JSON, its labels by name ("R" and "V" among
    them), its clinical date, and whether it is an old version, of which only type, id and labels
    are still known.
    """

    hospital: str
    body: dict[str, Any]
    labels: set[str]
    dated: tuple[dt.datetime, dt.datetime] | None = None
    old: bool = False
    around: list["Thing"] = field(default_factory=list)  # all things of the same hospital

    @property
    def name(self) -> str:
        return f"{self.body['resourceType']}/{self.body['id']}"


@dataclass
class Looker:
    """groups: of each Group, whether they are in it; None, or not there: nobody knows."""

    hospital: str
    staff: str
    purpose: str
    now: dt.datetime
    groups: dict[str, bool | None] = field(default_factory=dict)


@dataclass
class World:
    """consents: (raw Consent, hospital in whose store it lies, who stands behind what it
    permits: "all", "second" (a second person of the looker's hospital), "alone" (the looker's
    hospital), "store" (the hospital in whose store it lies, for its own records), or "lapsed");
    tie: who stands behind it that the looker's hospital treats the patient; asked: hospitals that
    have asked it to, for their own records.
    """

    consents: list[tuple[dict[str, Any], str, str]]
    related: bool = True
    tie: str = "all"
    emergency: bool = False
    policy: str = "Policy-break-glass-only"
    suspended: set[str] = field(default_factory=set)
    sealed: set[str] = field(default_factory=set)
    groups: dict[str, dict[str, bool | None]] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)

    def looker(self, hospital: str, staff: str, purpose: str, now: dt.datetime) -> Looker:
        return Looker(
            hospital,
            staff,
            purpose,
            now,
            {g: members.get(staff) for g, members in self.groups.items()},
        )


def may_see(world: World, who: Looker, thing: Thing) -> bool:
    own = thing.hospital == who.hospital
    if thing.hospital in world.sealed or (thing.hospital in world.suspended and not own):
        return False
    if own:
        return True
    sayings = [
        (says(c, who, thing, store, urgent=False), says(c, who, thing, store, urgent=True), behind)
        for c, store, behind in world.consents
    ]
    shut = not world.consents and world.policy == "Policy-deny"
    if (
        world.emergency
        and "V" not in thing.labels
        and not shut
        and not any("deny" in urgent for _, urgent, _ in sayings)
    ):
        return True
    tie = "all" if thing.hospital in world.asked else world.tie
    if (
        not world.related
        or tie == "alone"
        or (tie == "second" and thing.labels)
        or shut
        or any("deny" in plain for plain, _, _ in sayings)
    ):
        return False
    if not world.consents:
        return (world.policy == "Policy-basic-normal" and not thing.labels) or (
            world.policy == "Policy-all-normal" and "V" not in thing.labels
        )
    return any(
        plain == {"permit"}
        and (
            behind == "all"
            or (behind == "second" and not thing.labels)
            or (behind == "store" and thing.hospital == store)
        )
        for (plain, _, behind), (_, store, _) in zip(sayings, world.consents, strict=True)
    )


def says(
    consent: dict[str, Any], who: Looker, thing: Thing, store: str, *, urgent: bool
) -> set[str]:
    """Each outcome that the consent may mean: "permit", "deny", "nothing"."""
    words = [c.get("code") for c in consent.get("policyRule", {}).get("coding", [])] + [
        p["uri"].split("/")[-1] for p in consent.get("policy", [])
    ]
    bases = {
        {
            "OPTIN": "permit",
            "OPTINR": "permit",
            "Policy-basic-normal": "permit",
            "Policy-all-normal": "permit",
        }.get(w, "deny")
        for w in words
        if w
        in (
            "OPTIN",
            "OPTINR",
            "OPTOUT",
            "OPTOUTE",
            "Policy-basic-normal",
            "Policy-all-normal",
            "Policy-break-glass-only",
            "Policy-deny",
        )
    }
    base = None if not bases else "permit" if bases == {"permit"} else "deny"
    root = consent.get("provision")
    if root is None:
        node: dict[str, Any] = {"type": base} if base else {"nonsense": 1}
    elif root.get("type") is None:
        node = {**root, "type": base}
    elif base and base != root["type"]:
        node = {"type": base, "provision": [root]}
    else:
        node = root
    viewer = replace(who, purpose="BTG") if urgent else who
    return outcomes(
        spelled_out(node), viewer, thing, store, labelled=False, named=not urgent, urgent=urgent
    )


def spelled_out(node: dict[str, Any]) -> dict[str, Any]:
    """A permit inside a permit is one more permit: what it leaves unsaid is as around it, each
    role of its actors by itself.
    """
    parts = []
    for part in node.get("provision", []):
        if node.get("type") == part.get("type") == "permit":
            mine = [role_of(a) for a in part.get("actor", [])]
            actors = part.get("actor", []) + [
                a for a in node.get("actor", []) if role_of(a) not in mine
            ]
            part = (
                {k: v for k, v in node.items() if k not in ("type", "provision", "period")}
                | part
                | {"actor": actors}
            )
        parts.append(spelled_out(part))
    return {**node, "provision": parts}


def purposes(node: dict[str, Any]) -> set[str]:
    """By code; of another code system than ActReason, a word that nobody knows."""
    return {
        p["code"] if p.get("system", "x/v3-ActReason").endswith("/v3-ActReason") else "odd"
        for p in node.get("purpose", [])
    }


def names_the_breakers(node: dict[str, Any]) -> bool:
    """Whether it is about no emergency itself, and a permit in it is."""
    below = list(node.get("provision", []))
    for n in below:
        below += n.get("provision", [])
    return not purposes(node) & BROKEN and any(
        n.get("type") == "permit" and purposes(n) & BROKEN for n in below
    )


def outcomes(
    node: dict[str, Any],
    who: Looker,
    thing: Thing,
    store: str,
    *,
    labelled: bool,
    named: bool,
    urgent: bool,
) -> set[str]:
    if "period" in node and not times(node["period"])[0] <= who.now < times(node["period"])[1]:
        return {"nothing"}
    fits, effect, parts = (
        matches(node, who, thing, store),
        node.get("type"),
        node.get("provision", []),
    )
    tags = node.get("securityLabel", [])
    labelled = labelled or (bool(tags) and not strange(tags))
    named = named or bool(purposes(node) & BROKEN)
    beside = [effect == p.get("type") == "permit" for p in parts]
    inner = [
        outcomes(p, who, thing, store, labelled=labelled, named=named, urgent=urgent) for p in parts
    ]
    reaches = by_actor(
        [a for a in node.get("actor", []) if role_of(a) == "of"], who, thing, store
    ) or [YES]
    found: set[str] = set()
    for fit, case in itertools.product(fits, itertools.product(*inner)):
        near = [c for c, b in zip(case, beside, strict=True) if b]
        if not fit:
            said = (
                "deny"
                if "deny" in near
                else "permit"
                if "permit" in near and "deny" not in case
                else "nothing"
            )
        elif "deny" in case or "permit" in case:
            said = "deny" if "deny" in case else "permit"
        elif effect == "permit":
            said = (
                "permit"
                if labelled or not thing.labels or (urgent and purposes(node) & BROKEN)
                else "nothing"
            )
        else:
            said = "deny" if effect == "deny" and (named or names_the_breakers(node)) else "nothing"
        found.add(said)
        if (
            urgent
            and effect == "permit"
            and said != "permit"
            and names_the_breakers(node)
            and NO not in reaches
        ):
            found.add("deny")
    return found


def matches(node: dict[str, Any], who: Looker, thing: Thing, store: str) -> set[bool]:
    """Every answer that is possible to: is the rule about this viewer and this resource?"""
    answers = [UNSURE if set(node) - UNDERSTOOD else YES]
    if node.get("purpose"):
        wide, up = set(BROKEN) if who.purpose == "BTG" else {who.purpose}, who.purpose
        while up in KIND_OF:
            up = KIND_OF[up]
            wide.add(up)
        if "TREAT" in wide or (who.purpose == "BTG" and node.get("type") == "permit"):
            wide |= TO_TREAT
        asked = purposes(node)
        answers.append(
            YES if wide & asked else NO if asked <= PURPOSES or who.purpose == "BTG" else UNSURE
        )
    if node.get("action"):
        codes = {c.get("code") for a in node["action"] for c in a.get("coding", [{}])}
        answers.append(
            YES
            if codes & {"access", "use", "disclose"}
            else NO
            if codes <= {"collect", "correct"}
            else UNSURE
        )
    answers += by_actor(node.get("actor", []), who, thing, store)
    answers.append(by_label(node.get("securityLabel", []), thing, node.get("type")))
    answers += by_content(node, thing, store)
    if NO in answers:
        return NO
    return YES if all(a == YES for a in answers) else UNSURE


def role_of(actor: dict[str, Any]) -> str:
    return {"IRCP": "to", "PRCP": "to", "CST": "of", "AUT": "by"}.get(
        actor["role"]["coding"][0]["code"], "odd"
    )


def by_actor(
    actors: list[dict[str, Any]], who: Looker, thing: Thing, store: str
) -> list[set[bool]]:
    groups: dict[str, list[set[bool]]] = {}
    for actor in actors:
        role = role_of(actor)
        named = actor["reference"].get("identifier", {})
        system, value = named.get("system"), named.get("value")
        if role == "odd":
            answer = UNSURE
        elif role == "by":
            answer = wrote(actor["reference"].get("reference"), thing, store)
        elif system == "urn:xinglin:hospital":
            answer = {value == (who.hospital if role == "to" else thing.hospital)}
        elif system == "urn:xinglin:staff":
            answer = {value == who.staff} if role == "to" else UNSURE
        elif (
            role == "to"
            and (inside := who.groups.get(actor["reference"].get("reference", ""))) is not None
        ):
            answer = {inside}
        else:
            answer = UNSURE
        groups.setdefault(role, []).append(answer)
    return [
        YES if YES in answers else UNSURE if UNSURE in answers else NO
        for answers in groups.values()
    ]


def strange(tags: list[dict[str, str]]) -> bool:
    """Whether one of them is no label that is known, so that nobody knows what they name."""
    codes = [SAME.get(t["code"], t["code"]) for t in tags]
    systems = [
        ("v3-Confidentiality" if t["code"] in LEVEL else "v3-ActCode", t.get("system"))
        for t in tags
    ]
    return any(c not in LEVEL and c not in KIND for c in codes) or any(
        given and given.rsplit("/", 1)[-1] != right for right, given in systems
    )


def by_label(tags: list[dict[str, str]], thing: Thing, effect: str | None) -> set[bool]:
    codes = [SAME.get(t["code"], t["code"]) for t in tags]
    levels, kinds = [c for c in codes if c in LEVEL], [c for c in codes if c in KIND]
    if strange(tags):
        return UNSURE
    if not codes:
        return YES
    of_kind, height = (
        thing.labels - {"R", "V"},
        2 if "V" in thing.labels else 1 if thing.labels else 0,
    )
    inside = set(kinds).union(*(PARTS.get(k, set()) for k in kinds))
    near = bool(
        of_kind & inside.union(*({whole} for whole, parts in PARTS.items() if parts & set(kinds)))
    )
    top = max((LEVEL[c] for c in levels), default=0)
    if not kinds:
        permit = YES if height <= top else NO
    elif (
        of_kind & inside
        and of_kind <= inside
        and ("V" not in thing.labels or top == 2)
        and ("R" not in thing.labels or top >= 1)
    ):
        permit = YES
    else:
        permit = UNSURE if near else NO
    deny = (
        YES
        if of_kind & inside or any(height >= LEVEL[c] for c in levels)
        else UNSURE
        if near
        else NO
    )
    if effect is None:
        return YES if permit == deny == YES else NO if permit == deny == NO else UNSURE
    return permit if effect == "permit" else deny


def by_content(node: dict[str, Any], thing: Thing, store: str) -> list[set[bool]]:
    answers: list[set[bool]] = []
    if node.get("class"):
        names = [
            c["code"]
            for c in node["class"]
            if c.get("system") == "http://hl7.org/fhir/resource-types"
        ]
        answers.append(
            UNSURE if len(names) < len(node["class"]) else {thing.body["resourceType"] in names}
        )
    if node.get("code"):
        asked = [
            (c.get("system", ""), c.get("code", ""))
            for x in node["code"]
            for c in x.get("coding", [])
        ]
        clear = [
            c
            for c in asked
            if c[0]
            and c[1]
            and not c[0].startswith(
                ("http://terminology.hl7.org/", "http://unitsofmeasure.org", "urn:ietf:")
            )
        ]
        if len(clear) < len(asked) or any("coding" not in x for x in node["code"]):
            answers.append(UNSURE)
        else:
            answers.append(UNSURE if thing.old else {any(has_code(thing.body, c) for c in clear)})
    if "dataPeriod" in node:
        low, high = times(node["dataPeriod"])
        if thing.old or thing.dated is None:
            answers.append(UNSURE)
        else:
            start, end = thing.dated
            answers.append(
                YES
                if low <= start and end <= high
                else UNSURE
                if start < high and end > low
                else NO
            )
    if node.get("data"):
        answers.append(by_data(node["data"], thing, store))
    return answers


def by_data(data: list[dict[str, Any]], thing: Thing, store: str) -> set[bool]:
    answers = []
    names = [entry["reference"].get("reference", "") for entry in data]
    if any(n.count("/") != 1 for n in names):
        return UNSURE
    for entry, name in zip(data, names, strict=True):
        it = {thing.hospital == store and thing.name == name}
        if entry["meaning"] == "authoredby":
            answers.append(wrote(name, thing, store))
            continue
        answers.append(it)
        if entry["meaning"] != "instance" and it == NO:
            if thing.hospital != store:
                continue
            if thing.old:
                answers.append(UNSURE)
                continue
            answers.append({name in references(thing.body)})
            if entry["meaning"] == "related":
                answers.append(
                    {any(t.name == name and thing.name in references(t.body) for t in thing.around)}
                )
    return YES if YES in answers else UNSURE if UNSURE in answers else NO


def wrote(name: str | None, thing: Thing, store: str) -> set[bool]:
    if not name:
        return UNSURE
    if thing.hospital != store:
        return NO
    if thing.old:
        return UNSURE
    return {any(name in references(v) for k, v in thing.body.items() if k in AUTHORING)}


def references(node: Any) -> set[str]:
    if isinstance(node, list):
        return set().union(*(references(n) for n in node))
    if isinstance(node, dict):
        return set().union(
            *([{node["reference"]}] if isinstance(node.get("reference"), str) else []),
            *(references(v) for v in node.values()),
        )
    return set()


def has_code(node: Any, code: tuple[str, str]) -> bool:
    if isinstance(node, list):
        return any(has_code(n, code) for n in node)
    if isinstance(node, dict):
        return (node.get("system"), node.get("code")) == code or any(
            has_code(v, code) for v in node.values()
        )
    return False


def times(period: dict[str, str]) -> tuple[dt.datetime, dt.datetime]:
    """Whole days of the hospital's clock, as the tests write them."""
    zone = dt.timezone(dt.timedelta(hours=8))
    low = (
        dt.datetime.fromisoformat(period["start"]).replace(tzinfo=zone)
        if "start" in period
        else LONG_AGO
    )
    high = (
        dt.datetime.fromisoformat(period["end"]).replace(tzinfo=zone) + dt.timedelta(days=1)
        if "end" in period
        else FAR_OFF
    )
    return low, high
