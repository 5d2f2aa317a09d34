"""The patient's own page: the way in, their decisions, what others would see, who looked; and that
it opens nothing else.
"""

import re
from dataclasses import replace

import pytest
from django.utils import timezone

from alliance.auth.errors import Forbidden
from alliance.auth.principal import Principal
from alliance.roles import Role
from consent import gate
from consent.audit.event import EventCode
from consent.audit.log_query import AuditFilter, list_audit_lines
from consent.models import Directive, PatientAccess
from consent.services import access_codes
from consent.services.access_codes import do_give_access
from consent.services.directive_records import do_record_directive
from consent.services.emergencies import do_break_glass
from consent.services.relationships import do_declare_relationship
from consent.templates import ConsentChoice, ConsentTemplate, build_consent
from consent.terms import Refused
from records.mpi.index import source_patients
from records.operations.shared_record import open_record
from records.requests.fhir_request import build_fhir_request, request_person_access
from tests.factories import alliance
from tests.factories.consents import post_signed_decision
from tests.factories.fhir import make_patient, make_unique_name
from tests.factories.portal_access import open_access
from tests.factories.ties import confirm_directive, confirm_tie
from tests.support.audit_lines import lines_of
from tests.support.browser import ENGLISH, enter, signed_in
from tests.support.world import World, related, w

__all__ = ["w"]


def fetch_own_store(acting: Principal) -> None:
    """Ask for the store of the hospital that printed the code, as its own staff would."""
    gate.authorize_access(
        replace(
            request_person_access(
                build_fhir_request(acting, "alliance", ""), EventCode.RECORD_OPEN, "record", None
            ),
            hospital_id=acting.hospital_id,
        )
    )


def code_for(w: World) -> str:
    return open_access(w.person, w.clerk)[0]  # type: ignore[arg-type]


def test_the_patient_decides_and_sees_who_looked(w: World) -> None:
    related(w)
    browser = enter(code_for(w).lower().replace("-", " "))
    assert w.seen() == set()
    sight = browser.post(
        "/my/", {"template": "only", "recipients": w.a.code, "read": "1"}
    ).content.decode()
    row = re.search(
        rf"<td>{w.a}</td><td><b>(\d+)</b></td><td>.*?(\d+)</summary><small>(.*?)</small></details></td><td>(\d+)</td>",
        sight,
    )
    assert row and row.groups() == (
        "3",
        "1",
        "Results 1",
        "1",
    ), "A's own Patient, and B's Patient and plain Observation; not the sensitive one"
    assert (
        f"{w.a} may see the records of every hospital, except specially protected ones" in sight
    ), "read back before it is saved"
    assert w.seen() == set(), "what is read back is not saved"
    form = {"template": "only", "recipients": w.a.code, "instead": "on"}
    assert browser.post("/my/", form | {"save": "1"}).status_code == 200 and w.seen() == set(), (
        "nothing is saved that was not read back"
    )
    assert post_signed_decision(browser, "/my/", form).status_code == 302
    made = Directive.objects.get(
        person__in=[s.home for s in source_patients.sources_of_person(w.person)]
    )  # type: ignore[arg-type]
    confirm_directive(made, w.person)  # type: ignore[arg-type]
    assert w.seen() == {f"{w.b.code}/{w.plain}"}
    do_break_glass(w.person, ground="rescue", reason="unconscious", hours=1, acting=w.doctor)  # type: ignore[arg-type]
    page = browser.get("/my/").content.decode()
    assert (
        "searched records" in page
        and str(w.a) in page
        and "unconscious" in page
        and "under review" in page
    )
    assert (
        "Withdraw this decision?"
        in browser.get(f"/my/consent/{made.pk}/withdraw/").content.decode()
        and w.seen()
    ), "asked once more"
    assert browser.post(f"/my/consent/{made.pk}/withdraw/", {"reason": ""}).status_code == 302, (
        "patients need not say why"
    )
    assert browser.get(f"/my/consent/{made.pk}/withdraw/").status_code == 404, "once"
    assert w.seen() == set()
    assert set(lines_of(f"directive/{made.pk}")) >= {
        "consent:directive:record",
        "consent:directive:read",
        "consent:directive:withdraw",
    }


def test_wrong_birth_dates_end_a_code(w: World) -> None:
    code = code_for(w)
    for _ in range(4):
        assert enter(code, "1958-03-13").get("/my/").status_code == 302
    assert enter(code).get("/my/").status_code == 200, "the control; and a right one forgives"
    for _ in range(5):
        enter(code, "1958-03-13")
    assert enter(code).get("/my/").status_code == 302
    fresh = code_for(w)
    browser = enter(fresh)
    assert browser.get("/my/").status_code == 200
    code_for(w)
    assert browser.get("/my/").status_code == 302, (
        "a new code that is in use ends the one before, and its sessions"
    )
    PatientAccess.objects.filter(closed_at=None).update(expires_at=timezone.now())
    assert enter("AAAA-AAAA-AAAA").get("/my/").status_code == 302
    assert any(
        x["reason"] == "unknown_code" and x["outcome"] == "refused"
        for x in list_audit_lines(AuditFilter(outcome="refused"), None, 20)
    ), "a code that nobody has is in the log"


