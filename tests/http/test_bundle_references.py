"""References, temporary addresses, placeholders and identities inside a Bundle that is sent to a
base (FHIR R4 bundle.html#references, http.html#trules).
"""

import uuid
from typing import Any

from tests import draws
from tests.factories.bundles import entry, made, note, sent
from tests.factories.fhir import Api, make_observation, make_patient

THEIRS = "http://sender.example/fhir"


def test_a_forwarded_bundle_speaks_of_its_own_patient(api: Api) -> None:
    """Whoever has the same short id in this store."""
    stranger = make_patient() | {"id": f"p{draws.token_hex(4)}"}
    api("PUT", f"Patient/{stranger['id']}", stranger)
    for i in (stranger["id"], f"n{draws.token_hex(4)}"):
        theirs, seen = made(
            sent(
                api,
                entry(make_patient() | {"id": i}, f"{THEIRS}/Patient/{i}"),
                entry(note(f"Patient/{i}"), f"{THEIRS}/Observation/o"),
            )
        )
        assert api("GET", seen).json["subject"]["reference"] == theirs
    chart = api("GET", f"Patient/{stranger['id']}/$everything").json["entry"]
    assert [e["resource"]["resourceType"] for e in chart] == ["Patient"], "nothing of the others"


def test_a_patient_whom_a_forwarded_bundle_leaves_out_is_nobody_here(api: Api) -> None:
    own = api.create(make_patient())
    for kind in ("transaction", "batch"):
        reply = sent(api, entry(note(own), f"{THEIRS}/Observation/o"), kind=kind)
        says = str(reply.json)
        assert (
            (
                reply.status == 422
                or (
                    kind == "batch"
                    and reply.json["entry"][0]["response"]["status"].startswith("422")
                )
            )
            and THEIRS in says
            and "absolute address" in says
        )
    base = f"http://{api.at.netloc}/fhir/{api.base}"
    for reference, full_url in (
        (f"{base}/{own}", f"{THEIRS}/Observation/o"),
        (own, f"{base}/Observation/o"),
        (own, f"urn:uuid:{uuid.uuid4()}"),
        (own, ""),
    ):
        [seen] = made(sent(api, entry(note(reference), full_url)))
        assert api("GET", seen).json["subject"]["reference"] == own, "the control"


def test_what_else_a_forwarded_bundle_leaves_out_keeps_its_address_there(api: Api) -> None:
    doctor = api.create({"resourceType": "Practitioner", "name": [{"text": "同号的另一位医生"}]})
    for kind in ("transaction", "batch"):
        about = api.create(make_patient())
        base = f"http://{api.at.netloc}/fhir/{api.base}"
        reply = sent(
            api,
            entry(
                note(f"{base}/{about}", performer=[{"reference": doctor}]),
                f"{THEIRS}/Observation/o",
            ),
            kind=kind,
        )
        seen = reply.json["entry"][0]["response"]["location"].partition("/_history")[0]
        assert api("GET", seen).json["performer"] == [{"reference": f"{THEIRS}/{doctor}"}]
        assert (
            api("GET", f"Observation?performer={doctor}&_summary=count").json["total"] == 0
            and api("GET", f"Observation?performer={THEIRS}/{doctor}&_summary=count").json["total"]
            >= 1
        )


def test_what_could_mean_two_things_is_refused(api: Api) -> None:
    stranger = make_patient() | {"id": f"p{draws.token_hex(4)}"}
    api("PUT", f"Patient/{stranger['id']}", stranger)
    same, about = make_patient() | {"id": stranger["id"]}, f"Patient/{stranger['id']}"
    for first in (
        entry(same),
        entry(same, f"urn:uuid:{uuid.uuid4()}"),
        entry(same, f"{THEIRS}/{about}"),
    ):
        reply = sent(api, first, entry(note(about)))
        assert reply.status == 422 and "may mean" in reply.says, reply.body
    two = sent(
        api,
        entry(same, f"{THEIRS}/{about}"),
        entry(note(about), "http://another.example/fhir/Observation/o"),
    )
    assert two.status == 422 and "another.example" in two.says
    assert made(sent(api, entry(note(about))))  # the control


