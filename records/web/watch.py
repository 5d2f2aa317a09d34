"""What the privacy officer watches in the index: who was joined by a rule and is not confirmed, whose permits no longer count since registrations were parted, and who looks
for people whom their hospital does not know. Derived from what is there (docs/adr/0030)."""

import datetime as dt
from dataclasses import dataclass

from django.conf import settings
from django.db import connection
from django.db.models import Exists, Max, OuterRef, Q, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from alliance.auth.principal import Principal
from alliance.auth.session import page
from alliance.models import Hospital, Staff
from alliance.roles import Permission
from consent.audit.append import append
from consent.audit.event import Event, EventCode
from consent.models import Confirmation, Directive
from consent.provision import permits, read
from records.models import SourcePatient, StrangerSearch
from records.mpi import find
from records.web.waiting import page_of

DAYS = dt.timedelta(days=30)
LAPSED = """
WITH moved AS (
  SELECT DISTINCT b.person::uuid AS person FROM records_decision d CROSS JOIN LATERAL jsonb_array_elements(d.moved) x CROSS JOIN LATERAL (VALUES (x->>1), (x->>2)) b(person)
  WHERE d.verb IN ('split', 'undo', 'rules') AND d.at >= %(since)s
), home AS (
  SELECT s.home FROM records_sourcepatient s WHERE s.person_id IN (SELECT person FROM moved) UNION SELECT person FROM moved
)
SELECT c.id FROM consent_directive c WHERE c.person IN (SELECT home FROM home) AND c.withdrawn_at IS NULL AND (c.valid_until IS NULL OR c.valid_until > now())
  AND (SELECT count(DISTINCT s.person_id) FROM records_sourcepatient s WHERE s.id = ANY(c.covers)) > 1
  AND (%(hospital)s::bigint IS NULL OR EXISTS (SELECT FROM records_sourcepatient s WHERE s.id = ANY(c.covers) AND s.hospital_id = %(hospital)s))
ORDER BY c.id DESC
"""


def joined(acting: Principal) -> QuerySet[SourcePatient]:
    """Registrations that a rule has joined with other hospitals' lately, behind whose tie nobody stands fully: at the officer's hospital, or with its patients; or anywhere."""
    others = SourcePatient.objects.filter(person=OuterRef("person")).exclude(hospital=OuterRef("hospital"))
    said = Confirmation.objects.filter(subject="tie", verdict__in=["full", "refused"], ended_at=None, hospital=OuterRef("hospital"), covers__contains=[OuterRef("pk")], at__gte=OuterRef("joined_at"))
    taken = Confirmation.objects.filter(subject="intake", ended_at=None, hospital=OuterRef("hospital"), at__gte=OuterRef("joined_at"))
    found = SourcePatient.objects.filter(decided_by__startswith="rule/", joined_at__gte=timezone.now() - DAYS).filter(Exists(others), ~Exists(said), ~Exists(taken))
    if not acting.alliance_wide:
        found = found.filter(Q(hospital=acting.hospital_id) | Exists(others.filter(hospital=acting.hospital_id)))
    return found.select_related("hospital").order_by("-joined_at")


def lapsed(acting: Principal) -> list[Directive]:
    """Decisions that permit something, of registrations that were parted in the last days: the patient has to be asked again."""
    with connection.cursor() as cursor:
        cursor.execute(LAPSED, {"since": timezone.now() - DAYS, "hospital": None if acting.alliance_wide else acting.hospital_id})
        ids = [i for (i,) in cursor.fetchall()]
    return [d for d in Directive.objects.filter(pk__in=ids).select_related("hospital").order_by("-pk") if permits(read(d.resource, d.hospital.code))]


@dataclass(frozen=True, slots=True)
class Looker:
    """Who looked for strangers in the last 30 days. most: in one hour; alarm: half of what the limit allows in an hour, or stopped by it, or in emergencies."""

    name: str
    hospital: Hospital
    searches: int
    strangers: int
    most: int
    urgent: int
    refused: int
    last: dt.datetime
    alarm: bool


def lookers(acting: Principal) -> list[Looker]:
    found = StrangerSearch.objects.filter(hour__gte=timezone.now() - DAYS)
    found = found if acting.alliance_wide else found.filter(hospital=acting.hospital_id)
    rows = list(found.values("kind", "actor", "hospital_id").annotate(
        all=Sum("searches"), listed=Sum("strangers"), most=Max("searches"), emergencies=Sum("urgent"), stopped=Sum("refused"), last=Max("hour")).order_by("-most", "-all"))
    staff = {str(s.pk): s.name for s in Staff.objects.filter(pk__in=[int(r["actor"]) for r in rows if r["kind"] == "staff"])}
    hospitals = Hospital.objects.in_bulk({r["hospital_id"] for r in rows})
    limits = {"staff": settings.FIND_STAFF, "client": settings.FIND_SYSTEM}
    out = [Looker(staff.get(r["actor"], r["actor"]) if r["kind"] == "staff" else r["actor"], hospitals[r["hospital_id"]], r["all"], r["listed"], r["most"], r["emergencies"], r["stopped"], r["last"],
                  r["most"] * 2 >= limits[r["kind"]] or r["stopped"] > 0 or r["emergencies"] > 0) for r in rows]
    return sorted(out, key=lambda r: not r.alarm)


@require_GET
@page(Permission.EMERGENCY_REVIEW)
def index_watch(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    links = page_of(joined(acting), request.GET.get("page"))
    shown = [(s, find.face(s.person_id, acting.hospital_id)) for s in links]
    parted = [(d, find.face(d.person, acting.hospital_id)) for d in lapsed(acting)]
    persons = sorted({*(s.person_id for s, _ in shown), *(d.person for d, _ in parted)})
    append(Event.of(acting, EventCode.EMERGENCY_REVIEW, target="index", persons=tuple(persons), refs=tuple(f"person/{p}" for p in persons)))
    return render(request, "records/index_watch.html", {"links": links, "joined": shown, "parted": parted, "lookers": lookers(acting)})
