"""$export and its jobs over real HTTP; the jobs are carried out by the command that the courier
starts.
"""

import time
from email.utils import parsedate_to_datetime

import pytest
from django.core.management import call_command
from django.utils import timezone

from alliance.models import Hospital
from records.bulk.bulk_jobs import (
    LONG_JOB_AFTER,
    MOST_ACTIVE_JOBS,
)
from records.models import BulkJob
from tests.factories import alliance
from tests.factories.bulk_jobs import (
    ASYNC_HEADERS,
    NDJSON,
    read_export_lines,
    run_export_job,
    strip_fhir_base,
)
from tests.factories.fhir import Api, make_observation, make_patient


def test_the_whole_store(api: Api) -> None:
    about = api.create(make_patient("端木蕻良"))
    made = {
        about,
        *(api.create(make_observation(about, value=i)) for i in range(5)),
        api.create({"resourceType": "Organization", "name": "内科"}),
    }
    found = run_export_job(api)
    assert {(o["type"], o["count"]) for o in found["output"]} == {
        ("Patient", 1),
        ("Observation", 5),
        ("Organization", 1),
    }
    rows = read_export_lines(api, found)
    assert (
        {f"{r['resourceType']}/{r['id']}" for r in rows} == made
        and found["requiresAccessToken"] is True
        and found["error"] == []
    )
    assert all(api("GET", f"{r['resourceType']}/{r['id']}").json == r for r in rows)
    with_type = run_export_job(api, "$export?_type=Observation")
    assert [o["type"] for o in with_type["output"]] == ["Observation"]


def test_since_tells_what_changed_and_what_went(api: Api) -> None:
    about = api.create(make_patient())
    kept, gone = api.create(make_observation(about)), api.create(make_observation(about))
    time.sleep(1.1)
    since = timezone.now().isoformat()
    api("DELETE", gone)
    new = api.create(make_observation(about))
    found = run_export_job(api, f"$export?_since={since}")
    assert [f"{r['resourceType']}/{r['id']}" for r in read_export_lines(api, found)] == [new], kept
    assert [e["request"] for b in read_export_lines(api, found, "deleted") for e in b["entry"]] == [
        {"method": "DELETE", "url": gone}
    ]


def test_patients_and_groups(api: Api) -> None:
    one, two = api.create(make_patient()), api.create(make_patient())
    mine, other = api.create(make_observation(one)), api.create(make_observation(two))
    api.create({"resourceType": "Organization", "name": "内科"})
    group = api.create(
        {
            "resourceType": "Group",
            "type": "person",
            "actual": True,
            "member": [
                {"entity": {"reference": one}},
                {"entity": {"reference": two}, "inactive": True},
            ],
        }
    )

    def keys(path: str) -> set[str]:
        return {
            f"{r['resourceType']}/{r['id']}"
            for r in read_export_lines(api, run_export_job(api, path))
        }

    assert keys("Patient/$export") == {one, two, mine, other}
    assert keys(f"{group}/$export") == {
        one,
        mine,
        group,
    }, "the Group is in the compartment of its members"
    assert keys(f"Patient/$export?patient={two}") == {two, other}


def test_a_broken_download_goes_on(api: Api) -> None:
    about = api.create(make_patient())
    for i in range(20):
        api.create(make_observation(about, value=i))
    [file] = run_export_job(api, "$export?_type=Observation")["output"]
    link = strip_fhir_base(api, file["url"])
    whole = api("GET", link)
    assert whole.headers["accept-ranges"] == "bytes" and whole.headers["content-type"] == NDJSON
    begun, rest = api("GET", link, Range="bytes=0-99"), api("GET", link, Range="bytes=100-")
    assert (begun.status, rest.status) == (206, 206) and begun.body + rest.body == whole.body
    assert rest.headers["content-range"] == f"bytes 100-{len(whole.body) - 1}/{len(whole.body)}"
    assert api("GET", link, Range=f"bytes={len(whole.body)}-").status == 416


