"""The part of `make bench` that pushes: batches of Observations, and small durable pushes of many
members' systems (docs/sync.md).
"""

import hashlib
import json
import multiprocessing as mp
import time
from typing import Any

from tests.perf.installation import MEMBER, Installation
from tests.perf.load import Measured, call, report, tell

PATH = f"/sync/{MEMBER}/batches"
BATCH = 500  # Observations
SENDERS = 32
Json = dict[str, Any]


def build(stream: str, number: int, resources: list[tuple[str, Json]]) -> bytes:
    lines: list[bytes] = []
    digests = b""
    for record, resource in resources:
        body = json.dumps(resource, ensure_ascii=False, separators=(",", ":")).encode()
        line = json.dumps(
            {
                "source": "lis",
                "type": resource["resourceType"],
                "record": record,
                "version": 1,
                "day": str(resource.get("effectiveDateTime", ""))[:10],
                "hash": hashlib.sha256(body).hexdigest(),
            }
        ).encode()
        digests += hashlib.sha256(line + b"\n" + body).digest()
        lines += [line, body]
    head = {
        "stream": stream,
        "number": number,
        "items": len(resources),
        "root": hashlib.sha256(digests).hexdigest(),
    }
    return b"\n".join([json.dumps(head).encode(), *lines])


def observation(n: int, patient: str) -> Json:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {
            "coding": [{"system": "http://loinc.org", "code": f"{n % 400}-1"}],
            "text": "血压",
        },
        "subject": {"reference": f"Patient/lis-{patient}"},
        "effectiveDateTime": f"202{n % 6}-0{1 + n % 9}-11T08:00:00+08:00",
        "valueQuantity": {
            "value": n % 300,
            "unit": "mmHg",
            "system": "http://unitsofmeasure.org",
            "code": "mm[Hg]",
        },
    }


def sender(
    home: Installation, name: str, size: int, count: int, seconds: float, out: Any, ready: Any
) -> None:
    """One stream, one batch after the other; each waits for its receipt. ready: all have sent their
    patients, which nobody's batch is measured beside.
    """
    import http.client

    link = http.client.HTTPConnection("127.0.0.1", home.port, timeout=600)
    headers = home.headers | {"Content-Type": "application/x-ndjson"}
    times, bad, start, number = [], 0, time.perf_counter(), 1
    while number < count + 2 and (not seconds or time.perf_counter() - start < seconds):
        data = build(
            name,
            number,
            [
                (f"{name}.{number}.{i}", observation(number * size + i, f"{name}.{i % 20}"))
                for i in range(size)
            ]
            if number > 1
            else [
                (f"{name}.{i}", {"resourceType": "Patient", "name": [{"text": f"{name}{i}"}]})
                for i in range(20)
            ],
        )
        before = time.perf_counter()
        status, answer, _ = call(home.port, ("POST", PATH, data), headers, link)
        if number > 1:
            times.append(1000 * (time.perf_counter() - before))
            bad += status != 200 or list(json.loads(answer)["receipt"]["outcomes"]) != ["stored"]
        else:
            ready.wait()
            start = time.perf_counter()
        number += 1
    out.put((times, bad, time.perf_counter() - start))


def push(home: Installation, senders: int, size: int, count: int, seconds: float) -> Measured:
    out: Any = mp.Queue()
    ready = mp.Barrier(senders)
    mark = f"{time.time_ns():x}"
    processes = [
        mp.Process(target=sender, args=(home, f"b{mark}-{i}", size, count, seconds, out, ready))
        for i in range(senders)
    ]
    for process in processes:
        process.start()
    found = [out.get() for _ in processes]
    return Measured(
        [t for f in found for t in f[0]], sum(f[1] for f in found), max(f[2] for f in found)
    )


def pushed(home: Installation, seconds: float) -> None:
    for senders in (1, 4):
        measured = push(home, senders, BATCH, 8, 0)
        report(f"sync: batches of {BATCH}", senders, measured, len(measured.times) * BATCH)
    for senders in (1, SENDERS):
        report("sync: small durable pushes", senders, push(home, senders, 1, 10**6, seconds))
    rows = home.sql("SELECT count(*), sum(count) FROM record_sync_digest")
    tell("sync: rows of sums", rows=rows[0][0], records=rows[0][1])


if __name__ == "__main__":
    from tests.perf.installation import installation

    with installation() as home:
        pushed(home, 6)
