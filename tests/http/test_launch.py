"""POST /launch: what a hospital's system is told of a patient as a doctor, in nine answers; and who
may not ask.
"""

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from alliance.auth.errors import Forbidden
from alliance.auth.guess_limits import LAUNCH_DOCTOR_LIMIT
from alliance.models import Client, Hospital, Launch, LaunchPermission, Staff
from alliance.roles import Role
from alliance.services.clients import (
    do_change_client_launch,
    do_register_client,
    do_revoke_client,
)
from alliance.services.launches import find_launching_client, list_launching_clients
from alliance.services.proposals import do_agree_to_proposal
from consent.services.incident_seals import do_create_incident_seal
from records.mpi.index import source_patients
from records.operations.launch_availability import Availability
from tests.factories import alliance
from tests.factories.fhir import Api, make_citizen_number, make_observation, make_patient
from tests.factories.launches import FRAME, LaunchWorld, make_launch_world
from tests.factories.seals import lift_seal
from tests.support.audit_lines import told
from tests.support.browser import signed_in
from tests.support.world import related


@pytest.fixture(scope="module")
def shared(server: str) -> LaunchWorld:
    """Two hospitals' patient whose record is open to A's doctor, who has allowed the system."""
    w = make_launch_world(server)
    related(w.world)
    w.world.permit()
    w.allow()
    return w


@pytest.fixture
def own(server: str) -> LaunchWorld:
    return make_launch_world(server)


def add_own_record(w: LaunchWorld) -> None:
    [entry] = w.world.ask("GET", "Patient").json["entry"]
    w.world.ask.create(make_observation(f"Patient/{entry['resource']['id']}"))


def answer_of(reply: Any) -> tuple[str, int]:
    return reply.json["availability"], reply.json["number"]


def test_the_nine_answers(own: LaunchWorld) -> None:
    w = own.world
    assert answer_of(own.ask(doctor="nobody-of-this-name")) == ("role", 1)
    clerk = alliance.make_staff(w.a, Role.CLERK)
    assert answer_of(own.ask(doctor=clerk.user.username)) == ("role", 1)
    far = alliance.make_staff(w.b)
    assert answer_of(own.ask(doctor=far.user.username)) == ("role", 1), "another hospital's doctor"
    assert answer_of(own.ask(patient=[{"value": "no-such-number"}])) == ("unknown", 3)
    assert answer_of(own.ask()) == ("none", 4)
    related(w)
    w.permit()
    own.allow()
    assert answer_of(own.ask()) == ("external", 6)
    add_own_record(own)
    both = own.ask()
    assert answer_of(both) == ("both", 7)
    assert both.json["counts"]["own"] == {"Observation": 1}
    assert both.json["newest"]["own"] == "2026-01-05"
    own.allow(allowed=False)
    assert own.ask().status == 403
    wrong = own.ask(patient=[{"system": "urn:oid:2.16.156.10011.1.3", "value": "123"}])
    assert (wrong.status, *answer_of(wrong)) == (400, "invalid", 8)
    assert wrong.json["faults"][0]["place"] == "patient[0].value"


def test_only_own_data_and_a_sealed_record(own: LaunchWorld) -> None:
    add_own_record(own)
    found = own.ask()
    assert answer_of(found) == ("own", 5) and found.json["reason"] == "launched"
    officer = alliance.make_staff(own.world.a, Role.PRIVACY)
    seal = do_create_incident_seal(
        own.world.person,
        ground="dispute",
        reason="x",
        listed=[own.staff.user.username],
        manifest="",
        sources=source_patients.sources_of_person(own.world.person),
        acting=alliance.get_staff_principal(officer),
    )
    closed = own.ask()
    assert answer_of(closed) == ("sealed", 2), "on the seal's list in person, not by a system"
    assert closed.json["reason"] == "sealed" and "url" not in closed.json
    lift_seal(seal)
    assert answer_of(own.ask()) == ("own", 5)


def test_what_takes_too_long(own: LaunchWorld) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE alliance_launch IN ACCESS EXCLUSIVE MODE")
        slow = own.ask()
    assert (slow.status, *answer_of(slow)) == (503, "timeout", 9)
    assert own.ask().status == 200, "the control"


def test_the_line_names_the_system_and_the_doctor(shared: LaunchWorld) -> None:
    assert shared.ask(visit="V-17", department="CARD").status == 200
    line = next(
        x
        for x in told("alliance/launch", "alliance:launch:ask")
        if x["actor"] == str(shared.staff.pk)
    )
    assert line["actor_kind"] == "staff" and line["actor_hospital"] == shared.world.a.code
    assert f"by client/{shared.client.client_id}" in line["detail"]
    assert "visit V-17" in line["detail"] and "department CARD" in line["detail"]
    assert str(line["person"]) == str(shared.world.person)


def test_several_numbers_are_one_patients(shared: LaunchWorld) -> None:
    other = shared.world.ask("POST", "Patient", make_patient()).json
    strange = other["identifier"][-1]["value"]
    both = [{"value": shared.number}, {"value": strange}]
    assert answer_of(shared.ask(patient=both)) == ("unknown", 3)
    assert answer_of(shared.ask(patient=[{"value": shared.number}] * 2)) == ("external", 6)


