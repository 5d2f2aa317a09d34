"""Conditions inside a transaction and a batch: what they do, and what they refuse without half-
doing it.
"""

from typing import Any
from urllib.parse import quote

import pytest

from alliance.roles import Role
from records.operations.person_seal import do_seal_person
from tests.factories import alliance
from tests.factories.fhir import Api, make_bundle, make_observation, make_patient
from tests.support.asking import patched
from tests.support.world import World, w

__all__ = ["w"]


def test_conditions_inside_a_transaction(api: Api) -> None:
    old = api.create(make_patient("旧名", mrn="M-1"))
    gone = api.create(make_patient("要删", mrn="M-2"))
    sent = make_bundle(
        (
            "PUT",
            "Patient?identifier=urn:mrn|M-1",
            make_patient("新名", mrn="M-1")
            | {"fullUrl": "urn:uuid:00000000-0000-4000-8000-000000000001"},
        ),
        ("PUT", "Patient?identifier=urn:mrn|M-3", make_patient("第三", mrn="M-3")),
        ("DELETE", "Patient?identifier=urn:mrn|M-2", None),
        ("DELETE", "Patient?identifier=urn:mrn|M-none", None),
        ("POST", "Observation", make_observation("urn:uuid:00000000-0000-4000-8000-000000000001")),
    )
    reply = api("POST", "", sent)
    assert [e["response"]["status"][:3] for e in reply.json["entry"]] == [
        "200",
        "201",
        "204",
        "204",
        "201",
    ], reply.body
    assert api("GET", old).json["name"][0]["text"] == "新名" and api("GET", gone).status == 410
    assert api("GET", f"Observation?patient={old}").json["total"] == 1, (
        "the reference followed the condition"
    )


@pytest.mark.parametrize(
    "entries",
    [
        [
            ("PUT", "Patient?identifier=urn:mrn|M-1", make_patient(mrn="M-1")),
            ("PUT", "Patient/FIX", make_patient(mrn="M-1") | {"id": "FIX"}),
        ],
        [
            ("PUT", "Patient?identifier=urn:mrn|M-1", make_patient(mrn="M-1")),
            ("DELETE", "Patient?gender=male", None),
        ],
        [
            (
                "POST",
                "Organization",
                {"resourceType": "Organization", "name": "x", "ifNoneExist": "name=x"},
            )
        ]
        * 2,
        [
            ("PUT", "Patient?gender=female&active=true", make_patient("甲", gender="female")),
            ("PUT", "Patient?active=true&gender=female", make_patient("乙", gender="female")),
        ],
        [
            ("PUT", "Patient?gender=female", make_patient("甲", gender="female")),
            ("PUT", "Patient?gender=female", make_patient("乙", gender="female")),
        ],
    ],
)
def test_one_resource_twice_in_a_transaction_is_refused_whole(api: Api, entries: list[Any]) -> None:
    api("PUT", "Patient/FIX", make_patient(mrn="M-1") | {"id": "FIX"})
    reply = api("POST", "", make_bundle(*entries))
    assert reply.status in (400, 409) and "Bundle.entry[1]" in reply.says, reply.body
    assert [e["resource"]["meta"]["versionId"] for e in api.feed(1)] == ["1"]


def test_conditions_inside_a_batch(api: Api) -> None:
    reply = api(
        "POST",
        "",
        make_bundle(
            ("PUT", "Patient?identifier=urn:mrn|M-1", make_patient(mrn="M-1")),
            ("DELETE", "Patient?identifier=urn:mrn|M-9", None),
            ("PUT", "Patient?identifier=urn:mrn|M-1", make_patient("二", mrn="M-1")),
            kind="batch",
        ),
    )
    assert [e["response"]["status"][:3] for e in reply.json["entry"]] == ["201", "204", "200"]


def test_a_condition_meets_a_sealed_patient_by_one_number_alone(w: World) -> None:
    """What a condition finds tells of what it was asked about: of a sealed record nothing but
    that the number is known.
    """
    body = w.hold("GET", w.at_b).json
    number, text = (
        next(f"{i['system']}|{i['value']}" for i in body["identifier"] if i["system"] == "urn:mrn"),
        body["name"][0]["text"],
    )
    asks = [
        f"name={text}",
        f"name:exact={text}",
        "gender=male&birthdate=1958-03-12&name=" + text,
        f"identifier={number}&gender=male",
        f"identifier={number.split('|')[1]}",
        f"_id={w.at_b.split('/')[1]}",
        f"_has:Observation:patient:code=4548-4&name={text}",
        f"identifier={number},urn:mrn|x",
        f"identifier:not={number}&name={text}",
    ]

    def met(ask: str) -> bool:
        created = (
            w.hold("POST", "Patient", make_patient(), If_None_Exist=quote(ask, safe="=&|:,")).status
            == 200
        )
        referred = (
            w.hold(
                "POST", "", make_bundle(("POST", "Observation", make_observation(f"Patient?{ask}")))
            ).status
            == 200
        )
        assert created == referred, ask
        return referred

    assert [met(a) for a in asks if "_has" not in a and "not" not in a] == [True] * 7, (
        "the control: open"
    )
    do_seal_person(
        w.person,
        ground="dispute",
        reason="医疗纠纷",
        listed=[],
        acting=alliance.get_staff_principal(alliance.make_staff(w.b, Role.PRIVACY, wide=True)),
    )  # type: ignore[arg-type]
    assert not any(met(a) for a in asks)
    assert patched(w.hold, f"Patient?{asks[0]}", []).status == 404
    assert (
        w.hold("DELETE", f"Patient?{asks[0]}").status,
        w.hold("PUT", f"Patient?{asks[0]}", make_patient(text)).status,
    ) == (204, 201)
    assert met(f"identifier={number}"), (
        "so that who has sent the patient may send again without a twin"
    )
