"""The store against the plain evaluator: random worlds, random queries, the same answers. DIFFERENTIAL=n asks n times as many."""

import os
import random
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection

from tests.differential.evaluator import MEANING, UCUM, Resource, search
from tests.factories import alliance
from tests.factories.fhir import Api, bundle

TIMES = int(os.environ.get("DIFFERENTIAL", "1"))
FAMILIES, GIVEN = ["司马", "司徒", "Müller", "MULLER", "O'Brien", "欧阳"], ["光", "明", "Ana", "Ána", "Li"]
CODES = [("http://loinc.org", "1-1"), ("http://loinc.org", "2-2"), ("urn:x", "1-1"), ("", "2-2")]
DAYS = ["2024", "2024-12", "2025-01", "2025-01-01", "2025-01-31", "2025-02-28T23:30:00+08:00", "2025-03-01T00:10:00+08:00", "2026-06-15"]
NUMBERS = ["5", "5.0", "5.04", "5.05", "5.1", "-3", "100", "99.5"]


def world(rng: random.Random) -> dict[str, Resource]:
    out: dict[str, Resource] = {}

    def some(chance: float, **element: Any) -> dict[str, Any]:
        return element if rng.random() < chance else {}

    def put(kind: str, number: int, **elements: Any) -> str:
        key = f"{kind}/{kind[:3].lower()}{number}"
        out[key] = {"resourceType": kind, "id": key.split("/")[1], **elements}
        return key

    def coding() -> dict[str, str]:
        system, code = rng.choice(CODES)
        return {"code": code, **({"system": system} if system else {})}

    def pick(keys: list[str]) -> dict[str, str]:
        return {"reference": rng.choice(keys)}

    def period() -> dict[str, str]:
        start, end = sorted(rng.sample(DAYS[3:], 2))
        return {**some(0.8, start=start), **some(0.8, end=end)} or {"start": start}

    def quantity() -> dict[str, Any]:
        unit = rng.choice(["mg", "g", "kg", "{score}"])
        return {"value": float(rng.choice(NUMBERS)) * rng.choice((1, 1, 1000)), "unit": rng.choice([unit, "毫克"]), **some(0.7, system=UCUM, code=unit)}

    def coded() -> dict[str, Any]:
        return {"code": {"coding": [coding() for _ in range(rng.choice((1, 2)))]}, **some(0.8, valueQuantity=quantity())}

    houses: list[str] = []
    for i in range(4):
        houses.append(put("Organization", i, name=rng.choice(["杏林", "东湖 分院", "Ost-Klinik", "ost klinik"]), **some(0.6, identifier=[{"system": "urn:o", "value": str(i % 3)}]),
                          **(some(0.7, partOf=pick(houses)) if houses else {})))
    people = [put("Patient", i, name=[{"family": rng.choice(FAMILIES), "given": rng.sample(GIVEN, rng.choice((1, 2)))}], **some(0.8, gender=rng.choice(["male", "female"])),
                  **some(0.5, active=rng.random() < 0.5), **some(0.8, birthDate=rng.choice(DAYS[:5])), **some(0.5, managingOrganization=pick(houses)),
                  identifier=[{"system": "urn:p", "value": f"n{i}"}]) for i in range(6)]
    visits = [put("Encounter", i, status=rng.choice(["finished", "cancelled"]), **{"class": {"system": "urn:c", "code": rng.choice(["AMB", "IMP"])}}, **some(0.9, subject=pick(people)),
                  **some(0.8, period=period()), **some(0.6, serviceProvider=pick(houses))) for i in range(8)]
    seen: list[str] = []
    for i in range(24):
        when = some(0.5, effectiveDateTime=rng.choice(DAYS)) or some(0.7, effectivePeriod=period())
        seen.append(put("Observation", i, status=rng.choice(["final", "amended"]), **coded(), **when, **some(0.9, subject=pick(people)),
                        **some(0.6, encounter=pick(visits)), **some(0.5, component=[coded() for _ in range(rng.choice((1, 2, 3)))]), **some(0.3, meta={"tag": [coding()]}),
                        **(some(0.2, hasMember=[pick(seen)]) if seen else {})))
    return out


LINKS = {("Patient", "organization"): "Organization", ("Observation", "patient"): "Patient", ("Observation", "subject"): "Patient", ("Observation", "encounter"): "Encounter",
         ("Observation", "has-member"): "Observation", ("Encounter", "patient"): "Patient", ("Encounter", "service-provider"): "Organization", ("Organization", "partof"): "Organization"}