def test_who_is_known_elsewhere_alone_is_unknown(shared: LaunchWorld) -> None:
    made = shared.world.hold("POST", "Patient", make_patient()).json
    number = made["identifier"][-1]["value"]
    assert answer_of(shared.ask(patient=[{"value": number}])) == ("unknown", 3)


def test_a_citizen_number_is_no_other_number(shared: LaunchWorld) -> None:
    mother, system = make_citizen_number(), "urn:oid:2.16.156.10011.1.3"
    child = make_patient()
    child["identifier"].append({"system": "urn:his:guardian", "value": mother})
    assert shared.world.ask("POST", "Patient", child).status == 201
    asked = [{"system": system, "value": mother}]
    assert answer_of(shared.ask(patient=asked)) == ("unknown", 3), "not her child's record"
    assert shared.world.ask("POST", "Patient", make_patient(resident=mother)).status == 201
    assert answer_of(shared.ask(patient=asked)) == ("none", 4), "the control"


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (b"{", ""),
        (b"[]", ""),
        (b"\xff", ""),
        (b"[" * 5000, ""),
        (b'{"doctor": "x"}', "patient"),
        (b'{"patient": [{"value": "1"}]}', "doctor"),
        (b'{"patient": [{"value": 1}], "doctor": "x"}', "patient[0].value"),
        (b'{"patient": [7], "doctor": "x"}', "patient[0].value"),
        (b'{"patient": [{"value": "1\\u0000"}], "doctor": "x"}', "patient[0].value"),
        (b'{"patient": [{"value": "1"}], "doctor": "x\\u0000"}', "doctor"),
        (b'{"patient": [{"value": "1"}], "doctor": "\\ud800x"}', "doctor"),
        (b'{"patient": [{"value": "1"}], "doctor": "x", "purpose": "BTG"}', "purpose"),
        (b'{"patient": [{"value": "1"}], "doctor": "x", "visit": "a b"}', "visit"),
        (b'{"patient": [{"value": "1"}], "doctor": "x", "url": "x"}', "url"),
    ],
)
def test_faults_name_their_place_and_the_mend(shared: LaunchWorld, body: bytes, place: str) -> None:
    reply = shared.send(body)
    assert (reply.status, *answer_of(reply)) == (400, "invalid", 8)
    assert [f["place"] for f in reply.json["faults"]] == [place]
    assert reply.json["faults"][0]["says"] and reply.json["faults"][0]["mend"]
    chinese = shared.send(body, language="zh-CN").json["faults"][0]
    assert chinese["says"] != reply.json["faults"][0]["says"]


def test_who_may_not_ask(shared: LaunchWorld, server: str) -> None:
    w = shared.world
    body = json.dumps({"patient": [{"value": shared.number}], "doctor": "x"}).encode()
    assert Api(server, w.a.code).raw("POST", "/launch", body).status == 401
    assert w.ask.raw("POST", "/launch", body, auth(w.ask)).json["code"] == "launch"
    narrow, secret = do_register_client(
        w.a, name="narrow", acting=alliance.OPERATOR, may_launch=True, scopes="system/Patient.rs"
    )
    api = Api(server, w.a.code, credentials=(narrow.client_id, secret))
    assert api.raw("POST", "/launch", body, auth(api)).json["code"] == "scope"
    young, secret = do_register_client(w.a, name="young", acting=alliance.OPERATOR, may_launch=True)
    api = Api(server, w.a.code, credentials=(young.client_id, secret))
    assert api.raw("POST", "/launch", body, auth(api)).status == 200
    Client.objects.filter(pk=young.pk).update(vouched_at=None)
    assert api.raw("POST", "/launch", body, auth(api)).json["code"] == "launch"
    do_revoke_client(young, reason="x", acting=alliance.OPERATOR)
    assert api.raw("POST", "/launch", body, auth(api)).status == 401
    assert shared.send(b"", method="GET").status == 405


def auth(api: Api) -> dict[str, str]:
    return {"Authorization": f"Bearer {api.token}"}


def test_a_doctor_who_is_none_today(own: LaunchWorld) -> None:
    assert own.ask().status == 200
    Staff.objects.filter(pk=own.staff.pk).update(vouched_at=None)
    assert answer_of(own.ask()) == ("role", 1)
    alliance.mark_vouched(own.staff)
    Staff.objects.filter(pk=own.staff.pk).update(ends_on="2021-01-01", starts_on="2020-01-01")
    assert answer_of(own.ask()) == ("role", 1)


def test_without_the_doctors_word_other_hospitals_stay_closed(own: LaunchWorld) -> None:
    related(own.world)
    own.world.permit()
    add_own_record(own)
    assert answer_of(own.ask()) == ("own", 5)
    own.allow()
    assert answer_of(own.ask()) == ("both", 7)


