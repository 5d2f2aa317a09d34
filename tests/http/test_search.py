"""Search, paging and the change feed."""

from urllib.parse import quote, urlsplit

from tests.factories.fhir import Api, make_bundle, make_observation, make_patient
from tests.feed_horizon import wait_for_feed


def ids(reply) -> list[str]:  # type: ignore[no-untyped-def]
    assert reply.status == 200, reply.body
    return [e["resource"]["id"] for e in reply.json.get("entry", [])]


def test_common_parameters(api: Api) -> None:
    who, other = (
        api.create(make_patient("张伟", mrn="A1")),
        api.create(make_patient("José Núñez", birth="1990-05-05", mrn="A2")),
    )
    one = api.create(make_observation(who, "4548-4", 7.1, "2026-01-05T08:00:00+08:00")).split("/")[
        1
    ]
    two = api.create(make_observation(who, "4548-4", 6.9, "2026-03-05T08:00:00+08:00")).split("/")[
        1
    ]
    api.create(make_observation(other, "4548-4", 5.0, "2026-02-01"))
    assert ids(
        api("GET", f"Observation?patient={who}&code=http://loinc.org|4548-4&_sort=-date")
    ) == [two, one]
    assert ids(api("GET", f"Observation?subject={who}&code=4548-4&_sort=date")) == [one, two]
    assert ids(api("GET", f"Observation?patient={who.split('/')[1]}&date=ge2026-02")) == [two]
    assert ids(api("GET", f"Observation?patient={who}&date=2026-01-05")) == [one]
    assert ids(api("GET", f"Observation?patient={who}&code=http://other|4548-4")) == []
    assert ids(api("GET", f"Observation?patient={who}&status:not=final")) == []
    assert ids(api("GET", "Patient?identifier=urn:mrn|A1")) == [who.split("/")[1]]
    assert ids(api("GET", "Patient?name=jose")) == [other.split("/")[1]], (
        "accents and case do not matter"
    )
    assert ids(api("GET", f"Patient?name={quote('张')}&birthdate=1958-03-12")) == [
        who.split("/")[1]
    ]
    assert ids(api("GET", "Patient?birthdate=lt1960,ge1990&_sort=_id")) == sorted(
        [who.split("/")[1], other.split("/")[1]]
    )
    assert ids(api("GET", f"Patient?_id={who.split('/')[1]}&_lastUpdated=gt2020")) == [
        who.split("/")[1]
    ]
    assert api("GET", f"Observation?patient={who}&_summary=count").json["total"] == 2


def test_unknown_and_unserved_parameters_are_errors(api: Api) -> None:
    for query in (
        "Patient?nickname=x",
        "Patient?name:soundex=x",
        "Patient?name=",
        "Observation?date=yesterday",
        "Patient?_sort=nickname",
        "Patient?_sort=--name",
        "Patient?_count=x",
        "Observation?patient.nickname=x",
        "Observation?code.text=x",
        "Patient?_has:Observation:code:code=x",
        "Patient?_has:Observation:patient",
        "Nonsense?x=1",
        "Observation?subject:Encounter.status=x",
        "Patient?_include=Observation:patient",
        "Patient?_include=Patient:name",
        "Patient?_revinclude=*",
        "Patient?active:missing=x",
        "Observation?value-quantity=high",
        "Patient?_summary=x",
    ):
        reply = api("GET", query)
        assert reply.status == 400 and reply.json["issue"][0]["diagnostics"], query
    assert api("GET", "Patient?name=x").status == 200


def test_pages_cover_everything_once(api: Api) -> None:
    who = api.create(make_patient())
    api(
        "POST",
        "",
        make_bundle(
            *[
                ("POST", "Observation", make_observation(who, date=f"2026-01-{d:02d}"))
                for d in range(1, 26)
            ]
        ),
    )
    seen, path = [], f"Observation?patient={who}&_count=7"
    for _ in range(9):
        reply = api("GET", path)
        seen += ids(reply)
        following = [x["url"] for x in reply.json["link"] if x["relation"] == "next"]
        if not following:
            break
        at = urlsplit(following[0])
        path = f"{at.path.split('/', 3)[3]}?{at.query}"
    assert len(seen) == len(set(seen)) == 25


def test_cursor_is_bound_to_caller_and_query(api: Api, stranger: Api) -> None:
    for who in (api, stranger):
        for i in range(3):
            who.create(make_patient(f"甲{i}"))
    link = next(
        x["url"] for x in api("GET", "Patient?_count=1").json["link"] if x["relation"] == "next"
    )
    query = urlsplit(link).query
    assert api("GET", f"Patient?{query}").status == 200
    assert stranger("GET", f"Patient?{query}").status == 400
    assert api("GET", f"Patient?{query}&gender=male").status == 400
    assert api("GET", f"Patient?{query[:-3]}abc").status == 400


def test_feed_gives_each_change_once_and_waits_for_more(api: Api) -> None:
    def follow(path: str, most: int) -> tuple[list[str], str]:
        wait_for_feed()
        body = api("GET", path).json
        assert len(body.get("entry", [])) == most
        at = urlsplit(next(x["url"] for x in body["link"] if x["relation"] == "next"))
        return [e["request"]["method"] for e in body.get("entry", [])], f"_history?{at.query}"

    who = api.create(make_patient())
    got, then = follow("_history", 1)
    assert got == ["POST"]
    got, then = follow(then, 0)
    assert got == []
    api("PUT", who, api("GET", who).json)
    api("DELETE", who)
    got, then = follow(then, 2)
    assert sorted(got) == ["DELETE", "PUT"]


def test_capability_statement_is_true(api: Api) -> None:
    stated = api("GET", "metadata").json
    assert stated["fhirVersion"] == "4.0.1"
    for resource in stated["rest"][0]["resource"]:
        assert api("GET", f"{resource['type']}?_count=1").status == 200, resource["type"]
    assert len(stated["rest"][0]["resource"]) > 100
