"""What consent hides stays hidden, in status, bytes, counts and links; each refusal has its
positive control.
"""

import datetime as dt

import pytest
from django.db import connection
from django.test import Client

from alliance.roles import Role
from alliance.services.membership import do_resume_hospital, do_suspend_hospital
from consent.services.directive_withdrawals import do_withdraw_directive
from consent.services.emergencies import do_break_glass
from consent.terms import Refused
from records.models import SourcePatient
from records.mpi.index import source_patients
from records.operations.shared_record import open_record
from records.requests.fhir_request import build_fhir_request
from tests.factories import alliance
from tests.factories.fhir import make_observation, make_patient, make_unique_name
from tests.factories.ties import confirm_tie
from tests.support.world import World, related, same_as_absent, w

__all__ = ["w"]


def steps(w: World, what: str) -> list[str]:
    """The statements that one read at the other hospital's base takes."""
    seen: list[str] = []

    def note(execute, sql, params, many, context):  # type: ignore[no-untyped-def]
        seen.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        Client().get(f"/fhir/{w.b.code}/{what}", headers={"Authorization": f"Bearer {w.ask.token}"})
    return seen


def test_hidden_and_absent_take_the_same_steps(w: World) -> None:
    absent = "Observation/00000000-0000-4000-8000-000000000000"
    steps(w, absent)  # this process gets to know the token
    assert steps(w, w.plain) == steps(w, absent), "nothing agreed"
    related(w)
    w.permit()
    assert steps(w, w.sensitive)[:4] == steps(w, absent)[:4]
    assert len(steps(w, w.sensitive)) == len(steps(w, absent))
    assert len(steps(w, w.plain)) == 5, (
        "the control: which hospital, whom, their stores, consents, the row"
    )
    assert w.read(w.plain).status == 200, (
        "the control: which hospital, whom, their stores, consents, the row"
    )


def test_nothing_without_relationship_and_consent(w: World) -> None:
    assert w.seen() == set()
    assert same_as_absent(w, w.plain)
    related(w)
    assert w.seen() == set(), "a relationship alone opens nothing"
    assert same_as_absent(w, w.plain), "a relationship alone opens nothing"
    w.permit()
    assert w.seen() == {f"{w.b.code}/{w.plain}"}, "the control"
    assert w.read(w.plain).status == 200, "the control"


def test_consent_without_relationship_opens_nothing(w: World) -> None:
    w.permit()
    assert w.seen() == set()
    assert same_as_absent(w, w.plain)
    related(w)
    assert w.read(w.plain).status == 200


def test_sensitive_records_need_an_express_permit(w: World) -> None:
    related(w)
    w.permit()
    assert same_as_absent(w, w.sensitive)
    assert (
        w.ask("GET", f"Observation?patient={w.person}&_summary=count", base="alliance").json[
            "total"
        ]
        == 1
    ), "totals do not count what is hidden"
    assert (
        w.ask("GET", f"Observation?patient={w.person}&code=75622-1", base="alliance").json["total"]
        == 0
    ), "nor can a predicate find it"
    w.permit(sensitive=True)
    assert w.read(w.sensitive).status == 200
    assert len(w.seen()) == 2


def test_deny_overrides_and_withdrawal_counts_at_once(w: World) -> None:
    related(w)
    confirm_tie(w.person, w.b)  # type: ignore[arg-type]
    permit = w.permit()
    assert w.read(w.plain).status == 200
    deny = w.permit(effect="deny", source_id=w.b.pk)
    assert same_as_absent(w, w.plain)
    do_withdraw_directive(
        deny.pk,
        w.person,
        sources=source_patients.sources_of_person(w.person),
        acting=w.clerk,
        reason="test",
        evidence="asked at the counter",
    )  # type: ignore[arg-type]
    assert w.read(w.plain).status == 200
    do_withdraw_directive(
        permit.pk,
        w.person,
        sources=source_patients.sources_of_person(w.person),
        acting=w.clerk,
        reason="test",
        evidence="asked at the counter",
    )  # type: ignore[arg-type]
    assert same_as_absent(w, w.plain)


