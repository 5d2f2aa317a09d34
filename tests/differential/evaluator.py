"""A slow, plain evaluator of FHIR search over resources in memory. It shares no code and no
table with the store: what each parameter means is written down here once more, from the
specification.
"""

import datetime as dt
import unicodedata
from collections.abc import Callable
from decimal import Decimal
from typing import Any

Resource = dict[str, Any]
CHINA = dt.timezone(dt.timedelta(hours=8))


def many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def codings(concept: Any) -> list[tuple[str, str]]:
    return (
        [(c.get("system", ""), c["code"]) for c in many(concept.get("coding"))] if concept else []
    )


def ref(value: Any) -> list[Resource]:
    return [v for v in many(value) if "reference" in v or "identifier" in v]


def patients(value: Any) -> list[Resource]:
    """Of a parameter whose expression says: where(resolve() is Patient)."""
    return [
        v
        for v in ref(value)
        if v.get("reference", "Patient/").startswith(("Patient/", ELSEWHERE, "#pat"))
    ]


def words(name: Resource) -> list[str]:
    return [*many(name.get("text")), *many(name.get("family")), *many(name.get("given"))]


def pairs_of(nodes: list[Resource]) -> list[tuple[list[tuple[str, str]], Any]]:
    """(codes, amount) of an Observation itself or of its components."""
    return [(codings(n.get("code")), n["valueQuantity"]) for n in nodes if "valueQuantity" in n]


ELSEWHERE = "https://elsewhere.example/fhir/Patient/"
HERE = "http://base/"  # stands for the base's own absolute address
AROUND = "(around)"  # in a contained resource: the one that contains it


def cut(text: str, separator: str) -> list[str]:
    """The parts between separators that no backslash stands before; the backslashes stay."""
    out, i = [""], 0
    while i < len(text):
        if text[i] == separator:
            out.append("")
        elif text[i] == "\\" and i + 1 < len(text):
            out[-1] += text[i : i + 2]
            i += 1
        else:
            out[-1] += text[i]
        i += 1
    return out


def bare(text: str) -> str:
    """Without the backslashes that stand before something that separates."""
    out, i = "", 0
    while i < len(text):
        i += text[i] == "\\" and i + 1 < len(text) and text[i + 1] in "\\,|$"
        out += text[i]
        i += 1
    return out


# The code systems of elements of type code (their required bindings)
IMPLIED = {
    ("Patient", "gender"): "http://hl7.org/fhir/administrative-gender",
    ("Observation", "status"): "http://hl7.org/fhir/observation-status",
    ("Encounter", "status"): "http://hl7.org/fhir/encounter-status",
    ("Patient", "active"): "http://hl7.org/fhir/special-values",
    ("Patient", "deceased"): "http://hl7.org/fhir/special-values",
}
UCUM = "http://unitsofmeasure.org"
GRAMS = {"mg": Decimal("0.001"), "g": Decimal(1), "kg": Decimal(1000)}

