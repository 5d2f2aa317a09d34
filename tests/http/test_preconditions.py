"""If-Match, If-None-Match, If-Modified-Since and If-Unmodified-Since, over HTTP and in Bundles:
one meaning everywhere (RFC 9110 13; FHIR R4 http.html#concurrency).
"""

import datetime as dt
from collections.abc import Callable
from email.utils import format_datetime
from typing import Any

import pytest

from tests.factories.fhir import Api, Reply, make_bundle, make_observation, make_patient
from tests.support.asking import patched

YESTERDAY = format_datetime(dt.datetime.now(dt.UTC) - dt.timedelta(days=1), usegmt=True)
TOMORROW = format_datetime(dt.datetime.now(dt.UTC) + dt.timedelta(days=1), usegmt=True)
HOLDS = [
    {"If_Match": 'W/"2"'},
    {"If_Match": '"2"'},
    {"If_Match": 'W/"1", W/"2"'},
    {"If_Match": "*"},
    {"If_None_Match": 'W/"1"'},
    {"If_Unmodified_Since": TOMORROW},
    {"If_Match": 'W/"2"', "If_Unmodified_Since": YESTERDAY},
]
FAILS = [
    {"If_Match": 'W/"1"'},
    {"If_Match": '"1","3"'},
    {"If_None_Match": "*"},
    {"If_None_Match": '"2"'},
    {"If_None_Match": 'W/"9", W/"2"'},
    {"If_Unmodified_Since": YESTERDAY},
    {"If_Match": 'W/"1"', "If_Unmodified_Since": TOMORROW},
]
MALFORMED = [
    {"If_Match": "2"},
    {"If_Match": 'W/"2'},
    {"If_Match": ""},
    {"If_None_Match": '"1" "2"'},
    {"If_None_Match": '*, "1"'},
    {"If_Unmodified_Since": "yesterday"},
]


def second(api: Api, mrn: str = "P-1") -> tuple[str, dict[str, Any]]:
    """A Patient at version 2: Type/id and its body."""
    about = api.create(make_patient(mrn=mrn))
    return about, api("PUT", about, api("GET", about).json).json


def writes(api: Api, mrn: str, asked: dict[str, str]) -> tuple[str, list[Callable[[], Reply]]]:
    about, body = second(api, mrn)
    fits = f"Patient?identifier=urn:mrn|{mrn}"
    return about, [
        lambda: api("PUT", about, body, **asked),
        lambda: api("PUT", fits, body, **asked),
        lambda: patched(api, about, [], **asked),
        lambda: patched(api, fits, [], **asked),
        lambda: api("DELETE", fits, **asked),
        lambda: api("DELETE", about, **asked),
    ]


@pytest.mark.parametrize(
    ("asked", "status"),
    [(h, 200) for h in HOLDS] + [(h, 412) for h in FAILS] + [(h, 400) for h in MALFORMED],
)
def test_every_write_under_every_precondition(api: Api, asked: dict[str, str], status: int) -> None:
    if status == 200:
        for i in range(6):
            _, wrote = writes(api, f"P-{i}", asked)
            assert wrote[i]().status == (200 if i < 4 else 204)
        return
    about, wrote = writes(api, "P", asked)
    for write in wrote:
        found = write()
        assert found.status == status, found.body
    assert api("GET", about).json["meta"]["versionId"] == "2", "nothing was written"


def test_nothing_is_made_where_something_was_to_be_changed(api: Api) -> None:
    body = make_patient() | {"id": "none"}
    for asked in ({"If_Match": "*"}, {"If_Match": 'W/"1"'}):
        assert api("PUT", "Patient/none", body, **asked).status == 412
        assert api("PUT", "Patient?identifier=urn:mrn|none", make_patient(), **asked).status == 412
        assert api("DELETE", "Patient/none", **asked).status == 412
        assert api("POST", "Patient", make_patient(), **asked).status == 412
    assert (
        api("GET", "Patient/none").status == 404
        and api("GET", "Patient?_summary=count").json["total"] == 0
    )
    assert api("PUT", "Patient/none", body, If_None_Match="*").status == 201, (
        "the control: only where there is none"
    )
    assert (
        api(
            "PUT", "Patient?identifier=urn:mrn|other", make_patient(mrn="other"), If_None_Match="*"
        ).status
        == 201
    )
    assert (
        api("DELETE", "Patient/none").status == 204
        and api("PUT", "Patient/none", body, If_Match="*").status == 412
    ), "what was deleted is not there"
    assert api("PUT", "Patient/none", body, If_None_Match="*").status == 201


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"If_None_Match": '"2"'}, 304),
        ({"If_None_Match": 'W/"2"'}, 304),
        ({"If_None_Match": 'W/"9", "2"'}, 304),
        ({"If_None_Match": "*"}, 304),
        ({"If_None_Match": 'W/"1"'}, 200),
        ({"If_Modified_Since": TOMORROW}, 304),
        ({"If_Modified_Since": YESTERDAY}, 200),
        ({"If_Modified_Since": "0"}, 200),
        ({"If_None_Match": '"1"', "If_Modified_Since": TOMORROW}, 200),
        ({"If_Match": '"2"'}, 200),
        ({"If_Match": "*"}, 200),
        ({"If_Match": '"1"'}, 412),
        ({"If_Unmodified_Since": YESTERDAY}, 412),
        ({"If_Match": '"2"', "If_Unmodified_Since": YESTERDAY}, 200),
        ({"If_None_Match": "2"}, 400),
    ],
)
def test_every_read_under_every_precondition(api: Api, asked: dict[str, str], status: int) -> None:
    about, _ = second(api)
    for path in (about, f"{about}/_history/2"):
        for method in ("GET", "HEAD"):
            found = api(method, path, **asked)
            assert found.status == status, (path, method, found.body)
        assert status != 304 or found.headers["etag"] == 'W/"2"'


