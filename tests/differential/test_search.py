"""The store against the plain evaluator: random worlds, random queries, the same answers.
DIFFERENTIAL=n asks n times as many.
"""

import datetime as dt
import os
import random
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection

from tests.differential.evaluator import ELSEWHERE, HERE, IMPLIED, MEANING, UCUM, Resource, search
from tests.factories import alliance
from tests.factories.fhir import Api, make_bundle

TIMES = int(os.environ.get("DIFFERENTIAL", "1"))
FAMILIES, GIVEN = (
    ["司马", "司徒", "Müller", "MULLER", "O'Brien", "欧阳"],
    ["光", "明", "Ana", "Ána", "Li"],
)
LONG = "很长的名字，" + "杏林春暖" * 150 + "尾巴"
SEPARATED = ["A\\B", "a,b", "p|q", "x$y", "end\\", "\\,|$"]  # each is one value
CODES = [
    ("http://loinc.org", "1-1"),
    ("http://loinc.org", "2-2"),
    ("urn:x", "1-1"),
    ("", "2-2"),
    ("urn:x", "p|q"),
    ("", "x$y,z\\"),
]
DAYS = [
    "2024",
    "2024-12",
    "2025-01",
    "2025-01-01",
    "2025-01-31",
    "2025-02-28T23:30:00+08:00",
    "2025-03-01T00:10:00+08:00",
    "2025-03-01T00:10:00.250+08:00",
    "2026-06-15",
]
PREFIXES = ["ne", "gt", "ge", "lt", "le", "sa", "eb", "ap"]
NUMBERS = ["5", "5.0", "5.04", "5.05", "5.1", "-3", "100", "99.5"]