# type -> parameter -> (kind, values of a resource)
MEANING: dict[str, dict[str, tuple[str, Callable[[Resource], list[Any]]]]] = {
    "Patient": {
        "name": ("string", lambda r: [w for n in many(r.get("name")) for w in words(n)]),
        "family": ("string", lambda r: [n["family"] for n in many(r.get("name")) if "family" in n]),
        "gender": ("token", lambda r: [("", g) for g in many(r.get("gender"))]),
        "active": ("token", lambda r: [("", str(a).lower()) for a in many(r.get("active"))]),
        "deceased": (
            "token",
            lambda r: [
                ("", str("deceasedDateTime" in r or r.get("deceasedBoolean", False)).lower())
            ],
        ),
        "identifier": (
            "token",
            lambda r: [(i.get("system", ""), i["value"]) for i in many(r.get("identifier"))],
        ),
        "birthdate": ("date", lambda r: many(r.get("birthDate"))),
        "organization": ("reference", lambda r: ref(r.get("managingOrganization"))),
    },
    "Observation": {
        "code": ("token", lambda r: codings(r.get("code"))),
        "status": ("token", lambda r: [("", r["status"])]),
        "date": (
            "date",
            lambda r: (
                many(r.get("effectiveDateTime"))
                + many(r.get("effectivePeriod"))
                + [t for t in many(r.get("effectiveTiming")) if outer(t)]
            ),
        ),
        "value-quantity": ("quantity", lambda r: many(r.get("valueQuantity"))),
        "component-code": (
            "token",
            lambda r: [c for n in many(r.get("component")) for c in codings(n.get("code"))],
        ),
        "combo-code": (
            "token",
            lambda r: [c for n in [r, *many(r.get("component"))] for c in codings(n.get("code"))],
        ),
        "component-value-quantity": (
            "quantity",
            lambda r: [
                n["valueQuantity"] for n in many(r.get("component")) if "valueQuantity" in n
            ],
        ),
        "combo-value-quantity": (
            "quantity",
            lambda r: [
                n["valueQuantity"] for n in [r, *many(r.get("component"))] if "valueQuantity" in n
            ],
        ),
        "code-value-quantity": ("composite", lambda r: pairs_of([r])),
        "component-code-value-quantity": (
            "composite",
            lambda r: pairs_of(many(r.get("component"))),
        ),
        "combo-code-value-quantity": (
            "composite",
            lambda r: pairs_of([r, *many(r.get("component"))]),
        ),
        "_tag": (
            "token",
            lambda r: [
                (t.get("system", ""), t["code"]) for t in many(r.get("meta", {}).get("tag"))
            ],
        ),
        "patient": ("reference", lambda r: patients(r.get("subject"))),
        "subject": ("reference", lambda r: ref(r.get("subject"))),
        "encounter": ("reference", lambda r: ref(r.get("encounter"))),
        "has-member": ("reference", lambda r: ref(r.get("hasMember"))),
    },
    "Encounter": {
        "status": ("token", lambda r: [("", r["status"])]),
        "class": ("token", lambda r: [(r["class"].get("system", ""), r["class"]["code"])]),
        "date": ("date", lambda r: many(r.get("period"))),
        "patient": ("reference", lambda r: patients(r.get("subject"))),
        "subject": ("reference", lambda r: ref(r.get("subject"))),
        "service-provider": ("reference", lambda r: ref(r.get("serviceProvider"))),
    },
    "Group": {
        "type": ("token", lambda r: [("", r["type"])]),
        "member": (
            "reference",
            lambda r: [x for m in many(r.get("member")) for x in ref(m["entity"])],
        ),
    },
    "Organization": {
        "name": ("string", lambda r: [*many(r.get("name")), *many(r.get("alias"))]),
        "partof": ("reference", lambda r: ref(r.get("partOf"))),
        "identifier": (
            "token",
            lambda r: [(i.get("system", ""), i["value"]) for i in many(r.get("identifier"))],
        ),
    },
}


for _of_type in MEANING.values():
    _of_type["_lastUpdated"] = (
        "date",
        lambda r: [t] if (t := r.get("meta", {}).get("lastUpdated")) else [],
    )  # what is contained has none


def fold(text: str) -> str:
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return " ".join(plain.casefold().split())


def instants(text: str) -> tuple[dt.datetime, dt.datetime]:
    """[from, to) of a date in any precision that the worlds use."""
    if len(text) == 4:
        return dt.datetime(int(text), 1, 1, tzinfo=CHINA), dt.datetime(
            int(text) + 1, 1, 1, tzinfo=CHINA
        )
    if len(text) == 7:
        year, month = int(text[:4]), int(text[5:])
        return dt.datetime(year, month, 1, tzinfo=CHINA), dt.datetime(
            year + month // 12, month % 12 + 1, 1, tzinfo=CHINA
        )
    if len(text) == 10:
        low = dt.datetime.fromisoformat(text).replace(tzinfo=CHINA)
        return low, low + dt.timedelta(days=1)
    low = dt.datetime.fromisoformat(text)
    return low, (
        low + dt.timedelta(seconds=1) if len(text) == 25 else low + dt.timedelta(milliseconds=1)
    )


DAY = dt.timedelta(days=1)


def outer(timing: Resource) -> list[tuple[dt.datetime, dt.datetime]]:
    """[the outer limits] of a Timing, [] where it says none."""
    repeat = timing.get("repeat", {})
    found = [instants(e) for e in many(timing.get("event"))] + [
        extent(p) for p in many(repeat.get("boundsPeriod"))
    ]
    if not found:
        return []
    low = min(a for a, _ in found)
    ends = [
        low + v["value"] * {"d": DAY, "wk": 7 * DAY}[v["code"]]
        for v in many(repeat.get("boundsDuration"))
    ]
    return [(low, max([b for _, b in found] + ends))]


