"""Provision x viewer -> which resources it permits and which it denies, as criteria. Pure.

What is half understood is bounded from both sides: `surely` fits whatever is meant, `maybe` fits if
anything that could be meant fits. Rules deny what maybe fits and permit what surely fits. The
deepest provision that fits wins; among siblings a denial. A permit inside a permit stands beside
it.
"""

import datetime as dt
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import product

from alliance.platform.dates import EARLIEST_INSTANT, LATEST_INSTANT
from consent.criteria import (
    ALWAYS,
    NEVER,
    AuthoredBy,
    Criterion,
    DatedWithin,
    HasAnyCode,
    HasAnyLabel,
    LabelsWithin,
    MayOverlap,
    OfType,
    ReferredBy,
    RefersTo,
    ResourceItem,
    and_,
    covers_labels,
    not_,
    or_,
)
from consent.labels import (
    LABEL_BY_CODE,
    LEVEL_MASK,
    MASK_FROM_LEVEL,
    MASK_UP_TO_LEVEL,
    mask_with_related_kinds,
    mask_with_subkinds,
)
from consent.provision import (
    Provision,
    ProvisionActor,
    Span,
    find_named_sources,
    walk_provisions,
)
from consent.purposes import (
    BREAK_GLASS,
    EMERGENCY_PURPOSES,
    KNOWN_PURPOSES,
    TREATMENT_PURPOSES,
    purposes_covering,
)

READING_ACTIONS = frozenset({"access", "use", "disclose"})
KNOWN_ACTIONS = READING_ACTIONS | {"collect", "correct"}


@dataclass(frozen=True, slots=True)
class ConsentViewer:
    """Who looks, as a consent may name them; staff "" for a system. groups: (Group, whether they
    are in it), of those of which that is sure.
    """

    hospital: str
    staff: str
    purpose: str
    now: dt.datetime
    groups: frozenset[tuple[ResourceItem, bool]] = frozenset()


@dataclass(frozen=True, slots=True)
class ProvisionOutcome:
    """Resources that the rule permits, and those that it denies; of the others it says nothing."""

    permits: Criterion
    denies: Criterion


SILENT_OUTCOME = ProvisionOutcome(NEVER, NEVER)
CriterionBounds = tuple[Criterion, Criterion]


@lru_cache(maxsize=20_000)
def find_viewer_dependence(rule: Provision) -> tuple[bool, bool]:
    """(the moment matters, somebody of the staff is named, by number or as one of a Group)."""
    parts = list(walk_provisions(rule))
    actors = [actor for part in parts for actor in part.actors]
    return any(part.period for part in parts), any(actor.staff or actor.group for actor in actors)


@lru_cache(maxsize=50_000)
def _evaluate_cached(
    rule: Provision, viewer: ConsentViewer, source: str, urgent: bool
) -> ProvisionOutcome:
    return evaluate_node(rule, viewer, source, urgent=urgent)


def evaluate_provision(
    rule: Provision, viewer: ConsentViewer, source: str, *, urgent: bool = False
) -> ProvisionOutcome:
    """The outcome; one that depends on no moment is kept, as long as the consent itself is."""
    depends_on_moment, names_staff = find_viewer_dependence(rule)
    if depends_on_moment:
        return evaluate_node(rule, viewer, source, urgent=urgent)
    if names_staff:
        viewer = replace(viewer, now=EARLIEST_INSTANT)
    else:
        viewer = ConsentViewer(viewer.hospital, "", viewer.purpose, EARLIEST_INSTANT)
    return _evaluate_cached(rule, viewer, source, urgent)


def evaluate_node(
    rule: Provision,
    viewer: ConsentViewer,
    source: str,
    *,
    labelled: bool = False,
    urgent: bool = False,
    in_emergency_rule: bool = False,
) -> ProvisionOutcome:
    """Evaluate what the rule says of the records of the hospital `source`.

    labelled: a rule around it names labels, so that its own silence about labels is no limit.
    urgent: asked about broken glass, when a permit for treatment counts too, but of the denials
    only those that name an emergency, stand in a rule that does (in_emergency_rule), or make an
    exception for one.
    """
    if rule.period is not None and not rule.period[0] <= viewer.now < rule.period[1]:
        return SILENT_OUTCOME
    bounds = match_provision(rule, viewer, source)
    if bounds is None and not rule.permit:
        return SILENT_OUTCOME
    surely, maybe = bounds or (NEVER, NEVER)
    labelled = labelled or bool(rule.levels or rule.kinds)
    in_emergency_rule = in_emergency_rule or names_emergency(rule)
    exceptions: list[ProvisionOutcome] = []
    widenings: list[ProvisionOutcome] = []
    for part in rule.parts:
        outcome = evaluate_node(
            part,
            viewer,
            source,
            labelled=labelled,
            urgent=urgent,
            in_emergency_rule=in_emergency_rule,
        )
        (widenings if rule.permit and part.permit else exceptions).append(outcome)
    excepted = combine_outcomes(exceptions)
    if rule.permit is None:
        return ProvisionOutcome(
            and_(surely, excepted.permits, not_(excepted.denies)), and_(maybe, excepted.denies)
        )
    if not rule.permit:
        denies_rest = in_emergency_rule or not urgent or has_emergency_exception(rule)
        rest = not_(excepted.permits) if denies_rest else NEVER
        return ProvisionOutcome(
            and_(surely, excepted.permits, not_(excepted.denies)),
            and_(maybe, or_(excepted.denies, rest)),
        )
    widened = combine_outcomes(widenings)
    without_labels = not labelled and not (urgent and names_emergency(rule))
    own_permits = LabelsWithin(0) if without_labels else ALWAYS
    permits = and_(
        or_(and_(surely, or_(excepted.permits, own_permits)), widened.permits),
        not_(or_(excepted.denies, widened.denies)),
    )
    closes_rest = (
        urgent
        and has_emergency_exception(rule)
        and matches_actor_role(rule, "source", viewer, source) is not False
    )
    rest = not_(permits) if closes_rest else NEVER
    return ProvisionOutcome(permits, or_(and_(maybe, excepted.denies), widened.denies, rest))


