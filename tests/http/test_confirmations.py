"""Who stands behind what a hospital says: ties, on pages and at the gate (docs/adr/0030)."""

import datetime as dt
from dataclasses import replace

import pytest
from django.utils import timezone

from alliance.auth.errors import AlreadyDone, Forbidden
from alliance.auth.principal import Principal
from alliance.models import Staff
from alliance.roles import Role
from consent.models import Confirmation, Directive, Relationship
from consent.services import confirmations, tie_confirmations
from consent.services.relationships import do_declare_relationship
from consent.services.ties import is_tied
from consent.strength import TRACE_MIN_AGE, Strength
from consent.terms import Refused
from records.models import SourcePatient
from records.mpi.index import source_patients
from records.operations.shared_record import open_record
from records.requests.fhir_request import build_fhir_request
from tests.factories import alliance
from tests.factories.consents import record_choice
from tests.factories.fhir import make_patient
from tests.factories.ties import (
    confirm_tie,
    make_privacy_officer,
)
from tests.support.audit_lines import lines_of
from tests.support.browser import signed_in
from tests.support.strength import age, encounter, patient_of, strength
from tests.support.world import World, w

__all__ = ["w"]

ENGLISH = {"Accept-Language": "en"}


def test_a_trace_counts_once_it_is_old_by_the_clock_here(w: World) -> None:
    w.permit()
    encounter(w)
    assert w.seen() == set(), "an encounter of long ago that was written a moment ago"
    age(w, TRACE_MIN_AGE.days - 1)
    assert w.seen() == set()
    age(w, TRACE_MIN_AGE.days + 1)
    assert w.seen() == {f"{w.b.code}/{w.plain}"}
    mine = next(s for s in source_patients.sources_of_person(w.person) if s.hospital_id == w.a.pk)  # type: ignore[arg-type]
    now = w.ask("GET", f"Patient/{mine.fhir_id}").json
    assert (
        w.ask(
            "PUT",
            f"Patient/{mine.fhir_id}",
            now | {"telecom": [{"system": "phone", "value": "19900001111"}]},
        ).status
        == 200
        and w.seen()
    ), "another telephone"
    assert w.ask("PUT", f"Patient/{mine.fhir_id}", now | {"birthDate": "1958-03-13"}).status == 200
    assert w.seen() == set(), "who says another birth date says anew who the patient is"


def test_a_registration_that_joins_today_brings_no_old_trace(w: World) -> None:
    """The hospital's old patient becomes somebody else's namesake with the same number."""
    card = w.hold("GET", w.at_b).json
    own = w.ask.create(make_patient())
    source = SourcePatient.objects.get(hospital=w.a, fhir_id=own.split("/")[1])
    w.ask.create(
        {
            "resourceType": "Encounter",
            "status": "in-progress",
            "class": {"code": "AMB"},
            "subject": {"reference": own},
            "period": {"start": timezone.now().isoformat()},
        }
    )
    age(w, 100)
    w.permit()
    sent = make_patient(card["name"][0]["text"], resident=card["identifier"][0]["value"]) | {
        "id": source.fhir_id
    }
    assert w.ask("PUT", own, sent).status == 200
    source.refresh_from_db()
    assert (
        timezone.now() - source.joined_at < dt.timedelta(minutes=1)
        and strength(w) is Strength.NONE
        and w.seen() == set()
    )


def test_a_decision_waits_here_while_the_hospital_knows_the_patient(w: World) -> None:
    """Else the link would end at a refusal."""
    third = alliance.make_hospital("third")
    doctor = alliance.get_staff_principal(alliance.make_staff(third))
    do_declare_relationship(w.person, reason="ward", acting=doctor)  # type: ignore[arg-type]
    given = record_choice(
        w.person, sources=source_patients.sources_of_person(w.person), acting=doctor
    )  # type: ignore[arg-type]
    clerk, link = signed_in(alliance.make_staff(third, Role.CLERK)), f"/consent/{given.pk}/confirm/"
    assert (
        link in clerk.get("/confirmations/").content.decode()
        and clerk.get(f"/person/{w.person}{link}").status_code == 200
    ), "the control"
    Relationship.objects.filter(hospital=third).update(ends_at=timezone.now())
    assert (
        link not in clerk.get("/confirmations/").content.decode()
        and clerk.get(f"/person/{w.person}{link}").status_code == 403
    )