def extent(value: Any) -> tuple[dt.datetime, dt.datetime]:
    if isinstance(value, str):
        return instants(value)
    if "event" in value or "repeat" in value:
        return outer(value)[0]
    low = (
        instants(value["start"])[0] if "start" in value else dt.datetime.min.replace(tzinfo=dt.UTC)
    )
    return low, (
        instants(value["end"])[1] if "end" in value else dt.datetime.max.replace(tzinfo=dt.UTC)
    )


def compare(prefix: str, low: Any, high: Any, a: Any, b: Any) -> bool:
    """A stored range [low, high] against an asked one [a, b) (R4 search.html#prefix)."""
    return {
        "eq": low >= a and high <= b,
        "ne": not (low >= a and high <= b),
        "gt": high > b,
        "ge": high > a,
        "lt": low < a,
        "le": low < b,
        "sa": low >= b,
        "eb": high <= a,
        "ap": high > a - (gap := abs(dt.datetime.now(dt.UTC) - a) / 10) and low < b + gap,
    }[prefix]


def prefixed(text: str) -> tuple[str, str]:
    return (text[:2], text[2:]) if text[:2].isalpha() else ("eq", text)


# comparator -> prefix -> (number of the resource, number that is asked for) -> found: which parts
# of a line meet (R4 search.html#prefix)
OPEN: dict[str, dict[str, Callable[[Decimal, Decimal], bool]]] = {
    "<": {
        "gt": lambda v, x: v > x,
        "ge": lambda v, x: v > x,
        "lt": lambda v, x: True,
        "le": lambda v, x: True,
        "sa": lambda v, x: False,
        "eb": lambda v, x: v <= x,
    },
    "<=": {
        "gt": lambda v, x: v > x,
        "ge": lambda v, x: v >= x,
        "lt": lambda v, x: True,
        "le": lambda v, x: True,
        "sa": lambda v, x: False,
        "eb": lambda v, x: v < x,
    },
    ">": {
        "gt": lambda v, x: True,
        "ge": lambda v, x: True,
        "lt": lambda v, x: v < x,
        "le": lambda v, x: v < x,
        "sa": lambda v, x: v >= x,
        "eb": lambda v, x: False,
    },
    ">=": {
        "gt": lambda v, x: True,
        "ge": lambda v, x: True,
        "lt": lambda v, x: v < x,
        "le": lambda v, x: v <= x,
        "sa": lambda v, x: v > x,
        "eb": lambda v, x: False,
    },
}


def amount(prefix: str, exact: Decimal, half: Decimal, v: Resource, system: str, code: str) -> bool:
    value, low, high = Decimal(str(v["value"])), exact - half, exact + half
    if system:
        if (
            v.get("system") != system
            or (code not in GRAMS) != (v["code"] not in GRAMS)
            or (code not in GRAMS and v["code"] != code)
        ):
            return False
        if code in GRAMS:
            value, exact, low, high = (
                value * GRAMS[v["code"]],
                exact * GRAMS[code],
                low * GRAMS[code],
                high * GRAMS[code],
            )
    elif code and code not in (v.get("unit"), v.get("code")):
        return False
    if "comparator" in v:
        overlaps = {"<": value > low, "<=": value >= low, ">": value < high, ">=": value <= high}[
            v["comparator"]
        ]
        return (
            {"eq": False, "ne": True, "ap": overlaps}[prefix]
            if prefix in ("eq", "ne", "ap")
            else OPEN[v["comparator"]][prefix](value, exact)
        )
    return {
        "eq": low <= value < high,
        "ne": not low <= value < high,
        "gt": value > exact,
        "ge": value >= exact,
        "lt": value < exact,
        "le": value <= exact,
        "sa": value > exact,
        "eb": value < exact,
        "ap": low <= value <= high,
    }[prefix]


