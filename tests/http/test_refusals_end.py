"""Who stands behind decisions, and behind the end of a refusal, on pages and at the gate
(docs/adr/0030).
"""

import datetime as dt
from dataclasses import replace

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from alliance.auth.errors import Forbidden
from alliance.roles import Role
from consent.models import Confirmation, Directive, Relationship
from consent.services import confirmations, directive_confirmations, tie_confirmations
from consent.services.directive_records import do_record_directive
from consent.services.directive_withdrawals import do_withdraw_directive
from consent.services.relationships import do_declare_relationship
from consent.services.ties import load_facts_at_hospital
from consent.templates import ConsentChoice, ConsentTemplate, build_consent
from records.models import SourcePatient
from records.mpi.index import source_patients
from tests.factories import alliance
from tests.factories.consents import record_choice
from tests.factories.fhir import make_patient
from tests.factories.ties import (
    confirm_directive,
    confirm_tie,
    make_privacy_officer,
    record_confirmed_treatment,
)
from tests.factories.web_role import acting_as_web_role
from tests.support.audit_lines import lines_of
from tests.support.browser import signed_in
from tests.support.strength import age, encounter, patient_of
from tests.support.world import World, w

__all__ = ["w"]

ENGLISH = {"Accept-Language": "en"}


def test_a_refusal_ends_old_traces_until_somebody_confirms_fully(w: World) -> None:
    w.permit()
    encounter(w)
    age(w, 100)
    assert w.seen()
    found = source_patients.sources_of_person(w.person)  # type: ignore[arg-type]
    with pytest.raises(Forbidden):
        tie_confirmations.do_refuse_tie(
            w.person,
            w.a.pk,
            evidence="unknown",
            sources=found,
            acting=alliance.get_staff_principal(alliance.make_staff(w.b, Role.PRIVACY)),
        )  # type: ignore[arg-type]
    tie_confirmations.do_refuse_tie(
        w.person,
        w.a.pk,
        evidence="unknown here",
        sources=found,
        acting=alliance.get_staff_principal(alliance.make_staff(w.a, Role.PRIVACY)),
    )  # type: ignore[arg-type]
    assert w.seen() == set()
    do_declare_relationship(w.person, reason="ward", acting=w.doctor)  # type: ignore[arg-type]
    with pytest.raises(Forbidden):
        tie_confirmations.do_confirm_tie(
            w.person,
            w.a.pk,
            evidence="card",
            sources=found,
            acting=alliance.get_staff_principal(alliance.make_staff(w.a, Role.CLERK)),
        )  # type: ignore[arg-type]
    assert (
        tie_confirmations.do_confirm_tie(
            w.person, w.a.pk, evidence="own code", sources=found, acting=patient_of(w, "full")
        ).voice
        == "patient"
    )  # type: ignore[arg-type]
    assert w.seen()


def test_a_hospitals_own_record_of_consent_waits_for_a_second_person(w: World) -> None:
    record_confirmed_treatment(w.person, w.a)  # type: ignore[arg-type]
    made = record_choice(
        w.person,
        sources=source_patients.sources_of_person(w.person),
        acting=w.doctor,
        sensitive=True,
    )  # type: ignore[arg-type]
    assert w.seen() == set(), "recorded by the one who gains"
    doctor, clerk = (
        signed_in(alliance.make_staff(w.a)),
        signed_in(alliance.make_staff(w.a, Role.CLERK)),
    )
    page = f"/person/{w.person}/consent/{made.pk}/confirm/"
    assert doctor.post(page, {"confirm": "1", "evidence": "paper"}).status_code == 403, (
        "of the same role"
    )
    assert page in clerk.get("/confirmations/", headers=ENGLISH).content.decode()
    assert (
        clerk.post(page, {"confirm": "1", "evidence": ""}).status_code == 200 and w.seen() == set()
    ), "say what was compared"
    assert clerk.post(page, {"confirm": "1", "evidence": "paper"}).status_code == 302
    assert w.seen() == {f"{w.b.code}/{w.plain}"}
    confirm_directive(made, w.person)  # type: ignore[arg-type]
    assert len(w.seen()) == 2
    with pytest.raises(Forbidden):
        do_record_directive(
            w.person,
            build_consent(ConsentChoice(ConsentTemplate.NOTHING)),
            method="paper",
            evidence="x",
            sources=source_patients.sources_of_person(w.person),  # type: ignore[arg-type]
            acting=replace(w.doctor, vouched=False),
        )


