"""One resource is one entry of a Bundle; links of forwarded Bundles and of batches mean their
own.
"""

import uuid
from typing import Any

from tests import draws
from tests.factories.bundles import entry, made, note, sent
from tests.factories.fhir import Api, make_patient

THEIRS = "http://sender.example/fhir"


def test_one_resource_one_entry(api: Api) -> None:
    about = api.create(make_patient())
    for delete in ("{id}", "Observation?identifier=urn:x|{v}"):
        v = draws.token_hex(6)
        body = note(about, identifier=[{"system": "urn:x", "value": v}])
        old = api.create(body)
        gone = {"request": {"method": "DELETE", "url": delete.format(id=old, v=v)}}
        same = entry(body, ifNoneExist=f"identifier=urn:x|{v}")
        for other in (
            same,
            {
                "resource": body,
                "request": {"method": "PUT", "url": f"Observation?identifier=urn:x|{v}"},
            },
        ):
            for order in ([gone, other], [other, gone]):
                reply = sent(api, *order)
                assert reply.status == 400 and "means the same resource" in reply.says
                assert api("GET", old).status == 200, "the old one stands"
        assert sent(api, same, entry(body, ifNoneExist=f"identifier=urn:x|{v}")).status == 400, (
            "twice, though both find it"
        )
        assert made(sent(api, same)) == [old] and sent(api, gone).status == 200, "the control"
    device = api.create({"resourceType": "Device"})
    gone = {"request": {"method": "DELETE", "url": device}}
    reply = sent(api, gone, entry(note(about, device={"reference": device})))
    assert (
        reply.status == 422
        and "Bundle.entry[1].resource.device.reference" in reply.says
        and api("GET", device).status == 200
    )


def test_entries_of_a_batch_do_not_refer_to_each_other(api: Api) -> None:
    u = f"urn:uuid:{uuid.uuid4()}"
    for full_url, reference in (
        (u, u),
        (f"{THEIRS}/Patient/1", f"{THEIRS}/Patient/1"),
        (f"{THEIRS}/Patient/1", "Patient/1"),
    ):
        rows = sent(
            api,
            entry(make_patient(), full_url),
            entry(note(reference), f"{THEIRS}/Observation/1"),
            kind="batch",
        ).json["entry"]
        assert rows[0]["response"]["status"].startswith("201") and rows[1]["response"][
            "status"
        ].startswith("422"), "the good neighbour is kept"
        assert "transaction" in str(rows[1])


def letter(about: str, url: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "DocumentReference",
        "status": "current",
        "subject": {"reference": about},
        "content": [{"attachment": {"url": url}}],
        "text": {
            "status": "generated",
            "div": (
                '<div xmlns="http://www.w3.org/1999/xhtml"><p>报告</p><a title="x"'
                f' href="{url}">报告</a></div>'
            ),
        },
        **more,
    }


def links(api: Api, seen: str) -> set[str]:
    found = api("GET", seen).json
    return {
        found["content"][0]["attachment"]["url"],
        found["text"]["div"].partition('href="')[2].partition('"')[0],
    }


def test_a_forwarded_bundles_links_are_its_own(api: Api) -> None:
    """Binary/7 of the sender is not the file that this store has under that id, which is
    somebody else's.
    """
    i = f"b{draws.token_hex(4)}"
    api(
        "PUT",
        f"Binary/{i}",
        {"resourceType": "Binary", "id": i, "contentType": "text/plain", "data": "SGk="},
    )
    scan = {"resourceType": "Binary", "contentType": "text/plain", "data": "SG8="}
    for url in (f"Binary/{i}", f"{THEIRS}/Binary/{i}"):
        theirs, file, seen = made(
            sent(
                api,
                entry(make_patient(), f"{THEIRS}/Patient/{i}"),
                entry(scan, f"{THEIRS}/Binary/{i}"),
                entry(letter(f"Patient/{i}", url), f"{THEIRS}/DocumentReference/1"),
            )
        )
        assert links(api, seen) == {file}
    base = f"http://{api.at.netloc}/fhir/{api.base}/"
    for kind in ("transaction", "batch"):
        reply = sent(
            api,
            entry(letter(base + theirs, f"Binary/{i}"), f"{THEIRS}/DocumentReference/1"),
            kind=kind,
        )
        assert links(
            api, reply.json["entry"][0]["response"]["location"].partition("/_history")[0]
        ) == {f"{THEIRS}/Binary/{i}"}, "without the file it keeps its address there"
    for full_url in ("", f"urn:uuid:{uuid.uuid4()}"):
        [seen] = made(sent(api, entry(letter(theirs, f"Binary/{i}"), full_url)))
        assert links(api, seen) == {f"Binary/{i}"}, "the control: of this store"
    for kind in ("transaction", "batch"):
        reply = sent(api, entry(scan | {"id": i}), entry(letter(theirs, f"Binary/{i}")), kind=kind)
        assert "may mean" in str(reply.json), reply.body


