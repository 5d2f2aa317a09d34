"""Conditional update, delete and read, gzip, views of the wire: what they do, and what they
refuse without half-doing it.
"""

import gzip
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.factories.fhir import Api, make_bundle, make_observation, make_patient
from tests.support.asking import patched

MR = "identifier=urn:mrn|M-1"


def test_conditional_update(api: Api) -> None:
    made = api("PUT", f"Patient?{MR}", make_patient(mrn="M-1"))
    assert made.status == 201, "no match: created"
    again = api("PUT", f"Patient?{MR}", make_patient("王芳", mrn="M-1"))
    assert (
        again.status == 200
        and again.json["id"] == made.json["id"]
        and again.json["meta"]["versionId"] == "2"
    )
    assert api("PUT", f"Patient?{MR}", make_patient(mrn="M-1") | {"id": "another"}).status == 400, (
        "the condition finds one, the body names another"
    )
    named = api("PUT", "Patient?identifier=urn:mrn|M-9", make_patient(mrn="M-9") | {"id": "HIS-9"})
    assert named.status == 201 and named.json["id"] == "HIS-9"
    assert api("PUT", "Patient?gender=male", make_patient(mrn="M-8")).status in (200, 412)
    api.create(make_patient(mrn="M-7"))
    assert api("PUT", "Patient?gender=male", make_patient(mrn="M-8")).status == 412, "several match"
    assert api("PUT", "Patient", make_patient()).status == 400, "no condition at all"


def test_an_id_that_is_anothers_is_not_overwritten(api: Api) -> None:
    api("PUT", "Patient/HIS-9", make_patient("原有", mrn="M-9") | {"id": "HIS-9"})
    other = make_patient("新来", mrn="M-10") | {"id": "HIS-9"}
    assert api("PUT", "Patient?identifier=urn:mrn|M-10", other).status == 409
    assert (
        api("POST", "", make_bundle(("PUT", "Patient?identifier=urn:mrn|M-10", other))).status
        == 409
    )
    assert api("GET", "Patient/HIS-9").json["name"][0]["text"] == "原有"
    assert (
        api(
            "PUT",
            "Patient?identifier=urn:mrn|M-9",
            make_patient("改名", mrn="M-9") | {"id": "HIS-9"},
        ).status
        == 200
    ), "the control"


def test_racing_conditional_updates_make_one_resource(api: Api) -> None:
    with ThreadPoolExecutor(12) as pool:
        replies = list(
            pool.map(
                lambda i: api(
                    "PUT", "Patient?identifier=urn:mrn|RACE", make_patient(f"张{i}", mrn="RACE")
                ),
                range(36),
            )
        )
    assert (
        sorted({r.status for r in replies}) == [200, 201]
        and [r.status for r in replies].count(201) == 1
    )
    assert api("GET", "Patient?identifier=urn:mrn|RACE&_summary=count").json["total"] == 1
    assert len({r.json["meta"]["versionId"] for r in replies}) == 36, "no update is lost"


def test_conditional_delete(api: Api) -> None:
    about = api.create(make_patient(mrn="M-1"))
    seen = [api.create(make_observation(about, value=v)) for v in (1, 2)]
    assert api("DELETE", "Observation?code=4548-4").status == 412, "several match: none is deleted"
    assert api("DELETE", "Observation?value-quantity=1").status == 204
    assert api("GET", seen[0]).status == 410 and api("GET", seen[1]).status == 200
    assert api("DELETE", "Observation?value-quantity=1").status == 204, (
        "nothing left to delete is no error"
    )
    assert api("DELETE", "Observation").status == 400


def test_patch(api: Api) -> None:
    about = api.create(make_patient(mrn="M-1"))
    reply = patched(
        api,
        about,
        [
            {"op": "test", "path": "/gender", "value": "male"},
            {"op": "replace", "path": "/gender", "value": "other"},
            {
                "op": "add",
                "path": "/telecom",
                "value": [{"system": "phone", "value": "13900000000"}],
            },
        ],
    )
    assert (
        reply.status == 200
        and reply.json["gender"] == "other"
        and reply.json["meta"]["versionId"] == "2"
    )
    assert api("GET", "Patient?phone=13900000000").json["total"] == 1, "the index follows"
    assert (
        patched(api, about, [{"op": "remove", "path": "/telecom"}], If_Match='W/"1"').status == 412
    )
    assert (
        patched(api, about, [{"op": "remove", "path": "/telecom"}], If_Match='W/"2"').status == 200
    )
    assert (
        patched(
            api, f"Patient?{MR}", [{"op": "replace", "path": "/gender", "value": "female"}]
        ).json["gender"]
        == "female"
    )
    assert patched(api, "Patient?identifier=urn:mrn|none", []).status == 404


def test_patch_keeps_digits(api: Api) -> None:
    seen = api.create(make_observation(api.create(make_patient())))
    api("PUT", seen, json.dumps(api("GET", seen).json).replace("7.1", "7.10").encode())
    assert (
        b'"value":7.10'
        in patched(api, seen, [{"op": "add", "path": "/note", "value": [{"text": "x"}]}]).body
    )


