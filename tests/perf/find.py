"""How long it takes to find a patient among a million, by each thing that may be typed:
`python -m tests.perf.find [PERSONS]`. An installation of its own; the registrations are written
into its index as a write leaves them, without their matching.
"""

import os
import random
import statistics
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

from records.mpi.matching.rules.resident_number import check_digit
from tests.perf.installation import ROOT, installation
from tests.perf.load import tell

PERSONS = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
LARGEST = 0.5  # of them are the asking hospital's
ROUNDS = 40
# The commonest families with how many of a hundred have them (公安部 2020 全国姓名报告), and some
# characters of given names; the others share what is left.
FAMILIES = dict(
    zip(
        "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗",
        (72, 70, 67, 53, 46, 31, 22, 20, 20, 19, 14, 14, 13, 12, 11, 11, 11, 10, 11, 10),
        strict=True,
    )
) | dict.fromkeys("郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡", 7)
GIVEN = "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂兰建国玉华志红文辉春梅海燕雪冬"


def person(dice: random.Random) -> dict[str, Any]:
    family = dice.choices(list(FAMILIES), FAMILIES.values())[0]
    name = family + "".join(dice.choices(GIVEN, k=dice.choice((1, 2, 2))))
    birth = f"{dice.randint(1930, 2025)}-{dice.randint(1, 12):02}-{dice.randint(1, 28):02}"
    first17 = f"99910{dice.randint(0, 9)}{birth.replace('-', '')}{dice.randint(0, 999):03}"
    return {
        "name": name,
        "birth": birth,
        "number": first17 + check_digit(first17),
        "phone": f"199{dice.randint(0, 99_999_999):08}",
        "card": f"Z{dice.getrandbits(40):012}",
    }


def fill(persons: int) -> None:
    """Write them by COPY, then build the statistics."""
    from django.db import connection

    from alliance.models import Hospital
    from records.mpi.index.find_keys import own_find_keys
    from records.mpi.index.identifier_digest import digest_identifiers
    from records.mpi.matching.fhir_patient import IndexedPatient, SearchFeatures
    from records.mpi.matching.rules.name_keys import name_search_keys

    hospitals = dict(Hospital.objects.values_list("code", "pk"))
    own, others = hospitals["xinglin"], [h for c, h in hospitals.items() if c != "xinglin"]
    dice, first = random.Random(22), 10_000_000
    connection.ensure_connection()
    connection.cursor().execute("SET synchronous_commit = off")
    for start in range(0, persons, 20_000):
        sources, keys, numbers = [], [], []
        for i in range(start, min(start + 20_000, persons)):
            p, home = person(dice), uuid.UUID(int=dice.getrandbits(128))
            hospital = own if dice.random() < LARGEST else dice.choice(others)
            indexed = IndexedPatient(
                SearchFeatures((p["name"],), "female", p["birth"], p["number"]),
                p["name"],
                (("resident", "", p["number"]), ("record", "", p["card"])),
                (p["phone"],),
            )
            sources.append((first + i, hospital, f"b{i}", home, p["name"], p["birth"]))
            found = name_search_keys(p["name"])
            found |= dict.fromkeys(own_find_keys(indexed, hospital), False)
            keys += [(first + i, hospital, key, whole, False) for key, whole in found.items()]
            numbers += [(first + i, *d) for d in digest_identifiers(indexed, hospital)]
        copy("records_person (id, created_at)", ((s[3], "now") for s in sources))
        copy(
            "records_sourcepatient (id, hospital_id, fhir_id, home, person_id, name, birth_date,"
            " gender, registered, decided_by, confirmed, updated_at)",
            ((*s[:4], s[3], *s[4:], "female", True, "", False, "now") for s in sources),
        )
        copy("records_namekey (source_id, hospital_id, key, whole, former)", keys)
        copy("records_patientidentifier (source_id, kind, digest)", numbers)
        print(start + len(sources), file=sys.stderr)
    connection.cursor().execute("RESET synchronous_commit")
    connection.cursor().execute(
        "VACUUM ANALYZE records_namekey, records_sourcepatient, records_patientidentifier"
    )


def copy(table: str, rows: Any) -> None:
    from django.db import connection

    with (
        connection.cursor() as cursor,
        cursor.cursor.copy(f"COPY {table} FROM STDIN") as out,  # type: ignore[attr-defined]
    ):
        for row in rows:
            out.write_row(row)


def kinds() -> Iterator[tuple[str, Callable[[dict[str, Any]], str]]]:
    from records.mpi.matching.rules.pinyin_reading import pinyin_readings

    def spoken(name: str) -> str:
        return "".join(pinyin_readings(name)[0])

    yield "name", lambda p: p["name"]
    yield "family name of one character", lambda p: p["name"][0]
    yield "pinyin", lambda p: spoken(p["name"])
    yield "pinyin of the family name", lambda p: spoken(p["name"][0])
    yield "initials", lambda p: "".join(s[0] for s in pinyin_readings(p["name"])[0])
    yield "citizen number", lambda p: p["number"]
    yield "its last four", lambda p: p["number"][-4:]
    yield "hospital or card number", lambda p: p["card"]
    yield "phone", lambda p: p["phone"]
    yield "birth date", lambda p: p["birth"]
    yield "month of birth", lambda p: "{}年{}月".format(*p["birth"].split("-"))
    yield "family name and year", lambda p: f"{p['name'][0]} {p['birth'][:4]}"
    yield "pinyin and year", lambda p: f"{spoken(p['name'])} {p['birth'][:4]}"
    yield "name and last four", lambda p: f"{p['name']} {p['number'][-4:]}"


def ask() -> None:
    """Each kind of search, audit line and quota with it, as a clinician of the largest hospital."""
    from alliance.auth.principal import principal_from_staff
    from alliance.models import Staff
    from records.models import StrangerSearch
    from records.mpi.index.patient_search import find_persons

    acting = principal_from_staff(
        Staff.objects.select_related("hospital", "user").get(user__username="chen")
    )
    dice, people = random.Random(22), []
    for _ in range(ROUNDS * 2):
        people.append(person(dice))
        dice.getrandbits(128), dice.random() < LARGEST or dice.choice((0, 0, 0))
    for kind, typed in kinds():
        times, found = [], 0
        for p in people:
            StrangerSearch.objects.all().delete()
            start = time.perf_counter()
            found += len(find_persons(typed(p), acting=acting))
            times.append(1000 * (time.perf_counter() - start))
        cuts = statistics.quantiles(times, n=20)
        tell(
            f"find by {kind}",
            p50_ms=round(statistics.median(times), 1),
            p95_ms=round(cuts[18], 1),
            found=round(found / len(people), 1),
        )


def main() -> None:
    if os.environ.get("FIND_BENCH") == "1":
        import django

        django.setup()
        fill(PERSONS)
        ask()
        return
    with installation() as home:
        subprocess.check_call(
            [sys.executable, "-m", "tests.perf.find", str(PERSONS)],
            cwd=ROOT,
            env=home.environment
            | {"FIND_BENCH": "1", "DJANGO_SETTINGS_MODULE": "alliance.config.settings"},
        )


if __name__ == "__main__":
    main()
