"""List what waits for a second person's confirmation: derived from the facts themselves, never
stored twice (docs/adr/0030).
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from alliance.auth.principal import Principal, hospitals_served
from alliance.models import Hospital, Staff
from alliance.roles import Role
from consent.models import Confirmation, Directive, Relationship
from consent.provision import has_permit, parse_consent
from consent.services.confirmation_voices import is_new_here
from consent.services.directives import home_person_ids
from consent.services.tie_confirmations import can_confirm_tie
from consent.services.ties import load_facts_at_hospital
from consent.strength import TRACE_MIN_AGE, Strength
from consent.templates import ConsentTemplate
from consent.terms import Source
from records.models import SourcePatient
from records.mpi.index import patient_search, source_patients
from records.mpi.index.patient_search import DisplayedPerson
from records.web.served_hospitals import show_person

PAGE_LENGTH = 25  # lines of a page
Subject, Verdict, Basis = Confirmation.Subject, Confirmation.Verdict, Relationship.Basis


@dataclass(frozen=True, slots=True)
class DeclaredTreatment:
    """Treatment that a clinician has declared; tie: how far others stand behind it now; barred:
    why the reader is not asked to compare the card.
    """

    relation: Relationship
    face: DisplayedPerson | None
    tie: str
    barred: str


def paginate_rows(found: QuerySet, number: str | None) -> Page:  # type: ignore[type-arg]
    """Counted, and none cut off."""
    return Paginator(found, PAGE_LENGTH).get_page(number)


def is_registered_at(*hospitals: int) -> Exists:
    """The person of the row has a registration at one of the hospitals."""
    return Exists(
        SourcePatient.objects.filter(
            hospital_id__in=hospitals, person__sources__home=OuterRef("person")
        )
    )


def filter_by_served_hospital(
    found: QuerySet[Relationship], acting: Principal
) -> QuerySet[Relationship]:
    """Those of the hospitals that the officer serves, or all for one of the whole alliance."""
    return found if acting.alliance_wide else found.filter(hospital_id__in=hospitals_served(acting))


def describe_declaration(relation: Relationship, acting: Principal) -> DeclaredTreatment:
    tie = load_facts_at_hospital(
        relation.hospital_id,
        relation.person,
        source_patients.sources_of_person(relation.person),
        relation.declared_by_id or 0,
    ).tie
    return DeclaredTreatment(
        relation,
        patient_search.displayed_person(relation.person, acting.hospital_id),
        tie.name.lower(),
        explain_card_barrier(relation.hospital_id, relation.person, acting),
    )


def unconfirmed_declarations(
    found: Iterable[Relationship], acting: Principal
) -> list[DeclaredTreatment]:
    """Those behind whose tie nobody stands fully: an intake or an old trace leaves no word to
    ask for.
    """
    return [d for d in (describe_declaration(r, acting) for r in found) if d.tie != "full"]


def explain_card_barrier(hospital_id: int, person: UUID, acting: Principal) -> str:
    """Why this one is not asked to compare the card; empty where their word would count, and
    where a privacy officer may at least refuse.
    """
    found = source_patients.sources_of_person(person)
    if acting.role == Role.PRIVACY or can_confirm_tie(person, hospital_id, found, acting):
        return ""
    return describe_who_may_confirm(acting, hospital_id, person, found)


def describe_who_may_confirm(
    acting: Principal, gains: int, person: UUID, found: tuple[Source, ...]
) -> str:
    """Whose word it is that would count, where this one's does not."""
    if is_new_here(acting, gains, person, found):
        return _(
            "that your own hospital treats this patient has to be confirmed first: ask the"
            " alliance's privacy officer"
        )
    return _(
        "a colleague of another role compares it, a record clerk of another hospital or the"
        " alliance's privacy officer"
    )


