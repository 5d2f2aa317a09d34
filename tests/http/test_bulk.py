"""$export and $import over real HTTP; the jobs are carried out by the command that the courier starts."""

import gzip
import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from alliance.models import Client, Hospital
from consent.services.directives import do_withdraw_directive
from records.interactions.bulk import MOST_ACTIVE, SILENT, SOON, expire
from records.models import BulkJob, SourcePatient
from records.mpi import sources
from tests.factories import alliance
from tests.factories.bulk import ASYNC, at, export, lines
from tests.factories.consents import give
from tests.factories.fhir import Api, Reply, number, observation, patient
from tests.factories.ties import tie
from tests.until import until

ROOT = Path(__file__).resolve().parents[2]
NDJSON = "application/fhir+ndjson"


def send(api: Api, rows: list[Any], path: str = "$import", packed: bool = False) -> Reply:
    body = b"\n".join(r if isinstance(r, bytes) else json.dumps(r).encode() for r in rows)
    headers = {"Authorization": f"Bearer {api.token}", "Content-Type": NDJSON, **({"Content-Encoding": "gzip"} if packed else {})}
    return api.raw("POST", f"/fhir/{api.base}/{path}", gzip.compress(body) if packed else body, headers)


def taken(api: Api, rows: list[Any], **more: Any) -> dict[str, Any]:
    kicked = send(api, rows, **more)
    assert kicked.status == 202, kicked.body
    call_command("bulk_work")
    done = api("GET", at(api, kicked.headers["content-location"]))
    assert done.status == 200, done.body
    return done.json  # type: ignore[no-any-return]


def test_the_whole_store(api: Api) -> None:
    about = api.create(patient("端木蕻良"))
    made = {about, *(api.create(observation(about, value=i)) for i in range(5)), api.create({"resourceType": "Organization", "name": "内科"})}
    found = export(api)
    assert {(o["type"], o["count"]) for o in found["output"]} == {("Patient", 1), ("Observation", 5), ("Organization", 1)}
    rows = lines(api, found)
    assert {f"{r['resourceType']}/{r['id']}" for r in rows} == made and found["requiresAccessToken"] is True and found["error"] == []
    assert all(api("GET", f"{r['resourceType']}/{r['id']}").json == r for r in rows)
    with_type = export(api, "$export?_type=Observation")
    assert [o["type"] for o in with_type["output"]] == ["Observation"]


def test_since_tells_what_changed_and_what_went(api: Api) -> None:
    about = api.create(patient())
    kept, gone = api.create(observation(about)), api.create(observation(about))
    time.sleep(1.1)
    since = timezone.now().isoformat()
    api("DELETE", gone)
    new = api.create(observation(about))
    found = export(api, f"$export?_since={since}")
    assert [f"{r['resourceType']}/{r['id']}" for r in lines(api, found)] == [new], kept
    assert [e["request"] for b in lines(api, found, "deleted") for e in b["entry"]] == [{"method": "DELETE", "url": gone}]


def test_patients_and_groups(api: Api) -> None:
    one, two = api.create(patient()), api.create(patient())
    mine, other = api.create(observation(one)), api.create(observation(two))
    api.create({"resourceType": "Organization", "name": "内科"})
    group = api.create({"resourceType": "Group", "type": "person", "actual": True, "member": [{"entity": {"reference": one}}, {"entity": {"reference": two}, "inactive": True}]})

    def keys(path: str) -> set[str]:
        return {f"{r['resourceType']}/{r['id']}" for r in lines(api, export(api, path))}

    assert keys("Patient/$export") == {one, two, mine, other}
    assert keys(f"{group}/$export") == {one, mine, group}, "the Group is in the compartment of its members"
    assert keys(f"Patient/$export?patient={two}") == {two, other}


