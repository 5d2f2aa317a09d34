"""Which emergency accesses somebody sees: the privacy officer those that they review, the auditor
those that were opened at the hospitals that they audit; of those opened elsewhere only what the
log says of them.
"""

import datetime as dt

from django.conf import settings
from django.db import connection
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from alliance.auth.errors import Forbidden
from alliance.auth.principal import Principal
from alliance.roles import Permission
from alliance.services.authority import hospitals_with_permission
from alliance.sql.hospitals import HOSPITALS
from consent import from_records
from consent.models import Emergency, Relationship
from consent.services.emergencies import emergency_filter

FOLLOW_UP = dt.timedelta(hours=72)  # in which a visit or admission is expected to follow
RECENT = dt.timedelta(days=90)  # of which those that were opened elsewhere are told
REGISTRATIONS = from_records.asked.registrations
# Emergencies at other hospitals about persons whom one of these had registered at that moment.
# index: consent_emergency_person_*, records_sourcepatient_home_key, source_person
ELSEWHERE_SQL = f"""
SELECT e.id FROM consent_emergency e JOIN {HOSPITALS} at ON at.id = e.hospital_id
WHERE e.opened_at > %(since)s AND at.code <> ALL(%(hospitals)s)
  AND EXISTS (SELECT FROM {REGISTRATIONS} s
  JOIN {REGISTRATIONS} o ON o.person_id = s.person_id AND o.registered
    AND o.joined_at <= e.opened_at
  JOIN {HOSPITALS} h ON h.id = o.hospital_id
  WHERE s.home = e.person AND h.code = ANY(%(hospitals)s))
ORDER BY e.opened_at DESC LIMIT %(most)s
"""


def review_hours() -> int:
    """Within so many hours of its opening the alliance expects a finding."""
    return int(settings.EMERGENCY_REVIEW_HOURS)


def overdue_since() -> dt.datetime:
    """What was opened before and has no finding is overdue."""
    return timezone.now() - dt.timedelta(hours=review_hours())


def query_seen_emergencies(acting: Principal) -> QuerySet[Emergency]:
    """Those of which the acting one sees everything. Raises Forbidden."""
    if not acting.may(Permission.EMERGENCY_SEE):
        raise Forbidden("role", "This role does not review emergencies.")
    found = Emergency.objects.select_related(
        "staff__hospital", "staff__department", "staff__user", "hospital", "reviewed_by", "told_by"
    ).annotate(followed=Exists(followed_by_treatment()))
    if acting.may(Permission.EMERGENCY_REVIEW):
        return found.filter(emergency_filter(acting))
    if acting.alliance_wide:
        return found
    audited = [h.pk for h in hospitals_with_permission(acting, "audit_hospital")]
    return found.filter(
        Q(hospital_id__in=audited) | Q(hospital=None, staff__hospital_id__in=audited)
    )


def followed_by_treatment() -> QuerySet[Relationship]:
    """Treatment at the hospital of the opening that its systems have sent: a visit, an admission or
    a referral that goes on after the opening and began within FOLLOW_UP of it.
    """
    return Relationship.objects.exclude(basis=Relationship.Basis.DECLARED).filter(
        person=OuterRef("person"),
        hospital_id=OuterRef("hospital_id"),
        ends_at__gte=OuterRef("opened_at"),
        starts_at__lte=OuterRef("opened_at") + FOLLOW_UP,
    )


def query_overdue_emergencies(acting: Principal) -> QuerySet[Emergency]:
    return query_seen_emergencies(acting).filter(reviewed_at=None, opened_at__lte=overdue_since())


def list_emergencies_elsewhere(acting: Principal, most: int) -> list[Emergency]:
    """Of other hospitals' staff about patients of the hospitals that the auditor audits, the newest
    of the last days: without reason and name, as their lines in the log.
    """
    if acting.alliance_wide or not acting.may(Permission.AUDIT_READ):
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            ELSEWHERE_SQL,
            {
                "since": timezone.now() - RECENT,
                "hospitals": [h.code for h in hospitals_with_permission(acting, "audit_hospital")],
                "most": most,
            },
        )
        ids = [row[0] for row in cursor.fetchall()]
    found = Emergency.objects.select_related("hospital", "staff").filter(pk__in=ids)
    return list(found.order_by("-opened_at"))


def find_seen_emergency(emergency_id: int, acting: Principal) -> Emergency | None:
    if not acting.may(Permission.EMERGENCY_SEE):
        return None
    return query_seen_emergencies(acting).filter(pk=emergency_id).first()


def sort_by_urgency(found: QuerySet[Emergency]) -> QuerySet[Emergency]:
    """What has no finding first, the oldest of it before the others; then whose patient was not
    told; then the newest.
    """
    return found.order_by(
        F("reviewed_at").asc(nulls_first=True), F("told_at").asc(nulls_first=True), "opened_at"
    )
