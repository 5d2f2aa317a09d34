"""Invented work of hospitals and, rarely, misuse among it, as rows of a database of its own: what
the review of accesses is measured on.

The work follows what studies of access logs tell (Fabbri and LeFevre 2011, 2013; Chen, Nyemba and
Malin 2012; Hedda and others 2017), the twelve kinds of misuse what privacy officers tell; neither
looks at how accesses are explained. Members send some of it late, without names, or never (GAPS).
"""

import datetime as dt
import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

CLINICAL = ("cardio", "surgery", "ortho", "peds", "obgyn", "neuro", "icu", "er", "psych")
SERVICES = ("lab", "imaging", "pharmacy")
DOCTORS, NURSES, TECHNICIANS, CLERKS = 8, 10, 10, 15
GAPS = {  # shares of what is not sent
    "visit": 0.03,
    "participant": 0.15,
    "provider": 0.05,
    "performer": 0.4,
    "consultation": 0.4,
    "practitioner": 0.3,
}
SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐"
    "许韩冯邓曹彭曾肖田董潘袁蔡蒋余于杜叶程苏魏吕丁任"
)
RARE_SURNAMES = "欧尉逄麴仉宓佘郗郏亓隗逯"
KINDS = (
    "ex-spouse by address",
    "neighbour",
    "celebrity",
    "colleague's results",
    "own record",
    "bulk browser",
    "ex-employee's account",
    "shared account at two places",
    "receptionist reading psychiatry",
    "break-glass tourist",
    "slow drip",
    "search enumeration",
)
Moment = dt.datetime


@dataclass
class Person:
    """One of the staff: number in the trace; key: as a patient, or None; address: of their desk."""

    number: int
    hospital: int
    department: str
    role: str
    surname: str
    address: str
    patient: int | None = None
    told: bool = True  # whether their Practitioner says birth date, phone and address


@dataclass
class PatientRow:
    number: int
    hospital: int
    surname: str
    person: uuid.UUID
    household: int
    updated: Moment | None = None


@dataclass
class ResourceRow:
    """references: (parameter: participant, provider or author; target)."""

    kind: str
    hospital: int
    patient: int
    start: Moment
    end: Moment | None
    references: list[tuple[str, Any]]
    labels: int = 0


@dataclass
class Line:
    at: Moment
    staff: int
    patient: int
    code: str = "records:record:open"
    purpose: str = "TREAT"
    address: str = ""
    psychiatric: bool = False


@dataclass
class Case:
    """One misuse: who, and which patients on which days."""

    kind: str
    staff: int
    hospital: int
    patients: list[int]