def test_an_officer_of_a_hospital_that_knows_nothing_of_the_patient_reads_no_decision(
    w: World,
) -> None:
    """Whoever has its number: an officer answers for their own hospital's patients and words."""
    given, third = w.permit(), alliance.make_hospital("third")
    page, own = f"/person/{w.person}/consent/{given.pk}/confirm/", alliance.make_hospital("own")
    statuses = [
        signed_in(alliance.make_staff(at, Role.PRIVACY, wide=wide)).get(page).status_code
        for at, wide in ((third, False), (own, True), (w.a, False), (w.b, False))
    ]
    assert statuses == [403, 200, 200, 200], "of a third hospital; of all; of the patient's two"
    Directive.objects.filter(pk=given.pk).update(hospital=third)
    third_officer = signed_in(alliance.make_staff(third, Role.PRIVACY))
    assert third_officer.get(page).status_code == 200, "what their own hospital has said they see"


def test_only_whose_word_would_count_is_asked_to_compare_the_paper(w: World) -> None:
    given = record_choice(
        w.person, sources=source_patients.sources_of_person(w.person), acting=w.doctor
    )  # type: ignore[arg-type]
    link, page = f"/consent/{given.pk}/confirm/", f"/person/{w.person}/consent/"
    own, second, far = (
        signed_in(who)
        for who in (
            Staff.objects.get(pk=w.doctor.id),
            alliance.make_staff(w.a, Role.CLERK),
            alliance.make_staff(w.b),
        )
    )
    assert [link in who.get(page).content.decode() for who in (own, second, far)] == [
        False,
        True,
        False,
    ]
    assert (
        second.post(
            f"/person/{w.person}{link}", {"evidence": "the paper", "confirm": "1"}, follow=True
        ).status_code
        == 200
    )
    assert link not in second.get(page).content.decode(), "once said"


def test_a_declaration_is_the_clinicians_alone_and_opens_nothing_by_itself(w: World) -> None:
    w.permit()
    do_declare_relationship(w.person, reason="ward", acting=w.doctor)  # type: ignore[arg-type]
    with pytest.raises(Refused, match="unconfirmed"):
        seen_by(w, w.doctor)
    confirm_tie(w.person, w.a)  # type: ignore[arg-type]
    assert seen_by(w, w.doctor) == 1, "the control"
    assert w.seen() == set(), "not the hospital's system"
    with pytest.raises(Refused, match="no_relationship"):
        seen_by(w, alliance.get_staff_principal(alliance.make_staff(w.a)))


def seen_by(w: World, who: Principal) -> int:
    """How many results of the other hospital; raises Refused where nothing of it is open."""
    other = replace(build_fhir_request(who, "alliance", ""))
    found = [
        r
        for r in open_record(other, w.person, {"Observation": 9}, "").rows["Observation"]
        if r.hospital.code == w.b.code
    ]  # type: ignore[arg-type]
    if not found:
        scope = open_record(other, w.person, {"Observation": 9}, "").scope  # type: ignore[arg-type]
        raise Refused(scope.withheld[0])
    return len(found)


