"""What has become of one's own words, on the page of confirmations; whom to call about a sealed
record; who said and who confirmed, on the officer's page.
"""

import datetime as dt
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from alliance.models import Staff
from alliance.roles import Role
from consent.audit.log_query import AuditFilter
from consent.audit.log_query import list_audit_lines as lines
from consent.models import Confirmation, Relationship
from consent.services import directive_confirmations, tie_confirmations
from consent.services.access_codes import do_give_access
from consent.services.directive_withdrawals import do_withdraw_directive
from consent.services.relationships import do_declare_relationship
from records.mpi.index import source_patients
from records.operations.person_seal import do_seal_person
from tests.factories import alliance
from tests.factories.consents import record_choice
from tests.factories.seals import lift_seal
from tests.factories.ties import confirm_tie, make_privacy_officer
from tests.support.browser import signed_in
from tests.support.world import World, w

__all__ = ["w"]
ENGLISH = {"Accept-Language": "en"}


def own(browser: Any) -> str:
    """The part of the page that is about the reader's own words."""
    page = browser.get("/confirmations/", headers=ENGLISH)
    assert page.status_code == 200
    return str(page.content.decode().split('id="own"')[1].split("</section>")[0])


def person(w: World) -> UUID:
    assert w.person
    return w.person


def test_a_clinician_sees_what_has_become_of_a_declaration(w: World) -> None:
    found, staff = source_patients.sources_of_person(person(w)), Staff.objects.get(pk=w.doctor.id)
    doctor, other = signed_in(staff), signed_in(alliance.make_staff(w.a))
    assert "Nothing." in own(doctor)
    do_declare_relationship(person(w), reason="ward 7", acting=w.doctor)
    assert "ward 7" in own(doctor) and "waits for somebody else" in own(doctor)
    assert "Nothing." in own(other), "a colleague's words are not one's own"
    colleague = alliance.get_staff_principal(alliance.make_staff(w.a, Role.CLERK))
    tie_confirmations.do_confirm_tie(
        person(w), w.a.pk, evidence="card", sources=found, acting=colleague
    )
    said = own(doctor)
    assert (
        "confirmed for 72 hours" in said
        and "a colleague (Record clerk)" in said
        and "until" in said
    )
    confirm_tie(person(w), w.b)
    tie_confirmations.do_confirm_tie(
        person(w), w.a.pk, evidence="seen elsewhere", sources=found, acting=w.clerk
    )
    said = own(doctor)
    assert '"tag own">confirmed<' in said and "a record clerk of another hospital" in said
    assert w.b.name_en not in said and "seen elsewhere" not in said, (
        "which hospital knows the patient is not told"
    )
    tie_confirmations.do_refuse_tie(
        person(w), w.a.pk, evidence="never seen here", sources=found, acting=make_privacy_officer()
    )
    said = own(doctor)
    assert (
        "refused, it opens nothing" in said
        and "never seen here" in said
        and "the alliance&#x27;s privacy officer" in said
    )
    read = [
        x
        for x in lines(AuditFilter(person=person(w)), None, 100)
        if (x["code"], x["actor"]) == ("consent:confirmation:read", w.doctor.id)
    ]
    assert read, "what is shown is written down"
    Confirmation.objects.filter(hospital=w.a).update(ended_at=timezone.now())
    Relationship.objects.filter(declared_by=staff).update(
        ends_at=timezone.now() - dt.timedelta(minutes=1)
    )
    assert "time is over" in own(doctor)


def test_one_who_has_recorded_a_decision_sees_who_stands_behind_it(w: World) -> None:
    found = source_patients.sources_of_person(person(w))
    clerk = alliance.make_staff(w.a, Role.CLERK)
    recorder, page = alliance.get_staff_principal(clerk), signed_in(clerk)
    made = record_choice(person(w), sources=found, acting=recorder)
    record_choice(
        person(w),
        effect="deny",
        recipient_id=w.b.pk,
        sources=found,
        acting=alliance.get_staff_principal(alliance.make_staff(w.a)),
    )
    assert "You recorded a decision that permits." in own(
        page
    ) and "waits for somebody else" in own(page)
    directive_confirmations.do_confirm_directive(
        made.pk, person(w), evidence="paper", sources=found, acting=w.doctor
    )
    assert "a colleague (Clinician)" in own(page)
    directive_confirmations.do_refuse_directive(
        made.pk,
        person(w),
        evidence="another signature",
        sources=found,
        acting=alliance.get_staff_principal(alliance.make_staff(w.a, Role.PRIVACY)),
    )
    assert "another signature" in own(page) and "your hospital&#x27;s privacy officer" in own(page)
    deny = record_choice(person(w), effect="deny", sources=found, acting=w.clerk)
    do_withdraw_directive(
        deny.pk, person(w), reason="asked", evidence="letter", sources=found, acting=recorder
    )
    assert "You withdrew a decision that refuses." in own(page)
    directive_confirmations.do_confirm_withdrawal(
        deny.pk, person(w), evidence="called", sources=found, acting=make_privacy_officer()
    )
    assert '"tag own">confirmed<' in own(page)


