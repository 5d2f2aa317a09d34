"""Chains, _has and includes are ways out for data: through none of them may a hidden record be
felt (HAPI #6065, Microsoft #5683).
"""

from typing import Any

from django.db import connection

from tests.factories.fhir import make_observation, make_patient
from tests.support.world import HIV, World, related, w

__all__ = ["w"]


def ask(w: World, query: str) -> Any:
    reply = w.ask("GET", query.replace("PERSON", str(w.person)), base="alliance")
    assert reply.status == 200, reply.body
    return reply.json


def modes(found: Any) -> list[tuple[str, str]]:
    return [(e["search"]["mode"], e["resource"]["resourceType"]) for e in found.get("entry", [])]


def encounter(w: World, status: str, **more: Any) -> str:
    return w.hold.create(
        {
            "resourceType": "Encounter",
            "status": status,
            "class": {"code": "AMB"},
            "subject": {"reference": w.at_b},
        }
        | more
    )


def test_a_hidden_record_is_no_step_of_a_chain(w: World) -> None:
    hidden = encounter(
        w,
        "finished",
        meta={
            "security": [
                {"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}
            ]
        },
    )
    plain = encounter(w, "cancelled")
    w.hold.create(make_observation(w.at_b) | {"encounter": {"reference": hidden}})
    w.hold.create(make_observation(w.at_b) | {"encounter": {"reference": plain}})
    related(w)
    w.permit()
    assert ask(w, "Observation?patient=PERSON&encounter.status=finished")["total"] == 0
    assert ask(w, "Observation?patient=PERSON&encounter.status=cancelled")["total"] == 1, (
        "the control"
    )
    assert (
        modes(ask(w, "Observation?patient=PERSON&_include=Observation:encounter")).count(
            ("include", "Encounter")
        )
        == 1
    ), "only the plain one comes along"
    w.permit(sensitive=True)
    assert ask(w, "Observation?patient=PERSON&encounter.status=finished")["total"] == 1
    assert (
        modes(ask(w, "Observation?patient=PERSON&_include=Observation:encounter")).count(
            ("include", "Encounter")
        )
        == 2
    )


def test_has_and_revinclude_do_not_feel_hidden_records(w: World) -> None:
    at = encounter(w, "finished")
    w.hold.create(make_observation(w.at_b) | {"encounter": {"reference": at}, "code": HIV})
    related(w)
    w.permit()
    assert ask(w, "Encounter?patient=PERSON&_has:Observation:encounter:code=75622-1")["total"] == 0
    assert (
        ask(w, "Encounter?patient=PERSON&_has:Observation:encounter:code:not=1-1")["total"] == 0
    ), "nor does a test that any record would pass"
    assert modes(ask(w, "Encounter?patient=PERSON&_revinclude=Observation:encounter")) == [
        ("match", "Encounter")
    ]
    w.permit(sensitive=True)
    assert (
        ask(w, "Encounter?patient=PERSON&_has:Observation:encounter:code=75622-1")["total"] == 1
    ), "the control"
    assert modes(ask(w, "Encounter?patient=PERSON&_revinclude=Observation:encounter")) == [
        ("match", "Encounter"),
        ("include", "Observation"),
    ]


def test_another_patient_of_the_same_store_is_never_included(w: World) -> None:
    other = w.hold.create(make_patient("别人"))
    of_other = w.hold.create(make_observation(other))
    w.hold.create(make_observation(w.at_b) | {"hasMember": [{"reference": of_other}]})
    related(w)
    w.permit()
    found = ask(w, "Observation?patient=PERSON&_include=*&_include:iterate=Observation:has-member")
    assert {m for m in modes(found) if m[0] == "include"} == {("include", "Patient")}
    assert other.split("/")[1] not in str(found)


def test_a_directory_entry_comes_along_and_nothing_else_of_nobody(w: World) -> None:
    who = w.hold.create({"resourceType": "Practitioner", "name": [{"text": "化验员"}]})
    device = w.hold.create(
        {"resourceType": "Device", "deviceName": [{"name": "仪器", "type": "user-friendly-name"}]}
    )
    more = {"performer": [{"reference": who}], "device": {"reference": device}}
    made = w.hold.create(make_observation(w.at_b) | more)
    secret = w.hold.create({"resourceType": "Practitioner", "name": [{"text": "密"}]})
    w.hold.create(make_observation(w.at_b) | {"code": HIV, "performer": [{"reference": secret}]})
    related(w)
    w.permit()
    asked = (
        f"Observation?patient=PERSON&_id={made.split('/')[1]}"
        "&_include=Observation:performer&_include=Observation:device"
    )
    assert modes(ask(w, asked)) == [
        ("match", "Observation"),
        ("include", "Practitioner"),
    ], "a device is no directory entry"
    found = ask(w, "Observation?patient=PERSON&_include=*")
    assert [
        e["fullUrl"].split("/fhir/")[1]
        for e in found["entry"]
        if e["resource"]["resourceType"] == "Practitioner"
    ] == [f"{w.b.code}/{who}"]
    every = w.ask("GET", f"Patient/{w.person}/$everything", base="alliance").json
    assert [
        e["fullUrl"].split("/fhir/")[1]
        for e in every["entry"]
        if e["resource"]["resourceType"] in ("Practitioner", "Device")
    ] == [f"{w.b.code}/{who}"]
    w.permit(sensitive=True)
    assert (
        len(
            [
                m
                for m in modes(ask(w, "Observation?patient=PERSON&_include=*"))
                if m == ("include", "Practitioner")
            ]
        )
        == 2
    ), "the control"


def test_every_included_record_is_in_the_audit_line(w: World) -> None:
    at = encounter(w, "finished")
    w.hold.create(make_observation(w.at_b) | {"encounter": {"reference": at}})
    related(w)
    w.permit()
    ask(w, "Observation?patient=PERSON&_include=Observation:encounter")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM consent_audit_event WHERE actor_hospital = %s AND %s = ANY(refs)",
            [w.a.code, f"{w.b.code}/{at}/1"],
        )
        assert cursor.fetchone()[0] == 1