def test_who_may_confirm_a_tie(w: World) -> None:
    w.permit(sensitive=True)
    found = source_patients.sources_of_person(w.person)  # type: ignore[arg-type]

    def confirm(who: Principal) -> Confirmation:
        return tie_confirmations.do_confirm_tie(
            w.person, w.a.pk, evidence="card", sources=found, acting=who
        )  # type: ignore[arg-type]

    clerk = alliance.get_staff_principal(alliance.make_staff(w.a, Role.CLERK))
    encounter(w)
    with pytest.raises(Forbidden):
        confirm(clerk)  # nobody but the system has said so
    do_declare_relationship(w.person, reason="ward", acting=w.doctor)  # type: ignore[arg-type]
    for who in (
        w.doctor,
        alliance.get_staff_principal(alliance.make_staff(w.a)),
        w.clerk,
        replace(clerk, vouched=False),
        patient_of(w, ""),
    ):
        with pytest.raises(Forbidden):
            confirm(who)
    with pytest.raises(ValueError, match="compared"):
        tie_confirmations.do_confirm_tie(
            w.person, w.a.pk, evidence=" ", sources=found, acting=clerk
        )  # type: ignore[arg-type]
    made = confirm(clerk)
    assert (
        made.verdict == "provisional"
        and made.asserted_by_id == int(w.doctor.id)
        and w.seen() == {f"{w.b.code}/{w.plain}"}
    ), "not what is sensitive"
    with pytest.raises(AlreadyDone):
        confirm(clerk)
    Confirmation.objects.filter(pk=made.pk).update(until=timezone.now())
    assert w.seen() == set(), "it ends"
    confirm_tie(w.person, w.b)  # type: ignore[arg-type]
    assert is_tied(w.b.pk, w.person, found)  # type: ignore[arg-type]
    assert confirm(w.clerk).verdict == "full", "a record clerk of a hospital that knows the patient"
    assert len(w.seen()) == 2
    assert "consent:tie:confirm" in lines_of(f"confirmation/{made.pk}")


def test_a_clerk_of_a_hospital_that_is_new_itself_is_told_so_and_asked_to_compare_nothing(
    w: World,
) -> None:
    given = record_choice(
        w.person, sources=source_patients.sources_of_person(w.person), acting=w.doctor
    )  # type: ignore[arg-type]
    do_declare_relationship(w.person, reason="ward", acting=w.doctor)  # type: ignore[arg-type]
    far = signed_in(Staff.objects.get(pk=w.clerk.id))
    card, paper = (
        f"/person/{w.person}/tie/{w.a.pk}/",
        f"/person/{w.person}/consent/{given.pk}/confirm/",
    )
    why = "your own hospital treats this patient has to be confirmed first"

    def pages() -> list[str]:
        return [
            far.get(path, headers=ENGLISH).content.decode()
            for path in ("/confirmations/", card, paper)
        ]

    waiting, tie_page, paper_page = pages()
    assert waiting.count(why) == 1 and card not in waiting and paper not in waiting, (
        "who treats the patient elsewhere is not told before their own tie stands"
    )
    assert (
        why in paper_page
        and "not for 30 days yet" in tie_page
        and not any('name="confirm"' in x for x in (tie_page, paper_page))
    )
    for path, form in (
        (card, {"compared": "paper", "evidence": "the card", "confirm": "1"}),
        (paper, {"evidence": "the paper", "confirm": "1"}),
    ):
        said = far.post(path, form, headers=ENGLISH)
        assert said.status_code == 403 and "not for 30 days yet" in said.content.decode()
    confirm_tie(w.person, w.b)  # type: ignore[arg-type]
    waiting, *each = pages()
    assert (
        why not in waiting
        and card in waiting
        and paper in waiting
        and all('name="confirm"' in x for x in each)
    ), "the control"
    confirmations.do_confirm_intake(w.a.pk, evidence="the list", acting=make_privacy_officer())
    assert (
        is_tied(w.a.pk, w.person, source_patients.sources_of_person(w.person))
        and card not in pages()[0]
    ), "taken in with the hospital's first load"  # type: ignore[arg-type]


def test_who_has_declared_treatment_is_not_asked_to_declare_it(w: World) -> None:
    doctor, page = signed_in(Staff.objects.get(pk=w.doctor.id)), f"/person/{w.person}/"
    assert f"{page}treat/" in doctor.get(page, headers=ENGLISH).content.decode(), "the control"
    told = doctor.post(
        f"{page}treat/", {"reason": "ward"}, headers=ENGLISH, follow=True
    ).content.decode()
    assert "what the patient&#x27;s decision or the alliance&#x27;s rule permits" in told, (
        "not that the record opens"
    )
    shown = doctor.get(page, headers=ENGLISH).content.decode()
    assert (
        "You asked at" in shown
        and f"{page}treat/" not in shown
        and "Say that you are treating them" not in shown
    )