def test_a_broken_download_goes_on(api: Api) -> None:
    about = api.create(patient())
    for i in range(20):
        api.create(observation(about, value=i))
    [file] = export(api, "$export?_type=Observation")["output"]
    link = at(api, file["url"])
    whole = api("GET", link)
    assert whole.headers["accept-ranges"] == "bytes" and whole.headers["content-type"] == NDJSON
    begun, rest = api("GET", link, Range="bytes=0-99"), api("GET", link, Range="bytes=100-")
    assert (begun.status, rest.status) == (206, 206) and begun.body + rest.body == whole.body
    assert rest.headers["content-range"] == f"bytes 100-{len(whole.body) - 1}/{len(whole.body)}"
    assert api("GET", link, Range=f"bytes={len(whole.body)}-").status == 416


def test_only_the_asker_finds_his_job(api: Api, stranger: Api) -> None:
    api.create(patient())
    found = export(api)
    colleague = Api(f"http://{api.at.netloc}", api.base, credentials=alliance.credentials(Hospital.objects.get(code=api.base)))
    for other in (stranger, colleague):
        for path in (found["link"], at(api, found["output"][0]["url"])):
            assert other("GET", path, base=api.base).status == 404 and other("DELETE", path if path == found["link"] else found["link"], base=api.base).status == 404
    assert stranger("GET", "$export", base=api.base, **ASYNC).status == 403
    assert api("GET", found["link"]).status == 200, "the control"
    assert api("DELETE", found["link"]).status == 202 and api("GET", found["link"]).status == 404


def test_what_a_job_answers(api: Api) -> None:
    """Bulk Data Access 2.0 #bulk-data-status-request, #bulk-data-delete-request, #file-request."""
    api.create(patient())
    kicked = api("GET", "$export", Accept="application/fhir+json", **ASYNC)
    link = at(api, kicked.headers["content-location"])
    early = api("GET", link)
    assert (kicked.status, kicked.body, early.status, early.body) == (202, b"", 202, b"") and "content-type" not in early.headers and early.headers["retry-after"] == "1"
    assert early.headers["x-progress"]
    call_command("bulk_work")
    done = api("GET", link)
    until_then = parsedate_to_datetime(done.headers["expires"]) - timezone.now()
    assert done.headers["content-type"] == "application/json" and timezone.timedelta(days=1) < until_then <= timezone.timedelta(days=2)
    assert api.raw("GET", f"/fhir/{api.base}/{at(api, done.json['output'][0]['url'])}").status == 401, "requiresAccessToken"
    assert api("DELETE", link).status == 202
    for method in ("GET", "DELETE"):
        gone = api(method, link)
        assert gone.status == 404 and gone.json["resourceType"] == "OperationOutcome" and gone.headers["content-type"].startswith("application/fhir+json")
    assert api("GET", "$export", Accept="application/xml", **ASYNC).status == 406


@pytest.mark.parametrize(("path", "headers", "says"), [
    ("$export", {}, "Prefer: respond-async"), ("$export?_type=Nothing", ASYNC, "not a resource type"), ("$export?_since=soon", ASYNC, "is not a FHIR date"),
    ("$export?_since=2057-01-01", ASYNC, "lies in the future"), ("$export?colour=blue", ASYNC, "colour: $export has no such parameter"),
    ("$export?_outputFormat=csv", ASYNC, "only application/fhir+ndjson"), ("Observation/$export", ASYNC, "for a Patient"),
    ("Group/nobody/$export", ASYNC, "no such resource"), ("$export?patient=Patient/1", ASYNC, "belongs to Patient/$export"),
])
def test_what_cannot_be_exported(api: Api, path: str, headers: dict[str, str], says: str) -> None:
    reply = api("GET", path, **headers)
    assert reply.status in (400, 404) and says in reply.says, reply.body


