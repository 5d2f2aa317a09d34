"""Conditional create: what it answers when it finds something, how its condition may be written,
in which bytes (FHIR R4 http.html#ccreate).
"""

import json
from urllib.parse import quote

import pytest

from alliance.roles import Role
from records.operations.person_seal import do_seal_person
from tests.factories import alliance
from tests.factories.fhir import FHIR, Api, Reply, make_bundle, make_patient
from tests.support.asking import wire
from tests.support.world import World, w

__all__ = ["w"]
MR = "identifier=urn:mrn|N-1"


def create(api: Api, condition: bytes, mrn: str = "N-1", **headers: str) -> Reply:
    """With just these bytes in the header."""
    sent = {
        "Authorization": f"Bearer {api.token}",
        "Content-Type": FHIR,
        "If-None-Exist": condition.decode("latin-1"),
        **{k.replace("_", "-"): v for k, v in headers.items()},
    }
    return api.raw(
        "POST", f"/fhir/{api.base}/Patient", json.dumps(make_patient(mrn=mrn)).encode(), sent
    )


def test_what_was_found_is_shown(api: Api) -> None:
    made = create(api, MR.encode())
    assert made.status == 201
    api("PUT", f"Patient/{made.json['id']}", made.json)
    read = api("GET", f"Patient/{made.json['id']}")
    again = create(api, MR.encode())
    assert (
        again.status == 200
        and again.json == read.json
        and again.headers["etag"] == 'W/"2"'
        and again.headers["last-modified"] == read.headers["last-modified"]
    )
    assert again.headers["location"].endswith(
        f"/fhir/{api.base}/Patient/{made.json['id']}/_history/2"
    )
    bare = create(api, MR.encode(), Prefer="return=minimal")
    assert (
        bare.status == 200
        and bare.body == b""
        and "content-type" not in bare.headers
        and bare.headers["etag"] == 'W/"2"'
    )
    assert "already" in create(api, MR.encode(), Prefer="return=OperationOutcome").says


def test_the_forms_in_which_clients_send_it(api: Api) -> None:
    made = create(api, MR.encode()).json["id"]
    here = f"{api.at.scheme}://{api.at.netloc}/fhir/{api.base}/Patient"
    for form in (f"?{MR}", f"Patient?{MR}", f"{here}?{MR}"):
        found = create(api, form.encode())
        assert found.status == 200 and found.json["id"] == made, form
        told = api(
            "POST",
            "",
            make_bundle(("POST", "Patient", make_patient(mrn="N-1") | {"ifNoneExist": form})),
        )
        assert told.json["entry"][0]["response"]["location"] == f"Patient/{made}/_history/1", form
    for form in (
        "",
        " ",
        "?",
        "Patient?",
        f"Observation?{MR}",
        f"https://other.example/fhir/Patient?{MR}",
        f"{here.replace(api.base, 'alliance')}?{MR}",
        f"{here}/1?{MR}",
    ):
        found = create(api, form.encode())
        assert found.status == 400 and "If-None-Exist" in found.says, form
        for kind in ("batch", "transaction"):
            told = api(
                "POST",
                "",
                make_bundle(
                    ("POST", "Patient", make_patient(mrn="N-1") | {"ifNoneExist": form}), kind=kind
                ),
            )
            assert (
                told.status == 400
                if kind == "transaction"
                else told.json["entry"][0]["response"]["status"] == "400 Bad Request"
            ), form
    assert api("GET", "Patient?_summary=count").json["total"] == 1


def test_a_question_mark_in_a_value_is_one(api: Api) -> None:
    for _ in range(2):
        found = create(api, b"identifier=urn:mrn|why%3F?", mrn="why??")
    assert found.status == 200


def test_chinese_as_bytes_and_percent_encoded_is_one_condition(api: Api) -> None:
    asked = "identifier=urn:mrn|病历-1"
    made = create(api, asked.encode(), mrn="病历-1")
    assert made.status == 201
    for form in (asked.encode(), quote(asked, safe="=|:").encode()):
        assert create(api, form, mrn="病历-1").json["id"] == made.json["id"]
    for form in (asked.encode("gbk"), b"identifier=urn:mrn|%B2%A1"):
        found = create(api, form, mrn="病历-1")
        assert found.status == 400 and "UTF-8" in found.says
    assert api("GET", "Patient?_summary=count").json["total"] == 1


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_search_in_other_bytes_than_utf_8_is_refused(api: Api, server: str, method: str) -> None:
    api.create(make_patient("欧阳修"))
    head = {
        "Authorization": f"Bearer {api.token}",
        "Content-Type": "application/x-www-form-urlencoded",
    }

    def found(text: bytes) -> Reply:
        if method == "POST":
            return api.raw("POST", f"/fhir/{api.base}/Patient/_search", b"name=" + text, head)
        return api.raw(
            "GET", f"/fhir/{api.base}/Patient?name=" + text.decode("latin-1"), headers=head
        )

    assert found(quote("欧阳").encode()).json["total"] == 1, "the control"
    if method == "POST":
        assert found("欧阳".encode()).json["total"] == 1
        assert found("欧阳".encode("gbk")).status == 400
    else:
        rest = (
            " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer"
            f" {api.token}\r\n\r\n".encode()
        )
        asked = f"GET /fhir/{api.base}/Patient?name=".encode()
        for coding in ("utf-8", "gbk"):
            refused = wire(server, asked + "欧阳".encode(coding) + rest)
            assert refused.status == 400 and "percent-encoded as UTF-8" in refused.says
    refused = found(quote("欧阳".encode("gbk")).encode())
    assert refused.status == 400 and "UTF-8" in refused.says


def test_a_sealed_record_is_found_by_its_number_and_not_shown(w: World) -> None:
    body = w.hold("GET", w.at_b).json
    number = next(
        f"identifier={i['system']}|{i['value']}"
        for i in body["identifier"]
        if i["system"] == "urn:mrn"
    )
    assert create(w.hold, number.encode()).json["name"] == body["name"], "the control: open"
    do_seal_person(
        w.person,
        ground="dispute",
        reason="医疗纠纷",
        listed=[],
        acting=alliance.get_staff_principal(alliance.make_staff(w.b, Role.PRIVACY, wide=True)),
    )  # type: ignore[arg-type]
    found = create(w.hold, number.encode())
    assert (
        found.status == 200
        and found.json["resourceType"] == "OperationOutcome"
        and "etag" not in found.headers
        and found.headers["location"].endswith(w.at_b)
    )
    told = w.hold(
        "POST",
        "",
        make_bundle(("POST", "Patient", make_patient() | {"ifNoneExist": number})),
        Prefer="return=representation",
    ).json["entry"][0]
    assert (
        told["response"]["location"] == w.at_b
        and "resource" not in told
        and "etag" not in told["response"]
    )
