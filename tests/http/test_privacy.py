"""Incident seals and the review of broken glass, over the real server."""

from typing import Any

import pytest

from alliance.auth.errors import AlreadyDone, Forbidden
from alliance.roles import Role
from consent.audit.log_query import AuditFilter
from consent.audit.log_query import list_audit_lines as audit_page
from consent.services.emergencies import (
    do_break_glass,
    do_review_emergency,
    do_tell_patient,
    query_due_emergencies,
)
from records.operations.person_seal import do_seal_person, find_changed_lines
from records.operations.shared_record import open_record
from records.requests.fhir_request import build_fhir_request
from tests.factories import alliance
from tests.factories.fhir import make_observation, make_patient
from tests.factories.seals import lift_seal
from tests.support.audit_lines import lines_of
from tests.support.browser import signed_in
from tests.support.world import World, related, w

__all__ = ["w"]


def officer(w: World, *, wide: bool = True) -> Any:
    return alliance.get_staff_principal(alliance.make_staff(w.b, Role.PRIVACY, wide=wide))


def test_a_seal_closes_the_record_to_all_who_are_not_listed(w: World) -> None:
    related(w)
    w.permit(sensitive=True)
    clinician = alliance.make_staff(w.b)
    own = alliance.get_staff_principal(clinician)
    assert len(w.seen()) == 2 and w.hold("GET", w.plain).status == 200
    before = w.hold("GET", f"Observation?patient={w.at_b}").json["total"]
    seal = do_seal_person(
        w.person, ground="attention", reason="舆情事件处置", listed=[], acting=officer(w)
    )  # type: ignore[arg-type]
    assert w.seen() == set(), "another hospital"
    for path in (w.plain, w.at_b, f"{w.plain}/_history/1"):
        assert w.hold("GET", path).status == 404, f"the patient's own hospital's system: {path}"
    assert (
        w.hold("GET", f"Observation?patient={w.at_b}&_total=accurate").json["total"] == 0
        and before == 2
    )
    assert (
        w.hold("GET", f"{w.at_b}/_history").json["entry"] == []
        if w.hold("GET", f"{w.at_b}/_history").status == 200
        else True
    )
    do_break_glass(w.person, ground="rescue", reason="unconscious", hours=1, acting=w.doctor)  # type: ignore[arg-type]
    with pytest.raises(Exception, match="sealed"):
        open_record(build_fhir_request(w.doctor, "alliance", ""), w.person, {"Observation": 9}, "")  # type: ignore[arg-type]
    added = w.hold.create(make_observation(w.at_b))
    assert w.hold("GET", added).status == 404, "the record goes on, and is closed"
    assert (
        find_changed_lines(seal) == []
        and f"{w.b.code}/{w.plain}/1 " in seal.manifest
        and seal.digest in str(lines_of_seal(seal.pk))
    )
    lift_seal(seal)
    assert len(w.seen()) >= 2 and w.hold("GET", added).status == 200, "the control"
    listed = do_seal_person(
        w.person,
        ground="dispute",
        reason="医疗纠纷",
        listed=[clinician.user.username],
        acting=officer(w, wide=False),
    )  # type: ignore[arg-type]
    assert (
        len(
            open_record(
                build_fhir_request(own, "alliance", ""), w.person, {"Observation": 9}, ""
            ).rows["Observation"]
        )
        == 3
    ), "one who is listed"  # type: ignore[arg-type]
    assert w.hold("GET", w.plain).status == 404
    lift_seal(listed)


def test_who_sends_again_writes_no_twin_beside_a_sealed_record(w: World) -> None:
    """By its number alone a sealed record is met; by what it says it is not."""
    numbered = make_observation(w.at_b, identifier=[{"system": "urn:lab", "value": "77"}])
    asked = {"If-None-Exist": "identifier=urn:lab|77"}
    made = w.hold("POST", "Observation", numbered, **asked)
    assert made.status == 201
    seal = do_seal_person(
        w.person, ground="dispute", reason="医疗纠纷", listed=[], acting=officer(w)
    )  # type: ignore[arg-type]
    again = w.hold("POST", "Observation", numbered, **asked)
    assert (
        again.status == 200
        and again.headers["location"].endswith(made.json["id"])
        and b"4548" not in again.body
    )
    assert w.hold("PUT", "Observation?identifier=urn:lab|77", numbered).status == 200, (
        "the next version, as by its id"
    )
    patch = {"Content-Type": "application/json-patch+json"}
    assert (
        w.hold(
            "PATCH",
            "Observation?identifier=urn:lab|77",
            [{"op": "test", "path": "/status", "value": "final"}],
            **patch,
        ).status
        == 404
    ), "what is changed in part is read"
    for probe in (
        "identifier=urn:lab|77&code=4548-4",
        "identifier=77",
        "code=4548-4&patient=" + w.at_b,
    ):
        assert (
            w.hold(
                "POST", "Observation", make_observation(w.at_b), **{"If-None-Exist": probe}
            ).status
            == 201
        ), probe
    lift_seal(seal)
    assert w.hold("GET", "Observation?identifier=urn:lab|77&_summary=count").json["total"] == 1, (
        "no twin"
    )


