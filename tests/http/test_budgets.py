"""What one request may cost: just too much is refused with what to do instead, and the same
shape just below passes.
"""

import gzip
import json
from typing import Any

import pytest

from records.fhir import limits
from records.mpi.index import batch_resolver
from tests.factories.fhir import (
    Api,
    Reply,
    make_bundle,
    make_observation,
    make_patient,
    make_unique_name,
)
from tests.support.html import Browser

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def packed(api: Api, path: str, body: bytes) -> Reply:
    headers = {
        "Authorization": f"Bearer {api.token}",
        "Content-Type": "application/fhir+json",
        "Content-Encoding": "gzip",
    }
    return api.raw("POST", f"/fhir/{api.base}/{path}", gzip.compress(body, 1), headers)


def search(api: Api, query: str, type_name: str = "Observation") -> Reply:
    return api.raw(
        "POST",
        f"/fhir/{api.base}/{type_name}/_search",
        query.encode(),
        {"Authorization": f"Bearer {api.token}", **FORM},
    )


def too_costly(reply: Reply) -> bool:
    return reply.status == 413 and reply.json["issue"][0]["code"] == "too-costly"


def faulty(notes: int) -> bytes:
    return (
        b'{"resourceType":"Observation","status":"final","code":{"text":"x"},"note":['
        + b",".join([b'{"x":1}'] * notes)
        + b"]}"
    )


def plain(notes: int) -> bytes:
    return faulty(notes).replace(b'"x":1', b'"text":"x"')