def combine_outcomes(outcomes: Iterable[ProvisionOutcome]) -> ProvisionOutcome:
    """Combine what rules beside each other permit, and what they deny."""
    outcomes = list(outcomes)
    return ProvisionOutcome(
        or_(*(outcome.permits for outcome in outcomes)),
        or_(*(outcome.denies for outcome in outcomes)),
    )


def names_emergency(rule: Provision) -> bool:
    return not EMERGENCY_PURPOSES.isdisjoint(rule.purposes)


def has_emergency_exception(rule: Provision) -> bool:
    """Whether it says itself who may break the glass: it names no emergency, and permits one
    inside. What it refuses or leaves out, it does then too.
    """
    return not names_emergency(rule) and any(
        inner.permit and names_emergency(inner)
        for part in rule.parts
        for inner in walk_provisions(part)
    )


def would_ending_open_more(
    rule: Provision,
    hospital: str,
    staff: Collection[str],
    others: Collection[str],
    now: dt.datetime,
    mask: int | None,
) -> bool:
    """Whether staff and systems of the hospital could read more of other hospitals' records if
    the rule ended: it denies them something, now or once one of its periods begins or is over, or
    leaves out what holds for those who have decided nothing. staff: whom it may name there, and ""
    for anybody; mask: the labels that the alliance's rule opens, or None.
    """
    named_sources = find_named_sources(rule) - {hospital}
    bounds = {bound for part in walk_provisions(rule) for bound in part.period or ()}
    moments = {now, *(bound for bound in bounds if now < bound < LATEST_INSTANT)}
    for source, viewer_staff, moment in product({"", *others, *named_sources}, staff, moments):
        plain, urgent = (
            evaluate_provision(
                rule,
                ConsentViewer(hospital, viewer_staff, purpose, moment),
                source,
                urgent=purpose == BREAK_GLASS,
            )
            for purpose in ("TREAT", BREAK_GLASS)
        )
        denies = plain.denies != NEVER or urgent.denies != NEVER
        if denies or (mask is not None and not covers_labels(plain.permits, mask)):
            return True
    return False


def match_provision(rule: Provision, viewer: ConsentViewer, source: str) -> CriterionBounds | None:
    """(surely, maybe): the resources that the rule is about; None where it is not about this
    viewer and source.
    """
    unsure = rule.unknown
    if rule.purposes and find_asked_purposes(rule, viewer).isdisjoint(rule.purposes):
        # Only what names an emergency holds in one.
        if KNOWN_PURPOSES.issuperset(rule.purposes) or viewer.purpose == BREAK_GLASS:
            return None
        unsure = True
    if rule.actions and READING_ACTIONS.isdisjoint(rule.actions):
        if KNOWN_ACTIONS.issuperset(rule.actions):
            return None
        unsure = True
    for role in ("recipient", "source"):
        matches = matches_actor_role(rule, role, viewer, source)
        if matches is False:
            return None
        unsure = unsure or matches is None
    lower_bounds, upper_bounds = zip(
        author_bounds(rule.actors),
        label_bounds(rule),
        type_bounds(rule),
        date_bounds(rule.data_period),
        instance_bounds(rule.data),
        strict=True,
    )
    return NEVER if unsure else and_(*lower_bounds), and_(*upper_bounds)


def find_asked_purposes(rule: Provision, viewer: ConsentViewer) -> frozenset[str]:
    """The purposes that a rule may name to be about this viewer: broken glass is treatment too,
    as far as a permit is asked.
    """
    purposes = purposes_covering(viewer.purpose)
    if viewer.purpose == BREAK_GLASS and rule.permit:
        purposes |= TREATMENT_PURPOSES
    return purposes