def test_one_who_has_printed_a_code_sees_how_far_it_is(w: World) -> None:
    clerk = alliance.make_staff(w.a, Role.CLERK)
    confirm_tie(person(w), w.a)
    shown = do_give_access(
        person(w),
        sources=source_patients.sources_of_person(person(w)),
        acting=alliance.get_staff_principal(clerk),
    )
    said = own(signed_in(clerk))
    assert "You printed code no." in said and "printed, not activated" in said and shown not in said
    assert "You printed code" not in own(signed_in(alliance.make_staff(w.a, Role.CLERK)))


def test_of_patients_whom_the_hospital_does_not_know_any_more_nothing_is_shown(w: World) -> None:
    third = alliance.make_hospital("third")
    staff = alliance.make_staff(third)
    do_declare_relationship(person(w), reason="visit", acting=alliance.get_staff_principal(staff))
    page = signed_in(staff)
    assert "visit" in own(page), "the control"
    Relationship.objects.filter(hospital=third).update(ends_at=timezone.now())
    assert "Nothing." in own(page)


def test_who_stands_before_a_sealed_record_is_told_whom_to_call(w: World) -> None:
    w.permit()
    page, record = signed_in(Staff.objects.get(pk=w.doctor.id)), f"/person/{w.person}/"
    alliances = make_privacy_officer()
    here, there = (alliance.make_staff(at, Role.PRIVACY) for at in (w.a, w.b))
    for who, name in ((here, "何佳"), (there, "范立")):
        Staff.objects.filter(pk=who.pk).update(name=name)
    assert (
        "whoever is responsible for sealed records"
        not in page.get(record, headers=ENGLISH).content.decode()
    )
    sealed = do_seal_person(
        person(w), ground="dispute", reason="complaint", listed=[], acting=alliances
    )
    try:
        answer = page.get(record, headers=ENGLISH)
        said = answer.content.decode().split("<main")[1]
        assert (
            answer.status_code == 403
            and "何佳" in said
            and "Privacy officer of the whole alliance" in said
            and Staff.objects.get(pk=alliances.id).hospital.name_en in said
        )
        assert "范立" not in said and w.b.name_en not in said, "not who has the patient's data"
    finally:
        lift_seal(sealed)


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_officers_page_says_who_declared_and_who_confirmed(w: World, language: str) -> None:
    found = source_patients.sources_of_person(person(w))
    clerk = alliance.make_staff(w.a, Role.CLERK)
    Staff.objects.filter(pk=w.doctor.id).update(name="顾医生")
    Staff.objects.filter(pk=clerk.pk).update(name="唐管理员")
    do_declare_relationship(person(w), reason="ward", acting=w.doctor)
    tie_confirmations.do_confirm_tie(
        person(w),
        w.a.pk,
        evidence="card",
        sources=found,
        acting=alliance.get_staff_principal(clerk),
    )
    record_choice(person(w), sources=found, acting=w.doctor)
    said = (
        signed_in(alliance.make_staff(w.a, Role.PRIVACY))
        .get("/privacy/standing/", headers={"Accept-Language": language})
        .content.decode()
    )
    clinician, registrar, at = (
        ("Clinician", "Record clerk", w.a.name_en)
        if language == "en"
        else ("临床医师", "病案管理员", w.a.name_zh)
    )
    assert (
        f"顾医生<small>{clinician} · {at}</small>" in said
        and f"唐管理员<small>{registrar} · {at}</small>" in said
    )
    assert said.count("顾医生") >= 3, (
        "declared, in the list of declarations, and who recorded the decision"
    )
