"""$import over real HTTP: the good is taken, the bad is named; slow, broken, revoked and
forgotten uploads.
"""

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.utils import timezone

from alliance.models import Client, Hospital
from consent.services.directive_withdrawals import do_withdraw_directive
from records.bulk.bulk_jobs import (
    SILENCE_LIMIT,
    delete_expired_jobs,
)
from records.models import BulkJob, SourcePatient
from records.mpi.index import source_patients
from tests.factories import alliance
from tests.factories.bulk_jobs import (
    ASYNC_HEADERS,
    NDJSON,
    read_export_lines,
    run_export_job,
    send,
    strip_fhir_base,
    taken,
)
from tests.factories.consents import record_choice
from tests.factories.fhir import Api, make_citizen_number, make_observation, make_patient
from tests.factories.ties import confirm_tie
from tests.wait_until import wait_until

ROOT = Path(__file__).resolve().parents[2]


def test_import_takes_the_good_and_names_the_bad(api: Api) -> None:
    rows: list[Any] = [make_observation("Patient/i1", value=i) | {"id": f"o{i}"} for i in range(5)]
    rows += [
        b"{not json",
        {"resourceType": "Observation", "id": "bad", "status": "bogus"},
        b"",
        make_observation("Patient/nobody"),
        make_patient("郁达夫") | {"id": "i1"},
    ]
    found = taken(api, rows)
    assert found["extension"] == {"lines": 9, "taken": 6, "refused": 3}
    faults = read_export_lines(api, found, "error")
    assert sorted(int(f["issue"][0]["diagnostics"].split()[1].rstrip(":")) for f in faults) == [
        6,
        7,
        9,
    ]
    assert any(
        "Observation.status" in i.get("expression", []) for f in faults for i in f["issue"]
    ) and any("Patient/nobody is not in this store" in f["issue"][0]["diagnostics"] for f in faults)
    assert api("GET", "Observation?patient=Patient/i1&_summary=count").json["total"] == 5, (
        "the Patient came last, and is there first"
    )
    again = taken(api, rows, packed=True)
    assert (
        again["extension"]["taken"] == 6
        and api("GET", "Patient/i1").json["meta"]["versionId"] == "2"
    )
    assert api("GET", "Observation?_summary=count").json["total"] == 5, "sent twice, there once"


def test_one_that_clashes_does_not_take_its_neighbours_along(api: Api) -> None:
    api.create(make_patient(mrn="77"))
    found = taken(
        api, [make_patient(mrn="77") | {"id": "twin"}, make_patient(mrn="78") | {"id": "fine"}]
    )
    assert (
        found["extension"] == {"lines": 2, "taken": 1, "refused": 1}
        and api("GET", "Patient/fine").status == 200
        and api("GET", "Patient/twin").status == 404
    )


def test_what_cannot_be_imported(api: Api, stranger: Api) -> None:
    assert send(api, []).status == 400
    assert api("POST", "$import", make_patient()).status == 415
    assert (
        api.raw(
            "POST",
            f"/fhir/{api.base}/$import",
            b"no gzip",
            {
                "Authorization": f"Bearer {api.token}",
                "Content-Type": NDJSON,
                "Content-Encoding": "gzip",
            },
        ).status
        == 400
    )
    foreign = stranger.raw(
        "POST",
        f"/fhir/{api.base}/$import",
        b"{}",
        {"Authorization": f"Bearer {stranger.token}", "Content-Type": NDJSON},
    )
    assert foreign.status == 403 and "Only a hospital's own systems write" in foreign.says
    assert (
        stranger.raw(
            "POST",
            "/fhir/alliance/$import",
            b"{}",
            {"Authorization": f"Bearer {stranger.token}", "Content-Type": NDJSON},
        ).status
        == 403
    )
    only = taken(
        api,
        [make_patient() | {"id": "p"}, {"resourceType": "Organization", "name": "x"}],
        path="Patient/$import",
    )
    assert only["extension"] == {"lines": 2, "taken": 1, "refused": 1}


def began(api: Api, link: str) -> bool:
    return (api("GET", link).headers.get("x-progress") or "0").split()[0] not in ("0", "")