def test_too_many_jobs_of_one_system(api: Api) -> None:
    """Small ones may follow each other at once; of those that take long there are four."""
    links = [api("GET", "$export", **ASYNC).headers["content-location"] for _ in range(6)]
    jobs = BulkJob.objects.filter(base=api.base)
    jobs.update(created_at=timezone.now() - 2 * SOON)
    refused = api("GET", "$export", **ASYNC)
    assert refused.status == 429 and refused.headers["retry-after"] and "4 jobs" in refused.says
    for link in links[:3]:
        api("DELETE", at(api, link))
    made = [api("GET", "$export", **ASYNC).status for _ in range(MOST_ACTIVE - 2)]
    assert made == [202] * (MOST_ACTIVE - 3) + [429]
    jobs.exclude(pk=jobs.first().pk).delete()  # type: ignore[union-attr]
    call_command("bulk_work")


def test_import_takes_the_good_and_names_the_bad(api: Api) -> None:
    rows: list[Any] = [observation("Patient/i1", value=i) | {"id": f"o{i}"} for i in range(5)]
    rows += [b"{not json", {"resourceType": "Observation", "id": "bad", "status": "bogus"}, b"", observation("Patient/nobody"), patient("郁达夫") | {"id": "i1"}]
    found = taken(api, rows)
    assert found["extension"] == {"lines": 9, "taken": 6, "refused": 3}
    faults = lines(api, found, "error")
    assert sorted(int(f["issue"][0]["diagnostics"].split()[1].rstrip(":")) for f in faults) == [6, 7, 9]
    assert any("Observation.status" in i.get("expression", []) for f in faults for i in f["issue"]) and any("Patient/nobody is not in this store" in f["issue"][0]["diagnostics"] for f in faults)
    assert api("GET", "Observation?patient=Patient/i1&_summary=count").json["total"] == 5, "the Patient came last, and is there first"
    again = taken(api, rows, packed=True)
    assert again["extension"]["taken"] == 6 and api("GET", "Patient/i1").json["meta"]["versionId"] == "2"
    assert api("GET", "Observation?_summary=count").json["total"] == 5, "sent twice, there once"


def test_one_that_clashes_does_not_take_its_neighbours_along(api: Api) -> None:
    api.create(patient(mrn="77"))
    found = taken(api, [patient(mrn="77") | {"id": "twin"}, patient(mrn="78") | {"id": "fine"}])
    assert found["extension"] == {"lines": 2, "taken": 1, "refused": 1} and api("GET", "Patient/fine").status == 200 and api("GET", "Patient/twin").status == 404


def test_what_cannot_be_imported(api: Api, stranger: Api) -> None:
    assert send(api, []).status == 400
    assert api("POST", "$import", patient()).status == 415
    assert api.raw("POST", f"/fhir/{api.base}/$import", b"no gzip", {"Authorization": f"Bearer {api.token}", "Content-Type": NDJSON, "Content-Encoding": "gzip"}).status == 400
    foreign = stranger.raw("POST", f"/fhir/{api.base}/$import", b"{}", {"Authorization": f"Bearer {stranger.token}", "Content-Type": NDJSON})
    assert foreign.status == 403 and "Only a hospital's own systems write" in foreign.says
    assert stranger.raw("POST", "/fhir/alliance/$import", b"{}", {"Authorization": f"Bearer {stranger.token}", "Content-Type": NDJSON}).status == 403
    only = taken(api, [patient() | {"id": "p"}, {"resourceType": "Organization", "name": "x"}], path="Patient/$import")
    assert only["extension"] == {"lines": 2, "taken": 1, "refused": 1}


def began(api: Api, link: str) -> bool:
    return (api("GET", link).headers.get("x-progress") or "0").split()[0] not in ("0", "")


