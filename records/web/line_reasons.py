"""What the rules say of a line of the audit log: the verdict of its moment on each hospital's
records, the decisions that it follows from, what has changed since, and the verdict of today.
"""

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.utils import timezone

from alliance.auth.principal import Principal, principal_from_staff
from alliance.models import Hospital, Staff
from consent.explain import AccessExplanation, explain_access
from consent.facts import load_facts
from consent.line_verdicts import (
    GateAnswer,
    LineComparison,
    answer_request,
    compare_line,
    request_of_line,
)
from consent.models import Confirmation, Directive
from consent.past_facts import find_history_start, load_facts_then
from consent.past_principals import principal_of_line
from consent.terms import AccessRequest, Facts, RuleVote, Source
from records.mpi.index.past_sources import sources_of_person_then
from records.mpi.index.source_patients import sources_of_person
from records.web.changes_since import Change, list_changes
from records.web.consent_text import describe_consent
from records.web.directive_display import collect_actor_names


@dataclass(frozen=True, slots=True)
class DirectiveThen:
    """A decision as it stood: rules in words, and who stood behind it; withdrawn: if it has been
    since.
    """

    directive: Directive
    rules: list[tuple[int, bool | None, str]]
    confirmations: list[Confirmation]
    withdrawn: dt.datetime | None


@dataclass(frozen=True, slots=True)
class HospitalReasons:
    """votes: each rule with the decision that it follows from, if it does."""

    hospital: Hospital
    extent: str
    votes: list[tuple[RuleVote, DirectiveThen | None]]


@dataclass(frozen=True, slots=True)
class LineExplanation:
    """kept_since: since when all facts are kept, where the line is older: some are told as they
    stood on that day.
    """

    comparison: LineComparison
    hospitals: list[HospitalReasons]
    changes: list[Change]
    today: GateAnswer
    kept_since: dt.datetime | None
    role: str
    active: bool


def explain_line(
    line: dict[str, Any], person: UUID, own: Collection[str] | None, now: dt.datetime
) -> LineExplanation | None:
    """line: uncut. own: of the records of these hospitals alone. None of lines of somebody for
    whom no rule of consent speaks.
    """
    moment = dt.datetime.fromisoformat(line["recorded"])
    principal = principal_of_line(line, moment)
    if principal is None:
        return None

    def ask(at: dt.datetime) -> tuple[AccessRequest, Facts]:
        asked = request_of_line(
            line,
            principal_of_line(line, at) or principal,
            person,
            sources_of_person_then(person, at),
        )
        return asked, load_facts_then(asked, at)

    request, facts = ask(moment)
    members = {
        h.code: h
        for h in Hospital.objects.all()
        if h.admitted_on <= timezone.localdate(moment) and (own is None or h.code in own)
    }
    found = explain_access(replace(request, hospital_id=None), facts, list(members))
    decisions = load_directives_then(found, moment)
    sources_now = sources_of_person(person)
    since = find_history_start()
    return LineExplanation(
        compare_line(line, ask, moment),
        [
            HospitalReasons(
                members[e.hospital],
                e.extent,
                [(v, decisions.get(v.consent or 0)) for v in e.reasons],
            )
            for e in found
        ],
        list_changes(
            moment, principal, merge_sources(request.all_sources, sources_now), list(members)
        ),
        answer_today(line, principal, person, sources_now, now),
        since if moment < since else None,
        principal.role,
        principal.active,
    )


def merge_sources(*found: tuple[Source, ...]) -> tuple[Source, ...]:
    return tuple({s.id: s for sources in found for s in sources}.values())


def answer_today(
    line: dict[str, Any],
    principal: Principal,
    person: UUID,
    sources: tuple[Source, ...],
    now: dt.datetime,
) -> GateAnswer:
    """The same question by the same person, with the role that they have now."""
    if principal.kind == "staff":
        staff = Staff.objects.select_related("hospital").get(pk=int(principal.id))
        today = replace(
            principal_from_staff(staff),
            client=principal.client,
            launch_allowed=(principal_of_line(line, now) or principal).launch_allowed,
        )
    else:
        today = principal_of_line(line, now) or principal
    request = request_of_line(line, today, person, sources)
    return answer_request(request, load_facts(request))


def load_directives_then(
    found: Iterable[AccessExplanation], moment: dt.datetime
) -> dict[int, DirectiveThen]:
    """{number: decision} of those that votes follow from."""
    numbers = {v.consent for e in found for v in e.reasons if v.consent}
    directives = list(
        Directive.objects.filter(pk__in=numbers)
        .select_related("hospital", "recorded_by__hospital")
        .prefetch_related("confirmations__acted_at")
    )
    names = collect_actor_names(d.resource for d in directives)
    return {
        d.pk: DirectiveThen(
            d,
            describe_consent(d.resource, d.hospital.code, names),
            [
                c
                for c in d.confirmations.all()
                if c.subject == Confirmation.Subject.DIRECTIVE
                and c.at <= moment
                and (c.ended_at is None or c.ended_at > moment)
                and (c.until is None or c.until > moment)
            ],
            d.withdrawn_at if d.withdrawn_at and d.withdrawn_at > moment else None,
        )
        for d in directives
    }