def fits(kind: str, modifier: str, values: list[Any], asked: str) -> bool:
    """Does any of the values fit one of the alternatives that is asked for?"""
    match kind:
        case "token":
            *system, code = map(bare, cut(asked, "|"))
            return any(
                (s == system[0]) and (not code or c == code) if system else c == code
                for s, c in values
            )
        case "string" if modifier == "exact":
            return bare(asked) in values
        case "string" if modifier == "contains":
            return any(fold(bare(asked)) in fold(v) for v in values)
        case "string":
            return any(fold(v).startswith(fold(bare(asked))) for v in values)
        case "reference" if modifier == "identifier":
            system, bar, code = asked.rpartition("|")
            known = [v["identifier"] for v in values if "identifier" in v]
            return any(
                (not bar or k.get("system", "") == system) and (not code or k.get("value") == code)
                for k in known
            )
        case "reference":
            return any(refers(v["reference"], modifier, asked) for v in values if "reference" in v)
        case "date":
            prefix, text = prefixed(asked)
            return any(compare(prefix, *extent(v), *instants(text)) for v in values)
        case "quantity":
            prefix, text = prefixed(asked)
            number, _, unit = text.partition("|")
            exact = Decimal(number)
            half = Decimal(1).scaleb(int(exact.as_tuple().exponent)) / 2
            if prefix == "ap":
                half = abs(exact) / 10
            system, _, code = unit.partition("|")
            return any(amount(prefix, exact, half, v, system, code) for v in values)
        case "composite":
            head, tail = cut(asked, "$")
            return any(
                fits("token", "", codes, head) and fits("quantity", "", [value], tail)
                for codes, value in values
            )
    raise AssertionError(kind)


def refers(reference: str, modifier: str, asked: str) -> bool:
    """Whether a reference is what the value asks for: an id of any type, or an address, of a
    version only with it.
    """
    if "/" not in asked:
        kind, _, rest = reference.partition("/")
        return rest.partition("/")[0] == asked and modifier in ("", kind)
    here = asked.removeprefix(HERE)
    return reference == here or reference.partition("/_history/")[0] == here


def leads(world: dict[str, Resource], around: Resource, reference: Resource) -> Resource | None:
    """The resource behind a reference; around: the one that it stands in, or that contains this
    one.
    """
    text = reference.get("reference", "")
    if text.startswith("#"):
        return next({**c, AROUND: around} for c in around["contained"] if f"#{c['id']}" == text)
    return world.get(text.partition("/_history/")[0])


def reach(world: dict[str, Resource], start: str, way: str) -> set[str]:
    """An Organization and all that is part of it, or that it is part of."""
    parts = {
        k: r["partOf"]["reference"].partition("/_history/")[0]
        for k, r in world.items()
        if "reference" in r.get("partOf", {})
    }
    found, fresh = {start}, {start}
    while fresh:
        fresh = {
            k if way == "below" else up
            for k, up in parts.items()
            if (up if way == "below" else k) in fresh
        } - found
        found |= fresh
    return found


def holds(world: dict[str, Resource], resource: Resource, key: str, asked: str) -> bool:
    """One parameter of a query, on one resource."""
    kind = resource["resourceType"]
    if key.startswith("_has:"):
        _, other, by, rest = key.split(":", 3)
        me = f"{kind}/{resource['id']}"
        return AROUND not in resource and any(
            any(refers(v.get("reference", ""), "", me) for v in MEANING[other][by][1](o))
            and holds(world, o, rest, asked)
            for o in world.values()
            if o["resourceType"] == other
        )
    if "." in key:
        head, _, rest = key.partition(".")
        code, _, only = head.partition(":")
        found = [
            leads(world, resource.get(AROUND, resource), v)
            for v in MEANING[kind][code][1](resource)
        ]
        led = [t for t in found if t and only in ("", t["resourceType"])]
        inside = [t for t in led if AROUND in t]
        if (
            rest.endswith(":not") and "." not in rest
            # contained ones of one type under one parameter are taken together: none of them has it
            # (records/search/contained_resources.py)
        ):
            together = [
                [t for t in inside if t["resourceType"] == name]
                for name in {t["resourceType"] for t in inside}
            ]
            return any(
                all(holds(world, t, rest, asked) for t in group) for group in together
            ) or any(holds(world, t, rest, asked) for t in led if AROUND not in t)
        return any(holds(world, t, rest, asked) for t in led)
    code, _, modifier = key.partition(":")
    what, values = MEANING[kind][code]
    found = values(resource)
    if modifier in ("below", "above"):
        return any(
            v.get("reference", "").partition("/_history/")[0] in reach(world, asked_one, modifier)
            for v in found
            for asked_one in asked.split(",")
        )
    if modifier == "missing":
        return bool(found) == (asked == "false")
    each = cut(asked, ",")
    if implied := IMPLIED.get((kind, code)):
        each = [a.removeprefix(f"{implied}|") for a in each]
    fit = any(fits(what, modifier, found, a) for a in each)
    return not fit if modifier == "not" else fit


def search(world: dict[str, Resource], type_name: str, pairs: list[tuple[str, str]]) -> set[str]:
    return {
        k
        for k, r in world.items()
        if r["resourceType"] == type_name
        and all(holds(world, r, key, asked) for key, asked in pairs)
    }
