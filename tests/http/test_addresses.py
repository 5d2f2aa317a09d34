"""One address in several spellings, and addresses of which reading would lose the end (RFC 3986
6.2.2, RFC 9112 3.2).
"""

import socket
import uuid
from urllib.parse import quote, urlsplit

import pytest

from tests import draws
from tests.factories.bundles import entry, made, note, sent
from tests.factories.fhir import FHIR, Api, Reply, make_patient


def test_the_own_address_in_every_spelling(api: Api) -> None:
    about = api.create(make_patient())
    host, port = api.at.hostname, api.at.port
    for base in (
        f"http://{host}:{port}",
        f"HTTP://{host}:{port}",
        f"https://{host}:{port}",
        f"http://{str(host).upper()}:{port}",
    ):
        seen = api.create(note(f"{base}/fhir/{api.base}/{about}"))
        assert api("GET", seen).json["subject"]["reference"] == about, base
        assert (
            api(
                "GET",
                f"Observation?_id={seen.partition('/')[2]}&subject={quote(f'{base}/fhir/{api.base}/{about}')}",
            ).json["total"]
            == 1
        )


@pytest.mark.parametrize(
    "path",
    [
        "/fhir/{upper}/{about}",
        "//fhir/{base}/{about}",
        "/fhir/../fhir/{base}/{about}",
        "/fhir/./{base}/{about}",
        "/FHIR/{base}/{about}",
    ],
)
def test_an_address_that_is_nearly_the_own_is_refused(api: Api, path: str) -> None:
    """It would be kept as if it led elsewhere, and the record would stand in nobody's chart."""
    about = api.create(make_patient())
    reference = f"http://{api.at.netloc}" + path.format(
        upper=api.base.upper(), base=api.base, about=about
    )
    reply = api("POST", "Observation", note(reference))
    assert reply.status == 422 and "nearly" in reply.says, reply.body
    assert sent(api, entry(note(reference))).status == 422
    assert (
        api("POST", "Observation", note(f"http://elsewhere.example/fhir/{api.base}/{about}")).status
        == 201
    ), "the control"


def test_entries_are_found_by_their_address_in_another_spelling(api: Api) -> None:
    i = f"s{draws.token_hex(4)}"
    for full_url, reference in (
        ("http://sender.example/fhir", "http://Sender.Example/fhir"),
        ("https://sender.example/fhir", "http://sender.example/fhir"),
        ("http://sender.example:80/fhir", "http://sender.example/fhir"),
    ):
        theirs, seen = made(
            sent(
                api,
                entry(make_patient(), f"{full_url}/Patient/{i}"),
                entry(note(f"{reference}/Patient/{i}"), f"urn:uuid:{uuid.uuid4()}"),
            )
        )
        assert api("GET", seen).json["subject"]["reference"] == theirs
        rows = sent(
            api,
            entry(make_patient(), f"{full_url}/Patient/{i}"),
            entry(note(f"{reference}/Patient/{i}")),
            kind="batch",
        ).json["entry"]
        assert rows[1]["response"]["status"].startswith("422")
    twice = sent(
        api,
        entry(make_patient(), f"http://sender.example/Patient/{i}"),
        entry(make_patient(), f"https://SENDER.example/Patient/{i}"),
    )
    assert twice.status == 400 and "same resource" in twice.says


def test_what_stands_behind_a_hash_is_never_lost(api: Api, server: str) -> None:
    """identifier=system|#7 without its end asks for whoever has a number of that system: another
    one was overwritten, or deleted.
    """
    system = f"urn:ward:{draws.token_hex(4)}"
    kept = api.create(
        {
            "resourceType": "Organization",
            "name": "only",
            "identifier": [{"system": system, "value": "1"}],
        }
    )
    other = {
        "resourceType": "Organization",
        "name": "other",
        "identifier": [{"system": system, "value": "#7"}],
    }
    for kind in ("transaction", "batch"):
        for method in ("PUT", "DELETE", "GET"):
            reply = sent(
                api,
                {
                    "resource": other,
                    "request": {"method": method, "url": f"Organization?identifier={system}|#7"},
                },
                kind=kind,
            )
            assert reply.status == 400 or reply.json["entry"][0]["response"]["status"].startswith(
                "400"
            ), (kind, method)
    for method in ("PUT", "DELETE", "GET"):
        where = urlsplit(server)
        with socket.create_connection((where.hostname, where.port)) as wire:
            wire.sendall(
                f"{method} /fhir/{api.base}/Organization?identifier={system}|#7 HTTP/1.1\r\nHost:"
                f" {where.netloc}\r\nAuthorization: Bearer {api.token}\r\nContent-Type:"
                f" {FHIR}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
            )
            assert wire.recv(200).startswith(b"HTTP/1.1 400"), method
    assert api("GET", kept).json["name"] == "only"
    [new] = made(
        sent(
            api,
            {
                "resource": other,
                "request": {"method": "PUT", "url": f"Organization?identifier={system}|%237"},
            },
        )
    )
    assert new != kept and api("GET", new).json["name"] == "other", "the control"


