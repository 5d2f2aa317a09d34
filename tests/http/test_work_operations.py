"""Task/$send and Task/<id>/$move: a hospital's system refers and answers in the name of a doctor
who lets it, by the rules of the pages; what is said twice is done once (docs/adr/0090).
"""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from alliance.models import LaunchPermission, WorkItem
from alliance.roles import Role
from consent.audit.event import EventCode
from records.models import SourcePatient
from tests.factories import alliance
from tests.factories.fhir import Api, Reply, make_patient
from tests.factories.launches import LaunchWorld, make_launch_world
from tests.factories.referrals import make_recent_result, move_on, send_referral
from tests.support.audit_lines import told
from tests.support.browser import ENGLISH, signed_in
from tests.support.world import HIV, World

WHY = "progressive dyspnoea, suspected heart failure"


@pytest.fixture
def his(server: str) -> LaunchWorld:
    """A's system, whose doctor lets it refer and answer in their name."""
    found = make_launch_world(server)
    found.let_refer()
    return found


def parameters(given: dict[str, Any]) -> dict[str, Any]:
    values = [
        (n, v) for n, many in given.items() for v in (many if isinstance(many, list) else [many])
    ]
    return {
        "resourceType": "Parameters",
        "parameter": [
            {"name": n, "valueDateTime" if n == "arranged-for" else "valueString": v}
            for n, v in values
            if v
        ],
    }


def move(
    his: LaunchWorld, item: WorkItem, verb: str, version: int, api: Api | None = None, **given: str
) -> Reply:
    body = parameters({"verb": verb, "staff": his.staff.user.username} | given)
    headers = {"If-Match": f'W/"{version}"'} if version else {}
    return (api or his.his)("POST", f"Task/{item.pk}/$move", body, base="alliance", **headers)


def to_us(his: LaunchWorld, **more: Any) -> WorkItem:
    """B refers its patient to A."""
    w = his.world
    home = alliance.get_staff_principal(alliance.make_staff(w.b))
    return send_referral(w.person, w.a, home, reason=WHY, **more)


def send(his: LaunchWorld, number: str, api: Api | None = None, **changes: Any) -> Reply:
    """A refers its patient to B."""
    given = {
        "staff": his.staff.user.username,
        "identifier": f"urn:his:referral|{number}",
        "code": "referral-down",
        "receiver": f"Organization/{his.world.b.code}",
        "patient": f"Patient/{his.world.person}",
        "priority": "routine",
        "reason": WHY,
    } | changes
    body = parameters({n: v for n, v in given.items() if v})
    return (api or his.his)("POST", "Task/$send", body, base="alliance")


def test_a_referral_is_taken_over_without_our_pages(his: LaunchWorld) -> None:
    item = to_us(his)
    when = "2031-05-06T09:30:00+08:00"
    asked = move(his, item, "ask", 1, note="which medicines?")
    assert asked.status == 200 and asked.json["status"] == "received", asked.body
    assert asked.headers["etag"] == 'W/"2"'
    move_on(item, alliance.get_staff_principal(alliance.make_staff(his.world.b)), "answer")
    taken = move(his, item, "accept", 3, note="Ward 5, Dr Chen", **{"arranged-for": when})
    assert taken.status == 200, taken.body
    assert [o.get("valueString") for o in taken.json["output"]] == ["Ward 5, Dr Chen", None]
    for verb, version, note in (("arrive", 4, ""), ("treat", 5, "stent"), ("return", 6, "aspirin")):
        assert move(his, item, verb, version, note=note or "as planned").status == 200, verb
    item.refresh_from_db()
    assert (item.state, item.outcome, item.version) == ("returned", "stent", 7)
    step = item.transitions.get(version=4)
    assert (step.staff_id, step.verb) == (his.staff.pk, "accept")
    assert step.arranged_for is not None and step.arranged_for.isoformat()[:10] == "2031-05-06"
    line = told(f"work/{item.pk}", EventCode.WORK_MOVE)[0]
    assert (
        line["actor"] == str(his.staff.pk) and f"by client/{his.client.client_id}" in line["detail"]
    )


