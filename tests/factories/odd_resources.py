"""Legal FHIR resources of any hosted type with the oddest values that the data types allow,
drawn from the tables of the definitions.
"""

import random
from collections.abc import Callable
from typing import Any

from records.fhir.resource_types import load_definition_table

Json = dict[str, Any]
ABSENT = {
    "extension": [
        {
            "url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason",
            "valueCode": "unknown",
        }
    ]
}
DATES = [
    "0001",
    "0001-01",
    "0001-01-01",
    "1899-12-31",
    "1900-02-28",
    "1927-12-31",
    "2000-02-29",
    "2024",
    "2024-02",
    "2024-02-29",
    "9999",
    "9999-12",
    "9999-12-31",
]
TIMES = [
    "T00:00:00Z",
    "T23:59:59.999999999999Z",
    "T23:59:59+13:59",
    "T00:00:00.1234567890-12:00",
    "T03:04:05.1+08:00",
    "T23:59:59.9999999-11:30",
]
TEXTS = [
    "x",
    "\\|,$",
    "a\\",
    "长" * 1200,
    "e\u0301" * 400,
    "\ufdfa" * 100,
    "İstanbul ﬁ ½",
    "\U0001f469\u200d\u2695\ufe0f",
    "\u202eabc",
    "x" * 9000,
    "<",
    "'; --",
    "{0} %s %(a)s",
    "0",
    "null",
    "\u3000全角　",
    "-∞",
]
URIS = [
    "urn:x",
    "urn:oid:1.2.3",
    "urn:uuid:c757873d-ec9a-4326-a141-556f43239520",
    "http://x/Q|4",
    "http://x/" + "a/" * 60,
    "http://[::1]:80/a?b=c,d#e",
    "x",
    "http://x//",
    "a|b|c",
    "http://例.cn/x",
]
PRIMITIVES: dict[str, Callable[[random.Random], Any]] = {
    "string": lambda r: r.choice(TEXTS),
    "markdown": lambda r: r.choice(TEXTS),
    "xhtml": lambda r: '<div xmlns="http://www.w3.org/1999/xhtml">x</div>',
    "id": lambda r: r.choice(["a", "1", "A-.9", "x" * 64]),
    "code": lambda r: r.choice(["x", "a b", "a|b", "zh-CN", "长", "a\\b", "a,b$c"]),
    "uri": lambda r: r.choice(URIS),
    "canonical": lambda r: r.choice(URIS),
    "url": lambda r: r.choice(["http://x.cn/a", "https://x.cn:8443", "mailto:a@b.cn"]),
    "oid": lambda r: "urn:oid:2.16.156",
    "uuid": lambda r: "urn:uuid:c757873d-ec9a-4326-a141-556f43239520",
    "boolean": lambda r: r.random() < 0.5,
    "integer": lambda r: r.choice([0, -1, 1, 2147483647, -2147483648]),
    "positiveInt": lambda r: r.choice([1, 2147483647]),
    "unsignedInt": lambda r: r.choice([0, 2147483647]),
    "decimal": lambda r: r.choice(
        [0, -0.0, 0.1, 1e-30, 1e30, 1e307, -1e307, 5e-324, 12345678901234567, 99.99999999999999]
    ),
    "date": lambda r: r.choice(DATES),
    "dateTime": lambda r: draw_moment(r) if r.random() < 0.5 else r.choice(DATES),
    "instant": lambda r: draw_moment(r),
    "time": lambda r: r.choice(["00:00:00", "23:59:59", "12:30:00.123456"]),
    "base64Binary": lambda r: r.choice(["eA==", "AAAA"]),
}
BELOW = ("id", "extension", "modifierExtension", "!", "?")
STRUCTURAL = (*BELOW, "resourceType", "meta", "text", "contained", "implicitRules", "language")
DEEPEST = 5


def draw_moment(rng: random.Random) -> str:
    return rng.choice([d for d in DATES if len(d) == 10]) + rng.choice(TIMES)


