"""What a privacy officer who is appointed for a further hospital has there, what stays shut, and
that they are no second person of another hospital. Each refusal beside what is allowed.
"""

from uuid import UUID

import pytest

from alliance.auth.errors import Forbidden
from alliance.auth.principal import Principal
from alliance.models import Hospital, Staff
from alliance.roles import Role
from alliance.services.appointments import do_end_appointment
from consent.models import Confirmation, Emergency, IncidentSeal, PatientAccess
from consent.services.confirmations import do_confirm_intake, do_end_confirmation
from consent.services.directive_confirmations import do_confirm_directive, do_refuse_directive
from consent.services.emergencies import do_break_glass, do_review_emergency, do_tell_patient
from consent.services.incident_seals import (
    do_request_unseal,
    do_unseal_record,
    query_visible_seals,
)
from consent.services.relationships import do_declare_relationship
from consent.services.tie_confirmations import do_confirm_tie, do_refuse_tie
from records.mpi.index import source_patients
from records.operations.person_seal import do_seal_person
from tests.factories import alliance
from tests.factories.fhir import Api, make_patient, make_unique_name
from tests.factories.portal_access import print_access_code
from tests.support.audit_lines import told
from tests.support.browser import ENGLISH, signed_in
from tests.support.html import Browser
from tests.support.world import World, w

__all__ = ["w"]


def officer_of(at: Hospital, *served: Hospital) -> Staff:
    who = alliance.make_staff(at, Role.PRIVACY)
    for hospital in served:
        alliance.appoint_officer(who, hospital)
    return who


def acting(who: Staff) -> Principal:
    return alliance.get_officer_principal(who)


def stepped_up(who: Staff) -> Browser:
    browser = signed_in(who)
    browser.post("/account/reauthenticate/", {"password": alliance.PASSWORD})
    return browser


def sources(person: object):  # type: ignore[no-untyped-def]
    return source_patients.sources_of_person(person)  # type: ignore[arg-type]


def only_at(w: World, server: str, at: Hospital) -> UUID:
    """A patient whom this hospital alone knows."""
    api = Api(server, at.code, credentials=alliance.make_credentials(at))
    number = api.create(make_patient(make_unique_name())).split("/")[1]
    return source_patients.find_source_rows(at.pk, [number])[number].person_id


def broken(w: World) -> Emergency:
    """A doctor of the hospital that is served opens the record in an emergency."""
    doctor = alliance.get_staff_principal(alliance.make_staff(w.b))
    return do_break_glass(
        w.person,  # type: ignore[arg-type]
        ground="rescue",
        reason="unconscious",
        hours=1,
        acting=doctor,
        sources=sources(w.person),
    )


def test_the_officer_reviews_its_emergencies(w: World) -> None:
    core = alliance.make_hospital("core")
    appointed, colleague, emergency = officer_of(core, w.b), officer_of(core), broken(w)
    review = {"finding": "justified", "comment": "rescue room"}
    path = f"/privacy/emergencies/{emergency.pk}/"
    assert "(0)" in signed_in(colleague).get("/privacy/", headers=ENGLISH).content.decode()
    assert signed_in(colleague).post(f"{path}review/", review).status_code == 404
    page = signed_in(appointed)
    shown = page.get("/privacy/", headers=ENGLISH).content.decode()
    assert f"{path}review/" in shown and w.b.name_en in shown
    assert page.post(f"{path}review/", review).status_code == 302
    assert page.post(f"{path}tell/", {"how": "by telephone"}).status_code == 302
    emergency.refresh_from_db()
    assert (emergency.finding, emergency.reviewed_by_id, emergency.told_by_id) == (
        "justified",
        appointed.pk,
        appointed.pk,
    )
    for code in ("consent:emergency:review", "consent:emergency:tell"):
        line = told(f"emergency/{emergency.pk}", code)[0]
        assert line["actor_hospital"] == w.b.code, "the hospital that was acted for"
        assert f"appointed, of {core.code}" in line["detail"], "and the officer's own"
    lists = [x for x in told("list", "consent:emergency:review") if x["actor"] == str(appointed.pk)]
    assert {x["actor_hospital"] for x in lists} == {core.code, w.b.code}


