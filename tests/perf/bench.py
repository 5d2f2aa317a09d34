"""make bench: what the store does, over HTTP, with gate, audit, history, validation and all
indexes on, and durable commits.

JSON lines on stdout, a table on stderr. Figures are client-side; the load comes from this machine
too, so compare only within one run. BENCH_SECONDS, BENCH_PEOPLE and BENCH_IMPORT set the size: with
BENCH_IMPORT=2000000 and BENCH_CONSENTS=1000000 the gate's part is that of an alliance.
"""

import datetime as dt
import json
import os
import random
import sys
import threading
import time
import uuid
from dataclasses import replace
from typing import Any

from records.demo.demo_patients import FAMILY_NAMES
from tests.perf import (
    audit_log,
    gate,
    long_record,
    pages,
    recognition,
    referrals,
    sync,
    sync_reading,
    unusual,
)
from tests.perf.installation import MEMBER, Installation, installation
from tests.perf.load import Request, call, report, run, tell

SECONDS = float(os.environ.get("BENCH_SECONDS", "6"))
PEOPLE = int(os.environ.get("BENCH_PEOPLE", "120"))
IMPORT = int(os.environ.get("BENCH_IMPORT", "60000"))
FILE = 100_000  # resources in a file of $import
BASE = f"/fhir/{MEMBER}"
Json = dict[str, Any]


def bundles_of(home: Installation) -> tuple[list[Any], list[Json]]:
    """Invented people, and their records as transactions; loaded, and the loading measured."""
    from records.demo.clinical_histories import make_history_bundle
    from records.demo.demo_patients import make_demo_patients

    invented = [
        replace(p, key=f"bench-{i:04d}", number=p.number)
        for i, p in enumerate(make_demo_patients(PEOPLE * 2))
    ]
    bundles = [make_history_bundle(p, MEMBER, dt.date(2026, 11, 1)) for p in invented]
    for clients, part in ((1, bundles[:PEOPLE]), (8, bundles[PEOPLE:])):
        sent: list[Request] = [("POST", f"{BASE}/", json.dumps(b).encode()) for b in part]
        report(
            "transaction Bundles",
            clients,
            run(home.port, sent, home.headers, clients, 0),
            sum(len(b["entry"]) for b in part),
        )
    return invented, bundles


def one(body: Json, method: str = "POST", path: str = "") -> Request:
    return method, f"{BASE}/{path or body['resourceType']}", json.dumps(body).encode()


GIVEN = (
    "安保冰昌春丹德东恩芳飞峰刚光桂海红华怀惠建杰金军康兰乐磊丽林玲龙梅敏明宁平"
    "强清荣森山胜石霜涛天伟文西祥晓新秀旭雅燕阳永勇玉元月云泽振正志忠子"
)
rng = random.Random(2)


def new_patient() -> Json:
    """Somebody with a name, a day and a phone of their own, as registers hold them: thousands who
    share them would be put to humans.
    """
    born = dt.date(1930, 1, 1) + dt.timedelta(days=rng.randrange(90 * 365))
    name = rng.choice(FAMILY_NAMES) + "".join(rng.choices(GIVEN, k=2))
    return {
        "resourceType": "Patient",
        "name": [{"text": name}],
        "gender": rng.choice(("male", "female")),
        "birthDate": born.isoformat(),
        "telecom": [
            {"system": "phone", "value": f"1{rng.randrange(30, 100)}{rng.randrange(10**8):08d}"}
        ],
        "identifier": [{"system": "urn:bench", "value": uuid.uuid4().hex}],
    }


def asked(patient: Json) -> Json:
    """Who looks for somebody does not know their id, nor the hospital's own number."""
    return {
        k: v
        for k, v in patient.items()
        if k in ("resourceType", "name", "gender", "birthDate", "telecom", "address")
    }


def record_pages(home: Installation, invented: list[Any]) -> list[Request]:
    out: list[Request] = []
    for p in rng.sample(invented, 40):
        found = json.loads(
            call(
                home.port,
                ("GET", f"/fhir/alliance/Patient?identifier={p.number}", None),
                home.headers,
            )[1]
        )
        out.append(("GET", f"/person/{found['entry'][0]['resource']['id']}/", None))
    return out