def entry(
    method: str, url: str, resource: dict[str, Any] | None = None, **asked: Any
) -> dict[str, Any]:
    return {
        "request": {"method": method, "url": url, **asked},
        **({"resource": resource} if resource else {}),
    }


def test_entries_of_a_batch(api: Api) -> None:
    about, body = second(api)
    now, past = "2099-01-01T00:00:00Z", "2020-01-01T00:00:00+08:00"
    cases = [
        (entry("GET", about, ifNoneMatch='W/"2"'), "304"),
        (entry("GET", about, ifNoneMatch='W/"1"'), "200"),
        (entry("GET", about, ifModifiedSince=now), "304"),
        (entry("HEAD", about), "200"),
        (entry("GET", about, ifModifiedSince=past), "200"),
        (entry("GET", about, ifModifiedSince="today"), "400"),
        (entry("GET", about, ifMatch="*"), "200"),
        (entry("PUT", about, body, ifNoneMatch="*"), "412"),
        (entry("PUT", about, body, ifMatch='W/"1"'), "412"),
        (entry("PUT", about, body, ifMatch="2"), "400"),
        (entry("PUT", "Patient?identifier=urn:mrn|P-1", body, ifNoneMatch="*"), "412"),
        (entry("PUT", "Patient/none", body | {"id": "none"}, ifMatch="*"), "412"),
        (entry("DELETE", about, ifMatch='W/"1"'), "412"),
        (entry("PUT", about, body, ifMatch='W/"1", "2"'), "200"),
        (entry("PUT", "Patient/new", make_patient() | {"id": "new"}, ifNoneMatch="*"), "201"),
    ]
    told = api(
        "POST", "", {"resourceType": "Bundle", "type": "batch", "entry": [e for e, _ in cases]}
    ).json["entry"]
    assert [t["response"]["status"][:3] for t in told] == [status for _, status in cases]
    assert (
        told[0]["response"]["etag"] == 'W/"2"'
        and "resource" not in told[0]
        and "resource" not in told[3]
        and told[1]["resource"]["id"] == body["id"]
    )


def test_entries_of_a_transaction(api: Api) -> None:
    about, body = second(api)
    for one, status in (
        (entry("PUT", about, body, ifNoneMatch="*"), 412),
        (entry("PUT", "Patient/none", body | {"id": "none"}, ifMatch="*"), 412),
        (entry("DELETE", about, ifMatch='W/"1"'), 412),
        (entry("DELETE", "Patient/none", ifMatch="*"), 412),
        (entry("PUT", about, body, ifMatch="2"), 400),
        (entry("GET", about, ifMatch='W/"1"'), 412),
    ):
        found = api(
            "POST",
            "",
            {
                "resourceType": "Bundle",
                "type": "transaction",
                "entry": [entry("POST", "Patient", make_patient()), one],
            },
        )
        assert found.status == status and "Bundle.entry[1]" in found.says, found.body
    assert (
        api("GET", "Patient?_summary=count").json["total"] == 1
        and api("GET", about).json["meta"]["versionId"] == "2"
    ), "all or nothing"
    good = api(
        "POST",
        "",
        {
            "resourceType": "Bundle",
            "type": "transaction",
            "entry": [
                entry("PUT", about, body, ifMatch="*"),
                entry("GET", about, ifNoneMatch='W/"3"'),
            ],
        },
    )
    assert [e["response"]["status"] for e in good.json["entry"]] == [
        "200 OK",
        "304 Not Modified",
    ], "the control"


def test_deleting_what_never_was(api: Api, stranger: Api) -> None:
    about = stranger.create(make_patient())
    for path in ("Patient/never", about):
        found = api("DELETE", path)
        assert (found.status, found.body, found.headers.get("etag")) == (
            204,
            b"",
            None,
        ), "whether another hospital has it is not told"
    assert stranger("GET", about).status == 200
    told = api(
        "POST",
        "",
        make_bundle(
            ("DELETE", "Patient/never", None), ("DELETE", "Observation/never", None), kind="batch"
        ),
    ).json
    assert [e["response"] for e in told["entry"]] == [{"status": "204 No Content"}] * 2


def test_a_condition_that_chooses_nothing_deletes_nothing(api: Api) -> None:
    seen = api.create(make_observation(api.create(make_patient())))
    for query in (
        "_format=json",
        "_count=1",
        "_sort=date",
        "_pretty=true",
        "_elements=id",
        "_summary=true",
    ):
        assert api("DELETE", f"Observation?{query}").status == 400, query
        assert (
            api(
                "PUT",
                f"Observation?{query}",
                make_observation(
                    f"Patient/{api('GET', seen).json['subject']['reference'].split('/')[1]}"
                ),
            ).status
            == 400
        )
    assert api("GET", seen).json["meta"]["versionId"] == "1"
    assert api("DELETE", "Observation?code=4548-4&_format=json").status == 204, "the control"