@dataclass
class Trace:
    hospitals: int
    first: dt.date
    days: int
    visits: int  # a day and hospital
    patients_each: int
    seed: int = 1
    staff: list[Person] = field(default_factory=list)
    patients: list[PatientRow] = field(default_factory=list)
    resources: list[ResourceRow] = field(default_factory=list)
    lines: dict[dt.date, list[Line]] = field(default_factory=dict)
    emergencies: list[tuple[int, int, Moment]] = field(default_factory=list)
    cases: list[Case] = field(default_factory=list)
    places: dict[tuple[int, str], list[Person]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)
        self.lines = {self.first + dt.timedelta(days=d): [] for d in range(self.days)}
        for hospital in range(self.hospitals):
            self.people(hospital)
        for hospital in range(self.hospitals):
            self.work(hospital)

    # who there is

    def surname(self) -> str:
        if self.rng.random() < 0.04:
            return self.rng.choice(RARE_SURNAMES)
        return SURNAMES[min(int(self.rng.expovariate(0.09)), len(SURNAMES) - 1)]

    def people(self, hospital: int) -> None:
        first = len(self.patients)
        household = 0
        while len(self.patients) < first + self.patients_each:
            household += 1
            surname = self.surname()
            for _ in range(self.rng.choice((1, 1, 1, 2, 2, 3, 4))):
                self.patients.append(
                    PatientRow(
                        len(self.patients),
                        hospital,
                        surname if self.rng.random() < 0.6 else self.surname(),
                        uuid.UUID(int=self.rng.getrandbits(128), version=4),
                        hospital * 10**6 + household,
                    )
                )
        for department in (*CLINICAL, *SERVICES, "desk"):
            many = (
                CLERKS
                if department == "desk"
                else TECHNICIANS
                if department in SERVICES
                else DOCTORS + NURSES
            )
            for n in range(many):
                who = Person(
                    len(self.staff),
                    hospital,
                    department,
                    "clerk" if department == "desk" else "clinician",
                    self.surname(),
                    f"10.{hospital}.{len(self.staff) % 200}.{n}",
                    told=self.rng.random() >= GAPS["practitioner"],
                )
                if self.rng.random() < 0.5:
                    who.patient = self.rng.randrange(first, first + self.patients_each)
                    self.patients[who.patient].surname = who.surname
                self.staff.append(who)

    def of(self, hospital: int, department: str, part: str = "") -> list[Person]:
        if not self.places:
            for p in self.staff:
                self.places.setdefault((p.hospital, p.department), []).append(p)
        found = self.places[hospital, department]
        return {"doctor": found[:DOCTORS], "nurse": found[DOCTORS:]}.get(part, found)

    # ordinary work

    def at(self, day: dt.date, first: float = 8, last: float = 17) -> Moment:
        hour = self.rng.uniform(first, last)
        return dt.datetime.combine(day, dt.time(), dt.timezone(dt.timedelta(hours=8))) + (
            dt.timedelta(hours=hour)
        )

    def look(self, who: Person, patient: int, at: Moment, times: int = 1, **more: Any) -> None:
        for _ in range(times):
            line = Line(at, who.number, patient, **{"address": who.address} | more)
            self.lines.setdefault(at.date(), []).append(line)
            at += dt.timedelta(seconds=self.rng.uniform(20, 600))

    def kept(self, gap: str) -> bool:
        return self.rng.random() >= GAPS[gap]

    def visit(self, patient: int, doctor: Person, start: Moment, end: Moment | None) -> None:
        if not self.kept("visit"):
            return
        references: list[tuple[str, Any]] = []
        if self.kept("participant"):
            references.append(("participant", doctor.number))
        if self.kept("provider"):
            references.append(("provider", doctor.department))
        self.resources.append(
            ResourceRow("Encounter", doctor.hospital, patient, start, end, references)
        )

    def done_by(self, kind: str, who: Person, patient: int, at: Moment, gap: str) -> None:
        references: list[tuple[str, Any]] = [("author", who.number)] if self.kept(gap) else []
        labels = 2 if who.department == "psych" else 0
        self.resources.append(ResourceRow(kind, who.hospital, patient, at, at, references, labels))

    def work(self, hospital: int) -> None:
        rng = self.rng
        numbers = [p.number for p in self.patients if p.hospital == hospital]
        seen: dict[int, list[tuple[int, dt.date]]] = {}
        for back in range(90, 0, -1):  # visits of the months before, whose lines are long read
            day = self.first - dt.timedelta(days=back)
            for _ in range(self.visits // 6):
                doctor = rng.choice(self.of(hospital, rng.choice(CLINICAL), "doctor"))
                patient, start = rng.choice(numbers), self.at(day)
                self.visit(patient, doctor, start, start + dt.timedelta(hours=1))
                seen.setdefault(doctor.number, []).append((patient, day))
        stays = []
        for _ in range(max(6, self.visits // 5)):
            department = rng.choice(CLINICAL)
            attending = rng.choice(self.of(hospital, department, "doctor"))
            patient = rng.choice(numbers)
            begun = self.at(self.first - dt.timedelta(days=rng.randrange(1, 9)))
            self.visit(patient, attending, begun, None)
            stays.append((patient, attending))
            if department == "psych":
                self.done_by("Observation", attending, patient, begun, "performer")
        for day in sorted(d for d in self.lines if self.first <= d):
            self.outpatients(hospital, day, numbers, seen)
            self.inpatients(hospital, day, stays)
            self.odd_work(hospital, day, numbers, seen)

    def outpatients(
        self,
        hospital: int,
        day: dt.date,
        numbers: list[int],
        seen: dict[int, list[tuple[int, dt.date]]],
    ) -> None:
        rng = self.rng
        for _ in range(self.visits):
            department = rng.choice(CLINICAL)
            doctor = rng.choice(self.of(hospital, department, "doctor"))
            patient, at = rng.choice(numbers), self.at(day)
            self.visit(patient, doctor, at, at + dt.timedelta(hours=1))
            seen.setdefault(doctor.number, []).append((patient, day))
            if rng.random() < 0.6:
                self.patients[patient].updated = at
            if rng.random() < 0.3:
                clerk = rng.choice(self.of(hospital, "desk"))
                self.look(clerk, patient, at, code="records:person:read")
                if rng.random() < 0.5:
                    self.look(clerk, patient, at, code="consent:directive:record")
            self.look(doctor, patient, at, rng.choice((1, 2, 3, 4)))
            if rng.random() < 0.5:
                self.look(rng.choice(self.of(hospital, department, "nurse")), patient, at)
            if rng.random() < 0.05:  # the day before, to prepare
                self.look(doctor, patient, at - dt.timedelta(hours=rng.uniform(14, 40)))
            for service, kind, share in (
                ("lab", "DiagnosticReport", 0.4),
                ("imaging", "DiagnosticReport", 0.2),
                ("pharmacy", "MedicationDispense", 0.6),
            ):
                if rng.random() < share:
                    one = rng.choice(self.of(hospital, service))
                    later = at + dt.timedelta(minutes=rng.uniform(10, 200))
                    self.look(one, patient, later, rng.choice((1, 2)))
                    self.done_by(kind, one, patient, later, "performer")
            if department == "psych":
                self.done_by("Observation", doctor, patient, at, "performer")

    def inpatients(self, hospital: int, day: dt.date, stays: list[tuple[int, Person]]) -> None:
        rng = self.rng
        for patient, attending in stays:
            ward = attending.department
            self.look(attending, patient, self.at(day, 7, 18), rng.choice((2, 3, 4)))
            for who in rng.sample(self.of(hospital, ward, "doctor"), 2):
                self.look(who, patient, self.at(day, 7, 22), rng.choice((1, 2)))
            for who in rng.sample(self.of(hospital, ward, "nurse"), 3):
                self.look(who, patient, self.at(day, 0, 23.9), rng.choice((1, 2)))
            if rng.random() < 0.1:
                other = rng.choice([c for c in CLINICAL if c != ward])
                called = rng.choice(self.of(hospital, other, "doctor"))
                at = self.at(day)
                self.look(called, patient, at, 2)
                self.done_by("ServiceRequest", called, patient, at, "consultation")

    def odd_work(
        self,
        hospital: int,
        day: dt.date,
        numbers: list[int],
        seen: dict[int, list[tuple[int, dt.date]]],
    ) -> None:
        rng = self.rng
        for doctor in [d for c in CLINICAL for d in self.of(hospital, c, "doctor")]:
            if rng.random() < 0.3 and seen.get(doctor.number):  # a call, a letter, a thought
                self.look(doctor, rng.choice(seen[doctor.number])[0], self.at(day))
        for _ in range(max(1, self.visits // 150)):  # quality control, teaching, complaints
            who = rng.choice([p for p in self.staff if p.hospital == hospital])
            self.look(who, rng.choice(numbers), self.at(day), 2)
        for _ in range(max(1, self.visits // 200)):
            doctor, patient = rng.choice(self.of(hospital, "er", "doctor")), rng.choice(numbers)
            at = self.at(day, 0, 23.5)
            self.emergencies.append((doctor.number, patient, at))
            self.look(doctor, patient, at, 2, purpose="BTG")
            if rng.random() < 0.95:
                start = at - dt.timedelta(minutes=20)
                self.visit(patient, doctor, start, start + dt.timedelta(hours=4))

    # misuse

    def misuse(self, each: int, days: list[dt.date]) -> None:
        """So many cases of each kind, on these days, among all hospitals by turns."""
        for kind in KINDS:
            for n in range(each):
                self.add_case(kind, n % self.hospitals, days[n % len(days)], days)

    def add_case(self, kind: str, hospital: int, day: dt.date, days: list[dt.date]) -> None:
        rng = self.rng
        here = [p for p in self.staff if p.hospital == hospital]
        numbers = [p.number for p in self.patients if p.hospital == hospital]
        clinical = [p for p in here if p.role == "clinician"]
        living = [p for p in clinical if p.patient is not None]
        who, at, victims = rng.choice(clinical), self.at(day, 7, 21), [rng.choice(numbers)]
        more: dict[str, Any] = {}
        match kind:
            case "ex-spouse by address":
                pairs = [
                    (s, p.number)
                    for s in living
                    for p in self.patients[numbers[0] : numbers[-1] + 1]
                    if s.patient is not None
                    and p.household == self.patients[s.patient].household
                    and p.number != s.patient
                ]
                who, victim = rng.choice(pairs)
                victims = [victim]
            case "neighbour":
                who = rng.choice(living)
            case "celebrity":
                stays = [
                    r.patient
                    for r in self.resources
                    if r.hospital == hospital and r.kind == "Encounter" and r.end is None
                ]
                victims = [rng.choice(stays)]
            case "colleague's results":
                other = rng.choice([p for p in living if p.number != who.number])
                victims = [other.patient or 0]
            case "own record":
                who = rng.choice(living)
                victims = [who.patient or 0]
            case "bulk browser":
                victims = rng.sample(numbers, 150)
            case "ex-employee's account":
                self.lines = {
                    d: [x for x in rows if x.staff != who.number] for d, rows in self.lines.items()
                }
                victims, more = rng.sample(numbers, 8), {"address": "203.0.113.7"}
            case "shared account at two places":
                busy = [x for x in self.lines[day] if self.staff[x.staff] in clinical]
                line = rng.choice(busy)
                who, at = self.staff[line.staff], line.at + dt.timedelta(seconds=90)
                victims, more = rng.sample(numbers, 3), {"address": "10.99.0.5"}
            case "receptionist reading psychiatry":
                who = rng.choice([p for p in here if p.role == "clerk"])
                marked = [r.patient for r in self.resources if r.hospital == hospital and r.labels]
                victims, more = rng.sample(sorted(set(marked)), 4), {"psychiatric": True}
            case "break-glass tourist":
                more = {"purpose": "BTG"}
                self.emergencies.append((who.number, victims[0], at))
            case "slow drip":
                victims = rng.sample(numbers, len(days))
                for one, when in zip(victims, days, strict=True):
                    self.look(who, one, self.at(when, 11, 14), 2)
            case "search enumeration":
                victims, more = rng.sample(numbers, 60), {"code": "records:person:find"}
        if kind != "slow drip":
            for one in victims:
                self.look(who, one, at, 1 if len(victims) > 20 else 2, **more)
                at += dt.timedelta(seconds=rng.uniform(30, 90))
        self.cases.append(Case(kind, who.number, hospital, victims))

    def count(self) -> int:
        return sum(len(rows) for rows in self.lines.values())

    def days_in_order(self) -> Iterator[tuple[dt.date, list[Line]]]:
        for day in sorted(self.lines):
            yield day, sorted(self.lines[day], key=lambda x: x.at)
