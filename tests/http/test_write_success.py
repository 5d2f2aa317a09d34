"""create, update, delete, transaction and batch as an integration engineer uses them."""

import json

from tests.factories.fhir import Api, make_bundle, make_observation, make_patient


def test_created_resource_reads_back_with_every_digit(api: Api) -> None:
    who = api.create(make_patient())
    text = json.dumps(make_observation(who)).replace('"value": 7.1', '"value": 7.10')
    made = api("POST", "Observation", text.encode())
    assert (
        made.status == 201
        and made.headers["location"].endswith("/_history/1")
        and made.headers["etag"] == 'W/"1"'
    )
    read = api("GET", f"Observation/{made.json['id']}")
    assert (
        read.status == 200
        and b'"value":7.10' in read.body
        and read.json["meta"]["versionId"] == "1"
    )


def test_update_keeps_the_history_and_delete_keeps_both(api: Api) -> None:
    who = api.create(make_patient("李娜", gender="female"))
    body = api("GET", who).json
    body["name"] = [{"text": "李娜娜"}]
    changed = api("PUT", who, body, If_Match='W/"1"')
    assert changed.status == 200 and changed.headers["etag"] == 'W/"2"'
    assert api("GET", f"{who}/_history/1").json["name"][0]["text"] == "李娜"
    assert api("DELETE", who).status == 204
    assert api("GET", who).status == 410
    history = api("GET", f"{who}/_history").json
    assert [e["request"]["method"] for e in history["entry"]] == ["DELETE", "PUT", "POST"]


def test_client_may_choose_the_id(api: Api) -> None:
    made = api("PUT", "Patient/HIS-000017", {**make_patient(), "id": "HIS-000017"})
    assert made.status == 201 and api("GET", "Patient/HIS-000017").status == 200


def test_transaction_resolves_references_and_conditional_creates(api: Api) -> None:
    org = {
        "resourceType": "Organization",
        "name": "检验科",
        "identifier": [{"system": "urn:o", "value": "lab"}],
        "fullUrl": "urn:uuid:3b0a7c34-0000-4000-8000-000000000001",
        "ifNoneExist": "identifier=urn:o|lab",
    }
    who = {**make_patient(), "fullUrl": "urn:uuid:3b0a7c34-0000-4000-8000-000000000002"}
    seen = {
        **make_observation("urn:uuid:3b0a7c34-0000-4000-8000-000000000002"),
        "performer": [{"reference": "urn:uuid:3b0a7c34-0000-4000-8000-000000000001"}],
    }
    sent = make_bundle(
        ("POST", "Organization", org), ("POST", "Patient", who), ("POST", "Observation", seen)
    )
    first = api("POST", "", sent).json
    assert [e["response"]["status"] for e in first["entry"]] == ["201 Created"] * 3
    place = first["entry"][2]["response"]["location"].split("/_history")[0]
    stored = api("GET", place).json
    assert (
        stored["subject"]["reference"]
        == first["entry"][1]["response"]["location"].split("/_history")[0]
    )
    del sent["entry"][1]["resource"]["identifier"]
    second = api("POST", "", sent).json
    assert second["entry"][0]["response"]["status"] == "200 OK", (
        "the organization was found, not made again"
    )
    assert api("GET", "Organization?identifier=urn:o|lab").json["total"] == 1


def test_batch_keeps_the_good_neighbours_of_a_bad_entry(api: Api) -> None:
    reply = api(
        "POST",
        "",
        make_bundle(
            ("POST", "Patient", make_patient()),
            ("POST", "Patient", {"resourceType": "Patient", "gender": "m"}),
            ("POST", "Patient", make_patient("王芳")),
            kind="batch",
        ),
    ).json
    assert [e["response"]["status"][:3] for e in reply["entry"]] == ["201", "422", "201"]
    assert "entry[1]" in reply["entry"][1]["response"]["outcome"]["issue"][0]["expression"][0]


def test_null_holds_the_place_of_a_primitive_that_only_has_an_extension(api: Api) -> None:
    sent = make_patient() | {
        "name": [
            {
                "given": [None, "明"],
                "_given": [{"extension": [{"url": "urn:x", "valueBoolean": False}]}, None],
            }
        ]
    }
    assert api("GET", api.create(sent)).json["name"] == sent["name"]