def test_only_the_asker_finds_his_job(api: Api, stranger: Api) -> None:
    api.create(make_patient())
    found = run_export_job(api)
    colleague = Api(
        f"http://{api.at.netloc}",
        api.base,
        credentials=alliance.make_credentials(Hospital.objects.get(code=api.base)),
    )
    for other in (stranger, colleague):
        for path in (found["link"], strip_fhir_base(api, found["output"][0]["url"])):
            assert (
                other("GET", path, base=api.base).status == 404
                and other(
                    "DELETE", path if path == found["link"] else found["link"], base=api.base
                ).status
                == 404
            )
    assert stranger("GET", "$export", base=api.base, **ASYNC_HEADERS).status == 403
    assert api("GET", found["link"]).status == 200, "the control"
    assert api("DELETE", found["link"]).status == 202 and api("GET", found["link"]).status == 404


def test_what_a_job_answers(api: Api) -> None:
    """Bulk Data Access 2.0 #bulk-data-status-request, #bulk-data-delete-request, #file-request."""
    api.create(make_patient())
    kicked = api("GET", "$export", Accept="application/fhir+json", **ASYNC_HEADERS)
    link = strip_fhir_base(api, kicked.headers["content-location"])
    early = api("GET", link)
    assert (
        (kicked.status, kicked.body, early.status, early.body) == (202, b"", 202, b"")
        and "content-type" not in early.headers
        and early.headers["retry-after"] == "1"
    )
    assert early.headers["x-progress"]
    call_command("bulk_work")
    done = api("GET", link)
    until_then = parsedate_to_datetime(done.headers["expires"]) - timezone.now()
    assert done.headers["content-type"] == "application/json" and timezone.timedelta(
        days=1
    ) < until_then <= timezone.timedelta(days=2)
    assert (
        api.raw(
            "GET", f"/fhir/{api.base}/{strip_fhir_base(api, done.json['output'][0]['url'])}"
        ).status
        == 401
    ), "requiresAccessToken"
    assert api("DELETE", link).status == 202
    for method in ("GET", "DELETE"):
        gone = api(method, link)
        assert (
            gone.status == 404
            and gone.json["resourceType"] == "OperationOutcome"
            and gone.headers["content-type"].startswith("application/fhir+json")
        )
    assert api("GET", "$export", Accept="application/xml", **ASYNC_HEADERS).status == 406


@pytest.mark.parametrize(
    ("path", "headers", "says"),
    [
        ("$export", {}, "Prefer: respond-async"),
        ("$export?_type=Nothing", ASYNC_HEADERS, "not a resource type"),
        ("$export?_since=soon", ASYNC_HEADERS, "is not a FHIR date"),
        ("$export?_since=2057-01-01", ASYNC_HEADERS, "lies in the future"),
        ("$export?colour=blue", ASYNC_HEADERS, "colour: $export has no such parameter"),
        ("$export?_outputFormat=csv", ASYNC_HEADERS, "only application/fhir+ndjson"),
        ("Observation/$export", ASYNC_HEADERS, "for a Patient"),
        ("Group/nobody/$export", ASYNC_HEADERS, "no such resource"),
        ("$export?patient=Patient/1", ASYNC_HEADERS, "belongs to Patient/$export"),
    ],
)
def test_what_cannot_be_exported(api: Api, path: str, headers: dict[str, str], says: str) -> None:
    reply = api("GET", path, **headers)
    assert reply.status in (400, 404) and says in reply.says, reply.body


def test_too_many_jobs_of_one_system(api: Api) -> None:
    """Small ones may follow each other at once; of those that take long there are four."""
    links = [api("GET", "$export", **ASYNC_HEADERS).headers["content-location"] for _ in range(6)]
    jobs = BulkJob.objects.filter(base=api.base)
    jobs.update(created_at=timezone.now() - 2 * LONG_JOB_AFTER)
    refused = api("GET", "$export", **ASYNC_HEADERS)
    assert refused.status == 429 and refused.headers["retry-after"] and "4 jobs" in refused.says
    for link in links[:3]:
        api("DELETE", strip_fhir_base(api, link))
    made = [api("GET", "$export", **ASYNC_HEADERS).status for _ in range(MOST_ACTIVE_JOBS - 2)]
    assert made == [202] * (MOST_ACTIVE_JOBS - 3) + [429]
    jobs.exclude(pk=jobs.first().pk).delete()  # type: ignore[union-attr]
    call_command("bulk_work")
