"""What the pages of one long record cost: a patient with 2,000 encounters and 20,000 resources in
five hospitals, gate and log on. Times on the server and in Chromium, bytes as they travel, and a
hundred clinicians who click on. BENCH_ENCOUNTERS sets how long the record is.
"""

import datetime as dt
import gzip
import http.client
import json
import os
import random
import shutil
import threading
import time
from typing import Any

from tests.perf.gate import headers_of
from tests.perf.installation import DEMO_PASSWORD, Installation
from tests.perf.load import Measured, call, tell
from tests.perf.session import sign_in

ENCOUNTERS = int(os.environ.get("BENCH_ENCOUNTERS", "2000"))
CLINICIANS, THINKING = 100, 10.0  # seconds between two clicks of one of them
Json = dict[str, Any]
NUMBER = "999101195203047813"
FIFTH = "xicheng"
TABS = ("", "results/", "results/?kind=laboratory&abnormal=1", "encounters/", "problems/")
MORE_TABS = ("medicines/", "documents/", "history/")
LOINC, ACT = "http://loinc.org", "http://terminology.hl7.org/CodeSystem/v3-ActCode"
TESTS = [(f"{i + 10}-{i % 10}", f"检验项目{i}", 3.5 + i, 9.5 + i) for i in range(60)]
ADMIT = f"""
from alliance.auth.operator_identity import operator_principal
from alliance.services.membership import do_admit_hospital
do_admit_hospital(acting=operator_principal("bench"), code="{FIFTH}", name_zh="西城中心卫生院",
                  name_en="Xicheng", tier="community",
                  admitted_on=__import__("datetime").date(2020, 1, 1))
"""
OPEN = """
from alliance.auth.principal import Principal
from alliance.models import Hospital, Staff
from consent.services.directive_records import do_record_directive
from consent.templates import ConsentChoice, ConsentTemplate, build_consent
from records.models import SourcePatient
from records.mpi.index.source_patients import sources_of_person
from tests.factories.ties import confirm_directive, record_confirmed_treatment
first = SourcePatient.objects.get(hospital__code="xinglin", fhir_id="{patient}")
found = sources_of_person(first.person_id)
assert len(found) == 5, found
record_confirmed_treatment(first.person_id, *Hospital.objects.all())
giver = Staff.objects.select_related("hospital").get(hospital__code="donghu", role="clinician")
acting = Principal("staff", str(giver.pk), giver.hospital_id, "donghu", giver.role)
decision = do_record_directive(
    first.person_id, build_consent(ConsentChoice(ConsentTemplate.SHARE)),
    method="paper", evidence="bench", sources=found, acting=acting)
confirm_directive(decision, first.person_id)
print(first.person_id)
"""


def measured(home: Installation) -> None:
    person = store_record(home)
    doctors = [sign_in_as(home, name) for name in ("chen", "wu", "lin")]
    shown = call(home.port, ("GET", f"/person/{person}/results/", None), {"Cookie": doctors[0]})[
        1
    ].decode()
    assert str(ENCOUNTERS * 6) in shown.replace(",", ""), "all five hospitals are open"
    for tab in (*TABS, *MORE_TABS):
        show_page(home, f"/person/{person}/{tab}", doctors[0])
    if shutil.which("chromium"):
        show_in_chromium(home, f"/person/{person}/", doctors[0])
    click_on(home, [f"/person/{person}/{tab}" for tab in TABS], doctors)