@pytest.mark.parametrize(
    ("factor", "here", "elsewhere"), [("", 0, 0), ("provisional", 1, 2), ("full", 2, 2)]
)
def test_patients_stand_behind_their_own_decision_as_far_as_they_prove_who_they_are(
    w: World, factor: str, here: int, elsewhere: int
) -> None:
    record_confirmed_treatment(w.person, w.b)  # type: ignore[arg-type]
    do_record_directive(
        w.person,
        build_consent(ConsentChoice(ConsentTemplate.SHARE, kinds=["R"])),
        method="online",
        evidence="",
        sources=source_patients.sources_of_person(w.person),
        acting=patient_of(w, factor),
    )  # type: ignore[arg-type]
    known = load_facts_at_hospital(w.b.pk, w.person, source_patients.sources_of_person(w.person))  # type: ignore[arg-type]
    assert [int(c.strength) for c in known.consents] == [here], (
        "at the hospital that printed the code"
    )
    record_confirmed_treatment(w.person, w.a)  # type: ignore[arg-type]
    assert len(w.seen()) == elsewhere, (
        "elsewhere those who printed and proved the code gain nothing"
    )


def test_what_refuses_stands_until_those_whom_it_refuses_are_not_the_only_ones(w: World) -> None:
    record_confirmed_treatment(w.person, w.a)  # type: ignore[arg-type]
    w.permit()
    deny = record_choice(
        w.person, effect="deny", sources=source_patients.sources_of_person(w.person), acting=w.clerk
    )  # type: ignore[arg-type]
    own = alliance.get_staff_principal(alliance.make_staff(w.a, Role.CLERK))
    found = source_patients.sources_of_person(w.person)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="how"):
        do_withdraw_directive(deny.pk, w.person, reason="asked", sources=found, acting=own)  # type: ignore[arg-type]
    do_withdraw_directive(
        deny.pk, w.person, reason="asked", evidence="letter", sources=found, acting=own
    )  # type: ignore[arg-type]
    deny.refresh_from_db()
    assert deny.withdrawn_at and deny.lifted_at is None and w.seen() == set()
    for who in (
        own,
        alliance.get_staff_principal(alliance.make_staff(w.a, Role.PRIVACY)),
        alliance.get_staff_principal(alliance.make_staff(w.a)),
        w.clerk,
        patient_of(w, "provisional"),
    ):
        with pytest.raises(Forbidden):
            directive_confirmations.do_confirm_withdrawal(
                deny.pk, w.person, evidence="letter", sources=found, acting=who
            )  # type: ignore[arg-type]
    page = signed_in(alliance.make_staff(w.a, Role.PRIVACY, wide=True))
    assert (
        page.post(
            f"/person/{w.person}/consent/{deny.pk}/confirm/",
            {"confirm": "1", "evidence": "called the patient"},
        ).status_code
        == 302
    )
    assert w.seen() == {f"{w.b.code}/{w.plain}"}
    assert "consent:withdrawal:confirm" in lines_of(f"directive/{deny.pk}")


def test_what_refuses_others_alone_ends_at_once(w: World) -> None:
    """The control: who is not refused gains nothing by it."""
    record_confirmed_treatment(w.person, w.a, w.b)  # type: ignore[arg-type]
    w.permit()
    deny = record_choice(
        w.person,
        effect="deny",
        recipient_id=w.a.pk,
        sources=source_patients.sources_of_person(w.person),
        acting=w.clerk,
    )  # type: ignore[arg-type]
    assert w.seen() == set()
    do_withdraw_directive(
        deny.pk,
        w.person,
        reason="asked",
        evidence="letter",
        sources=source_patients.sources_of_person(w.person),
        acting=w.clerk,
    )  # type: ignore[arg-type]
    assert w.seen()
    again = record_choice(
        w.person,
        effect="deny",
        recipient_id=w.a.pk,
        sources=source_patients.sources_of_person(w.person),
        acting=w.clerk,
    )  # type: ignore[arg-type]
    do_withdraw_directive(
        again.pk,
        w.person,
        reason="",
        sources=source_patients.sources_of_person(w.person),
        acting=patient_of(w, "full"),
    )  # type: ignore[arg-type]
    assert w.seen(), "nor does the patient ask anybody"


def test_a_refusal_of_tomorrow_is_a_refusal(w: World) -> None:
    day = timezone.localdate() + dt.timedelta(days=3)
    rule = {"resourceType": "Consent", "provision": {"type": "deny", "period": {"start": str(day)}}}
    made = do_record_directive(
        w.person,
        rule,
        method="paper",
        evidence="x",
        sources=source_patients.sources_of_person(w.person),
        acting=w.clerk,
    )  # type: ignore[arg-type]
    do_withdraw_directive(
        made.pk,
        w.person,
        reason="asked",
        evidence="x1",
        sources=source_patients.sources_of_person(w.person),
        acting=w.clerk,
    )  # type: ignore[arg-type]
    assert Directive.objects.get(pk=made.pk).lifted_at is None