@pytest.mark.parametrize(
    "url",
    [
        "http://elsewhere.example/fhir/Organization/{id}",
        "//elsewhere.example/Organization/{id}",
        "https://elsewhere.example/Organization/{id}",
    ],
)
def test_an_entry_that_asks_another_place_changes_nothing_here(api: Api, url: str) -> None:
    kept = api.create({"resourceType": "Organization", "name": "only"})
    i = kept.partition("/")[2]
    put = {
        "resource": {"resourceType": "Organization", "id": i, "name": "other"},
        "request": {"method": "PUT", "url": url.format(id=i)},
    }
    for kind in ("transaction", "batch"):
        reply = sent(api, put, kind=kind)
        assert reply.status == 400 or reply.json["entry"][0]["response"]["status"].startswith(
            "400"
        ), reply.body
    assert api("GET", kept).json["name"] == "only"
    put["request"]["url"] = f"http://{api.at.netloc}/fhir/{api.base}/{kept}"
    assert sent(api, put).status == 200 and api("GET", kept).json["name"] == "other", (
        "the control: this base's own address"
    )


def test_a_condition_without_a_number_is_refused(api: Api) -> None:
    """identifier=system| would mean whoever is the only one of that system; a sender whose
    number is empty writes it.
    """
    system = f"urn:ward:{draws.token_hex(4)}"
    body = {
        "resourceType": "Organization",
        "name": "only",
        "identifier": [{"system": system, "value": "1"}],
    }
    kept = api.create(body)
    for condition in (
        f"identifier={system}|",
        f"identifier={system}%7C%20",
        f"name=only&identifier={system}|",
    ):
        replies = [
            api("PUT", f"Organization?{condition}", body | {"name": "other"}),
            api("DELETE", f"Organization?{condition}"),
            api("POST", "Organization", body, **{"If-None-Exist": condition}),
            sent(api, entry(body, ifNoneExist=condition)),
        ]
        assert [r.status for r in replies] == [400] * 4 and all("number" in r.says for r in replies)
    assert (
        api("GET", kept).json["name"] == "only"
        and api("GET", f"Organization?identifier={system}|").json["total"] == 1
    )
    assert (
        api("PUT", f"Organization?identifier={system}|1", body | {"name": "other"}).status == 200
    ), "the control"


@pytest.mark.parametrize("number", ["{n} ", " {n}", "\u00a0{n}"])
def test_blanks_around_a_number_make_no_twins(api: Api, number: str) -> None:
    """A column of a fixed width."""
    n = draws.token_hex(6)
    padded = number.format(n=n)
    body = {
        "resourceType": "Organization",
        "name": padded,
        "identifier": [{"system": "urn:padded", "value": padded}],
    }
    condition = f"identifier=urn:padded|{quote(padded)}"
    assert [
        api("POST", "Organization", body, **{"If-None-Exist": condition}).status for _ in range(2)
    ] == [201, 200]
    [again] = sent(api, entry(body, ifNoneExist=condition)).json["entry"]
    assert again["response"]["status"].startswith("200")
    for query in (
        f"identifier=urn:padded|{n}",
        f"identifier={n}",
        condition,
        f"name:exact={n}",
        f"name:exact={quote(padded)}",
    ):
        assert api("GET", f"Organization?{query}").json["total"] == 1, query
    [seen] = made(
        sent(
            api,
            entry(
                {
                    "resourceType": "Location",
                    "name": "x",
                    "managingOrganization": {"reference": f"Organization?{condition}"},
                }
            ),
        )
    )
    found = api("GET", seen).json["managingOrganization"]["reference"]
    assert api("GET", found).json["identifier"][0]["value"] == padded, "as it was sent"


@pytest.mark.parametrize("feed", ["_history", "Patient/{id}/$everything?_count=1"])
def test_a_cursor_of_another_address_says_so(api: Api, feed: str) -> None:
    """It is of this server all the same: the reader is told under which address it was given,
    and the operator what makes them one.
    """
    about = api.create(make_patient())
    api.create(note(about))
    mine, other = f"127.0.0.1:{api.at.port}", f"localhost:{api.at.port}"
    path = feed.format(id=about.partition("/")[2])

    def next_page(reply: Reply) -> str:
        return next(
            link["url"] for link in reply.json["link"] if link["relation"] == "next"
        ).partition(f"/fhir/{api.base}/")[2]

    cursor = next_page(api("GET", path, Host=mine))
    assert api("GET", cursor, Host=mine).status == 200, "the control"
    reply = api("GET", cursor, Host=other)
    assert reply.status == 400
    assert (
        f"under the address http://{mine}, and this is http://{other}" in reply.says
        and "XINGLIN_PUBLIC_URL" in reply.says
    )
    other_query = cursor.replace("_history?", f"{about}/_history?").replace("_count=1", "_count=2")
    reply = api("GET", other_query, Host=other)
    assert reply.status == 400 and "another query" in reply.says, "of another query it is not said"