def query_waiting_declarations(acting: Principal, *, here: bool) -> QuerySet[Relationship]:
    """Treatment that holds and was declared by others: here, or elsewhere of patients whom the
    hospital knows. Without what is confirmed fully.
    """
    now = timezone.now()
    found = (
        Relationship.objects.declared()
        .filter(starts_at__lte=now, ends_at__gt=now)
        .exclude(declared_by_id=int(acting.id))
        .exclude(has_tie_confirmation("full", "refused"))
    )
    found = (
        found.filter(hospital_id=acting.hospital_id)
        if here
        else found.exclude(hospital_id=acting.hospital_id).filter(
            is_registered_at(acting.hospital_id)
        )
    )
    return found.select_related("declared_by", "hospital").order_by("-starts_at")


def has_tie_confirmation(*verdicts: str) -> Exists:
    """A confirmation of the tie between the row's person and hospital stands."""
    return Exists(
        Confirmation.objects.filter(
            subject=Subject.TIE,
            person=OuterRef("person"),
            hospital_id=OuterRef("hospital_id"),
            verdict__in=verdicts,
            ended_at=None,
        )
    )


def query_waiting_directives(acting: Principal, *, here: bool | None) -> QuerySet[Directive]:
    """Decisions that others recorded and behind which nobody else stands fully: here, which is at
    each hospital that a privacy officer serves, elsewhere of patients whom the hospital knows, or
    (None) anywhere. What a colleague has confirmed here for the time being waits no more here.
    """
    said = Confirmation.objects.filter(
        directive=OuterRef("pk"), subject=Subject.DIRECTIVE, ended_at=None
    ).filter(
        Q(verdict__in=[Verdict.FULL, Verdict.REFUSED])
        | (Q(until__gt=timezone.now()) if here else Q(pk__in=[]))
    )
    found = (
        Directive.objects.filter(~Exists(said), withdrawn_at=None, verified_at__isnull=False)
        .exclude(template__in=[ConsentTemplate.NOTHING, ConsentTemplate.REFUSE])
        .exclude(recorded_by_id=int(acting.id))
    )
    if here is not None:
        found = (
            found.filter(hospital_id__in=hospitals_served(acting))
            if here
            else found.exclude(hospital_id=acting.hospital_id).filter(
                is_registered_at(acting.hospital_id)
            )
        )
    return found.select_related("hospital", "recorded_by", "verified_by", "withdrawn_by").order_by(
        "-pk"
    )


def query_waiting_withdrawals(acting: Principal) -> QuerySet[Directive]:
    """Ends of decisions that refuse on until others confirm that: of all patients for the
    alliance's privacy officer, else of those whom a hospital knows that the acting one serves, and
    at which it was not said.
    """
    answered = Confirmation.objects.filter(
        directive=OuterRef("pk"), subject=Subject.WITHDRAWAL, ended_at=None
    )
    found = (
        Directive.objects.filter(~Exists(answered), lifted_at=None)
        .exclude(withdrawn_at=None)
        .exclude(withdrawn_by_id=int(acting.id))
    )
    everywhere = acting.alliance_wide and acting.role == Role.PRIVACY
    if not everywhere:
        elsewhere = Q(pk__in=[])
        for hospital in hospitals_served(acting):
            elsewhere |= Q(is_registered_at(hospital)) & ~Q(withdrawn_where_id=hospital)
        found = found.filter(elsewhere)
    return found.select_related(
        "hospital", "recorded_by", "verified_by", "withdrawn_by__hospital", "withdrawn_where"
    ).order_by("-withdrawn_at")


def permitting_directives(found: list[Directive]) -> list[Directive]:
    """Those that permit anything: a denial needs nobody behind it."""
    return [d for d in found if has_permit(parse_consent(d.resource, d.hospital.code))]


def query_provisional_verdicts(acting: Principal) -> QuerySet[Confirmation]:
    """Second persons' words that count now: at the hospitals that the officer serves, elsewhere of
    patients whose records there they open, or anywhere.
    """
    found = Confirmation.objects.filter(
        verdict=Verdict.PROVISIONAL, until__gt=timezone.now(), ended_at=None
    )
    if not acting.alliance_wide:
        served = hospitals_served(acting)
        found = found.filter(Q(hospital_id__in=served) | is_registered_at(*served))
    return found.select_related(
        "hospital", "staff", "asserted_by", "acted_at", "directive"
    ).order_by("-pk")