def test_several_processes_and_one_that_is_killed(api: Api) -> None:
    """What is done is done once, whoever dies; nothing acknowledged is lost."""
    rows: list[Any] = [make_patient(f"病人{i}") | {"id": f"p{i}"} for i in range(1200)] + [
        make_observation(f"Patient/p{i % 1200}", value=i) | {"id": f"o{i}"} for i in range(6000)
    ]
    link = strip_fhir_base(api, send(api, rows, packed=True).headers["content-location"])
    command = [sys.executable, str(ROOT / "manage.py"), "bulk_work"]
    workers = [subprocess.Popen(command, cwd=ROOT, env=os.environ) for _ in range(2)]
    key = link.split("/")[1]
    wait_until(lambda: began(api, link) or workers[0].poll() is not None, "the import begins")
    workers[0].send_signal(signal.SIGKILL)
    workers[0].wait()
    workers[1].wait(300)
    if (
        BulkJob.objects.get(pk=key).state == BulkJob.State.RUNNING
    ):  # both were gone before the end: the next process takes it up
        BulkJob.objects.filter(pk=key).update(beat_at=timezone.now() - 2 * SILENCE_LIMIT)
        call_command("bulk_work")
    assert api("GET", link).json["extension"] == {"lines": 7200, "taken": 7200, "refused": 0}
    assert [
        api("GET", f"{t}?_summary=count").json["total"] for t in ("Patient", "Observation")
    ] == [1200, 6000]
    assert {
        e["resource"]["meta"]["versionId"]
        for e in api("GET", "Observation?_count=1000").json["entry"]
    } == {"1"}


def test_a_running_import_is_deleted(api: Api) -> None:
    """At once and whole, while processes work on it; what was stored stays."""
    rows: list[Any] = [make_patient(f"病人{i}") | {"id": f"p{i}"} for i in range(60)] + [
        make_observation(f"Patient/p{i % 60}", value=i) | {"id": f"o{i}"} for i in range(4000)
    ]
    rows[::50] = [
        {"resourceType": "Observation", "id": f"bad{i}"} for i in range(len(rows[::50]))
    ]  # so that chunks leave a file of faults
    for _ in range(2):
        link = strip_fhir_base(api, send(api, rows, packed=True).headers["content-location"])
        workers = [
            subprocess.Popen(
                [sys.executable, str(ROOT / "manage.py"), "bulk_work"],
                cwd=ROOT,
                env=os.environ,
                stderr=subprocess.PIPE,
                text=True,
            )
            for _ in range(2)
        ]
        wait_until(lambda: began(api, link), "the import begins")
        assert api("GET", link).status == 202, "the control: it is running"
        assert api("DELETE", link).status == 202
        assert (
            api("GET", link).status == 404
            and not BulkJob.objects.filter(pk=link.split("/")[1]).exists()
        )
        said = [w.communicate(timeout=300)[1] for w in workers]
        assert not any("BULK5" in s for s in said), said
        assert 0 < api("GET", "Patient?_summary=count").json["total"] <= 60


def test_a_slow_upload_holds_up_nobody(api: Api) -> None:
    """The change feed waits for the oldest transaction; an upload that trickles in must not be
    one.
    """
    body = b"\n".join(json.dumps(make_patient() | {"id": f"s{i}"}).encode() for i in range(600))
    body += b"\n" + (b" " * 1_000_000 + b"\n") * 70  # longer than what the front keeps for it
    link = http.client.HTTPConnection(api.at.hostname or "", api.at.port, timeout=60)
    link.putrequest("POST", f"/fhir/{api.base}/$import")
    for name, value in (
        ("Authorization", f"Bearer {api.token}"),
        ("Content-Type", NDJSON),
        ("Content-Length", str(len(body))),
    ):
        link.putheader(name, value)
    link.endheaders()
    half = len(body) * 3 // 4
    link.send(body[:half])
    made = api.create(make_patient())
    wait_until(
        lambda: any(
            e["fullUrl"].endswith(made) for e in api("GET", "_history").json.get("entry", [])
        ),
        "the feed does not wait for the upload",
    )
    assert BulkJob.objects.get(base=api.base).state == "taking"
    link.send(body[half:])
    assert link.getresponse().status == 202
    call_command("bulk_work")
    assert api("GET", "Patient?_summary=count").json["total"] == 601


def test_an_upload_that_breaks_off_leaves_nothing(api: Api) -> None:
    link = http.client.HTTPConnection(api.at.hostname or "", api.at.port, timeout=60)
    link.putrequest("POST", f"/fhir/{api.base}/$import")
    for name, value in (
        ("Authorization", f"Bearer {api.token}"),
        ("Content-Type", NDJSON),
        ("Content-Length", str(100 << 20)),
    ):
        link.putheader(name, value)
    link.endheaders()
    link.send(json.dumps(make_patient()).encode() + b"\n")
    link.close()
    wait_until(
        lambda: not BulkJob.objects.filter(base=api.base).exists(), "what was taken is dropped"
    )
    call_command("bulk_work")
    assert api("GET", "Patient?_summary=count").json["total"] == 0