@pytest.mark.parametrize(
    ("operations", "status", "says"),
    [
        ([{"op": "replace", "path": "/gender", "value": "m"}], 422, "Patient.gender"),
        (
            [
                {"op": "test", "path": "/gender", "value": "female"},
                {"op": "remove", "path": "/gender"},
            ],
            422,
            "Operation 0",
        ),
        ([{"op": "replace", "path": "/id", "value": "x"}], 422, "id"),
        ([{"op": "remove", "path": "/resourceType"}], 422, ""),
        ([{"op": "remove", "path": "/nowhere/deep"}], 422, "Operation 0"),
        ([{"op": "fly", "path": "/gender"}], 400, "Operation 0"),
        ([{"op": "add", "path": "no-slash", "value": 1}], 422, "Operation 0"),
        ([{"op": "add", "path": "", "value": 5}], 422, "id"),
        ({"op": "remove"}, 400, "array"),
        ([5], 400, "array"),
        (b"[", 400, "not JSON"),
        ([{"op": "copy", "from": "/name", "path": "/name/-"}] * 501, 413, "500"),
    ],
)
def test_patches_that_change_nothing(api: Api, operations: Any, status: int, says: str) -> None:
    about = api.create(make_patient())
    reply = patched(api, about, operations)
    assert reply.status == status and says in reply.says, reply.body
    assert api("GET", about).json["meta"]["versionId"] == "1"


def test_an_error_repeats_nothing_of_what_is_stored(api: Api) -> None:
    about = api.create(
        make_patient("秘密名") | {"telecom": [{"system": "phone", "value": "13900000042"}]}
    )
    for operation in (
        {"op": "test", "path": "/telecom/0/value", "value": "1"},
        {"op": "test", "path": "/name", "value": []},
        {"op": "remove", "path": "/name/text"},
        {"op": "add", "path": "/name/9", "value": 1},
        {"op": "replace", "path": "/telecom/0/value/deep", "value": 1},
        {"op": "move", "from": "/name/0/text/x", "path": "/gender"},
        {"op": "copy", "from": "/nowhere", "path": "/name"},
        {"op": "replace", "path": "/birthDate", "value": "x"},
        {"op": "replace", "path": "/name", "value": {}},
        {"op": "fly", "path": "/name"},
    ):
        reply = patched(api, about, [operation])
        assert (
            reply.status in (400, 422)
            and "秘密" not in reply.says
            and "13900000042" not in reply.says
        ), reply.body


def test_a_patch_that_grows_without_end(api: Api) -> None:
    about = api.create(
        make_patient() | {"extension": [{"url": "urn:x", "valueString": "x" * 100_000}]}
    )
    grow = [{"op": "copy", "from": "", "path": "/contained"}] * 30
    assert patched(api, about, grow).status in (413, 422)


def test_patch_wants_its_media_type(api: Api) -> None:
    about = api.create(make_patient())
    assert api("PATCH", about, [{"op": "remove", "path": "/gender"}]).status == 415
    assert patched(api, about, [{"op": "remove", "path": "/gender"}]).status == 200, "the control"


def test_conditional_read(api: Api) -> None:
    about = api.create(make_patient())
    first = api("GET", about)
    assert api("GET", about, If_None_Match=first.headers["etag"]).status == 304
    assert api("GET", about, If_Modified_Since=first.headers["last-modified"]).status == 304
    assert api("GET", about, If_Modified_Since="Thu, 01 Jan 2026 00:00:00 GMT").status == 200
    assert (
        api(
            "GET", about, If_None_Match='W/"7"', If_Modified_Since=first.headers["last-modified"]
        ).status
        == 200
    ), "the tag counts"
    head = api("HEAD", about)
    assert head.status == 200 and head.body == b"" and head.headers["etag"] == first.headers["etag"]


def test_gzip_in_and_out(api: Api) -> None:
    body = gzip.compress(json.dumps(make_patient("压缩")).encode())
    made = api("POST", "Patient", body, Content_Encoding="gzip")
    assert made.status == 201 and made.json["name"][0]["text"] == "压缩"
    for _ in range(6):
        api.create(make_patient("压缩"))
    packed = api("GET", "Patient?name=压缩", Accept_Encoding="gzip")
    assert (
        packed.headers["content-encoding"] == "gzip"
        and json.loads(gzip.decompress(packed.body))["total"] == 7
    )
    assert api("POST", "Patient", b"no gzip", Content_Encoding="gzip").status == 400
    assert api("POST", "Patient", body[:-9], Content_Encoding="gzip").status == 400
    assert (
        api("POST", "Patient", body + gzip.compress(b"{}"), Content_Encoding="gzip").status == 400
    ), "a second member is not passed over"
    assert api("POST", "Patient", body, Content_Encoding="br").status == 415
    assert (
        api("POST", "Patient", gzip.compress(b" " * 70_000_000), Content_Encoding="gzip").status
        == 413
    ), "a small packet, a large body"


def test_a_parameter_is_never_passed_over_in_silence(api: Api) -> None:
    about = api.create(make_patient())
    body = make_patient() | {"id": about.split("/")[1]}
    for method, path, sent in (
        ("POST", "Patient?identifier=urn:mrn|x", make_patient()),
        ("PUT", f"{about}?gender=male", body),
        ("GET", f"{about}?gender=male", None),
    ):
        assert api(method, path, sent).status == 400, (method, path)
    assert api("GET", "Patient?_summary=count").json["total"] == 1
    assert set(api("GET", f"{about}?_elements=gender&_pretty=true").json) == {
        "resourceType",
        "id",
        "meta",
        "gender",
    }, "the control"


def test_pretty_and_lenient(api: Api) -> None:
    about = api.create(make_patient())
    assert b'\n  "resourceType": "Patient"' in api("GET", f"{about}?_pretty=true").body
    lenient = api("GET", "Patient?gender=male&shoe-size=44", Prefer="handling=lenient")
    assert (
        lenient.status == 200
        and lenient.json["total"] == 1
        and "shoe-size" not in lenient.json["link"][0]["url"]
    )
    assert api("GET", "Patient?gender=male&shoe-size=44", Prefer="handling=strict").status == 400, (
        "the control"
    )
