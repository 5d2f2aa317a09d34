"""Referrals as Task, ServiceRequest, Communication and Provenance of the shared base: what a system
of either hospital reads, finds page by page, and what nobody else does (docs/adr/0090).
"""

import base64
from typing import Any
from urllib.parse import urlsplit

from alliance.models import Hospital, SignedOpinion, WorkItem
from consent.audit.event import EventCode
from records.fhir.validate import check_by_model
from records.work_faces.state_codes import KIND_SYSTEM, STATE_SYSTEM
from tests.factories import alliance
from tests.factories.consultations import make_signed_consultation
from tests.factories.fhir import Api, Reply, make_bundle
from tests.factories.referrals import move_on, send_referral
from tests.support.audit_lines import told
from tests.support.world import World, w

__all__ = ["w"]
WHY = "progressive dyspnoea, suspected heart failure"


def refer(w: World, **more: Any) -> WorkItem:
    """B refers its patient to A."""
    return send_referral(w.person, w.a, home(w), reason=WHY, **more)


def home(w: World) -> Any:
    return alliance.get_staff_principal(alliance.make_staff(w.b))


def asked(api: Api, path: str, **headers: str) -> Reply:
    return api("GET", path, base="alliance", **headers)


def system_of(at: Hospital, server: str, **more: Any) -> Api:
    return Api(server, at.code, credentials=alliance.make_credentials(at), **more)


def found(reply: Reply) -> list[dict[str, Any]]:
    assert reply.status == 200, reply.body
    return [e["resource"] for e in reply.json.get("entry", [])]


def numbers(reply: Reply) -> list[str]:
    return [r["id"] for r in found(reply)]


def test_both_hospitals_read_it_and_nobody_else_learns_that_there_is_one(
    w: World, server: str
) -> None:
    item = refer(w)
    other = system_of(alliance.make_hospital("third"), server)
    for api in (w.ask, w.hold):
        task = asked(api, f"Task/{item.pk}")
        assert task.status == 200 and task.headers["etag"] == 'W/"1"', task.body
        body = task.json
        check_by_model(body, "Task")
        assert (body["status"], body["priority"], body["intent"]) == (
            "requested",
            "urgent",
            "order",
        )
        assert body["businessStatus"]["coding"] == [{"system": STATE_SYSTEM, "code": "sent"}]
        assert body["for"]["reference"] == f"Patient/{w.person}"
        assert body["requester"]["reference"] == f"Organization/{w.b.code}"
        assert body["owner"]["reference"] == f"Organization/{w.a.code}"
        assert body["restriction"]["period"]["end"]
        request = asked(api, body["focus"]["reference"]).json
        check_by_model(request, "ServiceRequest")
        assert (request["status"], request["reasonCode"]) == ("active", [{"text": WHY}])
        assert request["performer"][0]["reference"] == f"Organization/{w.a.code}"
    verbs = {
        e["extension"][0]["valueCode"] for e in asked(w.ask, f"Task/{item.pk}").json["extension"]
    }
    assert verbs == {"accept", "arrive", "ask", "decline"}, "what the receiver can do"
    nothing = asked(other, f"Task/{item.pk}")
    absent = asked(other, "Task/999999999")
    assert nothing.status == absent.status == 404 and nothing.body == absent.body
    assert asked(other, f"ServiceRequest/{item.pk}").status == 404
    assert asked(other, f"Provenance/{item.pk}-1").status == 404
    assert found(asked(other, f"Provenance?target=Task/{item.pk}")) == []
    assert found(asked(other, f"Task?_id={item.pk}")) == []
    line = told(f"work/{item.pk}", EventCode.WORK_READ)[0]
    assert (line["actor_kind"], str(line["person"])) == ("client", str(w.person))
    assert told(f"alliance/Task/{item.pk}", EventCode.WORK_READ)[0]["outcome"] == "not-found"


