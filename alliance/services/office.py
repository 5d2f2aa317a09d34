"""The offices that must not fall vacant: somebody administers the alliance, and somebody audits
it, today and for the next months.

Whoever ends, moves or suspends does so inside `kept_offices`; what would leave an office vacant is
refused and nothing is changed.
"""

import datetime as dt
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alliance.auth.errors import Forbidden
from alliance.auth.principal import Principal
from alliance.models import Hospital, Staff
from alliance.roles import Role

OFFICE_NOTICE = dt.timedelta(
    days=90
)  # who is left must have at least these days to find a successor
OFFICES = {
    Role.ADMINISTRATOR: gettext_lazy("administrator for the whole alliance"),
    Role.AUDITOR: gettext_lazy("auditor for the whole alliance"),
}


@dataclass(frozen=True, slots=True)
class OfficeTerm:
    """Days on which one holder of an office is able to act, both included."""

    first: dt.date
    last: dt.date


def find_last_covered_day(terms: Iterable[OfficeTerm], day: dt.date) -> dt.date | None:
    """The last day up to which the office is held without a gap from `day` on; None where nobody
    holds it on `day`.
    """
    reach = day.toordinal() - 1
    for term in sorted(terms, key=lambda t: t.first):
        if term.first.toordinal() > reach + 1:
            break
        reach = max(reach, term.last.toordinal())
    return dt.date.fromordinal(reach) if reach >= day.toordinal() else None


def list_office_terms(role: Role) -> list[OfficeTerm]:
    """The terms of those who hold the office, as their employments and hospitals stand now."""
    rows = Staff.objects.select_related("hospital").filter(
        Q(user__is_active=True),
        role=role,
        alliance_wide=True,
        ended_at=None,
        hospital__suspended_at=None,
    )
    return [
        OfficeTerm(
            max(s.starts_on, s.hospital.admitted_on),
            min(s.ends_on, s.hospital.leaves_on or dt.date.max),
        )
        for s in rows
    ]


def find_vacancies(day: dt.date) -> dict[Role, dt.date]:
    """office -> last day of its cover, of those that fall vacant within the time of notice
    (yesterday: vacant now).
    """
    found = {
        role: find_last_covered_day(list_office_terms(role), day) or day - dt.timedelta(days=1)
        for role in OFFICES
    }
    return {role: last for role, last in found.items() if last < day + OFFICE_NOTICE}


def hospitals_without_officer() -> list[Hospital]:
    """The members that have no privacy officer who counts, neither of their own nor by
    appointment: the alliance's reviews their emergency accesses and provisional confirmations.
    """
    served = {h for s in list_privacy_officers() for h in hospitals_of_officer(s)}
    return [h for h in Hospital.objects.all() if h.active and h.pk not in served]


def hospitals_without_reviewer() -> list[Hospital]:
    """Those of which nobody reviews these: the whole alliance has no privacy officer either."""
    return (
        [] if any(s.alliance_wide for s in list_privacy_officers()) else hospitals_without_officer()
    )


def list_privacy_officers() -> list[Staff]:
    """Those who count today, of the whole alliance first; each with the hospitals that they serve
    by appointment.
    """
    rows = (
        Staff.objects.with_served_hospitals()
        .select_related("hospital", "department", "user")
        .filter(role=Role.PRIVACY, ended_at=None, vouched_at__isnull=False, user__is_active=True)
    )
    return sorted(
        (s for s in rows if s.active and s.hospital.active),
        key=lambda s: (not s.alliance_wide, s.name, s.pk),
    )


def hospitals_of_officer(officer: Staff) -> set[int]:
    """Where this one of `list_privacy_officers` works, and those that they are appointed for."""
    return {officer.hospital_id, *(h["id"] for h in officer.serves)}  # type: ignore[attr-defined]  # an annotation


@contextmanager
def guarded_offices(acting: Principal) -> Iterator[None]:
    """Raises Forbidden where the change inside leaves an office vacant, now or sooner than
    within the time of notice. Call it in the transaction of the change. The operator of the server
    is free: `enrol_administrator` is theirs.
    """
    if acting.kind == "operator":
        yield
        return
    today = timezone.localdate()
    before = {role: find_last_covered_day(list_office_terms(role), today) for role in OFFICES}
    yield
    for role, last in before.items():
        after = find_last_covered_day(list_office_terms(role), today)
        if last is not None and (after is None or after < min(last, today + OFFICE_NOTICE)):
            day = today if after is None else after + dt.timedelta(days=1)
            vacant = {"day": day.isoformat(), "office": OFFICES[role]}
            raise Forbidden(
                "kept",
                _(
                    "From %(day)s on there would be no %(office)s. First enrol another one, or"
                    " extend another's employment."
                )
                % vacant,
            )