def test_said_twice_is_done_once_and_another_one_is_told_who_was_first(his: LaunchWorld) -> None:
    item = to_us(his)
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda _: move(his, item, "accept", 1, note="Ward 5"), range(2)))
    assert [r.status for r in both] == [200, 200], [r.body for r in both]
    assert item.transitions.count() == 2, "sent, accepted once"
    other = move(his, item, "accept", 1, note="Ward 6")
    assert other.status == 412 and "Nothing was changed by you" in other.says
    assert his.staff.name in other.says and "accept" in other.says and "version 2" in other.says
    impossible = move(his, item, "answer", 2, note="x")
    assert impossible.status == 409 and "not possible" in impossible.says
    assert WorkItem.objects.get(pk=item.pk).version == 2
    assert move(his, item, "arrive", 2).status == 200, "the control"


def test_a_verb_that_lacks_something_changes_nothing(his: LaunchWorld) -> None:
    item = to_us(his)
    for given, status in (
        ({}, 422),
        ({"note": "x" * 4001}, 422),
        ({"note": "x", "arranged-for": "2031-05-06T09:30:00"}, 422),
        ({"note": "x", "unknown": "y"}, 422),
        ({"note": "x", "staff": ""}, 422),
    ):
        assert move(his, item, "accept", 1, **given).status == status, given  # type: ignore[arg-type]
    assert move(his, item, "accept", 0, note="x").status == 400, "no If-Match"
    assert move(his, item, "", 1, note="x").status == 422
    assert WorkItem.objects.get(pk=item.pk).version == 1
    at_home = his.his("POST", f"Task/{item.pk}/$move", parameters({"verb": "accept"}))
    assert at_home.status == 404, "of the shared base alone"
    assert move(his, item, "accept", 1, note="x").status == 200, "the control"


def test_nobody_is_spoken_for_who_has_not_said_so(his: LaunchWorld, server: str) -> None:
    """The hospital vouches, two administrators allow, the doctor permits: none of them alone."""
    item = to_us(his)
    his.let_refer(works=False)
    reading = move(his, item, "accept", 1, note="x")
    assert reading.status == 403 and "does not let the system refer" in reading.says
    assert send(his, "R-1").status == 403
    LaunchPermission.objects.filter(client=his.client).delete()
    assert move(his, item, "accept", 1, note="x").status == 403
    his.let_refer()
    colleague = alliance.make_staff(his.world.a)
    clerk = alliance.make_staff(his.world.a, Role.CLERK)
    foreign = alliance.make_staff(his.world.b)
    for who in (colleague, clerk, foreign):
        named = {"staff": who.user.username}
        assert move(his, item, "accept", 1, note="x", **named).status == 403
        assert send(his, "R-1", **named).status == 403
    plain = Api(server, his.world.a.code, credentials=alliance.make_credentials(his.world.a))
    assert move(his, item, "accept", 1, plain, note="x").status == 403, (
        "opens no records as doctors"
    )
    assert send(his, "R-1", plain).status == 403
    assert not WorkItem.objects.filter(sender=his.world.a).exists()
    assert WorkItem.objects.get(pk=item.pk).version == 1
    his.let_refer(colleague)
    assert move(his, item, "accept", 1, note="x", staff=colleague.user.username).status == 200
    assert send(his, "R-1").status == 201, "the control"


def test_another_hospitals_work_is_not_there(his: LaunchWorld) -> None:
    w = his.world
    third = alliance.make_hospital("third")
    home = alliance.get_staff_principal(alliance.make_staff(w.b))
    item = send_referral(w.person, third, home)
    hidden, absent = (
        move(his, item, "accept", 1, note="x"),
        his.his(
            "POST",
            "Task/999999999/$move",
            parameters({"verb": "accept"}),
            base="alliance",
            **{"If-Match": 'W/"1"'},
        ),
    )
    assert hidden.status == absent.status == 404 and hidden.body == absent.body
    own = to_us(his)
    assert move(his, own, "withdraw", 1, note="x").status == 409, "the sender's verb"
    assert move(his, own, "accept", 1, note="x").status == 200, "the control"


