"""What $recognition-check costs a system that asks before an order: a patient with 20,000 results
in two hospitals within two years, of which those of one item are looked at; gate, log and prompt
on. BENCH_RESULTS sets how many. By itself: python -m tests.perf.recognition
"""

import datetime as dt
import json
import os
from typing import Any

from tests.perf.gate import headers_of
from tests.perf.installation import Installation, installation
from tests.perf.load import call, report, run, tell

RESULTS = int(os.environ.get("BENCH_RESULTS", "20000"))
ASKED, AT_ONCE = 300, 500
LOINC = "http://loinc.org"
CODES = ["2823-3", *(f"{70_000 + i}-{i % 10}" for i in range(39))]
NUMBER = "999101194908172337"
Json = dict[str, Any]
OPEN = """
import datetime as dt
from django.utils import timezone
from alliance.auth.principal import Principal
from alliance.models import Hospital, Staff
from consent.services.directive_records import do_record_directive
from consent.templates import ConsentChoice, ConsentTemplate, build_consent
from records.models import RecognitionItem, RecognitionQualification, SourcePatient
from records.mpi.index.source_patients import sources_of_person
from tests.factories.ties import confirm_directive, record_confirmed_treatment
first = SourcePatient.objects.get(hospital__code="xinglin", fhir_id="many-results")
found = sources_of_person(first.person_id)
assert len(found) == 2, found
both = Hospital.objects.filter(code__in=["xinglin", "donghu"])
record_confirmed_treatment(first.person_id, *both)
giver = Staff.objects.select_related("hospital").get(hospital__code="donghu", role="clinician")
acting = Principal("staff", str(giver.pk), giver.hospital_id, "donghu", giver.role)
decision = do_record_directive(
    first.person_id, build_consent(ConsentChoice(ConsentTemplate.SHARE)),
    method="paper", evidence="bench", sources=found, acting=acting)
confirm_directive(decision, first.person_id)
item, _made = RecognitionItem.objects.update_or_create(code="K", defaults={
    "name_zh": "钾", "name_en": "Potassium", "loincs": "2823-3", "window": 7,
    "active": True, "changed_at": timezone.now()})
if not RecognitionQualification.objects.filter(item=item, hospital__code="xinglin").exists():
    RecognitionQualification.objects.create(
        item=item, hospital=Hospital.objects.get(code="xinglin"),
        starts=dt.date(2020, 1, 1), made_at=timezone.now())
print(first.person_id)
"""


def measured(home: Installation) -> None:
    person = store_results(home)
    headers = headers_of(home, "donghu")
    path = f"/fhir/alliance/Patient/{person}/$recognition-check?item={LOINC}%7C2823-3"
    status, body, _ = call(home.port, ("GET", path, None), headers)
    assert status == 200 and b'"hit"' in body, body[:500]
    seen = run(home.port, [("GET", path, None)] * ASKED, headers, 1, 0)
    report("$recognition-check", 1, seen, ASKED)
    tell("$recognition-check", results=RESULTS, p50_ms=seen.at(0.5), p95_ms=seen.at(0.95))


def store_results(home: Installation) -> str:
    """The person's id."""
    for number, code in enumerate(("xinglin", "donghu")):
        headers = headers_of(home, code) | {"Content-Type": "application/fhir+json"}
        for start in range(number, RESULTS, 2 * AT_ONCE):
            bundle = make_bundle(range(start, min(start + 2 * AT_ONCE, RESULTS), 2))
            status, body, _ = call(
                home.port, ("POST", f"/fhir/{code}/", json.dumps(bundle).encode()), headers
            )
            assert status == 200, body[:500]
    return home.manage("shell", "--no-imports", "-c", OPEN).splitlines()[-1]


def make_bundle(numbers: range) -> Json:
    patient: Json = {
        "resourceType": "Patient",
        "id": "many-results",
        "name": [{"text": "欧阳千验"}],
        "gender": "male",
        "birthDate": "1949-08-17",
        "identifier": [{"system": "urn:oid:2.16.156.10011.1.3", "value": NUMBER}],
    }
    return {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            {"resource": r, "request": {"method": "PUT", "url": f"{r['resourceType']}/{r['id']}"}}
            for r in [patient, *map(make_result, numbers)]
        ],
    }


def make_result(number: int) -> Json:
    when = dt.datetime.now(dt.UTC) - dt.timedelta(hours=26 + number * 17_000 // RESULTS)
    return {
        "resourceType": "Observation",
        "id": f"n{number}",
        "status": "final",
        "subject": {"reference": "Patient/many-results"},
        "code": {
            "coding": [{"system": LOINC, "code": CODES[number // 2 % len(CODES)]}],
            "text": "★检验项目",
        },
        "effectiveDateTime": f"{when:%Y-%m-%dT%H:%M:%SZ}",
        "valueQuantity": {
            "value": 4.1,
            "unit": "mmol/L",
            "system": "http://unitsofmeasure.org",
            "code": "mmol/L",
        },
    }


if __name__ == "__main__":
    with installation() as home:
        measured(home)