def test_a_patients_session_opens_nothing_else(w: World) -> None:
    browser = enter(code_for(w))
    for path in (
        "/patients/",
        f"/person/{w.person}/",
        f"/person/{w.person}/consent/",
        "/audit/",
        "/privacy/",
    ):
        assert browser.get(path).status_code in (302, 403), path
    stranger = w.hold.create(make_patient(make_unique_name()))
    other = source_patients.find_source_rows(w.b.pk, [stranger.split("/")[1]])[
        stranger.split("/")[1]
    ]
    acting = access_codes.patient_principal(
        access_codes.query_codes_of_person(
            w.person, source_patients.sources_of_person(w.person)
        ).get()
    )  # type: ignore[arg-type]
    assert acting.factor == "full"
    with pytest.raises(Forbidden):
        do_record_directive(
            other.person_id,
            build_consent(ConsentChoice(ConsentTemplate.SHARE)),
            method="online",
            evidence="",
            sources=source_patients.sources_of_person(other.person_id),
            acting=acting,
        )
    asked = build_fhir_request(acting, "alliance", "")
    assert open_record(asked, w.person, {"Observation": 9}, "").rows, "the control: their own"  # type: ignore[arg-type]
    with pytest.raises(Refused):
        open_record(asked, other.person_id, {"Observation": 9}, "")
    with pytest.raises(Refused):
        fetch_own_store(acting)


def test_only_who_knows_the_patient_gives_a_code(w: World) -> None:
    far = alliance.get_staff_principal(
        alliance.make_staff(alliance.make_hospital("far"), Role.CLERK)
    )
    with pytest.raises(Forbidden):
        do_give_access(w.person, sources=source_patients.sources_of_person(w.person), acting=far)  # type: ignore[arg-type]


def test_a_refusal_is_not_asked_again(w: World) -> None:
    related(w)
    doctor = signed_in(alliance.make_staff(w.a))
    path = f"/person/{w.person}/"
    assert (
        f"/person/{w.person}/consent/"
        in doctor.get(path, headers=ENGLISH).content.decode().split('<nav class="tabs"')[0]
    ), "the control: they may be asked"
    w.permit(effect="deny")
    page = doctor.get(path, headers=ENGLISH).content.decode().split('<nav class="tabs"')[0]
    assert "Do not ask them again" in page and f"/person/{w.person}/consent/" not in page


def test_the_patient_is_told_why(w: World) -> None:
    related(w)
    permit = w.permit()
    page = enter(code_for(w)).get("/my/").content.decode()
    assert (
        "Who may see my records now, and why" in page
        and f"decision no. {permit.pk}" in page
        and "It is not treating you at present." in page
    )


def test_a_clinician_who_has_declared_treatment_stands_there_by_name(w: World) -> None:
    third = alliance.make_hospital("third")
    doctor = alliance.make_staff(third)
    w.permit(recipient_id=None)
    patient_ = enter(code_for(w))
    doors = "Who may see my records now, and why"
    assert (
        doctor.name
        not in patient_.get("/my/")
        .content.decode()
        .split(doors)[1]
        .split("Who looked at my records")[0]
    ), "the control"
    do_declare_relationship(w.person, reason="ward", acting=alliance.get_staff_principal(doctor))  # type: ignore[arg-type]
    confirm_tie(w.person, third)  # type: ignore[arg-type]
    line = (
        patient_.get("/my/")
        .content.decode()
        .split(doors)[1]
        .split(f"· {doctor.name}")[1]
        .split("everybody else")[0]
    )
    assert "a part of the records" in line and "nothing" not in line


def test_a_guardian_decides_for_a_child(w: World) -> None:
    born = f"{timezone.localdate().year - 5}-03-12"
    child = w.hold.create(make_patient(make_unique_name(), birth=born))
    person = source_patients.find_source_rows(w.b.pk, [child.split("/")[1]])[
        child.split("/")[1]
    ].person_id
    code, _passphrase = open_access(person, w.clerk)
    browser = enter(code, born)
    assert (
        "This field is required"
        in post_signed_decision(browser, "/my/", {"template": "share"}).content.decode()
        and not Directive.objects.filter(person=person).exists()
    )
    assert (
        post_signed_decision(browser, "/my/", {"template": "share"}, guardian="王芳").status_code
        == 302
    )
    assert Directive.objects.get(person=person).guardian == "王芳"
    clerk = signed_in(alliance.make_staff(w.b, Role.CLERK))
    form = {"template": "share", "method": "paper", "evidence": "x"}
    assert (
        "a guardian signs (PIPL 31)"
        in post_signed_decision(clerk, f"/person/{person}/consent/", form).content.decode()
    )
    assert (
        post_signed_decision(clerk, f"/person/{person}/consent/", form, guardian="王芳").status_code
        == 302
    )