def matches_actor_role(
    rule: Provision, role: str, viewer: ConsentViewer, source: str
) -> bool | None:
    """Whether the viewer (recipient) or the hospital (source) is one of those whom the rule
    names in the role, or it names nobody; None where nobody knows.
    """
    matches = [matches_actor(actor, viewer, source) for actor in rule.actors if actor.role == role]
    if not matches or True in matches:
        return True
    return None if None in matches else False


def matches_actor(actor: ProvisionActor, viewer: ConsentViewer, source: str) -> bool | None:
    """Whether it is the viewer (a recipient) or the hospital (a source); None where nobody knows
    who it is.
    """
    if actor.role == "recipient" and actor.group:
        if (actor.group, True) in viewer.groups:
            return True
        return False if (actor.group, False) in viewer.groups else None
    if not actor.is_identified:
        return None
    if actor.role == "source":
        return actor.hospital == source if actor.hospital else None
    return actor.hospital == viewer.hospital if actor.hospital else actor.staff == viewer.staff


CRITERIA_BY_MEANING: dict[str, Callable[[ResourceItem], list[Criterion]]] = {
    "instance": lambda i: [i],
    "related": lambda i: [i, RefersTo(i), ReferredBy(i)],
    "dependents": lambda i: [i, RefersTo(i)],
    "authoredby": lambda i: [AuthoredBy(i)],
}


def author_bounds(actors: tuple[ProvisionActor, ...]) -> CriterionBounds:
    """An author that nobody knows may have made anything."""
    authors = [actor for actor in actors if actor.role == "author"]
    if not authors:
        return ALWAYS, ALWAYS
    criteria = [AuthoredBy(author.item) for author in authors if author.item]
    return or_(*criteria), or_(*criteria) if len(criteria) == len(authors) else ALWAYS


def label_bounds(rule: Provision) -> CriterionBounds:
    """A permit for a level is one for all up to it, a denial one for all from it on. A permit
    for a kind is for records of that kind and no other, and a level beside it says how far; a
    denial for a kind is for all that may be of it.
    """
    if not rule.levels and not rule.kinds:
        return ALWAYS, ALWAYS
    if rule.permit is None:
        permit_surely, permit_maybe = permit_label_bounds(rule)
        denial_surely, denial_maybe = denial_label_bounds(rule)
        return and_(permit_surely, denial_surely), or_(permit_maybe, denial_maybe)
    return permit_label_bounds(rule) if rule.permit else denial_label_bounds(rule)


def permit_label_bounds(rule: Provision) -> CriterionBounds:
    level_mask = 0
    for code in rule.levels:
        level_mask |= MASK_UP_TO_LEVEL[code]
    if not rule.kinds:
        return LabelsWithin(level_mask), LabelsWithin(level_mask)
    kinds_mask, related_mask = kind_masks(rule)
    within_level = LabelsWithin(kinds_mask | level_mask & LEVEL_MASK)
    return and_(HasAnyLabel(kinds_mask), within_level), HasAnyLabel(related_mask)


def denial_label_bounds(rule: Provision) -> CriterionBounds:
    from_level: list[Criterion] = [
        HasAnyLabel(MASK_FROM_LEVEL[code]) if code in MASK_FROM_LEVEL else ALWAYS
        for code in rule.levels
    ]
    kinds_mask, related_mask = kind_masks(rule)
    of_kinds = [HasAnyLabel(kinds_mask)] if kinds_mask else []
    of_related = [HasAnyLabel(related_mask)] if related_mask else []
    return or_(*from_level, *of_kinds), or_(*from_level, *of_related)


def kind_masks(rule: Provision) -> tuple[int, int]:
    """(labels of the kinds and of their parts, and with those of which they are a part)."""
    kinds_mask = related_mask = 0
    for code in rule.kinds:
        kinds_mask |= mask_with_subkinds(LABEL_BY_CODE[code])
        related_mask |= mask_with_related_kinds(LABEL_BY_CODE[code])
    return kinds_mask, related_mask


def type_bounds(rule: Provision) -> CriterionBounds:
    criteria: list[Criterion] = []
    if rule.types:
        criteria.append(OfType(rule.types))
    if rule.codes:
        criteria.append(HasAnyCode(rule.codes))
    return and_(*criteria), and_(*criteria)


def date_bounds(period: Span | None) -> CriterionBounds:
    return (DatedWithin(*period), MayOverlap(*period)) if period else (ALWAYS, ALWAYS)


def instance_bounds(data: tuple[tuple[str, ResourceItem], ...]) -> CriterionBounds:
    """Consent.provision.data.meaning: the instance, it and what it is related to, it and what
    depends on it, what somebody authored.
    """
    if not data:
        return ALWAYS, ALWAYS
    criteria: list[Criterion] = []
    for meaning, item in data:
        criteria += CRITERIA_BY_MEANING[meaning](item)
    return or_(*criteria), or_(*criteria)
