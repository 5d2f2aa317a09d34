"""Patient/$match: who it finds, how sure it says it is, and whom it keeps to itself."""

from typing import Any

import pytest
from django.db import connection

from records.maintenance import reindex
from records.models import MatchKey, SourcePatient
from records.mpi.index import field_protection
from tests.factories import alliance
from tests.factories.fhir import Api, make_citizen_number, make_patient
from tests.support.world import World, related, w

__all__ = ["w"]
GRADE = "http://hl7.org/fhir/StructureDefinition/match-grade"


@pytest.fixture
def api(server: str) -> Api:
    at = alliance.make_hospital("match")
    return Api(server, at.code, credentials=alliance.make_credentials(at))


def asked(who: dict[str, Any], **more: Any) -> dict[str, Any]:
    parameters = [{"name": "resource", "resource": who}]
    parameters += [
        {"name": k, "valueBoolean" if isinstance(v, bool) else "valueInteger": v}
        for k, v in more.items()
    ]
    return {"resourceType": "Parameters", "parameter": parameters}


def found(api: Api, who: dict[str, Any], base: str = "", **more: Any) -> list[tuple[str, str]]:
    reply = api("POST", "Patient/$match", asked(who, **more), base=base)
    assert reply.status == 200, reply.body
    entries = reply.json.get("entry", [])
    scores = [e["search"]["score"] for e in entries]
    assert (
        scores == sorted(scores, reverse=True)
        and all(0 < s <= 1 for s in scores)
        and reply.json["total"] == len(entries)
    )
    return [(e["resource"]["id"], e["search"]["extension"][0]["valueCode"]) for e in entries]


def described(name: str = "司徒云帆", birth: str = "1958-03-12", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        "name": [{"text": name}],
        "gender": "male",
        "birthDate": birth,
        **more,
    }


def test_grades(api: Api) -> None:
    card, phone = (
        make_citizen_number("19580312"),
        {"telecom": [{"system": "phone", "value": "13712345687"}]},
    )
    made = api.create(make_patient("司徒云帆", resident=card) | phone).split("/")[1]
    api.create(make_patient("上官婉清", "1990-01-02", "female"))
    card_of = {"identifier": [{"system": "urn:oid:2.16.156.10011.1.3", "value": card}]}
    assert found(api, described(**card_of)) == [(made, "certain")]
    assert found(api, described("司徒雲帆", **phone)) == [(made, "certain")], (
        "traditional characters, and the phone"
    )
    assert found(api, described("situ yunfan", **card_of)) == [(made, "certain")]
    assert found(api, described("司徒云帆", "1958-12-03", **phone))[0][0] == made, (
        "day and month swapped"
    )
    assert [g for _, g in found(api, described("李四", **card_of))] in (
        ["probable"],
        ["possible"],
    ), "somebody with their card is not this patient"
    assert found(api, described("李四", **card_of), onlyCertainMatches=True) == []
    assert found(api, described("张三丰", "1970-01-01")) == []
    api.create(make_patient("司徒云帆", resident="") | phone)
    assert (
        len(found(api, described(**phone))) == 2
        and len(found(api, described(**phone), count=1)) == 1
    )


def test_what_changed_is_found_as_it_is_now_and_the_deleted_not_at_all(api: Api) -> None:
    made = api.create(make_patient("慕容晓晓"))
    assert api("PUT", made, api("GET", made).json | {"name": [{"text": "独孤无双"}]}).status == 200
    assert (
        found(api, described("独孤无双"))[0][0]
        == made.split("/")[1]
        == found(api, described("慕容晓晓"))[0][0]
    ), "by the former name too"
    assert found(api, described("东方朔")) == [], "the control: a name that they never had"
    assert api("DELETE", made).status == 204
    assert found(api, described("独孤无双")) == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"resourceType": "Parameters"},
        {"resourceType": "Parameters", "parameter": [{"name": "resource"}]},
        asked({"resourceType": "Observation"}),
        asked(described(), count=0),
        asked(described(), count=1000),
        asked(described(), count=True),
        asked(described(), colour=1),
        asked(described(gender="x")),
        asked(described(birthDate="morgen")),
        {
            "resourceType": "Parameters",
            "parameter": [{"name": "resource", "resource": described()}] * 2,
        },
        {"resourceType": "Parameters", "parameter": [1]},
    ],
)
def test_what_it_does_not_take_is_said(api: Api, body: Any) -> None:
    reply = api("POST", "Patient/$match", body)
    assert 400 <= reply.status < 500 and reply.json["issue"][0]["diagnostics"], body


