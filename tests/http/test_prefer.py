"""Prefer: return= chooses what the answer to a write shows, of one resource and of each entry of
a Bundle (RFC 7240 4.2; FHIR R4 http.html#ops).
"""

from typing import Any

import pytest

from tests.factories.fhir import Api, make_bundle, make_patient


def sent(api: Api, kind: str, **headers: str) -> list[Any]:
    about = api.create(make_patient("原有", mrn="F-1"))
    body = api("GET", about).json
    there = api.create(make_patient("原有", mrn="F-3"))
    api("PUT", there, api("GET", there).json)
    rows = (
        ("POST", "Patient", make_patient("新来", mrn="F-2")),
        ("PUT", about, body),
        (
            "POST",
            "Patient",
            make_patient("又来", mrn="F-3") | {"ifNoneExist": "identifier=urn:mrn|F-3"},
        ),
        ("DELETE", "Patient/never", None),
        ("GET", about, None),
    )
    reply = api("POST", "", make_bundle(*rows, kind=kind), **headers)
    assert reply.status == 200, reply.body
    return reply.json["entry"]  # type: ignore[no-any-return]


@pytest.mark.parametrize("kind", ["batch", "transaction"])
def test_entries_show_what_is_preferred(api: Api, kind: str) -> None:
    shown = sent(api, kind, Prefer='return="representation"')
    assert [e.get("resource", {}).get("name", [{}])[0].get("text") for e in shown] == [
        "新来",
        "原有",
        "原有",
        None,
        "原有",
    ]
    assert [e["response"]["status"][:3] for e in shown] == ["201", "200", "200", "204", "200"]
    assert (
        shown[1]["resource"]["meta"]["versionId"] == "2"
        and shown[2]["response"]["etag"] == 'W/"2"'
        and shown[2]["response"]["location"].endswith("/_history/2")
    )
    assert all(
        "/_history/" in e["response"]["location"]
        and not e["response"]["location"].startswith(("http", "/"))
        for e in shown[:3]
    )


@pytest.mark.parametrize("kind", ["batch", "transaction"])
@pytest.mark.parametrize("prefer", ["return=minimal", "handling=strict"])
def test_entries_without_a_wish_show_no_resource_of_a_write(
    api: Api, kind: str, prefer: str
) -> None:
    shown = sent(api, kind, Prefer=prefer)
    assert ["resource" in e for e in shown] == [False, False, False, False, True]
    assert (
        shown[2]["response"]["etag"] == 'W/"2"'
        and "already" in shown[2]["response"]["outcome"]["issue"][0]["diagnostics"]
    )


@pytest.mark.parametrize("kind", ["batch", "transaction"])
def test_entries_with_an_outcome(api: Api, kind: str) -> None:
    shown = sent(api, kind, Prefer="return=OperationOutcome")
    says = [
        e["response"].get("outcome", {}).get("issue", [{}])[0].get("diagnostics") for e in shown
    ]
    assert (
        says[:2] == ["Stored."] * 2
        and "Nothing was stored" in says[2]
        and says[3:] == [None, None]
        and not any("resource" in e for e in shown[:4])
    )


def test_one_resource_shows_what_is_preferred(api: Api) -> None:
    for prefer, shown in (
        ("return=minimal", b""),
        ("respond-sync, return=minimal; x=1", b""),
        ("RETURN=minimal", b""),
    ):
        assert api("POST", "Patient", make_patient(), Prefer=prefer).body == shown
    assert (
        api("POST", "Patient", make_patient(), Prefer="return=OperationOutcome").json["issue"][0][
            "diagnostics"
        ]
        == "Stored."
    )
    assert api("POST", "Patient", make_patient()).json["resourceType"] == "Patient"