def make_odd_resource(rng: random.Random, type_name: str, patient: str) -> Json:
    """One of the type. patient: the reference to a Patient that the store has."""
    out = {"resourceType": type_name, **draw_elements(rng, type_name, patient, 0)}
    if rng.random() < 0.2:
        out["contained"] = [
            {"resourceType": rng.choice(["Organization", "Practitioner", "Medication"]), "id": "c1"}
        ]
    if rng.random() < 0.2:
        out["meta"] = draw_elements(rng, "Meta", patient, 2) or {"versionId": "1"}
    return out


def draw_elements(rng: random.Random, kind: str, patient: str, depth: int) -> Json:
    """The elements of a type: those that must be there, and some of the others."""
    shapes, rules = (
        load_definition_table("shapes").get(kind, {}),
        load_definition_table("elements").get(kind, {}),
    )
    groups = [(must, [k for k in keys if k in shapes]) for must, keys in shapes.get("?", ())]
    chosen = {rng.choice(keys) for must, keys in groups if must or rng.random() < 0.6}
    choices = {k for _, keys in groups for k in keys}
    out: Json = {}
    for key, told in shapes.items():
        if key in (BELOW if depth else STRUCTURAL) or (key in choices and key not in chosen):
            continue
        if (
            key not in choices
            and key not in shapes.get("!", ())
            and rng.random() > (0.5, 0.35, 0.25, 0.12, 0.05, 0.0)[min(depth, DEEPEST)]
        ):
            continue
        if told.lstrip("*") == "Reference":
            made = [
                draw_reference(
                    rng, load_definition_table("targets").get(kind, {}).get(key, []), patient
                )
                for _ in range(rng.choice((1, 1, 2)) if told.startswith("*") else 1)
            ]
            out[key] = made if told.startswith("*") else made[0]
        else:
            draw_element(out, rng, key, told, rules.get(key, {}), patient, depth)
    if depth and not out:
        out["extension"] = ABSENT["extension"]
    return out


def draw_element(
    out: Json, rng: random.Random, key: str, told: str, rule: Json, patient: str, depth: int
) -> None:
    name, repeats = told.lstrip("*"), told.startswith("*")
    if name not in PRIMITIVES:
        made = [
            draw_complex_value(rng, name, patient, depth + 1)
            for _ in range(rng.choice((1, 1, 2)) if repeats else 1)
        ]
        out[key] = made if repeats else made[0]
        return
    draw = (
        (lambda: rng.choice(rule["codes"])) if "codes" in rule else (lambda: PRIMITIVES[name](rng))
    )
    if not repeats:
        if rng.random() < 0.15:
            out[f"_{key}"] = ABSENT
        else:
            out[key] = draw()
        return
    values = [draw() if rng.random() < 0.8 else None for _ in range(rng.choice((1, 1, 2, 3)))]
    out[key] = values
    if None in values:
        out[f"_{key}"] = [ABSENT if v is None else None for v in values]


def draw_reference(rng: random.Random, targets: list[str], patient: str) -> Json:
    """One that its element may hold; targets: the types that it may lead to, none for any. What
    is refused for its form has a test of its own (tests/http/test_reference_forms.py).
    """
    elsewhere = {
        "reference": (
            f"https://else.example/fhir/{rng.choice(targets or ['Practitioner'])}/1/_history/2"
        )
    }
    here = [{"reference": patient}] * 2 if not targets or "Patient" in targets else []
    return rng.choice(
        [
            *here,
            elsewhere,
            {"display": "x"},
            {"identifier": {"system": "urn:x", "value": "a|b\\,c"}},
            dict(ABSENT),
        ]
    )


def draw_complex_value(rng: random.Random, name: str, patient: str, depth: int) -> Any:
    if name == "Resource":
        return {"resourceType": "Basic", "code": {"text": "x"}}
    if name == "Extension":
        return {"url": "urn:x", "valueString": "x"}
    return draw_elements(rng, name, patient, depth)