def condition(rng: random.Random, kind: str, here: dict[str, Resource], depth: int = 0) -> tuple[str, str]:
    ways = rng.random()
    if depth < 3 and ways < 0.25:
        code = rng.choice([c for k, c in LINKS if k == kind])
        target = LINKS[kind, code]
        key, value = condition(rng, target, here, depth + 1)
        return f"{code}{rng.choice(['', ':' + target]) if code in ('patient', 'encounter') else ':' + target}.{key}", value
    if depth < 3 and ways < 0.4 and (back := [(k, c) for (k, c), t in LINKS.items() if t == kind]):
        other, code = rng.choice(back)
        key, value = condition(rng, other, here, depth + 1)
        return f"_has:{other}:{code}:{key}", value
    code = rng.choice(list(MEANING[kind]))
    if rng.random() < 0.08:
        return f"{code}:missing", rng.choice(["true", "false"])
    what = MEANING[kind][code][0]
    one = {
        "string": lambda: rng.choice([*FAMILIES, *GIVEN, "mull", "o", "杏", "ost", "分院", "司"]),
        "token": lambda: token(rng, kind, code), "date": lambda: rng.choice(["", "", "ne", "gt", "ge", "lt", "le", "sa", "eb"]) + rng.choice(DAYS),
        "quantity": lambda: asked_amount(rng), "composite": lambda: rng.choice(["1-1", "2-2", "http://loinc.org|1-1", "|2-2"]) + "$" + asked_amount(rng),
        "reference": lambda: rng.choice([k for k in here if k.split("/")[0] == LINKS[kind, code]] + [LINKS[kind, code] + "/none"]),
    }[what]
    modifier = {"string": ["", "", ":exact", ":contains"], "token": ["", "", ":not"]}.get(what, [""])
    if LINKS.get((kind, code)) == "Organization":
        modifier = ["", ":below", ":above"]
    return code + rng.choice(modifier), ",".join(one() for _ in range(rng.choice((1, 1, 1, 2))))


def asked_amount(rng: random.Random) -> str:
    return (rng.choice(["", "", "ne", "gt", "ge", "lt", "le", "sa", "eb", "ap"]) + rng.choice([*NUMBERS, "5000", "0.005"])
            + rng.choice(["", "", "||mg", f"|{UCUM}|mg", f"|{UCUM}|g", f"|{UCUM}|kg", f"|{UCUM}|{{score}}"]))


def token(rng: random.Random, kind: str, code: str) -> str:
    match code:
        case "gender":
            return rng.choice(["male", "female", "other"])
        case "active":
            return rng.choice(["true", "false"])
        case "status":
            return rng.choice(["final", "amended", "finished", "cancelled"])
        case "class":
            return rng.choice(["AMB", "urn:c|IMP", "urn:c|", "urn:other|AMB"])
        case "identifier":
            return rng.choice(["n1", "urn:p|n2", "urn:o|1", "2", "urn:o|"])
    return rng.choice(["1-1", "2-2", "http://loinc.org|1-1", "|2-2", "urn:x|", "urn:x|2-2"])


@pytest.mark.parametrize("seed", range(4 * TIMES))
def test_the_store_answers_as_the_evaluator(server: str, seed: int) -> None:
    rng = random.Random(seed)
    at = alliance.hospital("diff")
    api = Api(server, at.code, credentials=alliance.credentials(at))
    here = world(rng)
    sent = api("POST", "", bundle(*[("PUT", key, resource) for key, resource in here.items()]))
    assert sent.status == 200, sent.body[:600]
    with connection.cursor() as cursor:  # as autovacuum does within a minute: until then PostgreSQL plans by how full the tables were before
        cursor.execute("ANALYZE record_resource, record_reference, record_string, record_date, record_quantity")
    found_something = 0
    for _ in range(120):
        kind = rng.choice(list(MEANING))
        pairs = [condition(rng, kind, here) for _ in range(rng.choice((1, 1, 2, 3)))]
        query = f"{kind}?{urlencode(pairs)}"
        expected = search(here, kind, pairs)
        reply = api("GET", f"{query}&_count=1000&_total=accurate")
        assert reply.status == 200, (query, reply.body)
        got = {f"{kind}/{e['resource']['id']}" for e in reply.json.get("entry", [])}
        assert got == expected, (pairs, sorted(got - expected), sorted(expected - got))
        assert reply.json["total"] == len(expected)
        found_something += bool(expected) and len(expected) < sum(k.startswith(kind + "/") for k in here)
    assert found_something > 25, "queries that tell resources apart"
