"""The directory over REST: a hospital's system writes its own part at its own base, every member's
system reads all of it at the shared one; twice is once, a bad row is named, a place is never lost
(docs/adr/0091).
"""

import datetime as dt
from typing import Any

from django.db import connection
from django.utils import timezone

from alliance.directory.places import arrange_by_slot
from alliance.models import OfferedClinic, OfferedDepartment, OfferedSlot
from alliance.workflow.move_item import do_move
from consent.audit.log_query import AuditFilter, list_audit_lines
from tests import draws
from tests.factories import alliance
from tests.factories.directory import make_clinic, make_department, make_slot
from tests.factories.fhir import Api, make_bundle
from tests.factories.referrals import send_referral
from tests.support.audit_lines import fresh
from tests.support.world import World, w

__all__ = ["fresh", "w"]
OFFER = "urn:xinglin:codesystem:directory-offer"
Json = dict[str, Any]


def make_service(key: str, **more: Any) -> Json:
    return {
        "resourceType": "HealthcareService",
        "id": f"d-{key}",
        "active": True,
        "name": "心血管内科",
        "comment": "胸痛 心力衰竭",
        "category": [{"coding": [{"system": OFFER, "code": "referral"}]}],
        "specialty": [
            {"coding": [{"system": "urn:xinglin:codesystem:clinical-department", "code": "03.04"}]}
        ],
        "telecom": [{"system": "phone", "value": "010-66"}],
        "characteristic": [
            {"coding": [{"system": "http://hl7.org/fhir/request-priority", "code": "urgent"}]}
        ],
    } | more


def make_schedule(key: str, **more: Any) -> Json:
    return {
        "resourceType": "Schedule",
        "id": f"c-{key}",
        "serviceType": [{"text": "专家门诊"}],
        "actor": [
            {"reference": f"HealthcareService/d-{key}"},
            {"type": "Practitioner", "display": "陈一 主任医师"},
        ],
        "comment": "周一至周五上午",
    } | more


def make_slot_resource(key: str, number: int, places: int = 1, **more: Any) -> Json:
    day = (timezone.localtime() + dt.timedelta(days=3)).replace(
        hour=8, minute=0, second=0, microsecond=0
    )
    starts = day + dt.timedelta(minutes=15 * number)
    return {
        "resourceType": "Slot",
        "id": f"s-{key}-{number}",
        "extension": [{"url": "urn:xinglin:extension:slot-places", "valueInteger": places}],
        "schedule": {"reference": f"Schedule/c-{key}"},
        "status": "free",
        "start": starts.isoformat(),
        "end": (starts + dt.timedelta(minutes=15)).isoformat(),
    } | more


def put_all(*resources: Json, kind: str = "transaction") -> Json:
    bundle = make_bundle(*(("PUT", f"{r['resourceType']}/{r['id']}", r) for r in resources))
    return bundle | {"type": kind}


def slots_of(w: World, key: str) -> list[tuple[str, int, bool]]:
    rows = OfferedSlot.objects.filter(hospital=w.a, code__startswith=f"s-{key}-").order_by("code")
    return [(s.code, s.places, s.stopped_at is not None) for s in rows]


def test_a_whole_day_in_one_bundle_and_twice_is_once(w: World) -> None:
    key = draws.token_hex(6)
    # the times come first: the order in a bundle does not matter
    day = put_all(
        *(make_slot_resource(key, n, 2) for n in range(5)), make_schedule(key), make_service(key)
    )
    for _again in range(2):
        assert w.ask("POST", "", day).status == 200
        assert slots_of(w, key) == [(f"s-{key}-{n}", 2, False) for n in range(5)]
    department = OfferedDepartment.objects.get(hospital=w.a, code=f"d-{key}")
    assert (department.name_zh, department.standard) == ("心血管内科", "03.04")
    assert (department.most_urgent, department.phone) == ("urgent", "010-66")
    clinic = OfferedClinic.objects.get(hospital=w.a, code=f"c-{key}")
    assert (clinic.department_id, clinic.doctor) == (department.pk, "陈一 主任医师")

    full = make_slot_resource(key, 0, 2, status="busy")
    off = make_slot_resource(key, 1, 2, status="busy-unavailable", comment="停诊")
    assert w.ask("POST", "", put_all(full, off)).status == 200
    assert slots_of(w, key)[:3] == [
        (f"s-{key}-0", 0, False),
        (f"s-{key}-1", 2, True),
        (f"s-{key}-2", 2, False),
    ]
    assert w.ask("DELETE", f"Slot/s-{key}-2").status == 204
    assert slots_of(w, key)[2] == (f"s-{key}-2", 2, True), "called off, not forgotten"
    ended = make_service(key, active=False)
    assert w.ask("PUT", f"HealthcareService/d-{key}", ended).status == 200
    department.refresh_from_db()
    assert department.ended_at is not None