def world(rng: random.Random) -> dict[str, Resource]:
    out: dict[str, Resource] = {}

    def some(chance: float, **element: Any) -> dict[str, Any]:
        return element if rng.random() < chance else {}

    def put(kind: str, number: int, **elements: Any) -> str:
        key = f"{kind}/{kind[:3].lower()}{number}"
        out[key] = with_contained({"resourceType": kind, "id": key.split("/")[1], **elements})
        return key

    def coding() -> dict[str, str]:
        system, code = rng.choice(CODES)
        return {"code": code, **({"system": system} if system else {})}

    def pick(keys: list[str]) -> dict[str, Any]:
        """A reference: with a version or an identifier beside it now and then, or the identifier
        alone.
        """
        key = rng.choice(keys)
        beside = some(
            0.15, identifier={"value": rng.choice(["1", "2"]), **some(0.6, system="urn:r")}
        )
        return (
            beside
            if beside and rng.random() < 0.3
            else {"reference": key + ("/_history/1" if rng.random() < 0.1 else ""), **beside}
        )

    def subject(kinds: list[str]) -> dict[str, Any]:
        """Mostly a patient of the store; else a Group, somebody elsewhere, or who is contained."""
        chance = rng.random()
        return (
            pick(kinds)
            if chance < 0.8
            else (
                {"reference": ELSEWHERE + rng.choice("12")}
                if chance < 0.87
                else {"reference": "#pat"}
            )
        )

    def with_contained(resource: dict[str, Any]) -> dict[str, Any]:
        inside: list[dict[str, Any]] = []
        if resource.get("subject", {}).get("reference") == "#pat":
            inside.append(
                {
                    "resourceType": "Patient",
                    "id": "pat",
                    **somebody(),
                    **some(
                        0.5,
                        managingOrganization=(
                            {"reference": "#org"} if rng.random() < 0.5 else pick(houses)
                        ),
                    ),
                }
            )
        if rng.random() < 0.2 and resource["resourceType"] == "Observation":
            members = [
                {
                    "resourceType": "Observation",
                    "id": f"in{i}",
                    "status": "final",
                    **coded(),
                    **some(0.5, effectiveDateTime=rng.choice(DAYS)),
                    **some(0.5, subject=pick(people)),
                    **some(0.3, component=[coded()]),
                }
                for i in range(rng.choice((1, 2)))
            ]
            resource["hasMember"] = [
                *resource.get("hasMember", []),
                *({"reference": f"#{m['id']}"} for m in members),
            ]
            inside += members
        if any("#org" in str(c) for c in inside):
            inside.append(
                {
                    "resourceType": "Organization",
                    "id": "org",
                    "name": rng.choice(["杏林", "ost klinik"]),
                }
            )
        return {**resource, "contained": inside} if inside else resource

    def somebody() -> dict[str, Any]:
        return {
            "name": [
                {"family": rng.choice(FAMILIES), "given": rng.sample(GIVEN, rng.choice((1, 2)))}
            ],
            **some(0.8, gender=rng.choice(["male", "female"])),
            **some(0.5, active=rng.random() < 0.5),
            **some(0.8, birthDate=rng.choice(DAYS[:5])),
        }

    def period() -> dict[str, str]:
        start, end = sorted(rng.sample(DAYS[3:], 2))
        return {**some(0.8, start=start), **some(0.8, end=end)} or {"start": start}

    def timing() -> dict[str, Any]:
        bounds = some(0.3, boundsPeriod=period()) or some(
            0.5,
            boundsDuration={
                "value": rng.choice((3, 40)),
                "system": UCUM,
                "code": rng.choice(("d", "wk")),
            },
        )
        return {
            **some(0.6, event=rng.sample(DAYS[3:], rng.choice((1, 2)))),
            **({"repeat": bounds} if bounds else {}),
        } or {"code": {"text": "bid"}}

    def quantity() -> dict[str, Any]:
        unit = rng.choice(["mg", "g", "kg", "{score}"])
        return {
            "value": float(rng.choice(NUMBERS)) * rng.choice((1, 1, 1000)),
            **some(0.3, comparator=rng.choice(["<", "<=", ">", ">="])),
            "unit": rng.choice([unit, "毫克"]),
            **some(0.7, system=UCUM, code=unit),
        }

    def coded() -> dict[str, Any]:
        return {
            "code": {"coding": [coding() for _ in range(rng.choice((1, 2)))]},
            **some(0.8, valueQuantity=quantity()),
        }

    houses: list[str] = []
    for i in range(4):
        houses.append(
            put(
                "Organization",
                i,
                name=rng.choice(
                    ["杏林", "东湖 分院", "Ost-Klinik", "ost klinik", LONG, *SEPARATED]
                ),
                **some(
                    0.6,
                    identifier=[{"system": "urn:o", "value": rng.choice([str(i % 3), *SEPARATED])}],
                ),
                **(some(0.7, partOf=pick(houses)) if houses else {}),
            )
        )
    people = [
        put(
            "Patient",
            i,
            **somebody(),
            **some(0.5, managingOrganization=pick(houses)),
            **(
                some(0.2, deceasedBoolean=rng.random() < 0.5)
                or some(0.2, deceasedDateTime="2026-06-15")
            ),
            identifier=[{"system": "urn:p", "value": f"n{i}"}],
        )
        for i in range(6)
    ]
    groups = [
        put(
            "Group",
            i,
            type=rng.choice(["person", "practitioner"]),
            actual=True,
            member=[{"entity": {"reference": rng.choice(people)}}],
        )
        for i in range(2)
    ]
    about = [*people, *people, *people, *groups]
    visits = [
        put(
            "Encounter",
            i,
            status=rng.choice(["finished", "cancelled"]),
            **{"class": {"system": "urn:c", "code": rng.choice(["AMB", "IMP"])}},
            **some(0.9, subject=subject(about)),
            **some(0.8, period=period()),
            **some(0.6, serviceProvider=pick(houses)),
        )
        for i in range(8)
    ]
    seen: list[str] = []
    for i in range(24):
        when = (
            some(0.5, effectiveDateTime=rng.choice(DAYS))
            or some(0.5, effectivePeriod=period())
            or some(0.7, effectiveTiming=timing())
        )
        seen.append(
            put(
                "Observation",
                i,
                status=rng.choice(["final", "amended"]),
                **coded(),
                **when,
                **some(0.9, subject=subject(about)),
                **some(0.6, encounter=pick(visits)),
                **some(0.5, component=[coded() for _ in range(rng.choice((1, 2, 3)))]),
                **some(0.3, meta={"tag": [coding()]}),
                **(some(0.2, hasMember=[pick(seen)]) if seen else {}),
            )
        )
    return out