def test_a_referral_is_sent_once_by_the_number_of_its_sender(his: LaunchWorld) -> None:
    w = his.world
    first = send(his, "R-17", question="go on with aspirin?", department="全科")
    assert first.status == 201, first.body
    task = first.json
    assert task["businessStatus"]["coding"][0]["code"] == "sent"
    assert {"system": "urn:his:referral", "value": "R-17"} in task["identifier"]
    item = WorkItem.objects.get(sender=w.a)
    assert (item.receiver, item.kind, item.urgency) == (w.b, "referral-down", "routine")
    assert (item.reason, item.question, item.department) == (WHY, "go on with aspirin?", "全科")
    assert item.sender_staff_id == his.staff.pk
    again = send(his, "R-17", question="go on with aspirin?", department="全科")
    assert again.status == 200 and again.json["id"] == task["id"]
    assert send(his, "R-17", reason="something else").status == 409
    assert WorkItem.objects.filter(sender=w.a).count() == 1
    assert send(his, "R-18", question="go on with aspirin?").status == 201, "the control"
    line = told(f"work/{item.pk}", EventCode.WORK_SEND)[0]
    assert f"by client/{his.client.client_id}" in line["detail"]
    assert w.hold("GET", f"Task/{item.pk}", base="alliance").status == 200, "B's system sees it"


def test_a_referral_that_lacks_something_is_not_sent(his: LaunchWorld) -> None:
    for changes in (
        {"reason": ""},
        {"identifier": "R-17"},
        {"code": "consultation-of-nothing"},
        {"priority": "soon"},
        {"receiver": f"Organization/{his.world.a.code}"},
        {"receiver": "Organization/nowhere"},
        {"document": "Observation/none"},
        {"department": "x" * 81},
    ):
        assert send(his, "R-2", **changes).status == 422, changes
    stranger = "00000000-0000-4000-8000-000000000000"
    assert send(his, "R-2", patient=f"Patient/{stranger}").status == 404
    assert not WorkItem.objects.filter(sender=his.world.a).exists()
    assert send(his, "R-2").status == 201, "the control"


def test_what_goes_along_is_what_the_receiver_will_see(his: LaunchWorld) -> None:
    """By the gate: of the patient referred, and nothing that consent hides from the receiver."""
    w: World = his.world
    mine = SourcePatient.objects.get(hospital=w.a, person_id=w.person)
    plain, hidden = (
        his.his.create(make_recent_result(f"Patient/{mine.fhir_id}", **more))
        for more in ({}, {"code": HIV})
    )
    elses = his.his.create(make_recent_result(his.his.create(make_patient())))
    for document in (plain, hidden, elses):
        assert send(his, "R-3", document=[document]).status == 422, "no consent yet"
    w.permit(
        recipient_id=w.b.pk,
        acting=alliance.get_staff_principal(alliance.make_staff(w.a, Role.CLERK)),
    )
    assert send(his, "R-3", document=[plain, hidden]).status == 422
    assert send(his, "R-3", document=[elses]).status == 422, "another patient's"
    sent = send(his, "R-3", document=[plain])
    assert sent.status == 201, sent.body
    along = WorkItem.objects.get(sender=w.a).documents.get()
    assert f"{along.type_name}/{along.fhir_id}" == plain and len(along.digest) == 64
    [named] = [i for i in sent.json["input"] if "valueReference" in i]
    assert f"/fhir/{w.a.code}/{plain}/_history/1" in named["valueReference"]["reference"]


def test_the_doctor_says_so_on_their_own_page_and_takes_it_back(his: LaunchWorld) -> None:
    item = to_us(his)
    doctor = signed_in(his.staff)
    path = f"/account/systems/{his.client.client_id}"
    doctor.post(f"{path}/forbid/")
    doctor.post(f"{path}/allow/", {"works": "yes"})
    refused = move(his, item, "accept", 1, note="x")
    assert refused.status == 403, "without the password once more: not yet"
    doctor.post("/account/reauthenticate/", {"password": alliance.PASSWORD})
    assert doctor.post(f"{path}/allow/").status_code == 302
    assert move(his, item, "accept", 1, note="x").status == 403, "to read, and no more"
    page = doctor.get("/account/", headers=ENGLISH).content.decode()
    assert "Allow, and let it refer in my name" in page and "and refers in your name" not in page
    assert doctor.post(f"{path}/allow/", {"works": "yes"}).status_code == 302
    assert "and refers in your name" in doctor.get("/account/", headers=ENGLISH).content.decode()
    assert move(his, item, "accept", 1, note="x").status == 200
    doctor.post(f"{path}/forbid/")
    assert move(his, item, "arrive", 2).status == 403, "at once"
