"""TABLE of what a deadline may be set to, and how the values have to stand to each other. Pure."""

import datetime as dt
from collections.abc import Mapping

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from alliance.models.work_setting import WorkDeadline
from alliance.workflow.deadline_words import say_deadline
from alliance.workflow.deadlines import (
    CLOSES,
    DEADLINES,
    EMERGENCY,
    MOMENT,
    OPENS,
    RIGHTS,
    ROUTINE,
    URGENT,
    Span,
    WorkSettings,
)
from alliance.workflow.working_time import WorkingTime

LEAST, MOST = dt.timedelta(minutes=5), dt.timedelta(days=90)
MOST_BY_NAME = {  # an answer is never put off for weeks
    "accept": dt.timedelta(days=7),
    "accept-escalated": dt.timedelta(days=14),
    "answer": dt.timedelta(days=7),
    "stay": dt.timedelta(days=365),
}
MOST_BY_URGENCY = {EMERGENCY: dt.timedelta(hours=12), URGENT: dt.timedelta(days=2)}
HURRIED = frozenset({"accept", "accept-escalated", "answer"})  # to them the urgency's most applies
MOST_RIGHTS = 180  # days that access may stay once the work has ended
SHORTEST_DAY = 4 * 60  # minutes of work
FOLLOWS = (  # the second is told later than the first
    ("accept", "accept-escalated"),
    ("opinion", "opinion-escalated"),
    ("acknowledge", "acknowledge-escalated"),
)
WORKING = (WorkDeadline.Unit.WORKING_HOURS, WorkDeadline.Unit.WORKING_DAYS)


def longest(name: str, urgency: str) -> dt.timedelta:
    most = MOST_BY_NAME.get(name, MOST)
    return min(most, MOST_BY_URGENCY.get(urgency, most)) if name in HURRIED else most


def check_span(name: str, urgency: str, span: Span) -> None:
    """Raises ValidationError for what is no deadline, or beyond its bounds."""
    if name in (OPENS, CLOSES, RIGHTS):
        check_general(name, urgency, span)
        return
    if name not in DEADLINES or urgency not in (EMERGENCY, URGENT, ROUTINE):
        raise ValidationError(_("There is no such deadline: %(name)s.") % {"name": name})
    if span.unit not in WorkDeadline.Unit.values or span.unit == MOMENT:
        raise ValidationError(_("There is no such unit: %(unit)s.") % {"unit": span.unit})
    if urgency != ROUTINE and span.unit in WORKING:
        raise ValidationError(
            _("An emergency and what is urgent count by the clock, day and night.")
        )
    if not LEAST <= span.nominal <= longest(name, urgency):
        raise ValidationError(
            _("%(name)s: between 5 minutes and %(hours)s hours.")
            % {"name": say_deadline(name), "hours": longest(name, urgency) // dt.timedelta(hours=1)}
        )


def check_general(name: str, urgency: str, span: Span) -> None:
    unit, most = (WorkDeadline.Unit.DAYS, MOST_RIGHTS) if name == RIGHTS else (MOMENT, 24 * 60)
    if urgency or span.unit != unit:
        raise ValidationError(_("There is no such deadline: %(name)s.") % {"name": name})
    if not 0 <= span.amount <= most:
        raise ValidationError(
            _("%(name)s: between 0 and %(most)s.") % {"name": say_deadline(name), "most": most}
        )


def check_together(values: Mapping[tuple[str, str], Span]) -> None:
    """As all of them would stand. Raises ValidationError."""
    settings = WorkSettings(values)
    for name in DEADLINES:
        spans = [settings.span(name, u).nominal for u in (EMERGENCY, URGENT, ROUTINE)]
        if spans != sorted(spans):
            raise ValidationError(
                _("%(name)s: what is more urgent must not be given more time.")
                % {"name": say_deadline(name)}
            )
    for first, second in FOLLOWS:
        for urgency in (EMERGENCY, URGENT, ROUTINE):
            if settings.span(first, urgency).nominal > settings.span(second, urgency).nominal:
                raise ValidationError(
                    _("Whoever is told when nobody heeds it is told later, and not before.")
                )
    usual = WorkingTime()
    opens, closes = (
        values[name, ""].amount if (name, "") in values else standing
        for name, standing in ((OPENS, usual.opens), (CLOSES, usual.closes))
    )
    if closes - opens < SHORTEST_DAY:
        raise ValidationError(_("A working day has at least four hours."))