def test_only_the_hospital_that_is_served(w: World) -> None:
    appointed = acting(officer_of(alliance.make_hospital("core"), w.a))
    emergency = broken(w)
    for verb, more in (
        (do_review_emergency, {"finding": "justified", "comment": "x"}),
        (do_tell_patient, {"how": "letter"}),
    ):
        with pytest.raises(Emergency.DoesNotExist):
            verb(emergency.pk, acting=appointed, **more)  # type: ignore[operator]


def test_the_auditor_of_the_hospital_reads_what_was_done_for_it(w: World) -> None:
    core = alliance.make_hospital("core")
    appointed = officer_of(core, w.b)
    do_review_emergency(broken(w).pk, finding="justified", comment="x", acting=acting(appointed))
    page = signed_in(alliance.make_staff(w.b, Role.AUDITOR))
    shown = page.get("/audit/", headers=ENGLISH).content.decode()
    assert f"by appointment, as an officer of {core.code}" in shown


def test_the_officer_seals_its_records(w: World, server: str) -> None:
    core = alliance.make_hospital("core")
    appointed, colleague = officer_of(core, w.b), officer_of(core)
    form = {"ground": "dispute", "reason": "after an incident", "listed": ""}
    path = f"/person/{w.person}/seal/"
    assert stepped_up(colleague).post(path, form).status_code == 302
    assert not IncidentSeal.objects.filter(person=w.person).exists()
    page = stepped_up(appointed)
    assert page.get(path, headers=ENGLISH).status_code == 200
    assert page.post(path, form).status_code == 302
    seal = IncidentSeal.objects.get(person=w.person)
    own = {s.id for s in sources(w.person) if s.hospital_id == w.b.pk}
    assert set(seal.covers) == own and seal.hospital_id == w.b.pk, "its registration alone"
    assert w.hold("GET", w.plain).status == 404, "sealed at once"
    line = told(f"seal/{seal.pk}", "consent:record:seal")[0]
    assert line["actor_hospital"] == w.b.code and f"appointed, of {core.code}" in line["detail"]
    listed = page.get("/privacy/", headers=ENGLISH).content.decode()
    assert f"/privacy/seals/{seal.pk}/manifest.txt" in listed
    assert page.get(f"/privacy/seals/{seal.pk}/manifest.txt").status_code == 200
    assert signed_in(colleague).get(f"/privacy/seals/{seal.pk}/manifest.txt").status_code == 404
    of_own = officer_of(w.b)
    assert seal in query_visible_seals(acting(of_own)), "it is the hospital's"


def test_who_serves_both_says_whose_record_is_sealed(w: World) -> None:
    appointed = officer_of(w.a, w.b)
    page, path = stepped_up(appointed), f"/person/{w.person}/seal/"
    form = {"ground": "dispute", "reason": "after an incident", "listed": ""}
    assert "Whose record" in page.get(path, headers=ENGLISH).content.decode()
    assert page.post(path, form).status_code == 200, "it has to be said"
    assert page.post(path, form | {"hospital": w.b.code}).status_code == 302
    seal = IncidentSeal.objects.get(person=w.person)
    assert seal.hospital_id == w.b.pk
    assert len(seal.covers) == 1
    assert (
        page.post(path, form | {"hospital": alliance.make_hospital("far").code}).status_code == 200
    )


def lift(seal: IncidentSeal, by: Staff) -> str:
    """The refusal's code, or ""."""
    try:
        do_unseal_record(seal.pk, sources=sources(seal.person), acting=acting(by))
    except Forbidden as refusal:
        return refusal.code
    return ""


def sealed(w: World, by: Staff) -> IncidentSeal:
    return do_seal_person(
        w.person,  # type: ignore[arg-type]
        ground="dispute",
        reason="dispute",
        listed=[],
        acting=acting(by),
    )