def test_a_batch_neither_links_its_entries_nor_guesses(api: Api) -> None:
    i, u, about = f"p{draws.token_hex(4)}", f"urn:uuid:{uuid.uuid4()}", api.create(make_patient())
    api("PUT", f"Patient/{i}", make_patient() | {"id": i})
    rows = sent(
        api,
        entry(make_patient() | {"id": i}),
        entry(note(f"Patient/{i}")),
        entry({"resourceType": "Binary", "contentType": "text/plain", "data": "SG8="}, u),
        entry(letter(about, u)),
        entry(note(about)),
        entry(
            {"resourceType": "ValueSet", "status": "draft", "url": "urn:oid:1.2.3"}, "urn:oid:1.2.3"
        ),
        kind="batch",
    ).json["entry"]
    assert [r["response"]["status"][:3] for r in rows] == [
        "201",
        "422",
        "201",
        "422",
        "201",
        "201",
    ], rows
    assert "may mean" in str(rows[1]) and "transaction" in str(rows[3])


def test_what_names_a_system_is_no_link(api: Api) -> None:
    """A hospital whose number is the root of its patients' numbers."""
    u, c = (
        f"urn:oid:1.2.156.{draws.randbelow(10**9)}",
        f"urn:oid:1.2.157.{draws.randbelow(10**9)}",
    )
    mine = {
        **make_patient(),
        "identifier": [{"system": u, "value": "7"}],
        "managingOrganization": {"reference": u},
        "extension": [
            {"url": "http://e.example/o", "valueOid": u},
            {"url": "http://e.example/c", "valueCoding": {"system": c, "code": "x"}},
        ],
    }
    house, codes, seen = made(
        sent(
            api,
            entry({"resourceType": "Organization", "name": "x"}, u),
            entry(
                {"resourceType": "CodeSystem", "status": "draft", "content": "complete", "url": c},
                c,
            ),
            entry(mine),
        )
    )
    got = api("GET", seen).json
    assert (
        got["identifier"] == mine["identifier"]
        and got["managingOrganization"]["reference"] == house
    )
    assert (
        got["extension"][0]["valueOid"] == u
        and got["extension"][1]["valueCoding"]["system"] == api("GET", codes).json["url"] == codes
    )
    assert api("GET", f"Patient?identifier={u}|7").json["total"] == 1
    assert api("PUT", seen, got).status == 200, "what is given back can be sent again"


def test_what_a_condition_does_not_find_is_written_once(api: Api) -> None:
    """Another entry that brings the same number would be its twin."""

    def house(n: str) -> dict[str, Any]:
        return {
            "resourceType": "Organization",
            "name": n,
            "identifier": [{"system": "urn:house", "value": n}],
        }

    for other in (
        lambda n: entry(house(n)),
        lambda n: entry(house(n), ifNoneExist=f"identifier={n}"),
        lambda n: {
            "resource": house(n) | {"id": n},
            "request": {"method": "PUT", "url": f"Organization/{n}"},
        },
    ):
        for asked in (
            {"ifNoneExist": "identifier=urn:house|{}"},
            {"method": "PUT", "url": "Organization?identifier=urn:house|{}"},
        ):
            n = f"h{draws.token_hex(5)}"
            one = {
                "resource": house(n),
                "request": (
                    {"method": "POST", "url": "Organization"}
                    | {k: v.format(n) for k, v in asked.items()}
                ),
            }
            for entries in ((other(n), one), (one, other(n))):
                reply = sent(api, *entries)
                assert reply.status == 400 and "only once" in reply.says, reply.body
            assert api("GET", f"Organization?identifier=urn:house|{n}").json["total"] == 0
            assert made(sent(api, one, entry(house(n + "b")))), "the control"
