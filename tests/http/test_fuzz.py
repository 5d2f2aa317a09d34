"""Mutilated resources, bundles and queries: each is answered with a reason, none with a failure
of the server.
"""

import copy
import json
import os
import random
from typing import Any
from urllib.parse import quote

import pytest

from tests.factories.fhir import (
    Api,
    make_bundle,
    make_citizen_number,
    make_observation,
    make_patient,
)

TIMES = int(os.environ.get("DIFFERENTIAL", "1"))
JUNK: list[Any] = [
    None,
    [],
    {},
    "",
    " ",
    "x" * 5000,
    0,
    -1,
    2**63,
    10**30,
    1.5,
    True,
    [[]],
    [None],
    {"": ""},
    "\u0000",
    "2026-13-40",
    "Patient/../..",
    {"reference": 1},
    "￿\ud83d\ude00",
    {"resourceType": "Bundle"},
    {"extension": {"extension": []}},
]


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    out = [path] if path else []
    items = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, inner in items:
        out += places(inner, (*path, key))
    return out


def mutilated(rng: random.Random, value: Any) -> Any:
    out = copy.deepcopy(value)
    for _ in range(rng.choice((1, 1, 2, 4))):
        path = rng.choice(places(out) or [()])
        if not path:
            return copy.deepcopy(rng.choice(JUNK))
        holder = out
        for key in path[:-1]:
            holder = holder[key]
        match rng.randrange(4):
            case 0:
                holder[path[-1]] = copy.deepcopy(rng.choice(JUNK))
            case 1:
                del holder[path[-1]]
            case 2 if isinstance(holder, dict):
                holder[
                    rng.choice(
                        [
                            "_" + str(path[-1]),
                            "extension",
                            "contained",
                            "meta",
                            "text",
                            "__proto__",
                            "valueString",
                            "id",
                        ]
                    )
                ] = copy.deepcopy(rng.choice([*JUNK, holder[path[-1]]]))
            case _:
                holder[path[-1]] = [copy.deepcopy(holder[path[-1]])] * 3
    return out


FHIRPATH = {
    "resourceType": "Parameters",
    "parameter": [
        {
            "name": "operation",
            "part": [
                {"name": "type", "valueCode": "add"},
                {"name": "path", "valueString": "Patient"},
                {"name": "name", "valueString": "contact"},
                {"name": "value", "part": [{"name": "name", "valueHumanName": {"text": "x"}}]},
            ],
        },
        {
            "name": "operation",
            "part": [
                {"name": "type", "valueCode": "replace"},
                {"name": "path", "valueString": "Patient.name[0].text"},
                {"name": "value", "valueString": "y"},
            ],
        },
        {
            "name": "operation",
            "part": [
                {"name": "type", "valueCode": "move"},
                {"name": "path", "valueString": "Patient.identifier"},
                {"name": "source", "valueInteger": 0},
                {"name": "destination", "valueInteger": 0},
            ],
        },
        {
            "name": "operation",
            "part": [
                {"name": "type", "valueCode": "delete"},
                {"name": "path", "valueString": "Patient.telecom.where(system = 'x')"},
            ],
        },
    ],
}
SUBSCRIPTION = {
    "resourceType": "Subscription",
    "status": "requested",
    "reason": "x",
    "criteria": "Observation?code=4548-4",
    "_criteria": {
        "extension": [
            {
                "url": (
                    "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/backport-filter-criteria"
                ),
                "valueString": "patient=1",
            }
        ]
    },
    "channel": {
        "type": "rest-hook",
        "endpoint": "http://127.0.0.1:18600/x",
        "payload": "application/fhir+json",
        "header": ["A: b"],
        "_payload": {
            "extension": [
                {
                    "url": (
                        "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/backport-payload-content"
                    ),
                    "valueCode": "id-only",
                }
            ]
        },
    },
}
CODES = {
    "resourceType": "CodeSystem",
    "status": "active",
    "content": "complete",
    "url": "urn:cs",
    "concept": [
        {
            "code": "a",
            "display": "A",
            "property": [{"code": "parent", "valueCode": "b"}],
            "concept": [{"code": "b", "designation": [{"language": "zh", "value": "乙"}]}],
        }
    ],
}
EXPANDED = {
    "resourceType": "ValueSet",
    "status": "active",
    "compose": {
        "include": [
            {"system": "urn:cs", "filter": [{"property": "concept", "op": "is-a", "value": "a"}]},
            {"system": "urn:x", "concept": [{"code": "c"}], "valueSet": ["urn:vs"]},
        ],
        "exclude": [{"system": "urn:cs", "concept": [{"code": "b"}]}],
    },
}
expand = {
    "resourceType": "Parameters",
    "parameter": [
        {"name": "valueSet", "resource": EXPANDED},
        {"name": "coding", "valueCoding": {"system": "urn:cs", "code": "a"}},
    ],
}