def single(home: Installation, invented: list[Any], bundles: list[Json], clients: int) -> None:
    """Small requests, each for some seconds."""
    ids = [
        f"{e['resource']['resourceType']}/{e['resource']['id']}"
        for b in bundles
        for e in b["entry"]
    ]
    codes = [
        (p.key, e["resource"]["code"]["coding"][0]["code"])
        for p, b in zip(invented, bundles, strict=True)
        for e in b["entry"]
        if e["resource"]["resourceType"] == "Observation"
    ]
    patients = [
        e["resource"]
        for b in bundles
        for e in b["entry"]
        if e["resource"]["resourceType"] == "Patient"
    ]
    chain = "encounter:Encounter.service-provider:Organization.name=x"
    work: list[tuple[str, list[Request], dict[str, str]]] = [
        ("read by id", [("GET", f"{BASE}/{i}", None) for i in rng.sample(ids, 2000)], home.headers),
        (
            "Observation by patient and code",
            [
                (
                    "GET",
                    f"{BASE}/Observation?patient=Patient/{k}&code=http://loinc.org|{c}&_sort=-date&_count=50",
                    None,
                )
                for k, c in rng.sample(codes, 1000)
            ],
            home.headers,
        ),
        ("create Patient", [one(new_patient()) for _ in range(8000)], home.headers),
        ("update Patient", [one(p, "PUT", f"Patient/{p['id']}") for p in patients], home.headers),
        (
            "Patient/$match",
            [
                one(
                    {
                        "resourceType": "Parameters",
                        "parameter": [{"name": "resource", "resource": asked(p)}],
                    },
                    path="Patient/$match",
                )
                for p in patients
            ],
            home.headers,
        ),
        ("shared record page", record_pages(home, invented), {"Cookie": home.clinician()}),
        (
            "$everything of a patient",
            [("GET", f"{BASE}/Patient/{p['id']}/$everything", None) for p in patients],
            home.headers,
        ),
        (
            "exact total of all Observations",
            [
                ("GET", f"{BASE}/Observation?_summary=count&_tag:missing={i}", None)
                for i in ("true",)
            ],
            home.headers,
        ),
        (
            "500 alternatives",
            [
                (
                    "GET",
                    f"{BASE}/Observation?code={','.join(f'x{i}' for i in range(499))},4548-4"
                    "&_count=10",
                    None,
                )
            ],
            home.headers,
        ),
        (
            "chain of two steps",
            [("GET", f"{BASE}/Observation?{chain}&_count=10", None)],
            home.headers,
        ),
        (
            "nested _has",
            [
                (
                    "GET",
                    f"{BASE}/Patient?_has:Observation:patient:_has:DiagnosticReport:result:status=final&_count=10",
                    None,
                )
            ],
            home.headers,
        ),
    ]
    for name, requests, headers in work:
        report(name, clients, run(home.port, requests, headers, clients, SECONDS))


def taken_in(home: Installation) -> None:
    """$import of NDJSON, one file after the other, each from the upload's answer to the end of
    its job.
    """
    taken, seconds = 0, 0.0
    for first in range(0, IMPORT, FILE):
        body = ndjson(first, min(FILE, IMPORT - first))
        start = time.perf_counter()
        status, answer, headers = home.ask(
            "$import", body, **{"Content-Type": "application/fhir+ndjson"}
        )
        assert status == 202, answer
        link = headers["content-location"].split(f"/{MEMBER}/")[1]
        while (told := home.ask(link))[0] == 202:
            time.sleep(0.2)
        seconds += time.perf_counter() - start
        taken += json.loads(told[1])["extension"]["taken"]
    tell(
        "$import, processes of the courier",
        resources=taken,
        seconds=round(seconds, 1),
        per_s=round(taken / seconds),
    )


