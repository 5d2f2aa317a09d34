"""What consent hides stays hidden, in status, bytes, counts and links; each refusal has its positive control."""

import datetime as dt
from dataclasses import dataclass

import pytest
from django.db import connection
from django.test import Client

from alliance.auth.principal import Principal
from alliance.models import Hospital
from alliance.roles import Role
from alliance.services.membership import do_resume_hospital, do_suspend_hospital
from consent.services.directives import do_withdraw_directive
from consent.services.emergencies import do_break_glass
from consent.terms import Refused
from records.interactions.ask import base
from records.interactions.record import open_record
from records.models import SourcePatient
from records.mpi import sources
from tests.factories import alliance
from tests.factories.consents import give
from tests.factories.fhir import Api, number, observation, patient, somebody
from tests.factories.ties import tie, treats

HIV = {"coding": [{"system": "http://loinc.org", "code": "75622-1"}]}


@dataclass
class World:
    """One person at hospitals A (asks) and B (holds): A's doctor and system, B's clerk and system."""

    a: Hospital
    b: Hospital
    ask: Api
    hold: Api
    doctor: Principal
    clerk: Principal
    person: str
    at_b: str
    plain: str
    sensitive: str

    def permit(self, **more):  # type: ignore[no-untyped-def]
        values = {"recipient_id": self.a.pk, "sources": sources.of_person(self.person), "acting": self.clerk} | more  # type: ignore[arg-type]
        return give(self.person, **values)  # type: ignore[arg-type]

    def seen(self) -> set[str]:
        reply = self.ask("GET", f"Observation?patient={self.person}", base="alliance")
        return {e["fullUrl"].split("/fhir/")[1] for e in reply.json.get("entry", [])} if reply.status == 200 else set()

    def read(self, what: str, **headers: str):  # type: ignore[no-untyped-def]
        return self.ask("GET", what, base=self.b.code, **headers)


@pytest.fixture
def w(server: str) -> World:
    a, b = alliance.hospital("ask"), alliance.hospital("hold")
    ask, hold = (Api(server, h.code, credentials=alliance.credentials(h)) for h in (a, b))
    card, name = number(), somebody()
    ask.create(patient(name, resident=card))
    at_b = hold.create(patient(name, resident=card))
    plain = hold.create(observation(at_b))
    sensitive = hold.create({**observation(at_b), "code": HIV})
    person = SourcePatient.objects.get(hospital=b, fhir_id=at_b.split("/")[1]).person_id
    doctor, clerk = alliance.principal(alliance.staff(a)), alliance.principal(alliance.staff(b, Role.CLERK))
    return World(a, b, ask, hold, doctor, clerk, person, at_b, plain, sensitive)


def related(w: World) -> None:
    treats(w.person, w.a)


def same_as_absent(w: World, what: str) -> bool:
    """Hidden and absent answer alike, byte for byte."""
    hidden, absent = w.read(what), w.read(what.rsplit("/", 1)[0] + "/00000000-0000-4000-8000-000000000000")
    drop = {"date", "x-request-id"}
    return (hidden.status, hidden.body, {k: v for k, v in hidden.headers.items() if k not in drop}) == (
        absent.status, absent.body, {k: v for k, v in absent.headers.items() if k not in drop})


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
    assert steps(w, w.sensitive)[:4] == steps(w, absent)[:4] and len(steps(w, w.sensitive)) == len(steps(w, absent))
    assert len(steps(w, w.plain)) == 5 and w.read(w.plain).status == 200, "the control: which hospital, whom, his stores, consents, the row"


def test_nothing_without_relationship_and_consent(w: World) -> None:
    assert w.seen() == set() and same_as_absent(w, w.plain)
    related(w)
    assert w.seen() == set() and same_as_absent(w, w.plain), "a relationship alone opens nothing"
    w.permit()
    assert w.seen() == {f"{w.b.code}/{w.plain}"} and w.read(w.plain).status == 200, "the control"


def test_consent_without_relationship_opens_nothing(w: World) -> None:
    w.permit()
    assert w.seen() == set() and same_as_absent(w, w.plain)
    related(w)
    assert w.read(w.plain).status == 200


def test_sensitive_records_need_an_express_permit(w: World) -> None:
    related(w)
    w.permit()
    assert same_as_absent(w, w.sensitive)
    assert w.ask("GET", f"Observation?patient={w.person}&_summary=count", base="alliance").json["total"] == 1, "totals do not count what is hidden"
    assert w.ask("GET", f"Observation?patient={w.person}&code=75622-1", base="alliance").json["total"] == 0, "nor can a predicate find it"
    w.permit(sensitive=True)
    assert w.read(w.sensitive).status == 200 and len(w.seen()) == 2


def test_deny_overrides_and_withdrawal_counts_at_once(w: World) -> None:
    related(w)
    tie(w.person, w.b)  # type: ignore[arg-type]
    permit = w.permit()
    assert w.read(w.plain).status == 200
    deny = w.permit(effect="deny", source_id=w.b.pk)
    assert same_as_absent(w, w.plain)
    do_withdraw_directive(deny.pk, w.person, sources=sources.of_person(w.person), acting=w.clerk, reason="test", evidence="asked at the counter")  # type: ignore[arg-type]
    assert w.read(w.plain).status == 200
    do_withdraw_directive(permit.pk, w.person, sources=sources.of_person(w.person), acting=w.clerk, reason="test", evidence="asked at the counter")  # type: ignore[arg-type]
    assert same_as_absent(w, w.plain)


