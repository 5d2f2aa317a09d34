"""The fast look against the judge: what is certain to it, fhir.resources passes too; however
resources are bent.
"""

import copy
import datetime as dt
import json
import os
import random
from typing import Any

import pytest

from records.demo.clinical_histories import make_history_bundle
from records.demo.demo_patients import make_demo_patients
from records.fhir.issues import Problem
from records.fhir.resource_types import TYPES
from records.fhir.structure_check import is_certainly_valid
from records.fhir.validate import check_by_model
from tests.support.official import everything, read

TIMES = int(os.environ.get("DIFFERENTIAL", "1"))
ODD = [
    None,
    "",
    " ",
    "x",
    "a b",
    "a  b",
    0,
    -1,
    1.5,
    True,
    [],
    {},
    [None],
    ["x"],
    [[]],
    {"x": 1},
    "2024-02-30",
    "2024-13",
    "2024-01-01T25:00:00Z",
    "2024-01-01T10:00",
    "2024-01-01T23:59:60Z",
    "0000-01-01",
    "2024-01-01T10:00:00+14:00",
    10**12,
    "\u3000",
    "\x01",
    "http://x y",
    "HTTPS://X",
    "final",
    {"coding": []},
    {"text": "x"},
    {"reference": "Patient/1"},
    {"value": 1},
    {"resourceType": "Patient"},
    "AAA=",
    "AA",
    "urn:uuid:1",
    "10:00:00",
    "24:00:00",
    {"url": "x"},
    {"extension": [{"url": "http://x", "valueString": "y"}]},
]

NAMES = [
    "valueString",
    "valueBoolean",
    "extension",
    "_status",
    "id",
    "effectiveInstant",
    "deceasedBoolean",
    "deceasedDateTime",
    "colour",
]


def own() -> list[dict[str, Any]]:
    return [
        e["resource"]
        for p in make_demo_patients(6)
        for e in make_history_bundle(p, p.hospitals[0], dt.date(2026, 11, 1))["entry"]
    ]


def nodes(node: Any) -> list[Any]:
    return [
        node,
        *(
            x
            for v in (
                node.values() if isinstance(node, dict) else node if isinstance(node, list) else []
            )
            for x in nodes(v)
        ),
    ]


def bent(rng: random.Random, resource: dict[str, Any]) -> dict[str, Any]:
    out = copy.deepcopy(resource)
    for _ in range(rng.choice((1, 1, 2))):
        node = rng.choice([n for n in nodes(out) if isinstance(n, dict | list) and n] or [out])
        key = rng.choice(list(node) if isinstance(node, dict) else list(range(len(node))))
        match rng.randrange(6):
            case 0:
                del node[key]
            case 1:
                node[key] = copy.deepcopy(rng.choice(ODD))
            case 2:
                node[key] = (
                    [node[key]] if not isinstance(node[key], list) else (node[key] or [None])[0]
                )
            case 3 if isinstance(node, dict):
                node[rng.choice([*NAMES, str(key).upper()])] = copy.deepcopy(rng.choice(ODD))
            case 4 if isinstance(node, dict):
                node[str(key)] = copy.deepcopy(rng.choice(nodes(resource)))
            case _:
                node[key] = copy.deepcopy(rng.choice(ODD))
    return out


def agree(resource: dict[str, Any]) -> bool:
    if not is_certainly_valid(resource):
        return False
    try:
        check_by_model(resource, resource["resourceType"])
    except Problem as problem:
        pytest.fail(f"certain, but refused: {problem.issues[0]} {json.dumps(resource)[:1500]}")
    return True


def compare(resources: list[dict[str, Any]], rounds: int, seed: int) -> None:
    rng = random.Random(seed)
    passed = sum(agree(r) for r in resources)
    assert passed > 0.85 * len(resources), "the usual resource takes the fast way"
    after = [
        agree(b)
        for _ in range(rounds)
        for b in [bent(rng, rng.choice(resources))]
        if isinstance(b.get("resourceType"), str) and b["resourceType"] in TYPES
    ]
    assert 0.05 * len(after) < sum(after) < 0.8 * len(after), (
        "some bent ones are still valid, most are not"
    )


def test_own_resources() -> None:
    compare(own(), 1500 * TIMES, 1)


def test_official_examples() -> None:
    compare(list(read(everything(), *TYPES)), 2500 * TIMES, 2)