def query_system_only_treatments(acting: Principal) -> QuerySet[Relationship]:
    """Treatment that a hospital's own system wrote, of patients whom others know too, where
    nothing else stands between hospital and patient.
    """
    now = timezone.now()
    fresh = SourcePatient.objects.filter(joined_at__gt=now - TRACE_MIN_AGE)
    own = SourcePatient.objects.filter(
        pk=OuterRef("source_patient"), hospital_id=OuterRef("hospital_id")
    )
    others = SourcePatient.objects.filter(person__sources__home=OuterRef("person")).exclude(
        hospital_id=OuterRef("hospital_id")
    )
    intake = Confirmation.objects.filter(
        subject=Subject.INTAKE,
        ended_at=None,
        hospital_id=OuterRef("hospital_id"),
        at__gte=SourcePatient.objects.filter(pk=OuterRef(OuterRef("source_patient"))).values(
            "joined_at"
        )[:1],
    )
    found = Relationship.objects.filter(
        Q(noted_at__gt=now - TRACE_MIN_AGE) | Q(source_patient__in=fresh.values("pk")),
        Exists(own),
        Exists(others),
        ~Exists(intake),
        starts_at__lte=now,
        ends_at__gt=now,
    )
    found = found.exclude(basis=Basis.DECLARED).exclude(
        has_tie_confirmation("full", "provisional", "refused")
    )
    return filter_by_served_hospital(found, acting).select_related("hospital").order_by("-noted_at")


def query_recent_declarations(acting: Principal) -> QuerySet[Any, dict[str, Any]]:
    """Who has declared treatment of whom in the last days, how often and when last: one row a
    clinician and patient.
    """
    found = Relationship.objects.declared().filter(starts_at__gte=timezone.now() - TRACE_MIN_AGE)
    found = filter_by_served_hospital(found, acting)
    return (
        found.values("person", "declared_by_id", "hospital_id")
        .annotate(times=Count("pk"), last=Max("starts_at"), holds=Max("ends_at"))
        .order_by("-last")
    )


def most_frequent_declarers(acting: Principal) -> list[tuple[Staff, int]]:
    """Clinicians who declared treatment of the most patients within a day, the most first."""
    found = Relationship.objects.declared().filter(
        starts_at__gte=timezone.now() - dt.timedelta(days=1)
    )
    found = filter_by_served_hospital(found, acting)
    counts = {
        c["declared_by_id"]: c["n"]
        for c in (
            found.values("declared_by_id")
            .annotate(n=Count("person", distinct=True))
            .order_by("-n")[:5]
        )
    }
    staff = Staff.objects.select_related("hospital").in_bulk(counts)
    return [(staff[i], n) for i, n in counts.items()]


def add_declaration_details(rows: list[dict[str, Any]], acting: Principal) -> list[dict[str, Any]]:
    """Rows of claims with clinician, hospital, face and how far others stand behind the tie."""
    staff, hospitals = (
        Staff.objects.in_bulk({r["declared_by_id"] for r in rows}),
        Hospital.objects.in_bulk({r["hospital_id"] for r in rows}),
    )
    return [
        r
        | {
            "by": staff.get(r["declared_by_id"]),
            "hospital": hospitals[r["hospital_id"]],
            "face": show_person(r["person"], acting),
            **tie_confirmation_state(r),
        }
        for r in rows
    ]


def tie_confirmation_state(row: dict[str, Any]) -> dict[str, Any]:
    """How far others stand behind the tie of a row of claims, and the newest word by which they
    do; None where it is an old trace or an intake.
    """
    person, hospital = row["person"], row["hospital_id"]
    known = source_patients.sources_of_person(person)
    tie: Strength = load_facts_at_hospital(hospital, person, known, row["declared_by_id"]).tie
    said = Confirmation.objects.filter(
        subject=Subject.TIE,
        person__in=home_person_ids(person, known),
        hospital_id=hospital,
        verdict=tie.name.lower(),
        ended_at=None,
    )
    return {
        "tie": tie.name.lower(),
        "word": said.select_related("staff", "acted_at").order_by("-pk").first(),
    }
