"""What the gate costs: a page and an exact total through one consent and through ten against the
own store's, a revocation, an explanation, and whether time tells a hidden record from one that is
not there; then what row level security behind it costs. BENCH_CONSENTS sets how many consents of
other persons lie beside.
"""

import json
import os
import statistics
import uuid
from typing import Any

from tests.perf import wall
from tests.perf.installation import MEMBER, Installation
from tests.perf.load import Request, by_turns, call, run, tell

CONSENTS = int(os.environ.get("BENCH_CONSENTS", "100000"))
RECORDS = 1000
ASKER = "donghu"
GIVE = """
import json, time, uuid
from django.db import connection
from django.utils import timezone
from alliance.auth.principal import Principal
from alliance.models import Hospital, Staff
from consent.models import Directive, Relationship
from consent.services.directive_records import do_record_directive
from consent.services.directive_withdrawals import do_withdraw_directive
from consent.templates import ConsentChoice, ConsentTemplate, build_consent
from records.models import SourcePatient
from records.mpi.index.source_patients import sources_of_person
person = SourcePatient.objects.get(hospital__code="{member}", fhir_id="{patient}").person_id
found = sources_of_person(person)
clerks = Staff.objects.select_related("hospital")
clerk = clerks.filter(hospital__code="{member}", role="clinician")[0]
acting = Principal("staff", str(clerk.pk), clerk.hospital_id, clerk.hospital.code, clerk.role)
"""
BESIDE = """
with connection.cursor() as c:
    c.execute("INSERT INTO consent_directive (person, covers, resource, denies, template,"
              " hospital_id, method, evidence, guardian, image_type, valid_from, recorded_at,"
              " verified_at) "
              "SELECT gen_random_uuid(), ARRAY[-i], %s::jsonb, i %% 7 = 0, 'share', %s, 'paper',"
              " 'bench', '', '', now(), now(), now() FROM generate_series(1, %s) i",
              [json.dumps(build_consent(ConsentChoice(ConsentTemplate.SHARE))), clerk.hospital_id,
               {consents}])
    c.execute("ANALYZE consent_directive")
now = timezone.now()
Relationship.objects.create(person=person, hospital=Hospital.objects.get(code="{asker}"),
                            basis="referral", source_patient=found[0].id, starts_at=now,
                            ends_at=now + __import__("datetime").timedelta(days=1))
do_record_directive(person, build_consent(ConsentChoice(ConsentTemplate.SHARE)), method="paper",
                    evidence="bench", sources=found, acting=acting)
"""
MANY = """
for i in range(9):
    coding = dict(system="http://loinc.org", code="99999-" + str(i))
    procedure = {"system": "http://hl7.org/fhir/resource-types", "code": "Procedure"}
    rule = dict(type="permit", provision=[
        dict(type="deny", securityLabel=[dict(code="HIV")]),
        dict(type="deny", code=[dict(coding=[coding])]),
        {"type": "deny", "class": [procedure], "dataPeriod": {"end": "2001"}}])
    do_record_directive(person, {"resourceType": "Consent", "provision": rule}, method="paper",
                        evidence="bench", sources=found, acting=acting)
"""
REVOKE = """
times = []
coding = {"system": "http://loinc.org", "code": "88888-8"}  # one that does not stand yet
rule = {"type": "permit", "provision": [{"type": "deny", "code": [{"coding": [coding]}]}]}
for _ in range(200):
    made = do_record_directive(person, {"resourceType": "Consent", "provision": rule},
                               method="paper", evidence="bench", sources=found, acting=acting)
    start = time.perf_counter()
    do_withdraw_directive(made.pk, person, sources=found, acting=acting, reason="test",
                          evidence="asked at the counter")
    times.append(1000 * (time.perf_counter() - start))
print(json.dumps(sorted(times)))
"""


