"""Worlds for the oracle: a patient at three hospitals with records of many kinds, and hypothesis
strategies for consents and viewers.
"""

import datetime as dt
import random
from typing import Any

from hypothesis import strategies as st

from tests.oracle.evaluator import Thing

CODES = [
    ("http://loinc.org", "4548-4"),
    ("http://loinc.org", "718-7"),
    ("http://hl7.org/fhir/sid/icd-10", "E11.9"),
    ("http://snomed.info/sct", "44054006"),
]
TAGS = ["HIV", "PSY", "ETH", "ETHUD", "OPIOIDUD", "SDV", "SEX", "R", "V"]
TYPES = ["Observation", "Condition", "MedicationRequest", "Encounter"]
GROUPS = ["Group/g0", "Group/g1", "Group/unknown"]
CHINA = dt.timezone(dt.timedelta(hours=8))


def records(about: str, rng: random.Random, count: int) -> list[dict[str, Any]]:
    """Resources of one store, each with random labels, code, day, author and encounter."""
    out: list[dict[str, Any]] = []
    for i in range(count):
        kind, (system, code) = TYPES[i % len(TYPES)], rng.choice(CODES)
        tags = rng.sample(TAGS, rng.choice([0, 0, 0, 1, 1, 2]))
        body: dict[str, Any] = {
            "resourceType": kind,
            "id": f"r{i}",
            "subject": {"reference": about},
        }
        if tags:
            body["meta"] = {
                "security": [
                    {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": t}
                    for t in tags
                ]
            }
        concept, day = (
            {"coding": [{"system": system, "code": code}]},
            rng.choice([None, "2024-03-05", "2025-06-07", "2026-01-02"]),
        )
        doctor, visit = (
            {"reference": f"Practitioner/d{rng.randrange(3)}"},
            {"reference": f"Encounter/r{3 + 4 * rng.randrange(count // 4)}"},
        )
        match kind:
            case "Observation":
                body |= {"status": "final", "code": concept, "performer": [doctor]} | (
                    {"effectiveDateTime": day} if day else {}
                )
            case "Condition":
                body |= {"code": concept, "recorder": doctor} | (
                    {"onsetDateTime": day} if day else {}
                )
            case "MedicationRequest":
                body |= {
                    "status": "active",
                    "intent": "order",
                    "medicationCodeableConcept": concept,
                    "requester": doctor,
                } | ({"authoredOn": day} if day else {})
            case _:
                body |= {
                    "status": "cancelled",
                    "class": {"code": "AMB"},
                    "reasonCode": [concept],
                } | ({"period": {"start": day, "end": day}} if day else {})
        if kind != "Encounter" and rng.random() < 0.5:
            body["encounter"] = visit
        out.append(body)
    names = {f"{b['resourceType']}/{b['id']}" for b in out}
    return [
        {k: v for k, v in b.items() if k != "encounter" or v["reference"] in names} for b in out
    ]


def thing(hospital: str, body: dict[str, Any]) -> Thing:
    """What the oracle knows of it: labels from its tags (a level beside a kind says no more than
    the kind), the day in its own date element.
    """
    tags = {t["code"] for t in body.get("meta", {}).get("security", [])}
    day = next(
        (body[k] for k in ("effectiveDateTime", "onsetDateTime", "authoredOn") if k in body),
        body.get("period", {}).get("start"),
    )
    start = dt.datetime.fromisoformat(day).replace(tzinfo=CHINA) if day else None
    return Thing(
        hospital,
        body,
        tags - ({"R"} if tags - {"R", "V"} else set()),
        (start, start + dt.timedelta(days=1)) if start else None,
    )


def coding(code: str, system: str = "urn:any") -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


def strategy(hospitals: list[str], staff: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    """Consents with trees of up to three levels, understood and not understood."""
    recipient = st.one_of(
        st.sampled_from(hospitals).map(
            lambda h: {"identifier": {"system": "urn:xinglin:hospital", "value": h}}
        ),
        st.sampled_from(staff).map(
            lambda s: {"identifier": {"system": "urn:xinglin:staff", "value": s}}
        ),
        st.just({"reference": "Practitioner/nobody"}),
        st.sampled_from(GROUPS).map(lambda g: {"reference": g}),
    )
    source = st.sampled_from(hospitals).map(
        lambda h: {"identifier": {"system": "urn:xinglin:hospital", "value": h}}
    )
    item = st.sampled_from(
        [f"{TYPES[i % len(TYPES)]}/r{i}" for i in range(8)]
        + ["Encounter/r0", "Practitioner/d0", "urn:uuid:1"]
    )
    actor = st.one_of(
        st.tuples(st.sampled_from(["IRCP", "PRCP"]), recipient),
        st.tuples(
            st.just("CST"),
            st.one_of(
                source,
                source,
                st.just({"identifier": {"system": "urn:xinglin:staff", "value": "7"}}),
            ),
        ),
        st.tuples(
            st.just("AUT"),
            st.sampled_from(["Practitioner/d0", "Practitioner/d1"]).map(lambda r: {"reference": r}),
        ),
        st.tuples(st.just("WIT"), source),
    ).map(lambda x: {"role": coding(x[0]), "reference": x[1]})
    period = st.sampled_from(
        [
            {"start": "2020-01-01"},
            {"end": "2020-01-01"},
            {"start": "2025-01-01", "end": "2025-12-31"},
            {"start": "2025-06-07", "end": "2026-12-31"},
        ]
    )
    criteria: dict[str, st.SearchStrategy[Any]] = {
        "period": period,
        "actor": st.lists(actor, min_size=1, max_size=2),
        "action": st.lists(
            st.sampled_from(["access", "use", "collect", "correct", "strange"]).map(coding),
            min_size=1,
            max_size=2,
        ),
        "securityLabel": st.lists(
            st.sampled_from([*TAGS, "N", "STRANGE", "odd"]).map(
                lambda c: {"code": c} if c != "odd" else {"system": "urn:any", "code": "V"}
            ),
            min_size=1,
            max_size=2,
        ),
        "purpose": st.lists(
            st.sampled_from(
                ["TREAT", "ETREAT", "BTG", "HPAYMT", "HRESCH", "CLINTRCH", "STRANGE", "odd"]
            ).map(lambda c: {"code": c} if c != "odd" else {"system": "urn:any", "code": "TREAT"}),
            min_size=1,
            max_size=2,
        ),
        "class": st.lists(
            st.one_of(
                st.sampled_from(TYPES).map(
                    lambda t: {"system": "http://hl7.org/fhir/resource-types", "code": t}
                ),
                st.just({"code": "Observation"}),
            ),
            min_size=1,
            max_size=2,
        ),
        "code": st.lists(
            st.sampled_from([*CODES, ("http://terminology.hl7.org/CodeSystem/x", "y")]).map(
                lambda c: coding(c[1], c[0])
            ),
            min_size=1,
            max_size=2,
        ),
        "dataPeriod": period,
        "data": st.lists(
            st.tuples(
                st.sampled_from(["instance", "related", "dependents", "authoredby"]), item
            ).map(lambda x: {"meaning": x[0], "reference": {"reference": x[1]}}),
            min_size=1,
            max_size=2,
        ),
        "strange": st.just(True),
    }

    @st.composite
    def node(draw: Any, depth: int) -> dict[str, Any]:
        out: dict[str, Any] = {}
        kind = draw(
            st.sampled_from(["permit", "deny", "permit", "deny"] + ([None] if depth == 0 else []))
        )
        if kind:
            out["type"] = kind
        for name in draw(
            st.lists(
                st.sampled_from([*criteria] * 2 + ["securityLabel"] * 4), max_size=2, unique=True
            )
        ):
            out[name] = draw(criteria[name])
        if depth < 2:
            inner = draw(st.lists(node(depth + 1), max_size=2))
            if inner:
                out["provision"] = inner
        return out

    @st.composite
    def plain(draw: Any) -> dict[str, Any]:
        """One rule that asks one thing, around or inside another: the shape in which most
        consents come.
        """
        name = draw(st.sampled_from([*criteria]))
        asks = {name: draw(criteria[name])}
        match draw(st.integers(0, 5)):
            case 4:
                wider = {"type": "permit", "securityLabel": draw(criteria["securityLabel"])} | draw(
                    st.sampled_from([{}, {"actor": draw(criteria["actor"])}])
                )
                return {"type": "permit", **asks, "provision": [wider]}
            case 5:
                broken = {
                    "type": "permit",
                    "purpose": [{"code": "BTG"}],
                    "actor": [{"role": coding("IRCP"), "reference": draw(recipient)}],
                }
                return {
                    "type": draw(st.sampled_from(["permit", "deny"])),
                    **asks,
                    "provision": [
                        broken | draw(st.sampled_from([{}, {"securityLabel": [{"code": "R"}]}]))
                    ],
                }
            case 0:
                return {"type": "permit", **asks}
            case 1:
                return {"type": "deny", **asks}
            case 2:
                return {
                    "type": "permit",
                    "securityLabel": [{"code": "V"}],
                    "provision": [{"type": "deny", **asks}],
                }
        return {
            "type": "deny",
            **asks,
            "provision": [{"type": "permit", "securityLabel": [{"code": "V"}]}],
        }

    base = st.sampled_from(
        [
            {},
            {"policyRule": coding("OPTIN")},
            {"policyRule": coding("OPTOUT")},
            {"policy": [{"uri": "http://x/Policy-basic-normal"}]},
            {"policyRule": coding("OPTINR")},
            {"policyRule": coding("OPTOUTE")},
            {"policy": [{"uri": "http://x/Policy-all-normal"}]},
            {"policy": [{"uri": "http://x/Policy-break-glass-only"}]},
            {"policy": [{"uri": "http://x/Policy-deny"}]},
        ]
    )
    return st.tuples(base, st.one_of(plain(), plain(), node(0), st.none())).map(
        lambda x: x[0] | ({"provision": x[1]} if x[1] is not None else {})
    )


def world(data: Any, hospitals: list[str]) -> Any:
    """A World, drawn; one in three holds a wide permit too, so that denials have something to
    take away.
    """
    from tests.oracle.evaluator import World

    held = st.tuples(
        strategy(hospitals, ["7", "8"]),
        st.sampled_from(hospitals),
        st.sampled_from(["all", "all", "all", "all", "second", "alone", "store", "lapsed"]),
    )
    wide = (
        {"provision": {"type": "permit", "securityLabel": [{"code": "V"}]}},
        hospitals[0],
        "all",
    )
    return World(
        data.draw(st.lists(held, max_size=2))
        + ([wide] if data.draw(st.integers(0, 2)) == 0 else []),
        related=data.draw(st.sampled_from([True, True, True, False])),
        tie=data.draw(st.sampled_from(["all", "all", "all", "all", "second", "alone"])),
        emergency=data.draw(st.sampled_from([False, False, True])),
        groups={
            g: {n: data.draw(st.sampled_from([True, False, None])) for n in ("7", "8")}
            for g in GROUPS[:2]
        },
        policy=data.draw(
            st.sampled_from(
                [
                    "Policy-break-glass-only",
                    "Policy-basic-normal",
                    "Policy-all-normal",
                    "Policy-deny",
                ]
            )
        ),
        suspended=set(data.draw(st.sampled_from([[], [], [], hospitals[1:2]]))),
        asked=set(data.draw(st.sampled_from([[]] * 5 + [hospitals[2:]]))),
        sealed=set(data.draw(st.sampled_from([[]] * 9 + [hospitals[:1], hospitals[2:]]))),
    )