def store_record(home: Installation) -> str:
    """Send the record, a part from each hospital; the person's id."""
    home.manage("shell", "--no-imports", "-c", ADMIT)
    hospitals = ["xinglin", "donghu", "beishan", "nanqiao", FIFTH]
    patient = "long-record"
    for n, code in enumerate(hospitals):
        headers = headers_of(home, code) | {"Content-Type": "application/fhir+json"}
        for start in range(0, ENCOUNTERS // len(hospitals), 100):
            bundle = make_bundle(patient, n, start, start + 100)
            status, body, _ = call(
                home.port, ("POST", f"/fhir/{code}/", json.dumps(bundle).encode()), headers
            )
            assert status == 200, body[:500]
    told = home.manage("shell", "--no-imports", "-c", OPEN.format(patient=patient))
    return told.splitlines()[-1]


def make_bundle(patient: str, hospital: int, start: int, stop: int) -> Json:
    """A hundred encounters with nine things each: results, a prescription, a report …"""
    rng = random.Random(hospital * 100_000 + start)
    about = {"reference": f"Patient/{patient}"}
    found: list[Json] = [
        {
            "resourceType": "Patient",
            "id": patient,
            "name": [{"text": "欧阳长卷", "family": "欧阳", "given": ["长卷"]}],
            "gender": "male",
            "birthDate": "1952-03-04",
            "identifier": [
                {"system": "urn:oid:2.16.156.10011.1.3", "value": NUMBER},
            ],
        }
    ]
    for i in range(start, stop):
        when = dt.datetime(2026, 11, 1, 9) - dt.timedelta(days=i * 9 + hospital, minutes=i % 50)
        stamp = f"{when:%Y-%m-%dT%H:%M:%S}+08:00"
        visit = f"e{i}"
        at = {"encounter": {"reference": f"Encounter/{visit}"}, "subject": about}
        found.append(
            {
                "resourceType": "Encounter",
                "id": visit,
                "status": "finished",
                "class": {"system": ACT, "code": rng.choice(("AMB", "AMB", "AMB", "IMP", "EMER"))},
                "type": [{"text": "门诊复诊"}],
                "subject": about,
                "period": {"start": stamp, "end": stamp},
            }
        )
        for k in range(6):
            code, name, low, high = TESTS[(i * 6 + k) % len(TESTS)]
            value = round(rng.uniform(low - 1, high + 1), 1)
            found.append(
                {
                    "resourceType": "Observation",
                    "id": f"o{i}-{k}",
                    "status": "final",
                    "category": [{"coding": [{"code": "laboratory"}]}],
                    "code": {"coding": [{"system": LOINC, "code": code}], "text": name},
                    "effectiveDateTime": stamp,
                    "valueQuantity": {"value": value, "unit": "mmol/L"},
                    "referenceRange": [{"low": {"value": low}, "high": {"value": high}}],
                    **at,
                }
            )
        found.append(
            {
                "resourceType": "MedicationRequest",
                "id": f"m{i}",
                "status": "completed" if i else "active",
                "intent": "order",
                "medicationCodeableConcept": {"text": rng.choice(("阿司匹林肠溶片", "华法林钠片"))},
                "authoredOn": stamp,
                **at,
            }
        )
        found.append(
            {
                "resourceType": "Condition",
                "id": f"c{i}",
                "clinicalStatus": {"coding": [{"code": "active" if i % 9 else "resolved"}]},
                "code": {"text": rng.choice(("高血压", "2型糖尿病", "冠心病", "慢性胃炎"))},
                "recordedDate": stamp,
                **at,
            }
        )
        found.append(
            {
                "resourceType": "DiagnosticReport",
                "id": f"r{i}",
                "status": "final",
                "code": {"text": "生化全套"},
                "effectiveDateTime": stamp,
                "result": [{"reference": f"Observation/o{i}-{k}"} for k in range(6)],
                "conclusion": "请结合临床。",
                **at,
            }
        )
    return {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            {"resource": r, "request": {"method": "PUT", "url": f"{r['resourceType']}/{r['id']}"}}
            for r in found
        ],
    }


def sign_in_as(home: Installation, username: str) -> str:
    code = home.manage("demo_code").split()[-1]
    return sign_in(f"http://127.0.0.1:{home.port}", username, DEMO_PASSWORD, code)


def show_page(home: Installation, path: str, cookie: str) -> None:
    """One page, again and again, by one person: the server's share alone."""
    link = http.client.HTTPConnection("127.0.0.1", home.port, timeout=600)
    times, bad, body = [], 0, b""
    for _ in range(25):
        before = time.perf_counter()
        status, body, _told = call(home.port, ("GET", path, None), {"Cookie": cookie}, link)
        times.append(1000 * (time.perf_counter() - before))
        bad += status != 200
    seen = Measured(times[5:], bad, 0)
    tell(
        f"long record: {path.split('/', 3)[-1] or 'first screen'}",
        p50_ms=seen.at(0.5),
        p95_ms=seen.at(0.95),
        kilobytes=round(len(body) / 1024),
        gzipped=round(len(gzip.compress(body, 6)) / 1024),
        bad=bad,
    )


def show_in_chromium(home: Installation, path: str, cookie: str) -> None:
    """Until the content is there and drawn, on a page that is opened anew."""
    from playwright.sync_api import sync_playwright

    url = f"http://127.0.0.1:{home.port}"
    pairs = [c.split("=", 1) for c in cookie.split("; ")]
    with sync_playwright() as p:
        browser = p.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        times = []
        for _ in range(5):
            context = browser.new_context(viewport={"width": 1440, "height": 900})
            context.add_cookies([{"name": k, "value": v, "url": url} for k, v in pairs])
            page = context.new_page()
            before = time.perf_counter()
            page.goto(url + path, wait_until="load")
            page.wait_for_function("document.querySelector('main h1, main h2') !== null")
            times.append(1000 * (time.perf_counter() - before))
            context.close()
        browser.close()
    tell("long record: useful in Chromium", median_ms=round(sorted(times)[2]))


def click_on(home: Installation, paths: list[str], cookies: list[str]) -> None:
    """A hundred clinicians, each a click every few seconds, for a minute."""
    times: list[float] = []
    statuses: dict[int, int] = {}
    end = time.monotonic() + 60

    def clinician(n: int) -> None:
        rng = random.Random(n)
        link = http.client.HTTPConnection("127.0.0.1", home.port, timeout=600)
        time.sleep(rng.uniform(0, THINKING))
        while time.monotonic() < end:
            before = time.perf_counter()
            status = call(
                home.port,
                ("GET", rng.choice(paths), None),
                {"Cookie": cookies[n % len(cookies)]},
                link,
            )[0]
            times.append(1000 * (time.perf_counter() - before))
            statuses[status] = statuses.get(status, 0) + 1
            time.sleep(rng.uniform(0.5, 1.5) * THINKING)

    threads = [threading.Thread(target=clinician, args=(n,)) for n in range(CLINICIANS)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    seen = Measured(times, sum(v for k, v in statuses.items() if k != 200), 60)
    tell(
        f"long record: {CLINICIANS} clinicians",
        clicks=len(times),
        p50_ms=seen.at(0.5),
        p95_ms=seen.at(0.95),
        answered=json.dumps(statuses),
    )