def measured(home: Installation, seconds: float) -> None:
    patient, hidden = f"gate-{uuid.uuid4().hex[:8]}", f"hidden-{uuid.uuid4().hex[:8]}"
    about = {"subject": {"reference": f"Patient/{patient}"}}
    entries: list[Any] = [
        {
            "resourceType": "Patient",
            "id": patient,
            "name": [{"text": "闸门基准"}],
            "birthDate": "1950-01-01",
            "gender": "male",
        }
    ]
    entries += [
        {
            "resourceType": "Observation",
            "id": f"{patient}-{i}",
            "status": "final",
            "code": {"coding": [{"system": "http://loinc.org", "code": f"{i % 40}-1"}]},
            "effectiveDateTime": f"202{i % 6}-0{1 + i % 9}-11",
            **about,
        }
        for i in range(RECORDS)
    ]
    entries.append(
        {
            "resourceType": "Observation",
            "id": hidden,
            "status": "final",
            "code": {"coding": [{"system": "http://loinc.org", "code": "75622-1"}]},
            **about,
        }
    )
    sent = {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            {"resource": e, "request": {"method": "PUT", "url": f"{e['resourceType']}/{e['id']}"}}
            for e in entries
        ],
    }
    assert home.ask("", json.dumps(sent).encode())[0] == 200
    setting = GIVE.format(member=MEMBER, patient=patient)
    home.manage(
        "shell", "--no-imports", "-c", setting + BESIDE.format(consents=CONSENTS, asker=ASKER)
    )
    asker = headers_of(home, ASKER)
    person = home.sql(f"SELECT person_id FROM records_sourcepatient WHERE fhir_id = '{patient}'")[
        0
    ][0]
    own: list[Request] = [
        (
            "GET",
            f"/fhir/{MEMBER}/Observation?patient=Patient/{patient}&_sort=-date&_count=50{extra}",
            None,
        )
        for extra in ("", "&_summary=count")
    ]
    shared: list[Request] = [
        ("GET", f"/fhir/alliance/Observation?patient={person}&_sort=-date&_count=50{extra}", None)
        for extra in ("", "&_summary=count")
    ]
    for consents in (1, 10):
        if consents > 1:
            home.manage("shell", "--no-imports", "-c", setting + MANY)
        for what, mine, theirs in zip(("a page of 50", "an exact total"), own, shared, strict=True):
            without, through = by_turns(
                [(home.port, mine, home.headers), (home.port, theirs, asker)], 2 * seconds
            )
            assert not without.bad and not through.bad, theirs
            tell(
                f"{what}, own and shared by turns",
                consents=consents,
                consents_beside=CONSENTS,
                records_of_the_patient=RECORDS,
                pairs=len(through.times),
                own_p50_ms=without.at(0.5),
                own_p95_ms=without.at(0.95),
                shared_p50_ms=through.at(0.5),
                shared_p95_ms=through.at(0.95),
                added_p50_ms=round(through.at(0.5) - without.at(0.5), 2),
                added_p95_ms=round(through.at(0.95) - without.at(0.95), 2),
            )
    times = json.loads(
        home.manage("shell", "--no-imports", "-c", setting + REVOKE).splitlines()[-1]
    )
    tell("a revocation, in the database", p50_ms=round(times[100], 2), p95_ms=round(times[190], 2))
    why = run(
        home.port,
        [("GET", f"/person/{person}/why/", None)],
        {"Cookie": home.clinician()},
        1,
        seconds,
    )
    tell("an explanation, the whole page", p50_ms=why.at(0.5), p95_ms=why.at(0.95), bad=why.bad)
    paired(home, asker, hidden, seconds)
    wall.measured(home, patient, asker, person, seconds)


def paired(home: Installation, asker: dict[str, str], hidden: str, seconds: float) -> None:
    """Reads of a hidden record and of one that is not there, by turns on one connection."""
    one, other = by_turns(
        [
            (home.port, ("GET", f"/fhir/{MEMBER}/Observation/{i}", None), asker)
            for i in (hidden, f"absent-{hidden}")
        ],
        max(2 * seconds, 10),
    )
    low, high = (statistics.median(m.times) for m in (one, other))
    tell(
        "hidden and absent, by turns",
        pairs=len(other.times),
        hidden_p50_ms=round(low, 3),
        absent_p50_ms=round(high, 3),
        difference_ms=round(low - high, 3),
        share=round(abs(low - high) / high, 3),
    )


def headers_of(home: Installation, member: str) -> dict[str, str]:
    made = json.loads(
        home.manage("register_client", "--hospital", member, "--name", "bench", "--secret")
    )
    form = (
        f"grant_type=client_credentials&client_id={made['client_id']}"
        f"&client_secret={made['client_secret']}"
    ).encode()
    status, body, _ = call(
        home.port,
        ("POST", "/oauth/token", form),
        {"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert status == 200, body
    return {"Authorization": f"Bearer {json.loads(body)['access_token']}"}