def test_the_course_is_told_and_messages_are_communications(w: World) -> None:
    item = refer(w)
    move_on(item, w.doctor, "ask")
    move_on(item, home(w), "answer")
    move_on(item, w.doctor, "accept")
    steps = found(asked(w.hold, f"Provenance?target=Task/{item.pk}"))
    assert [s["activity"]["coding"][0]["code"] for s in steps] == [
        "send",
        "ask",
        "answer",
        "accept",
    ]
    for s in steps:
        check_by_model(s, "Provenance")
    assert steps[1]["agent"][0]["onBehalfOf"]["identifier"]["value"] == w.a.code
    assert steps[3]["reason"] == [{"text": "accept: as was said"}] and "reason" not in steps[1]
    assert asked(w.hold, f"Provenance/{item.pk}-4").json == steps[3]
    said = found(asked(w.ask, f"Communication?based-on=Task/{item.pk}"))
    for c in said:
        check_by_model(c, "Communication")
    assert [c["payload"][0]["contentString"] for c in said] == [
        "ask: as was said",
        "answer: as was said",
    ]
    assert [c["sender"]["identifier"]["value"] for c in said] == [w.a.code, w.b.code]
    assert asked(w.ask, f"Communication/{item.pk}-2").json == said[0]
    assert asked(w.ask, f"Communication/{item.pk}-4").status == 404, "no message"
    task = asked(w.hold, f"Task/{item.pk}").json
    assert task["status"] == "accepted" and task["meta"]["versionId"] == "4"
    assert task["output"][0]["valueString"] == "accept: as was said"


def test_what_was_declined_is_masked_for_the_receiver_and_whole_for_the_sender(w: World) -> None:
    item = refer(w)
    before = asked(w.ask, f"ServiceRequest/{item.pk}").json
    assert before["reasonCode"], "the control"
    move_on(item, w.doctor, "decline")
    task, request = (asked(w.ask, f"{t}/{item.pk}").json for t in ("Task", "ServiceRequest"))
    assert (task["status"], request["status"]) == ("rejected", "revoked")
    assert "reasonCode" not in request and "statusReason" not in task and "input" not in task
    assert task["for"]["reference"] == f"Patient/{w.person}", "a patient of its own"
    whole = asked(w.hold, f"Task/{item.pk}").json
    assert whole["statusReason"]["text"] == "decline: as was said"
    assert "restriction" not in whole and "extension" not in whole, "nothing is due, none can act"


def test_a_receiver_that_knows_the_patient_by_the_referral_alone(w: World, server: str) -> None:
    third = alliance.make_hospital("third")
    api = system_of(third, server)
    item = send_referral(w.person, third, home(w), reason=WHY)
    by_patient = f"Task?patient={w.person}"
    assert numbers(asked(api, by_patient)) == [str(item.pk)]
    assert asked(api, f"Task/{item.pk}").json["for"]["reference"] == f"Patient/{w.person}"
    doctor = alliance.get_staff_principal(alliance.make_staff(third))
    move_on(item, doctor, "decline")
    masked = asked(api, f"Task/{item.pk}")
    assert str(w.person) not in masked.body.decode() and masked.json["status"] == "rejected"
    assert numbers(asked(api, by_patient)) == [], "nor is it found by the patient"
    assert numbers(asked(w.hold, by_patient)) == [str(item.pk)], "the control"


def test_a_search_finds_by_turn_state_kind_and_time_page_by_page(w: World) -> None:
    items = [refer(w, urgency=u) for u in ("routine", "urgent", "emergency")]
    first, second, third = (str(i.pk) for i in items)
    move_on(items[0], w.doctor, "accept")
    own, theirs = f"Organization/{w.a.code}", f"Organization/{w.b.code}"
    newest = [first, third, second]
    assert numbers(asked(w.ask, f"Task?owner={own}")) == newest
    assert numbers(asked(w.ask, f"Task?owner={own}&_sort=_lastUpdated")) == newest[::-1]
    assert numbers(asked(w.ask, f"Task?owner={theirs}")) == []
    assert numbers(asked(w.hold, f"Task?owner={own}&requester={theirs}")) == newest
    assert numbers(asked(w.ask, "Task?status=requested")) == [third, second]
    assert numbers(asked(w.ask, "Task?status=requested,accepted")) == newest
    assert numbers(asked(w.ask, f"Task?business-status={STATE_SYSTEM}|accepted")) == [first]
    assert numbers(asked(w.ask, "Task?business-status=urn:other|accepted")) == []
    assert numbers(asked(w.ask, "Task?priority=stat")) == [third]
    assert numbers(asked(w.ask, f"Task?code={KIND_SYSTEM}|referral-up")) == newest
    assert numbers(asked(w.ask, "Task?code=referral-down")) == []
    assert numbers(asked(w.ask, f"Task?_id={second},{third}")) == [third, second]
    assert numbers(asked(w.ask, "Task?_lastUpdated=lt2020-01-01")) == []
    assert numbers(asked(w.ask, "Task?_lastUpdated=ge2020-01-01")) == newest
    assert numbers(asked(w.ask, f"ServiceRequest?performer={own}&status=active")) == newest
    named = f"ServiceRequest?patient={w.person}&performer={own}"
    assert numbers(asked(w.ask, named)) == newest
    tagged = f"ServiceRequest?patient={w.person}&_tag={KIND_SYSTEM}|"
    assert numbers(asked(w.ask, tagged)) == newest
    pages, path = [], f"Task?owner={own}&_count=2"
    while path:
        reply = asked(w.ask, path)
        pages.append(numbers(reply))
        links = {x["relation"]: x["url"] for x in reply.json["link"]}
        path = links.get("next", "").rpartition("/fhir/alliance/")[2]
    assert pages == [newest[:2], newest[2:]]
    line = told("alliance/Task", EventCode.WORK_LIST)[0]
    assert (line["detail"], str(line["person"])) == ("owner", str(w.person))