LINKS = {
    ("Patient", "organization"): ["Organization"],
    ("Observation", "patient"): ["Patient"],
    ("Observation", "subject"): ["Patient", "Group"],
    ("Observation", "encounter"): ["Encounter"],
    ("Observation", "has-member"): ["Observation"],
    ("Encounter", "patient"): ["Patient"],
    ("Encounter", "subject"): ["Patient", "Group"],
    ("Group", "member"): ["Patient"],
    ("Encounter", "service-provider"): ["Organization"],
    ("Organization", "partof"): ["Organization"],
}


def condition(
    rng: random.Random, kind: str, here: dict[str, Resource], depth: int = 0
) -> tuple[str, str]:
    ways = rng.random()
    if depth < 3 and ways < 0.25:
        code = rng.choice([c for k, c in LINKS if k == kind])
        target = rng.choice(LINKS[kind, code])
        key, value = condition(rng, target, here, depth + 1)
        plain_too = code in ("patient", "encounter")
        typed = rng.choice(["", ":" + target]) if plain_too else ":" + target
        return f"{code}{typed}.{key}", value
    if depth < 3 and ways < 0.4 and (back := [(k, c) for (k, c), t in LINKS.items() if kind in t]):
        other, code = rng.choice(back)
        key, value = condition(rng, other, here, depth + 1)
        return f"_has:{other}:{code}:{key}", value
    code = rng.choice(list(MEANING[kind]))
    if code == "_lastUpdated":
        at = dt.datetime.fromisoformat(
            rng.choice(list(here.values()))["meta"]["lastUpdated"]
        ) + dt.timedelta(milliseconds=rng.choice((-1, 0, 0, 1)))
        return code, rng.choice(["", *PREFIXES[:-1]]) + at.isoformat(timespec="milliseconds")
    if rng.random() < 0.08:
        return f"{code}:missing", rng.choice(["true", "false"])
    what = MEANING[kind][code][0]
    one = {
        "string": lambda: rng.choice(
            [
                *FAMILIES,
                *GIVEN,
                "mull",
                "o",
                "杏",
                "ost",
                "分院",
                "司",
                "尾巴",
                LONG[300:480],
                escaped(rng.choice(SEPARATED)),
                escaped(LONG[:240]),
            ]
        ),
        "token": lambda: token(rng, kind, code),
        "date": lambda: rng.choice(["", "", *PREFIXES]) + rng.choice(DAYS),
        "quantity": lambda: asked_amount(rng),
        "composite": lambda: (
            rng.choice(
                [
                    "1-1",
                    "2-2",
                    "http://loinc.org|1-1",
                    "|2-2",
                    "urn:x|p\\|q",
                    "p\\|q",
                    "x\\$y\\,z\\\\",
                ]
            )
            + "$"
            + asked_amount(rng)
        ),
        "reference": lambda: reference(rng, LINKS[kind, code], here),
    }[what]
    modifier = rng.choice(
        {
            "string": ["", "", ":exact", ":contains"],
            "token": ["", "", ":not"],
            "reference": ["", "", "", ":identifier", ":type"],
        }.get(what, [""])
    )
    if modifier == ":type":
        only = rng.choice(LINKS[kind, code])
        return f"{code}:{only}", ",".join(
            reference(rng, [only], here) for _ in range(rng.choice((1, 2)))
        )
    if modifier == ":identifier":
        return code + modifier, ",".join(
            rng.choice(["1", "2", "urn:r|1", "|2", "urn:r|"]) for _ in range(rng.choice((1, 2)))
        )
    if LINKS.get((kind, code)) == ["Organization"] and rng.random() < 0.4:
        return code + rng.choice([":below", ":above"]), ",".join(
            rng.choice([k for k in here if k.startswith("Organization/")])
            for _ in range(rng.choice((1, 2)))
        )
    return code + modifier, ",".join(
        one() for _ in range(rng.choice((1, 1, 1, 2, 3) if what == "reference" else (1, 1, 1, 2)))
    )