def test_several_processes_and_one_that_is_killed(api: Api) -> None:
    """What is done is done once, whoever dies; nothing acknowledged is lost."""
    rows: list[Any] = [patient(f"病人{i}") | {"id": f"p{i}"} for i in range(1200)] + [observation(f"Patient/p{i % 1200}", value=i) | {"id": f"o{i}"} for i in range(6000)]
    link = at(api, send(api, rows, packed=True).headers["content-location"])
    command = [sys.executable, str(ROOT / "manage.py"), "bulk_work"]
    workers = [subprocess.Popen(command, cwd=ROOT, env=os.environ) for _ in range(2)]
    key = link.split("/")[1]
    until(lambda: began(api, link) or workers[0].poll() is not None, "the import begins")
    workers[0].send_signal(signal.SIGKILL)
    workers[0].wait()
    workers[1].wait(300)
    if BulkJob.objects.get(pk=key).state == BulkJob.State.RUNNING:  # both were gone before the end: the next process takes it up
        BulkJob.objects.filter(pk=key).update(beat_at=timezone.now() - 2 * SILENT)
        call_command("bulk_work")
    assert api("GET", link).json["extension"] == {"lines": 7200, "taken": 7200, "refused": 0}
    assert [api("GET", f"{t}?_summary=count").json["total"] for t in ("Patient", "Observation")] == [1200, 6000]
    assert {e["resource"]["meta"]["versionId"] for e in api("GET", "Observation?_count=1000").json["entry"]} == {"1"}


def test_a_running_import_is_deleted(api: Api) -> None:
    """At once and whole, while processes work on it; what was stored stays."""
    rows: list[Any] = [patient(f"病人{i}") | {"id": f"p{i}"} for i in range(60)] + [observation(f"Patient/p{i % 60}", value=i) | {"id": f"o{i}"} for i in range(4000)]
    rows[::50] = [{"resourceType": "Observation", "id": f"bad{i}"} for i in range(len(rows[::50]))]  # so that chunks leave a file of faults
    for _ in range(2):
        link = at(api, send(api, rows, packed=True).headers["content-location"])
        workers = [subprocess.Popen([sys.executable, str(ROOT / "manage.py"), "bulk_work"], cwd=ROOT, env=os.environ, stderr=subprocess.PIPE, text=True) for _ in range(2)]
        until(lambda: began(api, link), "the import begins")
        assert api("GET", link).status == 202, "the control: it is running"
        assert api("DELETE", link).status == 202
        assert api("GET", link).status == 404 and not BulkJob.objects.filter(pk=link.split("/")[1]).exists()
        said = [w.communicate(timeout=300)[1] for w in workers]
        assert not any("BULK5" in s for s in said), said
        assert 0 < api("GET", "Patient?_summary=count").json["total"] <= 60


def test_a_slow_upload_holds_up_nobody(api: Api) -> None:
    """The change feed waits for the oldest transaction; an upload that trickles in must not be one."""
    body = b"\n".join(json.dumps(patient() | {"id": f"s{i}"}).encode() for i in range(600))
    body += b"\n" + (b" " * 1_000_000 + b"\n") * 70  # longer than what the front keeps for it
    link = http.client.HTTPConnection(api.at.hostname or "", api.at.port, timeout=60)
    link.putrequest("POST", f"/fhir/{api.base}/$import")
    for name, value in (("Authorization", f"Bearer {api.token}"), ("Content-Type", NDJSON), ("Content-Length", str(len(body)))):
        link.putheader(name, value)
    link.endheaders()
    half = len(body) * 3 // 4
    link.send(body[:half])
    made = api.create(patient())
    until(lambda: any(e["fullUrl"].endswith(made) for e in api("GET", "_history").json.get("entry", [])), "the feed does not wait for the upload")
    assert BulkJob.objects.get(base=api.base).state == "taking"
    link.send(body[half:])
    assert link.getresponse().status == 202
    call_command("bulk_work")
    assert api("GET", "Patient?_summary=count").json["total"] == 601


def test_an_upload_that_breaks_off_leaves_nothing(api: Api) -> None:
    link = http.client.HTTPConnection(api.at.hostname or "", api.at.port, timeout=60)
    link.putrequest("POST", f"/fhir/{api.base}/$import")
    for name, value in (("Authorization", f"Bearer {api.token}"), ("Content-Type", NDJSON), ("Content-Length", str(100 << 20))):
        link.putheader(name, value)
    link.endheaders()
    link.send(json.dumps(patient()).encode() + b"\n")
    link.close()
    until(lambda: not BulkJob.objects.filter(base=api.base).exists(), "what was taken is dropped")
    call_command("bulk_work")
    assert api("GET", "Patient?_summary=count").json["total"] == 0