def test_what_is_not_understood_is_refused_or_left_out_as_everywhere(w: World) -> None:
    item = refer(w)
    for query in (
        "description=x",
        "_sort=status",
        "_count=0",
        "owner=Patient/1",
        "patient=x&_tag=",
    ):
        assert asked(w.ask, f"Task?{query}").status == 400, query
    lenient = {"Prefer": "handling=lenient"}
    assert numbers(asked(w.ask, "Task?description=x", **lenient)) == [str(item.pk)]
    assert asked(w.ask, "Communication?sent=2026").status == 400
    batch = make_bundle(
        ("GET", f"Task/{item.pk}", None), ("GET", "Task?_count=1", None), kind="batch"
    )
    one, many = w.ask("POST", "", batch, base="alliance").json["entry"]
    assert one["resource"]["id"] == many["resource"]["entry"][0]["resource"]["id"] == str(item.pk)
    assert many["resource"]["entry"][0]["fullUrl"].endswith(f"/fhir/alliance/Task/{item.pk}")


def test_the_shared_records_own_orders_are_found_as_before(w: World) -> None:
    """A search that names a patient and no hospital of the alliance is one of the shared record."""
    w.permit()
    order = {
        "resourceType": "ServiceRequest",
        "status": "active",
        "intent": "order",
        "subject": {"reference": w.at_b},
        "code": {"text": "ECG"},
    }
    made = w.hold.create(order)
    refer(w)
    reply = asked(w.ask, f"ServiceRequest?patient={w.person}")
    [only] = reply.json["entry"]
    assert urlsplit(only["fullUrl"]).path == f"/fhir/{w.b.code}/{made}"


def test_scopes(w: World, server: str) -> None:
    item = refer(w)
    for scope, path, status in (
        ("system/Task.r", f"Task/{item.pk}", 200),
        ("system/Task.r", "Task", 403),
        ("system/Task.s", "Task", 200),
        ("system/Task.s", f"Task/{item.pk}", 403),
        ("system/Task.rs", f"ServiceRequest/{item.pk}", 403),
        ("system/*.rs", f"ServiceRequest/{item.pk}", 200),
    ):
        api = system_of(w.a, server, scope=scope)
        assert asked(api, path).status == status, (scope, path)


def test_a_signed_opinion_is_read_as_it_was_signed_by_systems_of_both_hospitals(
    w: World, server: str
) -> None:
    item = make_signed_consultation(w)
    path = f"Composition/{item.pk}/$document"
    opinion = SignedOpinion.objects.get(item=item)
    for api in (w.ask, w.hold):
        reply = asked(api, path)
        assert reply.status == 200 and reply.body == bytes(opinion.document)
        check_by_model(reply.json, "Bundle")
        outputs = asked(api, f"Task/{item.pk}").json["output"]
        assert f"Composition/{item.pk}" in [
            o["valueReference"]["reference"] for o in outputs if "valueReference" in o
        ]
        steps = found(asked(api, f"Provenance?target=Task/{item.pk}"))
        [signed] = [s for s in steps if "signature" in s]
        check_by_model(signed, "Provenance")
        data = base64.b64decode(signed["signature"][0]["data"]).decode()
        assert data == opinion.signature and data.split(".")[1] == "", "a detached JWS"
        assert {"reference": f"Composition/{item.pk}"} in signed["target"]
    other = system_of(alliance.make_hospital("third"), server)
    unsigned = refer(w)
    for api, number in ((other, item.pk), (w.ask, unsigned.pk), (w.ask, item.pk + 10**9)):
        assert asked(api, f"Composition/{number}/$document").status == 404, number
    assert w.ask("GET", path).status == 404, "at the shared base alone"
    lines = told(f"work/{item.pk}", EventCode.WORK_READ.value)
    assert [x["detail"] for x in lines].count("Composition") == 2
