"""What the privacy officer watches in the index: who was joined by a rule and is not confirmed,
whose permits no longer count since registrations were parted, and who looks for people whom their
hospital does not know. Derived from what is there (docs/adr/0030).
"""

import datetime as dt
from dataclasses import dataclass

from django.conf import settings
from django.db import connection
from django.db.models import Exists, Max, OuterRef, Q, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from alliance.auth.principal import Principal, hospitals_served
from alliance.auth.session import require_staff
from alliance.models import Hospital, Staff
from alliance.roles import Permission
from consent.audit.event import EventCode
from consent.models import Confirmation, Directive
from consent.provision import has_permit, parse_consent
from consent.sql.decisions import STANDING
from records.models import SourcePatient, StrangerSearch
from records.web.pending_confirmations import paginate_rows
from records.web.served_hospitals import append_list_events, show_person

WATCHED_PERIOD = dt.timedelta(days=30)
LAPSED_SQL = f"""
WITH moved AS (
  SELECT DISTINCT b.person::uuid AS person FROM records_decision d
    CROSS JOIN LATERAL jsonb_array_elements(d.moved) x
    CROSS JOIN LATERAL (VALUES (x->>1), (x->>2)) b(person)
  WHERE d.verb IN ('split', 'undo', 'rules') AND d.at >= %(since)s
), home AS (
  SELECT s.home FROM records_sourcepatient s WHERE s.person_id IN (SELECT person FROM moved)
    UNION SELECT person FROM moved
)
SELECT c.id FROM {STANDING} c WHERE c.person IN (SELECT home FROM home)
  AND (SELECT count(DISTINCT s.person_id) FROM records_sourcepatient s
      WHERE s.id = ANY(c.covers)) > 1
  AND (%(hospitals)s::bigint[] IS NULL
      OR EXISTS (SELECT FROM records_sourcepatient s
        WHERE s.id = ANY(c.covers) AND s.hospital_id = ANY(%(hospitals)s::bigint[])))
ORDER BY c.id DESC
"""


def query_joined_by_rule(acting: Principal) -> QuerySet[SourcePatient]:
    """Registrations that a rule has joined with other hospitals' lately, behind whose tie nobody
    stands fully: at the hospitals that the officer serves, or with their patients; or anywhere.
    """
    others = SourcePatient.objects.filter(person=OuterRef("person")).exclude(
        hospital=OuterRef("hospital")
    )
    said = Confirmation.objects.filter(
        subject="tie",
        verdict__in=["full", "refused"],
        ended_at=None,
        hospital=OuterRef("hospital"),
        covers__contains=[OuterRef("pk")],
        at__gte=OuterRef("joined_at"),
    )
    taken = Confirmation.objects.filter(
        subject="intake",
        ended_at=None,
        hospital=OuterRef("hospital"),
        at__gte=OuterRef("joined_at"),
    )
    found = SourcePatient.objects.filter(
        decided_by__startswith="rule/", joined_at__gte=timezone.now() - WATCHED_PERIOD
    ).filter(Exists(others), ~Exists(said), ~Exists(taken))
    if not acting.alliance_wide:
        served = hospitals_served(acting)
        found = found.filter(Q(hospital__in=served) | Exists(others.filter(hospital__in=served)))
    return found.select_related("hospital").order_by("-joined_at")


def list_lapsed_directives(acting: Principal) -> list[Directive]:
    """Decisions that permit something, of registrations that were parted in the last days: the
    patient has to be asked again.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            LAPSED_SQL,
            {
                "since": timezone.now() - WATCHED_PERIOD,
                "hospitals": None if acting.alliance_wide else sorted(hospitals_served(acting)),
            },
        )
        ids = [i for (i,) in cursor.fetchall()]
    return [
        d
        for d in Directive.objects.filter(pk__in=ids).select_related("hospital").order_by("-pk")
        if has_permit(parse_consent(d.resource, d.hospital.code))
    ]


@dataclass(frozen=True, slots=True)
class StrangerSearcher:
    """Who looked for strangers in the last 30 days. most: in one hour; alarm: half of what the
    limit allows in an hour, or stopped by it, or in emergencies.
    """

    name: str
    hospital: Hospital
    searches: int
    strangers: int
    most: int
    urgent: int
    refused: int
    last: dt.datetime
    alarm: bool


def list_stranger_searchers(acting: Principal) -> list[StrangerSearcher]:
    found = StrangerSearch.objects.filter(hour__gte=timezone.now() - WATCHED_PERIOD)
    found = found if acting.alliance_wide else found.filter(hospital__in=hospitals_served(acting))
    rows = list(
        found.values("kind", "actor", "hospital_id")
        .annotate(
            all=Sum("searches"),
            listed=Sum("strangers"),
            most=Max("searches"),
            emergencies=Sum("urgent"),
            stopped=Sum("refused"),
            last=Max("hour"),
        )
        .order_by("-most", "-all")
    )
    staff = {
        str(s.pk): s.name
        for s in Staff.objects.filter(
            pk__in=[int(r["actor"]) for r in rows if r["kind"] == "staff"]
        )
    }
    hospitals = Hospital.objects.in_bulk({r["hospital_id"] for r in rows})
    limits = {"staff": settings.FIND_STAFF, "client": settings.FIND_SYSTEM}
    out = [
        StrangerSearcher(
            staff.get(r["actor"], r["actor"]) if r["kind"] == "staff" else r["actor"],
            hospitals[r["hospital_id"]],
            r["all"],
            r["listed"],
            r["most"],
            r["emergencies"],
            r["stopped"],
            r["last"],
            r["most"] * 2 >= limits[r["kind"]] or r["stopped"] > 0 or r["emergencies"] > 0,
        )
        for r in rows
    ]
    return sorted(out, key=lambda r: not r.alarm)


@require_GET
@require_staff(Permission.EMERGENCY_REVIEW)
def index_oversight_page(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    links = paginate_rows(query_joined_by_rule(acting), request.GET.get("page"))
    shown = [(s, show_person(s.person_id, acting)) for s in links]
    parted = [(d, show_person(d.person, acting)) for d in list_lapsed_directives(acting)]
    append_list_events(
        acting,
        EventCode.EMERGENCY_REVIEW,
        "index",
        (
            *((s.hospital_id, s.person_id) for s, _ in shown),
            *((d.hospital_id, d.person) for d, _ in parted),
        ),
    )
    return render(
        request,
        "records/index_watch.html",
        {
            "links": links,
            "joined": shown,
            "parted": parted,
            "lookers": list_stranger_searchers(acting),
        },
    )