def test_a_put_and_what_refers_to_it(api: Api) -> None:
    i = draws.token_hex(6)
    whole = {**make_patient(), "id": i}
    put = {
        "resource": whole,
        "request": {"method": "PUT", "url": f"Patient/{i}"},
        "fullUrl": f"{THEIRS}/Patient/77",
    }
    seen = made(sent(api, put, entry(note("Patient/77"), f"{THEIRS}/Observation/1")))[1]
    assert api("GET", seen).json["subject"]["reference"] == f"Patient/{i}"


def test_versions_of_entries(api: Api) -> None:
    url = f"{THEIRS}/Patient/9"
    about = make_patient() | {"meta": {"versionId": "7"}}
    theirs, seen = made(
        sent(api, entry(about, url), entry(note("Patient/9/_history/7"), f"{THEIRS}/Observation/1"))
    )
    assert api("GET", seen).json["subject"]["reference"] == f"{theirs}/_history/1", (
        "that version has the number 1 here"
    )
    assert api("GET", f"Observation?patient={theirs}&_summary=count").json["total"] == 1
    assert (
        sent(
            api, entry(about, url), entry(note(f"{url}/_history/6"), f"{THEIRS}/Observation/1")
        ).status
        == 422
    ), "another version than the one that came"


def test_no_temporary_address_is_left(api: Api) -> None:
    about, u, q, other = (
        api.create(make_patient()),
        f"urn:uuid:{uuid.uuid4()}",
        f"urn:oid:1.2.{draws.randbelow(10**9)}",
        f"urn:uuid:{uuid.uuid4()}",
    )
    binary, document, form, answer = made(
        sent(
            api,
            entry({"resourceType": "Binary", "contentType": "application/pdf", "data": "SGk="}, u),
            entry(
                {
                    "resourceType": "DocumentReference",
                    "status": "current",
                    "subject": {"reference": about},
                    "content": [{"attachment": {"contentType": "application/pdf", "url": u}}],
                    "identifier": [{"system": "urn:ietf:rfc:3986", "value": u}],
                    "meta": {"source": f"{u}#7"},
                    "text": {
                        "status": "generated",
                        "div": (
                            f'<div xmlns="http://www.w3.org/1999/xhtml"><a href="{u}">报告</a> <img'
                            f" src='{u}' alt=\"{u}\"/> {u}</div>"
                        ),
                    },
                    "extension": [
                        {"url": "http://e.example/x", "valueUri": u},
                        {"url": "http://e.example/y", "valueUri": other},
                    ],
                    "_description": {"extension": [{"url": "http://e.example/z", "valueUrl": u}]},
                }
            ),
            entry({"resourceType": "Questionnaire", "status": "draft"}, q),
            entry(
                {
                    "resourceType": "QuestionnaireResponse",
                    "status": "completed",
                    "questionnaire": f"{q}|2",
                    "subject": {"reference": about},
                }
            ),
        )
    )
    got = api("GET", document).json
    assert (
        got["content"][0]["attachment"]["url"] == binary and got["meta"]["source"] == f"{binary}#7"
    )
    assert (
        f'href="{binary}"' in got["text"]["div"]
        and f"src='{binary}'" in got["text"]["div"]
        and got["text"]["div"].count(u) == 2
    ), "links, not words"
    assert [e["valueUri"] for e in got["extension"]] == [binary, other] and got["_description"][
        "extension"
    ][0]["valueUrl"] == binary
    assert got["identifier"][0]["value"] == u, "an identifier is no link"
    assert api("GET", answer).json["questionnaire"] == f"{form}|2"