def test_an_intake_confirms_what_is_there_and_nothing_later(w: World) -> None:
    w.permit()
    encounter(w)
    with pytest.raises(Forbidden):
        confirmations.do_confirm_intake(
            w.a.pk,
            evidence="list",
            acting=alliance.get_staff_principal(alliance.make_staff(w.a, Role.PRIVACY)),
        )
    confirmations.do_confirm_intake(w.a.pk, evidence="list", acting=make_privacy_officer())
    assert w.seen()
    SourcePatient.objects.filter(hospital=w.a).update(joined_at=timezone.now())
    assert w.seen() == set()


def test_nothing_is_cut_off_the_officers_lists(w: World) -> None:
    now = timezone.now()
    doctors = [alliance.make_staff(w.a) for _ in range(2)]
    Relationship.objects.bulk_create(
        [
            Relationship(
                person=(
                    w.person
                    if i == 0
                    else source_patients.create_source_rows(w.a.pk, [f"many-{i}"])[f"many-{i}"].home
                ),
                hospital=w.a,
                basis="declared",
                declared_by=doctors[i > 0],
                reason=f"visit {i}",
                starts_at=now - dt.timedelta(minutes=200 - i),
                ends_at=now + dt.timedelta(hours=1),
            )
            for i in range(101)
        ]
    )
    page = signed_in(alliance.make_staff(w.a, Role.PRIVACY))
    first = page.get("/privacy/standing/", headers=ENGLISH).content.decode()
    assert "(101)" in first and '<b class="tag bad">100</b>' in first, (
        "counted, and who did it most"
    )
    texts = [
        page.get(f"/privacy/standing/?page={n}", headers=ENGLISH).content.decode()
        for n in range(1, 6)
    ]
    assert any(f"/person/{w.person}/privacy/" in t for t in texts), (
        "the oldest one is on the last page"
    )


def test_the_web_role_changes_no_confirmation(w: World) -> None:
    confirm_tie(w.person, w.a)  # type: ignore[arg-type]
    made = Confirmation.objects.filter(hospital=w.a).latest("pk")
    with acting_as_web_role(), connection.cursor() as cursor:
        for sql in (
            "DELETE FROM consent_confirmation",
            "UPDATE consent_confirmation SET verdict = 'full'",
            "UPDATE consent_confirmation SET until = now() + interval '1 year'",
        ):
            with pytest.raises(DatabaseError), transaction.atomic():
                cursor.execute(sql)
        cursor.execute("UPDATE consent_confirmation SET ended_at = now() WHERE id = %s", [made.pk])
        assert cursor.rowcount == 1, "the control: it may end one"


def test_a_consent_comes_along_to_nobody_else(w: World) -> None:
    """Somebody whom the hospital knows well has consented to all; then the hospital's system
    says that this registration is the patient's.
    """
    record_confirmed_treatment(w.person, w.a)  # type: ignore[arg-type]
    card = w.hold("GET", w.at_b).json
    helper = w.hold.create(make_patient())
    source = SourcePatient.objects.get(hospital=w.b, fhir_id=helper.split("/")[1])
    made = record_choice(
        source.person_id,
        sources=source_patients.sources_of_person(source.person_id),
        acting=w.clerk,
    )
    sent = make_patient(card["name"][0]["text"], resident=card["identifier"][0]["value"]) | {
        "id": source.fhir_id
    }
    assert w.hold("PUT", helper, sent).status == 200
    source.refresh_from_db()
    assert (
        source.person_id
        == SourcePatient.objects.get(hospital=w.b, fhir_id=w.at_b.split("/")[1]).person_id
    ), "linked by rule"
    assert w.seen() == set(), "what another has decided is not the patient's"
    own = alliance.get_staff_principal(alliance.make_staff(w.a, Role.CLERK))
    assert (
        tie_confirmations.do_confirm_tie(
            w.person,
            w.b.pk,
            evidence="card",
            sources=source_patients.sources_of_person(w.person),
            acting=own,
        ).verdict
        == "full"
    )  # type: ignore[arg-type]
    assert w.seen() == set(), "nor does the hospital that it lets in say that it is"
    confirm_directive(made, w.person)  # type: ignore[arg-type]
    assert w.seen() == {f"{w.b.code}/{w.plain}"}, (
        "the control: somebody has asked the patient since"
    )