def ndjson(first: int, many: int) -> bytes:
    """A twentieth are Patients, the others their Observations."""
    patients = max(1, many // 20)
    lines = [json.dumps(new_patient() | {"id": f"imp{first + i}"}) for i in range(patients)]
    lines += [
        json.dumps(
            {
                "resourceType": "Observation",
                "id": f"imo{first + i}",
                "status": "final",
                "code": {
                    "coding": [{"system": "http://loinc.org", "code": f"{i % 400}-1"}],
                    "text": "血压",
                },
                "subject": {"reference": f"Patient/imp{first + i % patients}"},
                "effectiveDateTime": f"202{i % 6}-0{1 + i % 9}-11T08:00:00+08:00",
                "valueQuantity": {
                    "value": i % 300,
                    "unit": "mmHg",
                    "system": "http://unitsofmeasure.org",
                    "code": "mm[Hg]",
                },
            }
        )
        for i in range(many - len(lines))
    ]
    return "\n".join(lines).encode()


def race(home: Installation) -> None:
    """64 clients create under one condition; exactly one resource comes of it."""
    rounds, bad = 20, 0
    for _ in range(rounds):
        mark = uuid.uuid4().hex
        body = json.dumps(
            {
                "resourceType": "Basic",
                "code": {"text": "race"},
                "identifier": [{"system": "urn:race", "value": mark}],
            }
        ).encode()
        m = run(
            home.port,
            [("POST", f"{BASE}/Basic", body)] * 64,
            home.headers | {"If-None-Exist": f"identifier=urn:race|{mark}"},
            64,
            0,
        )
        bad += m.bad + (
            json.loads(home.ask(f"Basic?identifier=urn:race|{mark}&_summary=count")[1])["total"]
            != 1
        )
    tell("64 clients racing on one condition", rounds=rounds, wrong=bad)


def side_by_side(home: Installation) -> None:
    """Small writes alone, and while a transaction of 50,000 entries runs."""
    small = [one(new_patient()) for _ in range(4000)]
    alone = run(home.port, small, home.headers, 2, SECONDS)
    about = json.loads(home.ask("Patient", json.dumps(new_patient()).encode())[1])["id"]
    large = json.dumps(
        {
            "resourceType": "Bundle",
            "type": "transaction",
            "entry": [
                {
                    "request": {"method": "POST", "url": "Observation"},
                    "resource": {
                        "resourceType": "Observation",
                        "status": "final",
                        "code": {"text": "x"},
                        "subject": {"reference": f"Patient/{about}"},
                    },
                }
                for _ in range(50_000)
            ],
        }
    ).encode()
    out: list[Any] = []

    def send() -> None:
        start = time.perf_counter()
        out.extend([home.ask("", large)[0], round(time.perf_counter() - start, 1)])

    thread = threading.Thread(target=send)
    thread.start()
    time.sleep(0.5)
    beside = run(home.port, small, home.headers, 2, SECONDS)
    thread.join()
    tell(
        "small writes beside 50,000 entries",
        alone_p99_ms=alone.at(0.99),
        beside_p99_ms=beside.at(0.99),
        ratio=round(beside.at(0.99) / alone.at(0.99), 2),
        large=out,
    )


def beside_a_page(home: Installation, invented: list[Any], bundles: list[Json]) -> None:
    """A clinician's record page beside loads of machines, and what these are answered with
    nobody at a page.
    """
    reads: list[Request] = [
        ("GET", f"{BASE}/{e['resource']['resourceType']}/{e['resource']['id']}", None)
        for b in bundles
        for e in b["entry"]
    ]
    rng.shuffle(reads)
    sifted: list[Request] = [
        (
            "GET",
            f"{BASE}/Observation?_content={word}&date=ge2024-01-01&date=lt2025-06-01&_sort=-date",
            None,
        )
        for word in ("mmHg", "nothing")
    ]
    pages.beside(
        home, record_pages(home, invented), reads[:2000], sifted, ndjson(10**7, 20_000), SECONDS
    )
    tell("32 busy clients, nobody at a page", per_s=pages.machines(home, reads[:2000], 32, SECONDS))


def size(home: Installation) -> None:
    count, total = home.sql(
        "SELECT (SELECT count(*) FROM record_resource), sum(pg_total_relation_size(oid)) FROM"
        " pg_class WHERE relkind = 'r' AND relname LIKE 'record\\_%'"
    )[0]
    tell("disk, indexes in", resources=count, bytes_a_resource=round(float(total) / count))


def main() -> None:
    with installation() as home:
        invented, bundles = bundles_of(home)
        for clients in (1, 8):
            single(home, invented, bundles, clients)
        taken_in(home)
        sync.pushed(home, SECONDS)
        race(home)
        side_by_side(home)
        beside_a_page(home, invented, bundles)
        pages.burst(home, 1000)
        gate.measured(home, SECONDS)
        long_record.measured(home)
        recognition.measured(home)
        sync_reading.measured(home)
        audit_log.measured(home)
        referrals.measured(home)
        size(home)
        print(
            f"{sum(len(b['entry']) for b in bundles)} resources of {len(bundles)} patients beside"
            f" the demo's, and {IMPORT} imported",
            file=sys.stderr,
        )
    unusual.main()


if __name__ == "__main__":
    main()