def test_a_revoked_system_gets_no_further(api: Api) -> None:
    api.create(make_patient())
    link = api("GET", "$export", **ASYNC_HEADERS).headers["content-location"].rsplit("/", 1)[1]
    sent = (
        send(api, [make_patient() | {"id": "late"}]).headers["content-location"].rsplit("/", 1)[1]
    )
    client = BulkJob.objects.get(pk=link).client
    Client.objects.filter(client_id=client).update(revoked_at=timezone.now())
    call_command("bulk_work")
    assert {BulkJob.objects.get(pk=k).state for k in (link, sent)} == {
        BulkJob.State.FAILED
    } and not SourcePatient.objects.filter(hospital__code=api.base, fhir_id="late").exists()


def test_jobs_are_forgotten_after_two_days(api: Api) -> None:
    api.create(make_patient())
    link = run_export_job(api)["link"]
    delete_expired_jobs()
    assert api("GET", link).status == 200
    BulkJob.objects.filter(pk=link.split("/")[1]).update(
        finished_at=timezone.now() - timezone.timedelta(days=3)
    )
    delete_expired_jobs()
    assert api("GET", link).status == 404


def test_the_shared_record_by_persons(api: Api, stranger: Api) -> None:
    """What the gate lets through when the job runs; withdrawn consent closes files that are
    there already.
    """
    card = make_citizen_number()
    mine = api.create(make_patient("老舍", resident=card))
    seen = api.create(make_observation(mine))
    secret = api.create(
        {
            "resourceType": "Condition",
            "subject": {"reference": mine},
            "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "B20"}]},
        }
    )
    there = stranger.create(make_patient("老舍", resident=card))
    stranger.create(
        {
            "resourceType": "Encounter",
            "status": "in-progress",
            "class": {"code": "AMB"},
            "subject": {"reference": there},
            "period": {"start": timezone.now().isoformat()},
        }
    )
    source = SourcePatient.objects.get(hospital__code=api.base, fhir_id=mine.split("/")[1])
    confirm_tie(source.person_id, Hospital.objects.get(code=stranger.base))
    stranger.base = "alliance"
    alone = run_export_job(
        stranger, f"Patient/$export?patient=Patient/{source.person_id},Patient/{source.pk}"
    )
    rows = read_export_lines(stranger, alone)
    assert seen.split("/")[1] not in {r["id"] for r in rows} and rows, (
        "without consent only what is its own"
    )
    assert len(read_export_lines(stranger, alone, "error")) == 1
    acting = alliance.get_staff_principal(alliance.make_staff(Hospital.objects.get(code=api.base)))
    given = record_choice(
        source.person_id, sources=source_patients.sources_of_person(source.person_id), acting=acting
    )
    shared = run_export_job(stranger, f"Patient/$export?patient={source.person_id}")
    rows = read_export_lines(stranger, shared)
    assert seen.split("/")[1] in {r["id"] for r in rows} and secret.split("/")[1] not in {
        r["id"] for r in rows
    }
    assert {o["extension"]["store"].rsplit("/", 1)[1] for o in shared["output"]} >= {
        api.base,
        "alliance",
    }
    do_withdraw_directive(
        given.pk,
        source.person_id,
        sources=source_patients.sources_of_person(source.person_id),
        acting=acting,
        reason="test",
        evidence="asked at the counter",
    )
    assert {
        stranger("GET", strip_fhir_base(stranger, o["url"])).status for o in shared["output"]
    } == {410}
    assert (
        stranger("GET", "$export", **ASYNC_HEADERS).status == 400
        and stranger("GET", "Patient/$export", **ASYNC_HEADERS).status == 400
    )


def test_a_job_waits_for_writers_that_began_before(api: Api) -> None:
    """What is written while the export begins is in it, or in the next one: never in neither."""
    from django.db import connection

    about = api.create(make_patient())
    opened = connection.copy()
    opened.set_autocommit(False)
    with opened.cursor() as cursor:
        cursor.execute("INSERT INTO record_index VALUES (0)")
    link = strip_fhir_base(api, api("GET", "$export", **ASYNC_HEADERS).headers["content-location"])
    worker = threading.Thread(target=call_command, args=("bulk_work",))
    worker.start()
    time.sleep(1)
    assert api("GET", link).status == 202
    opened.rollback()
    opened.close()
    worker.join()
    assert [o["type"] for o in api("GET", link).json["output"]] == ["Patient"], about