def reference(rng: random.Random, kinds: list[str], here: dict[str, Resource]) -> str:
    """A resource of one of the types in any form that a search may name it by."""
    key = rng.choice([k for k in here if k.split("/")[0] in kinds] + [kinds[0] + "/none"])
    elsewhere = [ELSEWHERE + rng.choice("12")] if "Patient" in kinds else []
    return rng.choice(
        [
            key,
            key,
            key.split("/")[1],
            HERE + key,
            f"{key}/_history/1",
            f"{HERE}{key}/_history/1",
            f"{key}/_history/2",
            *elsewhere,
        ]
    )


def asked_amount(rng: random.Random) -> str:
    return (
        rng.choice(["", "", *PREFIXES])
        + rng.choice([*NUMBERS, "5000", "0.005"])
        + rng.choice(
            [
                "",
                "",
                "|",
                "||",
                "||mg",
                f"|{UCUM}|mg",
                f"|{UCUM}|g",
                f"|{UCUM}|kg",
                f"|{UCUM}|{{score}}",
            ]
        )
    )


def token(rng: random.Random, kind: str, code: str) -> str:
    match code:
        case "gender":
            return implied(rng, kind, code) + rng.choice(["male", "female", "other"])
        case "active" | "deceased":
            return implied(rng, kind, code) + rng.choice(["true", "false"])
        case "status":
            return implied(rng, kind, code) + rng.choice(
                ["final", "amended", "finished", "cancelled"]
            )
        case "type":
            return rng.choice(["person", "practitioner"])
        case "class":
            return rng.choice(["AMB", "urn:c|IMP", "urn:c|", "urn:other|AMB"])
        case "identifier":
            return rng.choice(
                [
                    "n1",
                    "urn:p|n2",
                    "urn:o|1",
                    "2",
                    "urn:o|",
                    *(f"{at}{escaped(v)}" for v in SEPARATED for at in ("", "urn:o|")),
                ]
            )
    return rng.choice(
        [
            "1-1",
            "2-2",
            "http://loinc.org|1-1",
            "|2-2",
            "urn:x|",
            "urn:x|2-2",
            "urn:x|p\\|q",
            "p\\|q",
            "|x\\$y\\,z\\\\",
        ]
    )


def implied(rng: random.Random, kind: str, code: str) -> str:
    return rng.choice(["", "", f"{IMPLIED[kind, code]}|"])


def escaped(text: str) -> str:
    return "".join("\\" + c if c in "\\,|$" else c for c in text)


@pytest.mark.parametrize("seed", range(4 * TIMES))
def test_the_store_answers_as_the_evaluator(server: str, seed: int) -> None:
    rng = random.Random(seed)
    at = alliance.make_hospital("diff")
    api = Api(server, at.code, credentials=alliance.make_credentials(at))
    here = world(rng)
    for seen in (False, True):  # in two transactions, whose times differ
        part = [key for key in here if key.startswith("Observation/") == seen]
        sent = api("POST", "", make_bundle(*[("PUT", key, here[key]) for key in part]))
        assert sent.status == 200, sent.body[:600]
        for key, entry in zip(part, sent.json["entry"], strict=True):
            here[key].setdefault("meta", {})["lastUpdated"] = entry["response"]["lastModified"]
    with (
        connection.cursor() as cursor
        # as autovacuum does within a minute: until then PostgreSQL plans by how full the tables
        # were before
    ):
        cursor.execute(
            "ANALYZE record_resource, record_reference, record_string, record_date, record_quantity"
        )
    found_something = 0
    for _ in range(120):
        kind = rng.choice(
            [k for k in MEANING if k != "Group"]
        )  # of two there is little to tell apart; chains lead there
        pairs = [condition(rng, kind, here) for _ in range(rng.choice((1, 1, 2, 3)))]
        base = f"{server}/fhir/{at.code}/"
        query = f"{kind}?{urlencode([(k, v.replace(HERE, base)) for k, v in pairs])}"
        expected = search(here, kind, pairs)
        reply = api("GET", f"{query}&_count=1000&_total=accurate")
        assert reply.status == 200, (query, reply.body)
        got = {f"{kind}/{e['resource']['id']}" for e in reply.json.get("entry", [])}
        assert got == expected, (pairs, sorted(got - expected), sorted(expected - got))
        assert reply.json["total"] == len(expected)
        found_something += bool(expected) and len(expected) < sum(
            k.startswith(kind + "/") for k in here
        )
    assert found_something > 25, "queries that tell resources apart"