def test_a_bad_row_is_named_and_its_neighbours_are_kept(w: World) -> None:
    key = draws.token_hex(6)
    assert w.ask("POST", "", put_all(make_service(key), make_schedule(key))).status == 200
    good, late = make_slot_resource(key, 0), make_slot_resource(key, 2)
    bad = make_slot_resource(key, 1)
    bad["start"], bad["end"] = bad["end"], bad["start"]
    reply = w.ask("POST", "", put_all(good, bad, late, kind="batch"))
    statuses = [e["response"]["status"][:3] for e in reply.json["entry"]]
    assert statuses == ["201", "422", "201"]
    issue = reply.json["entry"][1]["response"]["outcome"]["issue"][0]
    assert "after its start" in issue["diagnostics"]
    assert [s[0] for s in slots_of(w, key)] == [f"s-{key}-0", f"s-{key}-2"]
    whole = w.ask("POST", "", put_all(make_slot_resource(key, 3), bad))
    assert whole.status == 422 and "Bundle.entry[1].resource.end" in str(whole.json["issue"])
    assert len(slots_of(w, key)) == 2, "of a transaction nothing"


def test_what_is_of_no_department_stays_in_the_store_alone(w: World) -> None:
    key = draws.token_hex(6)
    room = {"resourceType": "Location", "id": f"l-{key}", "name": "CT"}
    schedule = make_schedule(key, actor=[{"reference": f"Location/l-{key}"}])
    assert w.ask("POST", "", put_all(room, schedule, make_slot_resource(key, 0))).status == 200
    assert slots_of(w, key) == []
    assert not OfferedClinic.objects.filter(hospital=w.a, code=f"c-{key}").exists()


def test_another_hospitals_system_changes_nothing(w: World) -> None:
    key = draws.token_hex(6)
    first = put_all(make_service(key), make_schedule(key), make_slot_resource(key, 0, 5))
    assert w.ask("POST", "", first).status == 200
    changed = make_slot_resource(key, 0, 1)
    assert w.hold("PUT", f"Slot/s-{key}-0", changed, base=w.a.code).status == 403
    assert w.hold("PUT", f"Slot/s-{key}-0", changed, base="alliance").status in (403, 405)
    assert w.ask("PUT", f"Slot/s-{key}-0", changed, base="alliance").status in (403, 405)
    # its own store is its own: the same ids there are its own rows
    assert (
        w.hold("POST", "", put_all(make_service(key, name="外科"), make_schedule(key))).status
        == 200
    )
    assert w.hold("PUT", f"Slot/s-{key}-0", changed).status == 201
    assert slots_of(w, key) == [(f"s-{key}-0", 5, False)]
    assert OfferedDepartment.objects.get(hospital=w.a, code=f"d-{key}").name_zh == "心血管内科"
    assert OfferedDepartment.objects.get(hospital=w.b, code=f"d-{key}").name_zh == "外科"
    assert w.ask("PUT", f"Slot/s-{key}-0", make_slot_resource(key, 0, 4)).status == 200
    assert slots_of(w, key) == [(f"s-{key}-0", 4, False)]


def test_a_system_cannot_take_away_a_place_that_a_patient_has(w: World) -> None:
    w.permit()
    key = draws.token_hex(6)
    day = put_all(make_service(key), make_schedule(key), make_slot_resource(key, 0, 2))
    assert w.ask("POST", "", day).status == 200
    slot = OfferedSlot.objects.select_related("clinic__department").get(
        hospital=w.a, code=f"s-{key}-0"
    )
    home = alliance.get_staff_principal(alliance.make_staff(w.b))
    item = send_referral(w.person, w.a, home)
    do_move(item.pk, "accept", arrange_by_slot("", slot), expected_version=1, acting=w.doctor)
    path = f"Slot/s-{key}-0"
    assert w.ask("PUT", path, make_slot_resource(key, 0, 0)).status == 422
    later = make_slot_resource(key, 0, 2) | {
        k: v for k, v in make_slot_resource(key, 9).items() if k in ("start", "end")
    }
    moved = w.ask("PUT", path, later)
    assert moved.status == 422 and "another time" in str(moved.json)
    assert w.ask("PUT", path, make_slot_resource(key, 0, 2, status="busy")).status == 200
    slot.refresh_from_db()
    assert (slot.places, slot.taken) == (1, 1), "nobody more, and who is expected may come"
    off = make_slot_resource(key, 0, 2, status="busy-unavailable")
    assert w.ask("PUT", path, off).status == 200
    slot.refresh_from_db()
    assert slot.stopped_at is not None and slot.taken == 1