def test_a_revoked_system_gets_no_further(api: Api) -> None:
    api.create(patient())
    link = api("GET", "$export", **ASYNC).headers["content-location"].rsplit("/", 1)[1]
    sent = send(api, [patient() | {"id": "late"}]).headers["content-location"].rsplit("/", 1)[1]
    client = BulkJob.objects.get(pk=link).client
    Client.objects.filter(client_id=client).update(revoked_at=timezone.now())
    call_command("bulk_work")
    assert {BulkJob.objects.get(pk=k).state for k in (link, sent)} == {BulkJob.State.FAILED} and not SourcePatient.objects.filter(hospital__code=api.base, fhir_id="late").exists()


def test_jobs_are_forgotten_after_two_days(api: Api) -> None:
    api.create(patient())
    link = export(api)["link"]
    expire()
    assert api("GET", link).status == 200
    BulkJob.objects.filter(pk=link.split("/")[1]).update(finished_at=timezone.now() - timezone.timedelta(days=3))
    expire()
    assert api("GET", link).status == 404


def test_the_shared_record_by_persons(api: Api, stranger: Api) -> None:
    """What the gate lets through when the job runs; withdrawn consent closes files that are there already."""
    card = number()
    mine = api.create(patient("老舍", resident=card))
    seen = api.create(observation(mine))
    secret = api.create({"resourceType": "Condition", "subject": {"reference": mine}, "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "B20"}]}})
    there = stranger.create(patient("老舍", resident=card))
    stranger.create({"resourceType": "Encounter", "status": "in-progress", "class": {"code": "AMB"}, "subject": {"reference": there}, "period": {"start": timezone.now().isoformat()}})
    source = SourcePatient.objects.get(hospital__code=api.base, fhir_id=mine.split("/")[1])
    tie(source.person_id, Hospital.objects.get(code=stranger.base))
    stranger.base = "alliance"
    alone = export(stranger, f"Patient/$export?patient=Patient/{source.person_id},Patient/{source.pk}")
    rows = lines(stranger, alone)
    assert seen.split("/")[1] not in {r["id"] for r in rows} and rows, "without consent only what is his own"
    assert len(lines(stranger, alone, "error")) == 1
    acting = alliance.principal(alliance.staff(Hospital.objects.get(code=api.base)))
    given = give(source.person_id, sources=sources.of_person(source.person_id), acting=acting)
    shared = export(stranger, f"Patient/$export?patient={source.person_id}")
    rows = lines(stranger, shared)
    assert seen.split("/")[1] in {r["id"] for r in rows} and secret.split("/")[1] not in {r["id"] for r in rows}
    assert {o["extension"]["store"].rsplit("/", 1)[1] for o in shared["output"]} >= {api.base, "alliance"}
    do_withdraw_directive(given.pk, source.person_id, sources=sources.of_person(source.person_id), acting=acting, reason="test", evidence="asked at the counter")
    assert {stranger("GET", at(stranger, o["url"])).status for o in shared["output"]} == {410}
    assert stranger("GET", "$export", **ASYNC).status == 400 and stranger("GET", "Patient/$export", **ASYNC).status == 400


def test_a_job_waits_for_writers_that_began_before(api: Api) -> None:
    """What is written while the export begins is in it, or in the next one: never in neither."""
    from django.db import connection

    about = api.create(patient())
    opened = connection.copy()
    opened.set_autocommit(False)
    with opened.cursor() as cursor:
        cursor.execute("INSERT INTO record_index VALUES (0)")
    link = at(api, api("GET", "$export", **ASYNC).headers["content-location"])
    worker = threading.Thread(target=call_command, args=("bulk_work",))
    worker.start()
    time.sleep(1)
    assert api("GET", link).status == 202
    opened.rollback()
    opened.close()
    worker.join()
    assert [o["type"] for o in api("GET", link).json["output"]] == ["Patient"], about