def test_hidden_records_change_no_answer(own: LaunchWorld) -> None:
    """Twin worlds: what the doctor may not see, before and after it is written."""
    add_own_record(own)
    related(own.world)
    own.allow()
    before = own.ask().json
    for _ in range(3):
        own.world.hold.create(make_observation(own.world.at_b))
    allergy = {
        "resourceType": "AllergyIntolerance",
        "patient": {"reference": own.world.at_b},
        "code": {"text": "青霉素"},
    }
    own.world.hold.create(allergy)
    after = own.ask().json
    for answer in (before, after):
        assert answer.pop("url")
    assert before == after
    own.world.permit()
    seen = own.ask().json
    assert seen["availability"] == "both" and seen["alerts"][0]["text"] == "青霉素"


def test_one_doctor_has_so_many_patients_at_once(own: LaunchWorld) -> None:
    number = LAUNCH_DOCTOR_LIMIT.free
    replies = [own.ask(doctor="busy").status for _ in range(number + 2)]
    assert replies[:number] == [200] * number and replies[-1] == 429
    assert own.ask().status == 200, "another doctor goes on"


def test_a_suspended_hospital_asks_nothing(own: LaunchWorld) -> None:
    Hospital.objects.filter(pk=own.world.a.pk).update(suspended_at="2026-01-01T00:00:00Z")
    assert own.ask().status == 401
    assert not Launch.objects.filter(client=own.client).exists()


def test_the_request_of_the_page_is_answered(shared: LaunchWorld) -> None:
    """docs/how-to/launch.md: its body, with a number and a doctor that there are."""
    page = (Path(__file__).resolve().parents[2] / "docs/how-to/launch.md").read_text()
    [body] = re.findall(r"-d '(\{.*\})'", page)
    filled = body.replace("A0012345", shared.number).replace("wang", shared.staff.user.username)
    assert answer_of(shared.send(filled.encode())) == ("external", 6)
    rows = dict(re.findall(r"^\| (\d) \| `(\w+)` \|", page, re.M))
    assert rows == {str(a.number): a.word for a in Availability}


def test_more_takes_two_administrators_and_less_none(own: LaunchWorld) -> None:
    one, two = (
        alliance.get_staff_principal(
            alliance.make_staff(own.world.a, Role.ADMINISTRATOR, wide=True)
        )
        for _ in range(2)
    )
    of_hospital = alliance.get_staff_principal(alliance.make_staff(own.world.a, Role.ADMINISTRATOR))
    more = {"may_launch": True, "frame_origins": ["https://new.example", FRAME], "reason": "x"}
    with pytest.raises(Forbidden):
        do_change_client_launch(own.client, **more, acting=of_hospital)
    proposal = do_change_client_launch(own.client, **more, acting=one)
    own.client.refresh_from_db()
    assert proposal and own.client.frame_origins == [FRAME], "it waits"
    with pytest.raises(Forbidden):
        do_agree_to_proposal(proposal, acting=one)
    do_agree_to_proposal(proposal, acting=two)
    own.client.refresh_from_db()
    assert own.client.frame_origins == sorted(more["frame_origins"])  # type: ignore[arg-type]
    less = {"may_launch": False, "frame_origins": [], "reason": "x"}
    assert do_change_client_launch(own.client, **less, acting=of_hospital) is None
    assert own.ask().json["code"] == "launch"


def test_the_doctor_says_so_on_their_own_page(own: LaunchWorld) -> None:
    doctor = signed_in(own.staff)
    path = f"/account/systems/{own.client.client_id}"
    assert "HIS" in doctor.get("/account/").content.decode()
    assert doctor.post(f"{path}/allow/").status_code == 302
    assert own.ask().json["reason"] == "launched", "without the password once more: not yet"
    doctor.post("/account/reauthenticate/", {"password": alliance.PASSWORD})
    doctor.post(f"{path}/allow/")
    assert "reason" not in own.ask().json
    LaunchPermission.objects.filter(staff=own.staff).update(until="2026-01-01T00:00:00Z")
    assert own.ask().json["reason"] == "launched", "after its days"
    doctor.post(f"{path}/forbid/")
    assert own.ask().json["code"] == "forbidden"
    elsewhere = signed_in(alliance.make_staff(own.world.b))
    assert elsewhere.post(f"{path}/forbid/").status_code == 404


def test_the_alliance_switches_it_off(own: LaunchWorld, settings: Any) -> None:
    assert find_launching_client(own.client.client_id), "the control"
    settings.LAUNCH = False
    with pytest.raises(Forbidden) as refusal:
        find_launching_client(own.client.client_id)
    assert refusal.value.code == "launch_off"
    assert not list_launching_clients(alliance.get_staff_principal(own.staff))


def test_the_command_registers_such_a_system(own: LaunchWorld) -> None:
    said = io.StringIO()
    at = ("--hospital", own.world.a.code, "--name", "HIS 2")
    call_command("register_client", *at, "--launch", "--frame", FRAME, stdout=said)
    client = Client.objects.get(client_id=json.loads(said.getvalue())["client_id"])
    assert client.may_launch and client.frame_origins == [FRAME]
    with pytest.raises(CommandError):
        call_command("register_client", *at, "--frame", FRAME, stdout=said)