def test_permits_are_for_their_recipient_source_and_time(w: World) -> None:
    related(w)
    w.permit(recipient_id=w.b.pk)
    w.permit(source_id=alliance.hospital("third").pk)
    w.permit(valid_until=dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
    assert w.seen() == set()
    w.permit()
    assert w.seen()


def test_withdrawal_cuts_the_next_page(w: World) -> None:
    related(w)
    permit = w.permit()
    for _ in range(3):
        w.hold.create(observation(w.at_b))
    first = w.ask("GET", f"Observation?patient={w.person}&_count=2", base="alliance").json
    following = next(x["url"] for x in first["link"] if x["relation"] == "next").split("/alliance/")[1]
    assert w.ask("GET", following, base="alliance").status == 200
    do_withdraw_directive(permit.pk, w.person, sources=sources.of_person(w.person), acting=w.clerk, reason="test", evidence="asked at the counter")  # type: ignore[arg-type]
    assert w.ask("GET", following, base="alliance").status in (400, 404)


def test_other_interactions_at_a_foreign_base_are_refused_alike(w: World) -> None:
    related(w)
    w.permit()
    assert w.read(w.plain).status == 200
    for path in ("Observation", "Observation?_summary=count", f"{w.plain}/_history", "Observation/_history", "_history", "Patient?name=x"):
        assert w.read(path).status == 403, path


def test_conditional_and_validators_tell_nothing(w: World) -> None:
    etag = w.hold("GET", w.plain).headers["etag"]
    assert w.read(w.plain, If_None_Match=etag).status == 404


def test_emergency_opens_to_one_clinician_alone(w: World) -> None:
    colleague = alliance.principal(alliance.staff(w.a))
    place = base(w.doctor, "alliance", "")
    assert len(open_record(place, w.person, {"Observation": 9}, "").rows["Observation"]) == 0  # type: ignore[arg-type]
    do_break_glass(w.person, ground="rescue", reason="unconscious", hours=1, acting=w.doctor)  # type: ignore[arg-type]
    opened = open_record(place, w.person, {"Observation": 9}, "")  # type: ignore[arg-type]
    assert len(opened.rows["Observation"]) == 2 and opened.scope.emergency and opened.scope.event.purpose == "BTG"
    assert not open_record(base(colleague, "alliance", ""), w.person, {"Observation": 9}, "").rows["Observation"]  # type: ignore[arg-type]


def test_suspension_counts_at_once(w: World) -> None:
    related(w)
    w.permit()
    assert w.read(w.plain).status == 200
    do_suspend_hospital(w.b, reason="test", acting=alliance.OPERATOR)
    assert same_as_absent(w, w.plain) and w.hold("GET", w.plain).status == 401
    do_resume_hospital(w.b, acting=alliance.OPERATOR)
    do_suspend_hospital(w.a, reason="test", acting=alliance.OPERATOR)
    assert w.ask("GET", "Patient").status == 401


def test_a_stranger_to_the_person_is_refused(w: World, server: str) -> None:
    other = alliance.principal(alliance.staff(alliance.hospital("none")))
    with pytest.raises(Refused):
        open_record(base(other, "alliance", ""), w.person, {"Observation": 9}, "")  # type: ignore[arg-type]
    auditor = alliance.principal(alliance.staff(w.b, Role.AUDITOR))
    with pytest.raises(Refused, match="role"):
        open_record(base(auditor, "alliance", ""), w.person, {"Observation": 9}, "")  # type: ignore[arg-type]
    own = alliance.principal(alliance.staff(w.b))
    assert len(open_record(base(own, "alliance", ""), w.person, {"Observation": 9}, "").rows["Observation"]) == 2  # type: ignore[arg-type]


def test_each_answer_and_refusal_left_a_line(w: World) -> None:
    from consent.audit.query import Filter, page

    related(w)
    w.read(w.plain)
    w.permit()
    w.read(w.plain)
    all_lines = page(Filter(person=w.person), None, 50)  # type: ignore[arg-type]
    assert f"{w.b.code}/{w.plain}/1" in [r for x in all_lines if x["code"] == "records:record:create" for r in x["refs"]], "writes too are found by person"
    lines = [x for x in all_lines if x["code"] == "records:record:read"]
    assert [x["outcome"] for x in lines[:2]] == ["success", "refused"]
    assert lines[0]["refs"] == [f"{w.b.code}/{w.plain}/1"] and lines[1]["refs"] == []


def test_the_lines_of_a_person_are_found_whoever_he_was_linked_with_since(w: World) -> None:
    from consent.audit.query import Filter, page
    from records.mpi.decide import do_join, do_undo

    stranger = w.hold.create(patient(somebody()))
    other = SourcePatient.objects.get(hospital=w.b, fhir_id=stranger.split("/")[1])
    one = SourcePatient.objects.filter(person=w.person).order_by("pk")[0]
    curator = alliance.principal(alliance.staff(w.b, Role.CLERK, wide=True))

    def lines() -> list[str]:
        return [r for x in page(Filter(person=w.person), None, 50) for r in x["refs"]]  # type: ignore[arg-type]

    assert f"{w.b.code}/{stranger}/1" not in lines()
    joined = do_join(one.pk, other.pk, acting=curator, others=[alliance.another_curator()])
    assert f"{w.b.code}/{stranger}/1" in lines() and f"{w.b.code}/{w.plain}/1" in lines()
    do_undo(joined.pk, acting=curator, note="test")
    assert f"{w.b.code}/{stranger}/1" not in lines() and f"{w.b.code}/{w.plain}/1" in lines()
