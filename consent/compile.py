"""Provision x viewer -> which resources it permits and which it denies, as criteria. Pure.

What is half understood is bounded from both sides: `surely` fits whatever is meant, `maybe` fits if anything that could be meant fits. Rules
deny what maybe fits and permit what surely fits. The deepest provision that fits wins; among siblings a denial. A permit inside a permit stands beside it.
"""

import datetime as dt
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import lru_cache

from alliance.config.dates import HIGH, LOW
from consent.criteria import ALWAYS, NEVER, By, Coded, Criterion, During, Item, Meeting, OfType, Referred, Refers, Touching, Within, both, covers, either, negated
from consent.labels import FROM, LEVELS, SENSITIVE, UP_TO, kinds, wholes
from consent.provision import Actor, Provision, Span, walk
from consent.purposes import BREAKING, EMERGENCY, KNOWN, ROUTINE, covering

LOOKING = frozenset({"access", "use", "disclose"})
ACTIONS = LOOKING | {"collect", "correct"}


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks, as a consent may name him; staff "" for a system. groups: (Group, whether he is in it), of those of which that is sure."""

    hospital: str
    staff: str
    purpose: str
    now: dt.datetime
    groups: frozenset[tuple[Item, bool]] = frozenset()


@dataclass(frozen=True, slots=True)
class Outcome:
    """Resources that the rule permits, and those that it denies; of the others it says nothing."""

    permits: Criterion
    denies: Criterion


SILENT = Outcome(NEVER, NEVER)
Bounds = tuple[Criterion, Criterion]


@lru_cache(maxsize=20_000)
def traits(rule: Provision) -> tuple[bool, bool]:
    """(the moment matters, somebody of the staff is named, by number or as one of a Group)."""
    parts = list(walk(rule))
    return any(p.period for p in parts), any(a.staff or a.group for p in parts for a in p.actors)


@lru_cache(maxsize=50_000)
def settled(rule: Provision, viewer: Viewer, source: str, urgent: bool) -> Outcome:
    return outcome(rule, viewer, source, urgent=urgent)


def says(rule: Provision, viewer: Viewer, source: str, *, urgent: bool = False) -> Outcome:
    """The outcome; one that depends on no moment is kept, as long as the consent itself is."""
    timed, personal = traits(rule)
    if timed:
        return outcome(rule, viewer, source, urgent=urgent)
    return settled(rule, replace(viewer, now=LOW) if personal else Viewer(viewer.hospital, "", viewer.purpose, LOW), source, urgent)


def outcome(rule: Provision, viewer: Viewer, source: str, *, labelled: bool = False, urgent: bool = False, named: bool = False) -> Outcome:
    """What the rule says of the records of the hospital `source`.

    labelled: a rule around it names labels, so that its own silence about labels is no limit. urgent: asked about broken glass, when a permit for treatment
    counts too, but of the denials only those that name an emergency, stand in a rule that does (named), or make an exception for one.
    """
    if rule.period is not None and not rule.period[0] <= viewer.now < rule.period[1]:
        return SILENT
    fitting = fit(rule, viewer, source)
    if fitting is None and not rule.permit:
        return SILENT
    surely, maybe = fitting or (NEVER, NEVER)
    labelled = labelled or bool(rule.levels or rule.kinds)
    named = named or not EMERGENCY.isdisjoint(rule.purposes)
    inner = [outcome(p, viewer, source, labelled=labelled, urgent=urgent, named=named) for p in rule.parts]
    beside = [o for p, o in zip(rule.parts, inner, strict=True) if rule.permit and p.permit]
    within = [o for p, o in zip(rule.parts, inner, strict=True) if not (rule.permit and p.permit)]
    permits, denies = either(*(i.permits for i in within)), either(*(i.denies for i in within))
    permitted = both(permits, negated(denies))
    if rule.permit is None:
        return Outcome(both(surely, permitted), both(maybe, denies))
    if rule.permit:
        own: Criterion = ALWAYS if labelled or (urgent and not EMERGENCY.isdisjoint(rule.purposes)) else Within(0)
        wide = either(*(b.denies for b in beside))
        permitted = both(either(both(surely, either(permits, own)), *(b.permits for b in beside)), negated(either(denies, wide)))
        closed = negated(permitted) if urgent and excepts_emergencies(rule) and role_fits(rule, "source", viewer, source) is not False else NEVER
        return Outcome(permitted, either(both(maybe, denies), wide, closed))
    closed = ALWAYS if named or not urgent or excepts_emergencies(rule) else NEVER
    return Outcome(both(surely, permitted), both(maybe, either(denies, both(closed, negated(permits)))))


def excepts_emergencies(rule: Provision) -> bool:
    """Whether it says itself who may break the glass: it names no emergency, and permits one inside. What it refuses or leaves out, it does then too."""
    return EMERGENCY.isdisjoint(rule.purposes) and any(p.permit and not EMERGENCY.isdisjoint(p.purposes) for part in rule.parts for p in walk(part))


def opens_by_end(rule: Provision, hospital: str, staff: Collection[str], others: Collection[str], now: dt.datetime, mask: int | None) -> bool:
    """Whether staff and systems of the hospital could read more of other hospitals' records if the rule ended: it denies them something, now or once one of its
    periods begins or is over, or leaves out what holds for those who have decided nothing. staff: whom it may name there, and "" for anybody; mask: the labels that
    the alliance's rule opens, or None."""
    named = {a.hospital for p in walk(rule) for a in p.actors if a.role == "source"} - {hospital}
    moments = {now, *(m for p in walk(rule) if p.period for m in p.period if now < m < HIGH)}
    for source in {"", *others, *named}:
        for who in staff:
            for moment in moments:
                plain, urgent = (says(rule, Viewer(hospital, who, purpose, moment), source, urgent=purpose == BREAKING) for purpose in ("TREAT", BREAKING))
                if plain.denies != NEVER or urgent.denies != NEVER or (mask is not None and not covers(plain.permits, mask)):
                    return True
    return False