def deep(depth: int) -> bytes:
    """A Patient with an extension in an extension in an …"""
    return (
        b'{"resourceType":"Patient","extension":['
        + b'{"url":"urn:x","extension":[' * depth
        + b'{"url":"urn:x","valueString":"x"}'
        + b"]}" * depth
        + b"]}"
    )


def test_mutilated_bodies(api: Api) -> None:
    rng = random.Random(20261124)
    about = api.create(make_patient())
    whole = make_bundle(
        (
            "POST",
            "Patient",
            make_patient(resident=make_citizen_number())
            | {"fullUrl": "urn:uuid:6f7b3c1e-0000-4000-8000-000000000001"},
        ),
        ("POST", "Observation", make_observation("urn:uuid:6f7b3c1e-0000-4000-8000-000000000001")),
        ("PUT", "Observation/o1", make_observation(about) | {"id": "o1"}),
    )
    sources = [
        ("POST", "Patient", make_patient(resident=make_citizen_number())),
        ("POST", "Observation", make_observation(about)),
        ("PUT", "Observation/o1", make_observation(about) | {"id": "o1"}),
        ("POST", "", whole),
        ("POST", "", whole | {"type": "batch"}),
        ("PUT", "Observation?code=4548-4&status=amended", make_observation(about)),
        (
            "POST",
            "Observation/$validate",
            {
                "resourceType": "Parameters",
                "parameter": [
                    {"name": "mode", "valueCode": "create"},
                    {"name": "resource", "resource": make_observation(about)},
                ],
            },
        ),
        (
            "POST",
            "Encounter",
            {
                "resourceType": "Encounter",
                "status": "finished",
                "class": {"code": "AMB"},
                "subject": {"reference": about},
                "period": {"start": "2026-01-01", "end": "2026-01-02"},
            },
        ),
        *(
            (
                (
                    "POST",
                    f"{about}/{op}",
                    {
                        "resourceType": "Parameters",
                        "parameter": [
                            {
                                "name": "meta",
                                "valueMeta": {
                                    "profile": ["urn:p"],
                                    "tag": [{"system": "urn:t", "code": "x"}],
                                    "security": [{"system": "urn:s", "code": "N"}],
                                },
                            }
                        ],
                    },
                )
            )
            for op in ("$meta-add", "$meta-delete")
        ),
        ("PATCH", about, FHIRPATH),
        ("PATCH", "Observation?code=4548-4", FHIRPATH),
        (
            "POST",
            "",
            make_bundle(
                ("PATCH", about, FHIRPATH), ("GET", "Patient?name=x", None), ("GET", about, None)
            ),
        ),
        ("POST", "Subscription", SUBSCRIPTION),
        ("POST", "CodeSystem", CODES),
        ("POST", "ValueSet/$expand", expand),
        ("POST", "ValueSet/$validate-code", expand),
        (
            "POST",
            "ConceptMap/$translate",
            {
                "resourceType": "Parameters",
                "parameter": [
                    {"name": "coding", "valueCoding": {"system": "urn:cs", "code": "a"}},
                    {
                        "name": "conceptMap",
                        "resource": {
                            "resourceType": "ConceptMap",
                            "status": "active",
                            "group": [
                                {
                                    "source": "urn:cs",
                                    "element": [
                                        {
                                            "code": "a",
                                            "target": [{"code": "b", "equivalence": "equal"}],
                                        }
                                    ],
                                }
                            ],
                        },
                    },
                ],
            },
        ),
        (
            "POST",
            "CodeSystem/$lookup",
            {
                "resourceType": "Parameters",
                "parameter": [{"name": "coding", "valueCoding": {"system": "urn:cs", "code": "a"}}],
            },
        ),
    ]
    seen: dict[int, int] = {}
    for _ in range(700 * TIMES):
        method, path, resource = rng.choice(sources)
        body = json.dumps(mutilated(rng, resource)).encode()
        reply = api(method, path, body)
        assert reply.status < 500, (method, path, body[:2000], reply.body)
        assert b'"status":"5' not in reply.body, (body[:2000], reply.body)
        seen[reply.status] = seen.get(reply.status, 0) + 1
    assert len(seen) > 2 and seen.get(201, 0) > 10, f"the mutations reach into the store: {seen}"