def test_values_of_a_body(api: Api) -> None:
    assert too_costly(
        packed(api, "Observation/$validate", b"[" + b"[]," * (limits.JSON_VALUES // 2) + b"1]")
    )
    few = packed(
        api, "Observation/$validate", b"[" + b"[]," * (limits.JSON_VALUES // 2 - 10) + b"1]"
    )
    assert few.status == 200 and "JSON object" in few.says, (
        "the control: it is read, and found to be no resource"
    )
    assert (
        packed(api, "Observation/$validate", plain(300_000)).json["issue"][0]["severity"]
        == "information"
    ), "the control: plainly valid, and large"


def test_faults_are_told_where_they_begin(api: Api) -> None:
    found = packed(api, "Observation/$validate", faulty(300_000)).json["issue"]
    assert len(found) == limits.ISSUES_A_RESOURCE + 1
    assert (
        found[0]["expression"] == ["Observation.note[0].x"] and "more" in found[-1]["diagnostics"]
    )
    one = packed(api, "Observation/$validate", faulty(1)).json["issue"]
    assert all("more:" not in i["diagnostics"] for i in one), "the control"
    behind = json.loads(plain(100_000))
    behind["note"][50_000] = {"x": 1}
    reply = packed(api, "Observation/$validate", json.dumps(behind).encode())
    assert reply.json["issue"][0]["code"] == "too-costly" and "in parts" in reply.says
    behind["note"] = behind["note"][49_990:50_010]
    assert "note[10]" in packed(api, "Observation/$validate", json.dumps(behind).encode()).says, (
        "the control"
    )


def test_a_transaction_of_faults_tells_some_of_them(api: Api) -> None:
    wrong = {"resourceType": "Observation", "status": "bogus", "code": {"text": "x"}}
    reply = api("POST", "", make_bundle(*[("POST", "Observation", wrong)] * 1000))
    found = reply.json["issue"]
    assert (
        reply.status in (400, 422)
        and len(found) <= limits.ISSUES + 1
        and "not looked at" in found[-1]["diagnostics"]
    )
    few = api("POST", "", make_bundle(*[("POST", "Observation", wrong)] * 3)).json["issue"]
    assert [i["expression"][0][:15] for i in few] == [f"Bundle.entry[{i}]" for i in range(3)], (
        "the control: each is told"
    )


def test_parameters_and_values_of_a_search(api: Api) -> None:
    assert too_costly(search(api, "&".join(["code=x"] * (limits.PARAMETERS + 1))))
    assert search(api, "&".join(["code=x"] * 200)).status == 200, "the control"
    assert too_costly(
        search(api, "code=" + ",".join(f"x{i}" for i in range(limits.ALTERNATIVES + 2)))
    )
    assert (
        search(api, "code=" + ",".join(f"x{i}" for i in range(limits.ALTERNATIVES))).status == 200
    ), "the control"


def test_chains_of_a_search(api: Api) -> None:
    def chains(many: int, what: str) -> str:
        return "&".join(f"{what}=x{i}" for i in range(many))

    deep = "encounter.part-of.part-of.subject.name"
    assert too_costly(search(api, chains(limits.CHAINS + 1, deep))) and too_costly(
        search(api, chains(2000, "patient.name"))
    )
    assert search(api, chains(limits.CHAINS, deep)).status == 200, "the control"
    assert "name the type" in search(api, chains(5, "focus.identifier")).says
    assert (
        search(api, chains(2, "focus.identifier")).status == 200
        and search(api, chains(5, "focus:Patient.identifier")).status == 200
    ), "the control"
    assert too_costly(
        search(
            api,
            "&".join(f"_has:Observation:patient:code=x{i}" for i in range(limits.CHAINS + 1)),
            "Patient",
        )
    )


def test_names_of_elements(api: Api) -> None:
    about = api.create(make_patient())
    names = ",".join(f"e{i}" for i in range(limits.ALTERNATIVES - 1))
    [found] = [
        e["resource"]
        for e in search(
            api, f"_id={about.split('/')[1]}&_elements={names},birthDate", "Patient"
        ).json["entry"]
    ]
    assert "birthDate" in found and "name" not in found
    told = api.create(make_observation(about))
    for asked, shown in (
        ("value", True),
        ("value[x]", True),
        ("valueQuantity", True),
        ("val", False),
        ("Observation.value", True),
    ):
        assert ("valueQuantity" in api("GET", f"{told}?_elements={asked}").json) is shown, asked


def gets(*urls: str) -> dict[str, Any]:
    return make_bundle(*[("GET", u, None) for u in urls], kind="batch")


def statuses(reply: Reply) -> list[str]:
    assert reply.status == 200, reply.body
    return [e["response"]["status"][:3] for e in reply.json["entry"]]


def test_searches_of_a_batch(api: Api) -> None:
    about = api.create(make_patient())
    found = statuses(
        api("POST", "", gets(*[f"Observation?code=x{i}" for i in range(limits.READS + 5)], about))
    )
    assert found == ["200"] * limits.READS + ["413"] * 6, (
        "and what comes behind is to be asked for in another"
    )
    assert (
        statuses(
            api("POST", "", gets(*[about] * 700, *[f"Observation?code=x{i}" for i in range(9)]))
        )
        == ["200"] * 709
    ), "the control: reads, and few searches"
    wide = [f"{about}/$everything?_count={i}" for i in range(1, limits.READS // 5 + 3)]
    assert statuses(api("POST", "", gets(*wide))).count("413") == 2
    refused = api("POST", "", gets(*wide)).json["entry"][-1]["response"]["outcome"]["issue"][0]
    assert refused["code"] == "too-costly" and refused["expression"] == [
        f"Bundle.entry[{len(wide) - 1}].request.url"
    ]
    assert api("POST", "", make_bundle(*[("GET", u, None) for u in wide])).status == 413, (
        "a transaction is refused as a whole"
    )
    assert api("POST", "", make_bundle(*[("GET", u, None) for u in wide[:9]])).status == 200, (
        "the control"
    )


def test_conditions_of_a_transaction(api: Api) -> None:
    about = api.create(make_patient())

    def sent(entries: int, references: int) -> Reply:
        made = [
            (
                "POST",
                "Basic",
                {"resourceType": "Basic", "code": {"text": "x"}, "subject": {"reference": about}},
                f"identifier=urn:x|{i}",
            )
            for i in range(entries)
        ]
        asking = {
            "resourceType": "List",
            "status": "current",
            "mode": "working",
            "entry": [
                {"item": {"reference": f"Device?identifier=urn:x|{i}"}} for i in range(references)
            ],
        }
        return api(
            "POST",
            "",
            {
                "resourceType": "Bundle",
                "type": "transaction",
                "entry": (
                    [
                        {"resource": r, "request": {"method": m, "url": u, "ifNoneExist": c}}
                        for m, u, r, c in made
                    ]
                    + [{"resource": asking, "request": {"method": "POST", "url": "List"}}]
                    * bool(references)
                ),
            },
        )

    assert sent(40, 0).status == 200 and sent(0, 40).status == 422, "the control: no Device fits"
    for entries, references in ((limits.CONDITIONS + 1, 0), (limits.CONDITIONS, 1)):
        refused = sent(entries, references)
        assert refused.status == 413 and refused.json["issue"][0]["code"] == "too-costly", (
            refused.body
        )


def test_the_same_is_asked_once_and_anew_after_a_write(api: Api) -> None:
    about = api.create(make_patient())
    same = [f"{about}/$everything"] * 300
    assert statuses(api("POST", "", gets(*same))) == ["200"] * 300
    rows = [
        ("GET", about, None),
        ("PUT", about, make_patient("后来") | {"id": about.split("/")[1]}),
        ("GET", about, None),
    ]
    found = api("POST", "", make_bundle(*rows, kind="batch")).json["entry"]
    assert [e["resource"]["name"][0]["text"] == "后来" for e in (found[0], found[2])] == [
        False,
        True,
    ]


def test_bytes_of_a_batch(api: Api) -> None:
    about = api.create(make_patient() | {"contact": [{"name": {"text": "x" * 400_000}}]})
    most = limits.READ_BYTES // len(api("GET", about).body)
    found = statuses(api("POST", "", gets(*[about] * (most + 20))))
    assert found == ["200"] * most + ["413"] * 20
    assert statuses(api("POST", "", gets(*[about] * most))) == ["200"] * most, "the control"


def test_what_members_send_passes(api: Api) -> None:
    """A Bundle of five thousand entries; and the limits are told."""
    rows = [("PUT", "Patient/p", make_patient() | {"id": "p"})] + [
        ("POST", "Observation", make_observation("Patient/p", value=i)) for i in range(4999)
    ]
    assert api("POST", "", make_bundle(*rows)).status == 200
    assert str(limits.JSON_VALUES) in api("GET", "metadata").json["rest"][0]["documentation"]


def test_patients_who_look_alike(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of each two it is weighed whether they are one: what a small body asks for grows with
    their number, and holds everybody up.
    """
    monkeypatch.setattr(batch_resolver, "MATCHING", 0.02)

    def send(alike: bool) -> Any:
        entries = []
        for i in range(60 if alike else 20):
            name, born, phone = (
                ("李伟强", f"1993-02-{i % 28 + 1:02}", "13900005555")
                if alike
                else (make_unique_name(), f"{1920 + i}-02-03", f"1380000{i:04}")
            )
            entries.append(
                {
                    "request": {"method": "POST", "url": "Patient"},
                    "resource": (
                        make_patient(name)
                        | {
                            "birthDate": born,
                            "telecom": [{"system": "phone", "value": phone}],
                        }
                    ),
                }
            )
        return Browser().post(
            f"/fhir/{api.base}/",
            json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": entries}),
            content_type="application/fhir+json",
            headers={"Authorization": f"Bearer {api.token}"},
        )

    refused = send(alike=True)
    assert (
        refused.status_code == 413
        and refused.json()["issue"][0]["code"] == "too-costly"
        and "look so much alike" in refused.content.decode()
    )
    assert send(alike=False).status_code == 200, "the control"