def fit(rule: Provision, viewer: Viewer, source: str) -> Bounds | None:
    """(surely, maybe): the resources that the rule is about; None where it is not about this viewer and source."""
    unsure = rule.unknown
    asked = covering(viewer.purpose) | (ROUTINE if viewer.purpose == BREAKING and rule.permit else frozenset())
    if rule.purposes and asked.isdisjoint(rule.purposes):
        if KNOWN.issuperset(rule.purposes) or viewer.purpose == BREAKING:  # only what names an emergency holds in one
            return None
        unsure = True
    if rule.actions and not LOOKING & set(rule.actions):
        if ACTIONS.issuperset(rule.actions):
            return None
        unsure = True
    for role in ("recipient", "source"):
        fits = role_fits(rule, role, viewer, source)
        if fits is False:
            return None
        unsure = unsure or fits is None
    surely: list[Criterion] = []
    maybe: list[Criterion] = []
    for low, high in (authors(rule.actors), labels(rule), kept(rule), dated(rule.data_period), data(rule.data)):
        surely.append(low)
        maybe.append(high)
    return NEVER if unsure else both(*surely), both(*maybe)


def role_fits(rule: Provision, role: str, viewer: Viewer, source: str) -> bool | None:
    """Whether the viewer (recipient) or the hospital (source) is one of those whom the rule names in the role, or it names nobody; None where nobody knows."""
    found = [concerns(a, viewer, source) for a in rule.actors if a.role == role]
    return True if not found or True in found else None if None in found else False


def concerns(actor: Actor, viewer: Viewer, source: str) -> bool | None:
    """Whether it is the viewer (a recipient) or the hospital (a source); None where nobody knows who it is."""
    if actor.role == "recipient" and actor.group:
        return True if (actor.group, True) in viewer.groups else False if (actor.group, False) in viewer.groups else None
    if not actor.known:
        return None
    if actor.role == "source":
        return actor.hospital == source if actor.hospital else None
    return actor.hospital == viewer.hospital if actor.hospital else actor.staff == viewer.staff


BY_MEANING: dict[str, Callable[[Item], list[Criterion]]] = {
    "instance": lambda i: [i], "related": lambda i: [i, Refers(i), Referred(i)], "dependents": lambda i: [i, Refers(i)], "authoredby": lambda i: [By(i)],
}


def authors(actors: tuple[Actor, ...]) -> Bounds:
    """An author that nobody knows may have made anything."""
    found = [a for a in actors if a.role == "author"]
    if not found:
        return ALWAYS, ALWAYS
    items = [By(a.item) for a in found if a.item]
    return either(*items), either(*items) if len(items) == len(found) else ALWAYS


def labels(rule: Provision) -> Bounds:
    """A permit for a level is one for all up to it, a denial one for all from it on. A permit for a kind is for records of that kind and no other, and
    a level beside it says how far; a denial for a kind is for all that may be of it."""
    if not rule.levels and not rule.kinds:
        return ALWAYS, ALWAYS
    if rule.permit is None:
        (low, high), (lower, higher) = of_permit(rule), of_denial(rule)
        return both(low, lower), either(high, higher)
    return of_permit(rule) if rule.permit else of_denial(rule)


def of_permit(rule: Provision) -> Bounds:
    level = 0
    for code in rule.levels:
        level |= UP_TO[code]
    if not rule.kinds:
        return Within(level), Within(level)
    inside, touched = masks(rule)
    return both(Touching(inside), Within(inside | level & LEVELS)), Touching(touched)


def of_denial(rule: Provision) -> Bounds:
    above: list[Criterion] = [Touching(FROM[c]) if c in FROM else ALWAYS for c in rule.levels]
    inside, touched = masks(rule)
    return either(*above, *([Touching(inside)] if inside else [])), either(*above, *([Touching(touched)] if touched else []))


def masks(rule: Provision) -> tuple[int, int]:
    """(labels of the kinds and of their parts, and with those of which they are a part)."""
    inside = touched = 0
    for code in rule.kinds:
        inside |= kinds(SENSITIVE[code])
        touched |= wholes(SENSITIVE[code])
    return inside, touched


def kept(rule: Provision) -> Bounds:
    tests: list[Criterion] = []
    if rule.types:
        tests.append(OfType(rule.types))
    if rule.codes:
        tests.append(Coded(rule.codes))
    return both(*tests), both(*tests)


def dated(period: Span | None) -> Bounds:
    return (During(*period), Meeting(*period)) if period else (ALWAYS, ALWAYS)


def data(found: tuple[tuple[str, Item], ...]) -> Bounds:
    """Consent.provision.data.meaning: the instance, it and what it is related to, it and what depends on it, what somebody authored."""
    if not found:
        return ALWAYS, ALWAYS
    tests: list[Criterion] = []
    for meaning, item in found:
        tests += BY_MEANING[meaning](item)
    return either(*tests), either(*tests)