@pytest.mark.parametrize(
    "body",
    [
        b"1" * 100_000,
        b'{"resourceType":"Patient","multipleBirthInteger":' + b"9" * 5000 + b"}",
        b"[" * 100_000,
        b'{"resourceType":"Observation","valueQuantity":{"value":1e999}}',
        b'{"resourceType":"Patient","a":1,"a":2}',
        b"\xff\xfe{}",
        b"null",
        b'"Patient"',
        b"",
        b"{}",
        deep(60),
        deep(200),
        deep(450),
        deep(5000),
    ],
)
def test_bodies_that_break_parsers(api: Api, body: bytes) -> None:
    reply = api("POST", "Patient", body)
    assert 400 <= reply.status < 500 or reply.status == 201, reply.body
    assert reply.status == 201 or reply.json["issue"][0]["diagnostics"]


def test_a_number_beyond_64_bits_keeps_its_digits(api: Api) -> None:
    about = api.create(make_patient())
    body = (
        json.dumps(make_observation(about))
        .replace("7.1", "123456789012345678901234567890")
        .encode()
    )
    reply = api("POST", "Observation", body)
    assert reply.status == 201 and b'"value":123456789012345678901234567890' in reply.body


OPERATIONS = [
    "ValueSet/$expand",
    "ValueSet/$validate-code",
    "CodeSystem/$lookup",
    "CodeSystem/$subsumes",
    "CodeSystem/$validate-code",
    "ConceptMap/$translate",
    "Observation/$lastn",
    "Patient/x/$summary",
    "Patient/x/$everything",
    "Patient/x/$meta",
    "Observation/$meta",
    "$meta",
    "$export",
    "Patient/$export",
    "Group/x/$export",
    "Subscription/x/$status",
    "Patient/x/*",
    "Encounter/x/Observation",
]


def test_queries(api: Api) -> None:
    rng = random.Random(7)
    api.create(make_observation(api.create(make_patient())))
    served = json.loads(api("GET", "metadata").body)["rest"][0]["resource"]
    parameters = {r["type"]: [p["name"] for p in r.get("searchParam", [])] for r in served}
    values = [
        "",
        " ",
        ",",
        "|",
        "||",
        "a|b|c",
        "%",
        "'",
        "\\",
        "\x00",
        "ge2026",
        "2026-99",
        "0000",
        "9999-12-31",
        "ge",
        "x" * 3000,
        "Patient/",
        "/",
        "Patient/a/b",
        "$",
        "*",
        "é́",
        "1e999",
        "-0",
        "urn:uuid:",
        "http://x|",
        "|y",
        "true",
        "lt1",
        "\ud7ff",
        "a,b\\,c",
        "null",
    ]
    modifiers = [
        "",
        "",
        "",
        ":exact",
        ":contains",
        ":missing",
        ":not",
        ":bogus",
        ":",
        ":Patient",
        ".name",
        ":in",
        ":below",
        ":above",
        ":text",
        ":not-in",
        ":of-type",
        ":identifier",
    ]
    values += [
        "a$b",
        "$",
        "a$gt1|http://unitsofmeasure.org|mg",
        "5|http://unitsofmeasure.org|g",
        "1|2|3|km",
        "-date,_id,-_lastUpdated",
        "a,-b",
        "bytes",
        "ValueSet/x",
    ]
    seen: dict[int, int] = {}
    for _ in range(400 * TIMES):
        kind = rng.choice(list(parameters))
        names = parameters[kind] + [
            "_id",
            "_lastUpdated",
            "_sort",
            "_count",
            "_cursor",
            "_total",
            "_summary",
            "_bogus",
            "_since",
            "_list",
            "_type",
            "_tag",
            "max",
            "url",
            "code",
            "system",
            "filter",
            "patient",
        ]
        pairs = "&".join(
            f"{quote(rng.choice(names) + rng.choice(modifiers))}={quote(rng.choice(values))}"
            for _ in range(rng.choice((1, 1, 2, 3)))
        )
        odd = quote(rng.choice(values), safe="")
        for path in (
            f"{kind}?{pairs}",
            f"{kind}/_history?{pairs}",
            f"_history?{pairs}",
            f"{kind}/{odd}",
            f"{kind}/{odd}/_history/1",
            f"{odd}/x",
            f"?{pairs}",
            f"{rng.choice(OPERATIONS)}?{pairs}",
            f"Patient/{odd}/{kind}?{pairs}",
            f"_bulk/{odd}",
            f"_bulk/{odd}/{odd}",
        ):
            reply = api("GET", path)
            assert reply.status < 500, (path, reply.body)
            seen[reply.status] = seen.get(reply.status, 0) + 1
    assert seen[200] > 20 and seen[400] > 100, seen