def test_a_store_answers_its_own_hospital_only(api: Api, server: str) -> None:
    at = alliance.make_hospital("other")
    stranger = Api(server, at.code, credentials=alliance.make_credentials(at))
    api.create(make_patient("诸葛文远"))
    assert (
        stranger("POST", "Patient/$match", asked(described("诸葛文远")), base=api.base).status
        == 403
    )
    assert (
        found(stranger, described("诸葛文远")) == [] and len(found(api, described("诸葛文远"))) == 1
    ), "the control"


def test_the_shared_base_finds_only_by_what_is_open(w: World) -> None:
    secret = {
        "telecom": [{"system": "phone", "value": "13698765432"}],
        "name": [{"text": "皇甫密"}],
    }
    at_b = w.hold("GET", w.at_b).json
    assert (
        w.hold(
            "PUT",
            w.at_b,
            at_b | {"name": [*at_b["name"], *secret["name"]][::-1], "telecom": secret["telecom"]},
        ).status
        == 200
    )
    asks = described("皇甫密", at_b["birthDate"], gender=at_b["gender"], telecom=secret["telecom"])
    assert found(w.ask, asks, base="alliance") == [], (
        "the other hospital's words find nobody while they are closed"
    )
    related(w)
    w.permit()
    assert [p for p, _ in found(w.ask, asks, base="alliance")] == [str(w.person)], "the control"


def test_no_table_of_the_index_holds_readable_words(api: Api) -> None:
    api.create(
        make_patient("端木赐", resident=make_citizen_number())
        | {
            "telecom": [{"system": "phone", "value": "13712340000"}],
            "address": [{"text": "湘雅家园13栋2单元3002室"}],
        }
    )
    row = SourcePatient.objects.get(name="端木赐", hospital__code=api.base)
    assert (
        row.words
        and b"13712340000" not in bytes(row.words)
        and "湘雅".encode() not in bytes(row.words)
    )
    assert 5 < MatchKey.objects.filter(source=row).count() < 40


def test_an_upgrade_learns_who_was_registered_before(api: Api) -> None:
    made = api.create(make_patient("夏侯惇元"))
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE records_sourcepatient SET words = NULL FROM alliance_hospital h WHERE h.id ="
            " hospital_id AND h.code = %s",
            [api.base],
        )
        cursor.execute(
            "DELETE FROM records_matchkey k USING records_sourcepatient s, alliance_hospital h"
            " WHERE s.id = k.source_id AND h.id = s.hospital_id AND h.code = %s",
            [api.base],
        )
    assert found(api, described("夏侯惇元")) == [], "the control"
    assert list(reindex.learn_patient_words())
    assert [i for i, _ in found(api, described("夏侯惇元"))] == [made.split("/")[1]]


def test_endless_words_cost_no_more_than_long_ones(api: Api) -> None:
    """Comparing takes the square of the length: what is compared is cut, what is stored is not."""
    long = {
        "telecom": [{"system": "phone", "value": "1" * 50_000}],
        "address": [{"text": "路" * 50_000}, {"line": ["巷"] * 2000}],
        "contact": [
            {"relationship": [{"coding": [{"code": "MTH"}]}], "name": {"text": "母" * 50_000}}
        ],
    }
    names = ["赵" + "安宁" * 25_000, "li " + "abc " * 20_000]
    for text in names:
        about = make_patient(text) | long
        about["identifier"] += [
            {"type": {"coding": [{"code": "PPN"}]}, "value": f"{i}" + "7" * 10_000}
            for i in range(40)
        ]
        replies = [
            api("POST", "Patient", about | {"identifier": about["identifier"][1:]})
            for _ in range(2)
        ]
        assert [r.status for r in replies] == [201, 201], replies[0].body[:500]
    assert all(
        len(bytes(s.words or b"")) < 20_000
        for s in SourcePatient.objects.filter(hospital__code=api.base)
    )


def test_another_installations_key_is_named(api: Api) -> None:
    made = api.create(make_patient("长孙无忌", mrn="K-1"))
    row = SourcePatient.objects.get(hospital__code=api.base, fhir_id=made.split("/")[1])
    other = SourcePatient.objects.get(
        hospital__code=api.base,
        fhir_id=api.create(make_patient("宇文泰来", mrn="K-2")).split("/")[1],
    )
    with pytest.raises(field_protection.WrongIndexKey, match="index key"):
        field_protection.decrypt_demographics(bytes(row.words or b""), other.pk)
    assert (
        field_protection.decrypt_demographics(bytes(row.words or b""), row.pk).name == "长孙无忌"
    ), "the control"