def test_permits_are_for_their_recipient_source_and_time(w: World) -> None:
    related(w)
    w.permit(recipient_id=w.b.pk)
    w.permit(source_id=alliance.make_hospital("third").pk)
    w.permit(valid_until=dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
    assert w.seen() == set()
    w.permit()
    assert w.seen()


def test_withdrawal_cuts_the_next_page(w: World) -> None:
    related(w)
    permit = w.permit()
    for _ in range(3):
        w.hold.create(make_observation(w.at_b))
    first = w.ask("GET", f"Observation?patient={w.person}&_count=2", base="alliance").json
    following = next(x["url"] for x in first["link"] if x["relation"] == "next").split(
        "/alliance/"
    )[1]
    assert w.ask("GET", following, base="alliance").status == 200
    do_withdraw_directive(
        permit.pk,
        w.person,
        sources=source_patients.sources_of_person(w.person),
        acting=w.clerk,
        reason="test",
        evidence="asked at the counter",
    )  # type: ignore[arg-type]
    assert w.ask("GET", following, base="alliance").status in (400, 404)


def test_other_interactions_at_a_foreign_base_are_refused_alike(w: World) -> None:
    related(w)
    w.permit()
    assert w.read(w.plain).status == 200
    for path in (
        "Observation",
        "Observation?_summary=count",
        f"{w.plain}/_history",
        "Observation/_history",
        "_history",
        "Patient?name=x",
    ):
        assert w.read(path).status == 403, path


def test_conditional_and_validators_tell_nothing(w: World) -> None:
    etag = w.hold("GET", w.plain).headers["etag"]
    assert w.read(w.plain, If_None_Match=etag).status == 404


def test_emergency_opens_to_one_clinician_alone(w: World) -> None:
    colleague = alliance.get_staff_principal(alliance.make_staff(w.a))
    place = build_fhir_request(w.doctor, "alliance", "")
    assert len(open_record(place, w.person, {"Observation": 9}, "").rows["Observation"]) == 0  # type: ignore[arg-type]
    do_break_glass(w.person, ground="rescue", reason="unconscious", hours=1, acting=w.doctor)  # type: ignore[arg-type]
    opened = open_record(place, w.person, {"Observation": 9}, "")  # type: ignore[arg-type]
    assert len(opened.rows["Observation"]) == 2
    assert opened.scope.emergency
    assert opened.scope.event.purpose == "BTG"
    assert not open_record(
        build_fhir_request(colleague, "alliance", ""), w.person, {"Observation": 9}, ""
    ).rows["Observation"]  # type: ignore[arg-type]


def test_suspension_counts_at_once(w: World) -> None:
    related(w)
    w.permit()
    assert w.read(w.plain).status == 200
    do_suspend_hospital(w.b, reason="test", acting=alliance.OPERATOR)
    assert same_as_absent(w, w.plain)
    assert w.hold("GET", w.plain).status == 401
    do_resume_hospital(w.b, acting=alliance.OPERATOR)
    do_suspend_hospital(w.a, reason="test", acting=alliance.OPERATOR)
    assert w.ask("GET", "Patient").status == 401


def test_a_stranger_to_the_person_is_refused(w: World, server: str) -> None:
    other = alliance.get_staff_principal(alliance.make_staff(alliance.make_hospital("none")))
    with pytest.raises(Refused):
        open_record(build_fhir_request(other, "alliance", ""), w.person, {"Observation": 9}, "")  # type: ignore[arg-type]
    auditor = alliance.get_staff_principal(alliance.make_staff(w.b, Role.AUDITOR))
    with pytest.raises(Refused, match="role"):
        open_record(build_fhir_request(auditor, "alliance", ""), w.person, {"Observation": 9}, "")  # type: ignore[arg-type]
    own = alliance.get_staff_principal(alliance.make_staff(w.b))
    assert (
        len(
            open_record(
                build_fhir_request(own, "alliance", ""), w.person, {"Observation": 9}, ""
            ).rows["Observation"]
        )
        == 2
    )  # type: ignore[arg-type]


def test_each_answer_and_refusal_left_a_line(w: World) -> None:
    from consent.audit.log_query import AuditFilter, list_audit_lines

    related(w)
    w.read(w.plain)
    w.permit()
    w.read(w.plain)
    all_lines = list_audit_lines(AuditFilter(person=w.person), None, 50)  # type: ignore[arg-type]
    assert f"{w.b.code}/{w.plain}/1" in [
        r for x in all_lines if x["code"] == "records:record:create" for r in x["refs"]
    ], "writes too are found by person"
    lines = [x for x in all_lines if x["code"] == "records:record:read"]
    assert [x["outcome"] for x in lines[:2]] == ["success", "refused"]
    assert lines[0]["refs"] == [f"{w.b.code}/{w.plain}/1"]
    assert lines[1]["refs"] == []


def test_the_lines_of_a_person_are_found_whoever_he_was_linked_with_since(w: World) -> None:
    from consent.audit.log_query import AuditFilter, list_audit_lines
    from records.mpi.curation.decisions import do_join_persons, do_undo_decision

    stranger = w.hold.create(make_patient(make_unique_name()))
    other = SourcePatient.objects.get(hospital=w.b, fhir_id=stranger.split("/")[1])
    one = SourcePatient.objects.filter(person=w.person).order_by("pk")[0]
    curator = alliance.get_staff_principal(alliance.make_staff(w.b, Role.CLERK, wide=True))

    def lines() -> list[str]:
        return [
            r for x in list_audit_lines(AuditFilter(person=w.person), None, 50) for r in x["refs"]
        ]  # type: ignore[arg-type]

    assert f"{w.b.code}/{stranger}/1" not in lines()
    joined = do_join_persons(
        one.pk, other.pk, acting=curator, others=[alliance.make_alliance_curator()]
    )
    assert f"{w.b.code}/{stranger}/1" in lines()
    assert f"{w.b.code}/{w.plain}/1" in lines()
    do_undo_decision(joined.pk, acting=curator, note="test")
    assert f"{w.b.code}/{stranger}/1" not in lines()
    assert f"{w.b.code}/{w.plain}/1" in lines()
