"""Provision x viewer -> which resources it permits and which it denies, as criteria. Pure.

What is half understood is bounded from both sides: `surely` fits whatever is meant, `maybe` fits if anything that could be meant fits. Rules
deny what maybe fits and permit what surely fits. The deepest provision that fits wins; among siblings a denial.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from alliance.config.dates import LOW
from consent.criteria import ALWAYS, NEVER, By, Coded, Criterion, During, Item, Meeting, OfType, Referred, Refers, Touching, Within, both, either, negated
from consent.labels import FROM, LEVELS, SENSITIVE, UP_TO, kinds, wholes
from consent.provision import Actor, Provision, Span, walk

LOOKING = frozenset({"access", "use", "disclose"})
ACTIONS = LOOKING | {"collect", "correct"}
# purpose of the viewer -> purposes of a consent that it falls under (v3-ActReason, its own hierarchy)
FALLS_UNDER = {
    "TREAT": frozenset({"TREAT", "TREATMENT"}), "ETREAT": frozenset({"ETREAT", "TREAT"}), "BTG": frozenset({"BTG", "ETREAT"}), "HPAYMT": frozenset({"HPAYMT"}),
    "HOPERAT": frozenset({"HOPERAT"}), "HQUALIMP": frozenset({"HQUALIMP", "HOPERAT"}), "PATADMIN": frozenset({"PATADMIN", "HOPERAT"}), "PATRQT": frozenset({"PATRQT"}),
    "HRESCH": frozenset({"HRESCH"}), "PUBHLTH": frozenset({"PUBHLTH"}),
}
PURPOSES = frozenset(FALLS_UNDER) | {"TREATMENT"}


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks, as a consent may name him; staff "" for a system."""

    hospital: str
    staff: str
    purpose: str
    now: dt.datetime


@dataclass(frozen=True, slots=True)
class Outcome:
    """Resources that the rule permits, and those that it denies; of the others it says nothing."""

    permits: Criterion
    denies: Criterion


SILENT = Outcome(NEVER, NEVER)
Bounds = tuple[Criterion, Criterion]


@lru_cache(maxsize=20_000)
def traits(rule: Provision) -> tuple[bool, bool]:
    """(the moment matters, somebody of the staff is named)."""
    parts = list(walk(rule))
    return any(p.period for p in parts), any(a.staff for p in parts for a in p.actors)


@lru_cache(maxsize=50_000)
def settled(rule: Provision, viewer: Viewer, source: str, urgent: bool) -> Outcome:
    return outcome(rule, viewer, source, urgent=urgent)


def says(rule: Provision, viewer: Viewer, source: str, *, urgent: bool = False) -> Outcome:
    """The outcome; one that depends on no moment is kept, as long as the consent itself is."""
    timed, personal = traits(rule)
    if timed:
        return outcome(rule, viewer, source, urgent=urgent)
    return settled(rule, Viewer(viewer.hospital, viewer.staff if personal else "", viewer.purpose, LOW), source, urgent)


def outcome(rule: Provision, viewer: Viewer, source: str, *, labelled: bool = False, urgent: bool = False, named: bool = False) -> Outcome:
    """What the rule says of the records of the hospital `source`.

    labelled: a rule around it names labels, so that its own silence about labels is no limit. urgent: asked while the glass is broken, when only
    denials count that name this purpose, or stand in a rule that does (named).
    """
    fitting = fit(rule, viewer, source)
    if fitting is None:
        return SILENT
    surely, maybe = fitting
    labelled = labelled or bool(rule.levels or rule.kinds)
    named = named or bool(rule.purposes)
    inner = [outcome(p, viewer, source, labelled=labelled, urgent=urgent, named=named) for p in rule.parts]
    permits, denies = either(*(i.permits for i in inner)), either(*(i.denies for i in inner))
    permitted = both(permits, negated(denies))
    if rule.permit is None:
        return Outcome(both(surely, permitted), both(maybe, denies))
    if rule.permit:
        own: Criterion = ALWAYS if labelled else Within(0)
        return Outcome(both(surely, either(permits, own), negated(denies)), both(maybe, denies))
    closed = ALWAYS if named or not urgent else NEVER
    return Outcome(both(surely, permitted), both(maybe, either(denies, both(closed, negated(permits)))))


def fit(rule: Provision, viewer: Viewer, source: str) -> Bounds | None:
    """(surely, maybe): the resources that the rule is about; None where it is not about this viewer and source now."""
    unsure = rule.unknown
    if rule.period is not None and not rule.period[0] <= viewer.now < rule.period[1]:
        return None
    if rule.purposes and not FALLS_UNDER.get(viewer.purpose, frozenset({viewer.purpose})) & set(rule.purposes):
        if PURPOSES.issuperset(rule.purposes) or viewer.purpose == "BTG":  # only what names an emergency holds in one
            return None
        unsure = True
    if rule.actions and not LOOKING & set(rule.actions):
        if ACTIONS.issuperset(rule.actions):
            return None
        unsure = True
    for role in ("recipient", "source"):
        found = [concerns(a, viewer, source) for a in rule.actors if a.role == role]
        if found and True not in found:
            if None not in found:
                return None
            unsure = True
    surely: list[Criterion] = []
    maybe: list[Criterion] = []
    for low, high in (authors(rule.actors), labels(rule), kept(rule), dated(rule.data_period), data(rule.data)):
        surely.append(low)
        maybe.append(high)
    return NEVER if unsure else both(*surely), both(*maybe)


def concerns(actor: Actor, viewer: Viewer, source: str) -> bool | None:
    """Whether it is the viewer (a recipient) or the hospital (a source); None where nobody knows who it is."""
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