def test_every_member_reads_the_directory_at_the_shared_base(w: World) -> None:
    mark = draws.token_hex(6)
    department = make_department(w.a, f"科{mark}")
    clinic = make_clinic(department)
    slots = [make_slot(clinic, days=d) for d in (1, 2, 3)]
    OfferedSlot.objects.filter(pk=slots[1].pk).update(stopped_at=timezone.now())
    found = w.hold(
        "GET", f"HealthcareService?name={mark}&service-category=referral", base="alliance"
    )
    service = found.json["entry"][0]["resource"]
    assert service["id"] == str(department.pk)
    assert service["providedBy"]["identifier"]["value"] == w.a.code
    of_hospital = f"HealthcareService?organization=Organization/{w.a.code}"
    everything = w.hold("GET", of_hospital, base="alliance").json["entry"]
    assert [e["resource"]["id"] for e in everything] == [service["id"]]
    reply = w.hold("GET", f"Schedule?actor=HealthcareService/{service['id']}", base="alliance")
    schedule = reply.json["entry"][0]["resource"]
    assert schedule["id"] == str(clinic.pk)
    ask = f"Slot?schedule=Schedule/{schedule['id']}"
    now = timezone.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    free = w.hold("GET", f"{ask}&status=free&start=ge{now}", base="alliance").json["entry"]
    assert [e["resource"]["id"] for e in free] == [str(slots[0].pk), str(slots[2].pk)]
    assert w.hold("GET", f"Slot/{slots[0].pk}", base="alliance").json["status"] == "free"
    assert w.hold("GET", f"Slot/{2**62}", base="alliance").status == 404
    assert w.hold("GET", f"{ask}&comment=x", base="alliance").status == 400
    pages, link = [], f"{ask}&_count=2"
    reply = w.hold("GET", link, base="alliance").json
    pages.append([e["resource"]["id"] for e in reply["entry"]])
    after = next(x["url"] for x in reply["link"] if x["relation"] == "next")
    reply = w.hold("GET", after.split("/alliance/")[1], base="alliance").json
    pages.append([e["resource"]["id"] for e in reply["entry"]])
    assert pages == [[str(s.pk) for s in slots[:2]], [str(slots[2].pk)]]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM consent_audit_event WHERE code = 'alliance:directory:read'"
            " AND target = %s",
            [f"alliance/Slot/{slots[0].pk}"],
        )
        assert cursor.fetchone() == (1,)


def test_an_arrangement_is_an_appointment_for_the_two_hospitals_alone(
    w: World, server: str
) -> None:
    w.permit()
    clinic = make_clinic(make_department(w.a))
    slot = make_slot(clinic)
    home = alliance.get_staff_principal(alliance.make_staff(w.b))
    item = send_referral(w.person, w.a, home)
    slot = OfferedSlot.objects.select_related("clinic__department").get(pk=slot.pk)
    do_move(item.pk, "accept", arrange_by_slot("", slot), expected_version=1, acting=w.doctor)
    path = f"Appointment?identifier=urn:xinglin:work|{item.number}&patient={w.person}"
    for api in (w.ask, w.hold):
        found = api("GET", path, base="alliance").json["entry"]
        assert [e["resource"]["slot"][0]["reference"] for e in found] == [f"Slot/{slot.pk}"]
        assert found[0]["resource"]["status"] == "booked"
    third = alliance.make_hospital("third")
    api = Api(server, third.code, credentials=alliance.make_credentials(third))
    reply = api("GET", path, base="alliance")
    assert reply.status == 403 or not reply.json.get("entry"), reply.status
    without = f"Appointment?identifier=urn:xinglin:work|{item.number}"
    assert w.ask("GET", without, base="alliance").status == 400
    lines = list_audit_lines(AuditFilter(person=w.person), None, 50)  # type: ignore[arg-type]
    asking = {x["actor_hospital"] for x in lines if x["target"] == "alliance/Appointment"}
    assert {w.a.code, w.b.code} <= asking