def test_who_is_of_both_sides_opens_no_seal_as_the_second(w: World) -> None:
    core, far = alliance.make_hospital("core"), alliance.make_hospital("far")
    own, appointed, colleague, other = (
        officer_of(w.b),
        officer_of(core, w.b),
        officer_of(core),
        officer_of(far),
    )
    seal = sealed(w, own)
    do_request_unseal(seal.pk, reason="closed", acting=acting(own))
    assert lift(seal, appointed) == "inside", "of the sealed hospital too"
    assert lift(seal, colleague) == "", "the control: of theirs alone"
    seal = sealed(w, own)
    do_request_unseal(seal.pk, reason="closed", acting=acting(appointed))
    line = told(f"seal/{seal.pk}", "consent:record:unseal-ask")[0]
    assert line["actor_hospital"] == w.b.code and f"appointed, of {core.code}" in line["detail"]
    assert lift(seal, colleague) == "inside", "two of one hospital open nobody else's record"
    assert lift(seal, own) == "inside"
    both = officer_of(far, core)
    assert lift(seal, both) == "inside", "who serves for the asker's hospital is of it too"
    assert lift(seal, other) == "", "the control: of a third hospital"
    assert IncidentSeal.objects.get(pk=seal.pk).lifted_at is not None


def test_what_was_asked_by_an_appointment_ends_with_it(w: World) -> None:
    core, far = alliance.make_hospital("core"), alliance.make_hospital("far")
    appointed, other = officer_of(core, w.b), officer_of(far)
    seal = sealed(w, officer_of(w.b))
    do_request_unseal(seal.pk, reason="closed", acting=acting(appointed))
    do_end_appointment(appointed.appointments.get(), reason="x", acting=alliance.OPERATOR)
    assert lift(seal, other) == "asker"
    alliance.appoint_officer(appointed, w.b)
    colleague = officer_of(core)
    assert lift(seal, colleague) == "inside", "nor does the first one's end make them a stranger"
    assert lift(seal, other) == ""


def test_an_appointment_after_the_asking_counts_too(w: World) -> None:
    """Whoever has asked becomes the other one's officer before that one agrees."""
    far = alliance.make_hospital("far")
    own, other = officer_of(w.b), officer_of(far)
    seal = sealed(w, own)
    do_request_unseal(seal.pk, reason="closed", acting=acting(own))
    made = alliance.appoint_officer(own, far)
    assert lift(seal, other) == "inside"
    assert lift(seal, officer_of(alliance.make_hospital("third"))) == ""
    assert made.pk


def test_the_officer_refuses_and_ends_and_confirms_nothing(w: World) -> None:
    core = alliance.make_hospital("core")
    appointed, colleague = acting(officer_of(core, w.b)), acting(officer_of(core))
    found, card = sources(w.person), {"evidence": "card compared"}
    doctor = alliance.get_staff_principal(alliance.make_staff(w.b))
    clerk = alliance.get_staff_principal(alliance.make_staff(w.b, Role.CLERK))
    do_declare_relationship(w.person, reason="visit", acting=doctor)  # type: ignore[arg-type]
    with pytest.raises(Forbidden) as refusal:
        do_confirm_tie(w.person, w.b.pk, sources=found, acting=appointed, **card)  # type: ignore[arg-type]
    assert refusal.value.code == "voice", "no second person there"
    made = do_confirm_tie(w.person, w.b.pk, sources=found, acting=clerk, **card)  # type: ignore[arg-type]
    assert made.verdict == Confirmation.Verdict.PROVISIONAL
    for who, sees in ((colleague, False), (appointed, True)):
        staff = Staff.objects.get(pk=int(who.id))
        page = signed_in(staff).get("/privacy/standing/", headers=ENGLISH).content.decode()
        assert (f"/tie/{w.b.pk}/" in page) is sees
    with pytest.raises(Forbidden):
        do_end_confirmation(made.pk, reason="wrong card", acting=colleague)
    do_end_confirmation(made.pk, reason="wrong card", acting=appointed)
    line = told(f"confirmation/{made.pk}", "consent:confirmation:end")[0]
    assert line["actor_hospital"] == w.b.code and f"appointed, of {core.code}" in line["detail"]
    with pytest.raises(Forbidden):
        do_refuse_tie(w.person, w.b.pk, sources=found, acting=colleague, **card)  # type: ignore[arg-type]
    with pytest.raises(Forbidden):
        do_refuse_tie(w.person, w.a.pk, sources=found, acting=appointed, **card)  # type: ignore[arg-type]
    refused = do_refuse_tie(w.person, w.b.pk, sources=found, acting=appointed, **card)  # type: ignore[arg-type]
    assert refused.acted_at_id == w.b.pk
    with pytest.raises(Forbidden):
        do_end_confirmation(refused.pk, reason="x", acting=appointed)
    directive = w.permit()
    paper = {"evidence": "paper compared", "sources": found}
    with pytest.raises(Forbidden):
        do_confirm_directive(directive.pk, w.person, acting=appointed, **paper)  # type: ignore[arg-type]
    with pytest.raises(Forbidden):
        do_refuse_directive(directive.pk, w.person, acting=colleague, **paper)  # type: ignore[arg-type]
    said = do_refuse_directive(directive.pk, w.person, acting=appointed, **paper)  # type: ignore[arg-type]
    assert said.verdict == Confirmation.Verdict.REFUSED


