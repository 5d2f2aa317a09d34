"""The gate without a database: a criterion asked of a thing, so that many decisions of the rules
can be held against the oracle's in a moment.
"""

import datetime as dt
from typing import Any

from tests.oracle.evaluator import AUTHORING, Thing, has_code, references

BITS = {
    "HIV": 1,
    "PSY": 2,
    "ETH": 4,
    "SDV": 8,
    "STD": 16,
    "GDIS": 32,
    "R": 64,
    "V": 128,
    "ETHUD": 256,
    "OPIOIDUD": 512,
    "SEX": 1024,
    "ADOL": 2048,
}


def fits(what: Any, thing: Thing) -> bool:
    """Of the current version."""
    mask = sum(BITS[x] for x in thing.labels)
    match type(what).__name__:
        case "AllOf":
            return all(fits(p, thing) for p in what.parts)
        case "AnyOf":
            return any(fits(p, thing) for p in what.parts)
        case "Not":
            return not fits(what.part, thing)
        case "LabelsWithin":
            return mask & ~what.mask == 0
        case "HasAnyLabel":
            return mask & what.mask != 0
        case "OfType":
            return thing.body["resourceType"] in what.names
        case "DatedWithin":
            return (
                thing.dated is not None
                and thing.dated[0] >= what.low
                and thing.dated[1] <= what.high
            )
        case "MayOverlap":
            return thing.dated is None or (thing.dated[0] < what.high and thing.dated[1] > what.low)
        case "HasAnyCode":
            return any(has_code(thing.body, code) for code in what.codes)
        case "ResourceItem":
            return (
                thing.hospital == what.hospital and thing.name == f"{what.type_name}/{what.fhir_id}"
            )
    item = what.item
    name = f"{item.type_name}/{item.fhir_id}"
    if thing.hospital != item.hospital:
        return False
    match type(what).__name__:
        case "RefersTo":
            return name in references(thing.body)
        case "ReferredBy":
            return any(t.name == name and thing.name in references(t.body) for t in thing.around)
        case "AuthoredBy":
            return any(name in references(v) for k, v in thing.body.items() if k in AUTHORING)
    raise TypeError(what)


NOW = dt.datetime(2025, 7, 1, tzinfo=dt.UTC)


def facts_of(world: Any, now: dt.datetime = NOW, staff: str = "7") -> Any:
    """The world as the gate's facts about one who looks. The engine is imported here, for
    mutation changes it.
    """
    from consent.criteria import ResourceItem
    from consent.provision import parse_consent
    from consent.strength import Strength
    from consent.terms import ActiveConsent, Facts, ImplicitPolicy

    behind = {
        "all": Strength.FULL,
        "second": Strength.PROVISIONAL,
        "alone": Strength.NONE,
        "store": Strength.NONE,
        "lapsed": Strength.FULL,
    }

    def groups(store: str) -> frozenset[tuple[ResourceItem, bool]]:
        return frozenset(
            (ResourceItem(store, "Group", g.split("/")[1]), members[staff])
            for g, members in world.groups.items()
            if members.get(staff) is not None
        )

    consents = tuple(
        ActiveConsent(
            i,
            parse_consent(c, store),
            behind[who],
            who != "lapsed",
            None,
            groups(store),
            speaker=store,
            own=Strength.FULL if who == "store" else Strength.NONE,
        )
        for i, (c, store, who) in enumerate(world.consents)
    )
    return Facts(
        now,
        frozenset(world.suspended),
        world.related,
        behind[world.tie],
        consents,
        now + dt.timedelta(hours=1) if world.emergency else None,
        ImplicitPolicy(world.policy),
        frozenset(world.sealed),
        referring_hospitals=frozenset(world.asked),
    )