def test_totals_leave_sealed_records_out(w: World) -> None:
    free = w.hold.create(make_patient())
    w.hold.create(make_observation(free))
    w.hold.create(make_observation(free, focus=[{"reference": w.at_b}]))
    w.hold.create(
        {
            "resourceType": "Encounter",
            "status": "finished",
            "class": {"code": "AMB"},
            "subject": {"reference": free},
        }
    )
    asked = (
        "Observation?",
        "Observation?code=4548-4",
        "?_type=Observation,Encounter",
        "Observation?date=gt2020",
        f"Observation?patient={free}",
        f"Observation?patient={w.at_b}",
        f"Patient?_has:Observation:patient:code=4548-4&_id={free.split('/')[1]},{w.at_b.split('/')[1]}",
        "Observation?patient.gender=male",
    )

    def totals() -> list[int]:
        out = []
        for query in asked:
            whole = w.hold("GET", f"{query}&_count=1000").json
            assert w.hold("GET", f"{query}&_summary=count").json["total"] == len(
                whole.get("entry", [])
            ), query
            assert w.hold("GET", f"{query}&_count=1&_total=accurate").json["total"] == len(
                whole.get("entry", [])
            ), query
            out.append(len(whole.get("entry", [])))
        return out

    before = totals()
    seal = do_seal_person(
        w.person, ground="dispute", reason="医疗纠纷", listed=[], acting=officer(w)
    )  # type: ignore[arg-type]
    assert [a - b for a, b in zip(before, totals(), strict=True)] == [
        3,
        2,
        3,
        3,
        1,
        2,
        1,
        3,
    ], "two of the sealed patient, and one that speaks of them"
    lift_seal(seal)
    assert totals() == before


def lines_of_seal(seal: int) -> list[str]:
    from consent.audit.log_query import AuditFilter, list_audit_lines

    return [
        x["detail"]
        for x in list_audit_lines(AuditFilter(), None, 200)
        if x["target"] == f"seal/{seal}"
    ]


def test_an_officer_seals_what_his_hospital_answers_for(w: World) -> None:
    stranger = alliance.make_hospital("far")
    far = alliance.get_staff_principal(alliance.make_staff(stranger, Role.PRIVACY))
    with pytest.raises(Forbidden):
        do_seal_person(w.person, ground="dispute", reason="not his patient", listed=[], acting=far)  # type: ignore[arg-type]
    with pytest.raises(Forbidden):
        do_seal_person(
            w.person, ground="dispute", reason="not his role", listed=[], acting=w.doctor
        )  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="nobody-of-this-name"):
        do_seal_person(
            w.person,
            ground="dispute",
            reason="a wrong name",
            listed=["nobody-of-this-name"],
            acting=officer(w),
        )  # type: ignore[arg-type]
    near = do_seal_person(
        w.person, ground="dispute", reason="his patient", listed=[], acting=officer(w, wide=False)
    )  # type: ignore[arg-type]
    assert len(near.covers) == 1, "the other hospital's registration stays open"
    lift_seal(near)


def test_broken_glass_waits_for_a_finding_and_for_the_patient_to_be_told(w: World) -> None:
    opened = do_break_glass(
        w.person, ground="rescue", reason="unconscious", hours=1, acting=w.doctor
    )  # type: ignore[arg-type]
    mine = alliance.get_staff_principal(alliance.make_staff(w.a, Role.PRIVACY))
    open_record(build_fhir_request(w.doctor, "alliance", ""), w.person, {"Observation": 9}, "")  # type: ignore[arg-type]
    page = (
        signed_in(alliance.make_staff(w.a, Role.PRIVACY))
        .get("/privacy/", headers={"Accept-Language": "en"})
        .content.decode()
    )
    assert "unconscious" in page and "looked 1 time" in page
    assert any(
        x["target"] == "list" and f"person/{opened.person}" in x["refs"]
        for x in audit_page(AuditFilter(), None, 20)
    ), "whom the list showed is in the log"
    assert opened in query_due_emergencies(mine) and opened not in query_due_emergencies(
        alliance.get_staff_principal(alliance.make_staff(w.b, Role.PRIVACY))
    ), "the patient's own hospital's staff"
    do_review_emergency(opened.pk, finding="justified", comment="rescue room", acting=mine)
    assert opened in query_due_emergencies(mine), "the patient has not been told"
    with pytest.raises(AlreadyDone):
        do_review_emergency(opened.pk, finding="abuse", comment="again", acting=mine)
    do_tell_patient(opened.pk, how="by telephone", acting=mine)
    assert opened not in query_due_emergencies(mine)
    assert set(lines_of(f"emergency/{opened.pk}")) == {
        "consent:emergency:open",
        "consent:emergency:review",
        "consent:emergency:tell",
    }
    with pytest.raises(Forbidden):
        query_due_emergencies(w.doctor)