def test_a_patient_of_the_hospital_has_a_privacy_page(w: World, server: str) -> None:
    core = alliance.make_hospital("core")
    appointed, colleague = officer_of(core, w.b), officer_of(core)
    person = only_at(w, server, w.b)
    _, access = print_access_code(person, w.clerk)
    path = f"/person/{person}/privacy/"
    hidden = signed_in(colleague).get(path, headers=ENGLISH).content.decode()
    shown = signed_in(appointed).get(path, headers=ENGLISH).content.decode()
    assert "decisions are not shown" in hidden and "decisions are not shown" not in shown
    full = signed_in(officer_of(w.b)).get(path, headers=ENGLISH).content.decode()

    def heading(page: str) -> str:
        return page.split("<h1>")[1].split("</h1>")[0]

    assert heading(shown) == heading(full) != heading(hidden), "masked for a stranger"
    stop = f"/person/{person}/consent/access/{access.pk}/stop/"
    assert stop in shown and stop not in hidden
    signed_in(colleague).post(stop, {"reason": "not mine"})
    assert PatientAccess.objects.get(pk=access.pk).closed_at is None, "the control"
    assert signed_in(appointed).post(stop, {"reason": "nobody asked"}).status_code == 302
    assert PatientAccess.objects.get(pk=access.pk).closed_at is not None
    line = told(f"access/{access.pk}", "consent:access:stop")[0]
    assert line["actor_hospital"] == w.b.code and f"appointed, of {core.code}" in line["detail"]
    reads = [
        x
        for x in told("directives", "consent:directive:read")
        if (x["person"], x["actor"]) == (str(person), str(appointed.pk))
    ]
    assert reads[0]["actor_hospital"] == w.b.code


def test_what_is_not_opened_stays_shut(w: World, server: str) -> None:
    core = alliance.make_hospital("core")
    appointed = officer_of(core, w.b)
    page, person = stepped_up(appointed), only_at(w, server, w.b)
    for path in (
        f"/person/{person}/",
        f"/person/{person}/results/",
        f"/person/{person}/why/",
        f"/person/{person}/emergency/",
        f"/person/{person}/consent/",
        f"/person/{person}/identity/",
        "/reviews/",
        "/audit/",
        "/alliance/staff/",
    ):
        assert page.get(path).status_code in (403, 404), path
    assert page.get(f"/person/{person}/privacy/").status_code == 200, "the control"
    newcomer = alliance.make_staff(w.b)
    officer = officer_of(w.b)
    Staff.objects.filter(pk=newcomer.pk).update(vouched_at=None)
    for who, sees in ((appointed, False), (officer, True)):
        vouching = signed_in(who).get("/alliance/vouching/").content.decode()
        assert (newcomer.user.username in vouching) is sees
    with pytest.raises(Forbidden):
        do_confirm_intake(w.b.pk, evidence="its list", acting=acting(appointed))