def test_everything_of_the_shared_record_is_what_the_gate_opens(w: World) -> None:
    def seen() -> set[str]:
        reply = w.ask("GET", f"Patient/{w.person}/$everything", base="alliance")
        return (
            {e["fullUrl"].split("/fhir/")[1] for e in reply.json["entry"]}
            if reply.status == 200
            else set()
        )

    before = seen()
    assert before, "their own hospital's part alone"
    assert not any(x.startswith(w.b.code) for x in before), "their own hospital's part alone"
    related(w)
    w.permit()
    assert seen() - before == {f"{w.b.code}/{w.at_b}", f"{w.b.code}/{w.plain}"}
    w.permit(sensitive=True)
    assert f"{w.b.code}/{w.sensitive}" in seen()
    assert w.ask("GET", f"{w.at_b}/$everything", base=w.b.code).status in (
        403,
        404,
    ), "another's own store stays closed"


def test_a_hidden_encounter_is_no_step_between_part_and_whole(w: World) -> None:
    closed = {
        "meta": {
            "security": [
                {"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}
            ]
        }
    }
    stay = encounter(w, "in-progress")
    ward = encounter(w, "finished", partOf={"reference": stay}, **closed)
    consult = encounter(w, "finished", partOf={"reference": ward})
    seen = w.hold.create(make_observation(w.at_b) | {"encounter": {"reference": consult}})
    related(w)
    w.permit()
    asked = (
        f"Observation?patient=PERSON&encounter:below={stay}",
        f"Encounter?patient=PERSON&part-of:above={ward}&status=in-progress",
        f"Encounter?patient=PERSON&part-of:below={stay}",
    )
    assert [ask(w, q)["total"] for q in asked] == [0, 0, 0]
    assert ask(w, f"Observation?patient=PERSON&encounter:below={consult}")["total"] == 1, (
        "the control: no hidden step between"
    )
    w.permit(sensitive=True)
    assert [e["resource"]["id"] for e in ask(w, asked[0])["entry"]] == [seen.split("/")[1]]
    assert ask(w, asked[2])["total"] == 2


def test_a_chain_reaches_the_directory(w: World) -> None:
    """What everyone in the alliance may read is a step of a chain, too; a device is not of the
    directory.
    """
    house = w.hold.create({"resourceType": "Organization", "name": "心内科"})
    device = w.hold.create(
        {"resourceType": "Device", "deviceName": [{"name": "仪器", "type": "user-friendly-name"}]}
    )
    made = encounter(w, "finished", serviceProvider={"reference": house})
    w.hold.create(
        make_observation(w.at_b)
        | {
            "encounter": {"reference": made},
            "device": {"reference": device},
        }
    )
    related(w)
    w.permit()
    assert ask(w, "Encounter?patient=PERSON&service-provider.name=心内")["total"] == 1
    assert ask(w, "Encounter?patient=PERSON&service-provider.name=外科")["total"] == 0
    assert ask(w, "Observation?patient=PERSON&encounter.service-provider.name=心内")["total"] == 1
    assert ask(w, "Observation?patient=PERSON&device.device-name=仪")["total"] == 0
    w.permit(effect="deny")
    assert ask(w, "Encounter?patient=PERSON&service-provider.name=心内")["total"] == 0


def test_alternatives_inside_a_chain_stay_behind_the_gate(w: World) -> None:
    hidden = encounter(
        w,
        "finished",
        meta={
            "security": [
                {"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}
            ]
        },
    )
    seen = w.hold.create(make_observation(w.at_b) | {"encounter": {"reference": hidden}})
    related(w)
    w.permit()
    for chain in (
        "encounter._lastUpdated=ge2000-01-01,ge2001-01-01",
        "encounter.status=finished,planned",
        "encounter.date:missing=true",
    ):
        assert ask(w, f"Observation?patient=PERSON&{chain}")["total"] == 0, chain
    w.permit(sensitive=True)
    found = ask(w, "Observation?patient=PERSON&encounter._lastUpdated=ge2000-01-01,ge2001-01-01")
    assert [e["resource"]["id"] for e in found["entry"]] == [seen.split("/")[1]], (
        "the control, and nothing but it"
    )
