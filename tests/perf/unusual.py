"""What the review of accesses finds and costs, on invented work with twelve kinds of misuse at one
case in ten thousand accesses (tests/factories/access_traces.py), in an installation of its own.

`python -m tests.perf.unusual`, and a part of make bench. BENCH_ACCESSES is the size of the day that
is timed (500,000 is the figure that is promised; 60,000 where nothing is said), BENCH_TRACED how
many accesses the days hold on which misuse is looked for.
"""

import datetime as dt
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from typing import Any

from tests.factories.access_traces import KINDS, Case, Line, Trace

ACCESSES = int(os.environ.get("BENCH_ACCESSES", "60000"))
TRACED = int(os.environ.get("BENCH_TRACED", "240000"))
PER_VISIT = 6.9  # lines that a visit and its hospital's other work leave, about
DAYS, QUIET = 8, 3  # traced; of which the first are without misuse
BEGAN_BACK = 15  # days before today: every emergency is three days old


def measure() -> None:
    """Inside of an installation."""
    from tests.perf.load import tell

    today = dt.date.today()
    first = today - dt.timedelta(days=BEGAN_BACK)
    hospitals = 5
    visits = int(TRACED / DAYS / hospitals / PER_VISIT)
    trace = Trace(hospitals, first, DAYS, visits, patients_each=visits * 25, seed=7)
    accesses = trace.count()
    each = max(1, accesses // 10_000 // len(KINDS))
    days = sorted(trace.lines)[QUIET + 1 :][: DAYS - QUIET]
    trace.misuse(each, days)
    ids = store(trace)
    review_days(trace, ids, tell, accesses)
    time_one_day(tell)


def review_days(trace: Trace, ids: "Stored", tell: Any, accesses: int) -> None:
    from records.access_review.build_episodes import build_episodes
    from records.access_review.judge_episodes import judge_episodes
    from records.access_review.list_episodes import list_day

    seconds, lists = 0.0, 0
    for day, lines in trace.days_in_order():
        ids.write_lines(lines)
        start = time.perf_counter()
        build_episodes()
        judge_episodes()
        for hospital in ids.hospitals:
            if day >= trace.first:
                list_day(hospital, day)
                lists += 1
        seconds += time.perf_counter() - start
    share = ids.rows(
        "SELECT count(*), count(*) FILTER (WHERE template IS NOT NULL),"
        " count(*) FILTER (WHERE own) FROM record_access_episode"
    )[0]
    listed = {
        (staff, str(person)): place
        for staff, person, place in ids.rows(
            "SELECT e.staff, e.person, min(l.place) FROM record_access_listed l"
            " JOIN record_access_episode e ON e.id = l.episode GROUP BY 1, 2"
        )
    }
    found: dict[str, list[bool]] = defaultdict(list)
    for case in trace.cases:
        found[case.kind].append(any(ids.key(case, p) in listed for p in case.patients))
    all_cases = [hit for hits in found.values() for hit in hits]
    tell(
        "unusual accesses, traced",
        accesses=accesses,
        episodes=share[0],
        explained_percent=round(100 * share[1] / share[0], 2),
        by_themselves_percent=round(100 * share[2] / share[0], 2),
        cases=len(all_cases),
        sensitivity=round(sum(all_cases) / len(all_cases), 3),
        alerts_a_day_and_hospital=round(
            ids.rows("SELECT count(*) FROM record_access_listed")[0][0] / lists, 1
        ),
        seconds=round(seconds, 1),
    )
    for kind in KINDS:
        tell(f"unusual accesses, {kind}", cases=len(found[kind]), found=sum(found[kind]))
    for template, count in ids.rows(
        "SELECT coalesce(template, 'none'), count(*) FROM record_access_episode"
        " GROUP BY 1 ORDER BY 2 DESC"
    ):
        tell(f"explained by {template}", episodes=count)


def time_one_day(tell: Any) -> None:
    from records.access_review.build_episodes import build_episodes
    from records.access_review.judge_episodes import judge_episodes

    hospitals = max(1, ACCESSES // 50_000)
    visits = int(ACCESSES / hospitals / PER_VISIT)
    day = dt.date.today() - dt.timedelta(days=5)
    trace = Trace(hospitals, day, 1, visits, patients_each=visits * 5, seed=9)
    ids = store(trace)
    for _, lines in trace.days_in_order():
        ids.write_lines(lines)
    start = time.perf_counter()
    build_episodes()
    built = time.perf_counter()
    episodes = judge_episodes()
    end = time.perf_counter()
    tell(
        "unusual accesses, one day",
        accesses=trace.count(),
        episodes=episodes,
        reading_s=round(built - start, 1),
        judging_s=round(end - built, 1),
        seconds=round(end - start, 1),
    )


class Stored:
    """The numbers that rows of a trace have got."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.hospitals: list[int] = []
        self.codes: list[str] = []
        self.staff: list[int] = []
        self.sources: list[int] = []
        self.psychiatric: dict[int, str] = {}

    def rows(self, sql: str) -> list[Any]:
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute(sql)
            return list(cursor.fetchall())

    def key(self, case: Case, patient: int) -> tuple[int, str]:
        return self.staff[case.staff], str(self.trace.patients[patient].person)

    def write_lines(self, lines: list[Line]) -> None:
        copy(
            "consent_audit_event (recorded, code, actor_kind, actor, actor_hospital, role, purpose,"
            " outcome, reason, person, target, detail, refs, address, request_id)",
            (
                (
                    x.at,
                    x.code,
                    "staff",
                    str(self.staff[x.staff]),
                    self.codes[self.trace.staff[x.staff].hospital],
                    self.trace.staff[x.staff].role,
                    x.purpose,
                    "success",
                    "",
                    self.trace.patients[x.patient].person,
                    "record",
                    "",
                    [self.psychiatric[x.patient]] if x.psychiatric else [],
                    x.address,
                    "",
                )
                for x in lines
            ),
        )


def copy(into: str, rows: Any) -> None:
    from django.db import connection

    connection.ensure_connection()
    with connection.connection.cursor() as cursor, cursor.copy(f"COPY {into} FROM STDIN") as out:
        for row in rows:
            out.write_row(row)


def store(trace: Trace) -> Stored:
    """Rows as members' sending would have left them; bodies are empty, for none is opened."""
    from django.db import connection
    from django.utils import timezone

    from alliance.models import Department, Staff, User
    from consent.models import Emergency, NumberedPractitioner
    from records.fhir.hashes import index_hash, reference_hash
    from records.fhir.resource_types import TYPES
    from records.models import MatchKey, Person, SourcePatient
    from tests.factories import alliance

    made = Stored(trace)
    for _ in range(trace.hospitals):
        hospital = alliance.make_hospital("traced")
        made.hospitals.append(hospital.pk)
        made.codes.append(hospital.code)
    names = sorted({(p.hospital, p.department) for p in trace.staff})
    departments = {
        name: Department.objects.create(
            hospital_id=made.hospitals[name[0]], code=name[1], name_zh=name[1], name_en=name[1]
        )
        for name in names
    }
    mark = made.codes[0]
    users = User.objects.bulk_create(
        [User(username=f"{mark}-{p.number}", password="!") for p in trace.staff],
        batch_size=2000,
    )
    today = timezone.localdate()
    staff = Staff.objects.bulk_create(
        [
            Staff(
                user=user,
                name=f"{p.surname}某",
                hospital_id=made.hospitals[p.hospital],
                department=departments[p.hospital, p.department],
                role=p.role,
                starts_on=today - dt.timedelta(days=900),
                ends_on=today + dt.timedelta(days=900),
            )
            for p, user in zip(trace.staff, users, strict=True)
        ]
    )
    made.staff = [s.pk for s in staff]
    NumberedPractitioner.objects.bulk_create(
        [
            NumberedPractitioner(
                hospital_id=s.hospital_id, reference=f"Practitioner/{s.pk}", staff=s.pk
            )
            for s in staff
        ]
    )
    Person.objects.bulk_create([Person(id=p.person) for p in trace.patients], batch_size=2000)
    long_ago = timezone.now() - dt.timedelta(days=400)
    sources = [
        SourcePatient(
            hospital_id=made.hospitals[p.hospital],
            fhir_id=f"p{p.number}",
            home=p.person,
            person_id=p.person,
            registered=True,
            name=f"{p.surname}某某",
            birth_date="1970-01-01",
        )
        for p in trace.patients
    ]
    SourcePatient.objects.bulk_create(sources, batch_size=2000)
    made.sources = [s.pk for s in sources]
    SourcePatient.objects.filter(hospital__in=made.hospitals).update(updated_at=long_ago)
    with connection.cursor() as cursor:
        cursor.executemany(
            "UPDATE records_sourcepatient SET updated_at = %s WHERE id = %s",
            [(p.updated, made.sources[p.number]) for p in trace.patients if p.updated],
        )
    base = made.hospitals[0] * 10**10
    MatchKey.objects.bulk_create(
        [
            MatchKey(source_id=made.sources[p.number], key=base + k)
            for p in trace.patients
            for k in (p.household, 5 * 10**9 + p.number)
        ],
        batch_size=2000,
    )
    told = [(p, p.patient) for p in trace.staff if p.patient is not None and p.told]
    copy(
        "record_access_staff_key (staff, kind, key)",
        (
            row
            for p, own in told
            for row in (
                (made.staff[p.number], "self", base + 5 * 10**9 + own),
                (made.staff[p.number], "household", base + trace.patients[own].household),
            )
        ),
    )
    store_resources(trace, made, TYPES, index_hash, reference_hash)
    Emergency.objects.bulk_create(
        [
            Emergency(
                person=trace.patients[patient].person,
                ground="rescue",
                reason="trace",
                opened_at=at - dt.timedelta(seconds=30),
                until=at + dt.timedelta(hours=1),
                staff_id=made.staff[who],
                hospital_id=made.hospitals[trace.staff[who].hospital],
            )
            for who, patient, at in trace.emergencies
        ]
    )
    store_usual_days(trace, made)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE record_resource, record_reference, records_sourcepatient")
        cursor.execute("ANALYZE records_matchkey, record_access_day")
    return made


def store_resources(
    trace: Trace, made: Stored, types: Any, index_hash: Any, reference_hash: Any
) -> None:
    authors = {
        "DiagnosticReport": "performer",
        "MedicationDispense": "performer",
        "ServiceRequest": "performer",
        "Observation": "performer",
    }
    first = made.rows("SELECT coalesce(max(rid), 0) + 1 FROM record_resource")[0][0]
    end = dt.datetime(9999, 1, 1, tzinfo=dt.UTC)
    copy(
        "record_resource (rid, hospital, type, fhir_id, version, last_updated, patient, labels,"
        " dated, dated_to, body, named)",
        (
            (
                first + i,
                made.hospitals[r.hospital],
                types[r.kind].number,
                f"r{first + i}",
                1,
                r.end or r.start,
                made.sources[r.patient],
                r.labels,
                r.start,
                r.end or end,
                b"\x00",
                reference_hash(f"{r.kind}/r{first + i}"),
            )
            for i, r in enumerate(trace.resources)
        ),
    )

    def references() -> Any:
        for i, r in enumerate(trace.resources):
            if r.labels:
                made.psychiatric[r.patient] = f"{made.codes[r.hospital]}/{r.kind}/r{first + i}/1"
            for how, target in r.references:
                if how == "provider":
                    yield first + i, "service-provider", r.kind, f"Organization/{target}"
                else:
                    code = "participant" if how == "participant" else authors[r.kind]
                    yield first + i, code, r.kind, f"Practitioner/{made.staff[target]}"

    copy(
        "record_reference (rid, parameter, target)",
        (
            (rid, index_hash(kind, code), reference_hash(target))
            for rid, code, kind, target in references()
        ),
    )


def store_usual_days(trace: Trace, made: Stored) -> None:
    """What each did on the sixty days before, as the days of the trace have it."""
    per_day: dict[tuple[int, dt.date], set[int]] = defaultdict(set)
    for day, lines in trace.days_in_order():
        for x in lines:
            per_day[x.staff, day].add(x.patient)
    case_staff = {c.staff for c in trace.cases if c.kind == "ex-employee's account"}
    means: dict[int, list[int]] = defaultdict(list)
    for (who, _day), persons in per_day.items():
        means[who].append(len(persons))

    def rows() -> Any:
        for who, counts in means.items():
            usual = sorted(counts)[len(counts) // 2]
            person = trace.staff[who]
            for back in range(1, 61):
                if who in case_staff and back < 40:
                    continue
                many = max(0, round(trace.rng.gauss(usual, max(1, usual**0.5))))
                day = trace.first - dt.timedelta(days=back + 3)
                if many:
                    yield (
                        made.staff[who],
                        made.hospitals[person.hospital],
                        day,
                        person.role,
                        many,
                        0 if person.department in ("lab", "desk") else many // 15,
                    )

    copy("record_access_day (staff, hospital, day, role, episodes, nights)", rows())


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="xinglin-unusual-") as home:
        environment = {**os.environ, "XINGLIN_HOME": home, "XINGLIN_DEMO": "0"}
        os.chmod(home, 0o711)
        for command in (
            ["setup"],
            ["shell", "--no-imports", "-c", "from tests.perf.unusual import measure; measure()"],
        ):
            subprocess.run([sys.executable, "manage.py", *command], env=environment, check=True)


if __name__ == "__main__":
    main()