def test_a_document_inside_is_left_as_it_is(api: Api) -> None:
    u = f"urn:uuid:{uuid.uuid4()}"
    inner = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [
            {"fullUrl": u, "resource": make_patient()},
            {"fullUrl": f"urn:uuid:{uuid.uuid4()}", "resource": note(u)},
        ],
    }
    _, kept = made(sent(api, entry(make_patient(), u), entry(inner)))
    assert api("GET", kept).json["entry"] == inner["entry"]


def test_placeholders_in_conditions(api: Api) -> None:
    """Sending again makes no twin."""
    u, number, code = f"urn:uuid:{uuid.uuid4()}", draws.token_hex(6), draws.token_hex(4)
    about, seen = (
        entry(make_patient(mrn=number), u, ifNoneExist=f"identifier=urn:mrn|{number}"),
        make_observation(u, code=code),
    )
    first = made(sent(api, about, entry(seen, ifNoneExist=f"code={code}&subject={u}")))
    assert made(sent(api, about, entry(seen, ifNoneExist=f"code={code}&subject={u}"))) == first
    changed = {
        "resource": seen | {"status": "amended"},
        "request": {"method": "PUT", "url": f"Observation?code={code}&subject={u}"},
    }
    assert made(sent(api, about, changed)) == first
    gone = {"request": {"method": "DELETE", "url": f"Observation?code={code}&subject={u}"}}
    assert sent(api, about, gone).status == 200 and api("GET", first[1]).status == 410
    assert (
        sent(api, about, entry(seen, ifNoneExist=f"subject=urn:uuid:{uuid.uuid4()}")).status == 422
    ), "no entry has that"
    assert (
        sent(
            api,
            entry(
                make_patient() | {"identifier": [{"system": "urn:oid:1.2.3", "value": number}]},
                ifNoneExist=f"identifier=urn:oid:1.2.3|{number}",
            ),
        ).status
        == 200
    ), "a system is no placeholder"
    assert sent(api, entry(seen, u, ifNoneExist=f"subject={u}")).status == 422, "its own"
    v = f"urn:uuid:{uuid.uuid4()}"
    assert (
        sent(
            api,
            entry(note("x", subject={"reference": v}), u, ifNoneExist=f"derived-from={v}"),
            entry(note(u), v, ifNoneExist=f"derived-from={u}"),
        ).status
        == 422
    ), "a circle"


def test_conditional_references_see_what_the_transaction_does(api: Api) -> None:
    number = draws.token_hex(6)
    reference = f"Practitioner?identifier=urn:license|{number}"
    doctor: dict[str, Any] = {
        "resourceType": "Practitioner",
        "identifier": [{"system": "urn:license", "value": number}],
    }
    about = api.create(make_patient())
    assert sent(api, entry(note(about, performer=[{"reference": reference}]))).status == 422, (
        "nobody has it"
    )
    there, seen = made(
        sent(api, entry(doctor), entry(note(about, performer=[{"reference": reference}])))
    )
    assert api("GET", seen).json["performer"][0]["reference"] == there
    assert (
        api(
            "GET", made(sent(api, entry(note(about, performer=[{"reference": reference}]))))[0]
        ).json["performer"][0]["reference"]
        == there
    )
    assert (
        sent(api, entry(doctor), entry(note(about, performer=[{"reference": reference}]))).status
        == 412
    ), "then there are two"
    other = {
        "resource": (
            doctor
            | {
                "id": there.partition("/")[2],
                "identifier": [{"system": "urn:license", "value": "x"}],
            }
        ),
        "request": {"method": "PUT", "url": there},
    }
    assert (
        sent(api, other, entry(note(about, performer=[{"reference": reference}]))).status == 422
    ), "the transaction takes the number away"
    assert (
        sent(
            api,
            entry({"resourceType": "Practitioner"}),
            entry(note(about, performer=[{"reference": "Practitioner?name=x"}])),
        ).status
        == 400
    ), "not looked for by that"
