"""What a decision says in words is what the gate does: every choice that the form takes, read as
a layman reads it, against gate and oracle.
"""

import datetime as dt
import itertools
from typing import Any
from uuid import UUID

import pytest
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st

from alliance.auth.principal import Principal
from alliance.roles import Permission, Role
from consent.audit.event import EventCode
from consent.decide import evaluate_hospital
from consent.provision import parse_consent
from consent.strength import Strength
from consent.templates import (
    FIELDS_BY_TEMPLATE,
    SENSITIVE_KINDS,
    TYPES_BY_RECORD_GROUP,
    ChoiceFault,
    ConsentChoice,
    ConsentTemplate,
    build_consent,
    find_choice_faults,
)
from consent.terms import AccessRequest, ActiveConsent, Facts
from records.web.consent_form import FAULT_ADVICE, GROUP_TEXT, KIND_TEXT, SHARED_KIND_TEXT
from records.web.consent_text import describe_consent
from tests.oracle.evaluator import Looker, Thing, World, may_see
from tests.oracle.pure import fits

NOW = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
HOSPITALS = {"alpha": "Alpha", "beta": "Beta", "gamma": "Gamma"}
NAMES = HOSPITALS | {"staff/7": "Dr Li (Alpha)"}
VIEWERS = [("alpha", "7"), ("alpha", "8"), ("beta", "9")]
WIDE = {
    "resourceType": "Consent",
    "provision": {"type": "permit", "securityLabel": [{"code": "V"}]},
}
PARTS = {"ETH": {"ETH", "ETHUD", "OPIOIDUD"}}
LABELS = [set(), {"HIV"}, {"PSY"}, {"HIV", "PSY"}, {"ETH"}, {"ETHUD"}, {"R"}, {"V"}, {"HIV", "V"}]
THINGS = [
    Thing(h, {"resourceType": t, "id": "x"}, labels)
    for h, t, labels in itertools.product(
        HOSPITALS, ("Observation", "Condition", "CarePlan"), LABELS
    )
]

some = lambda values: st.lists(st.sampled_from(values), max_size=2, unique=True)  # noqa: E731
FIELDS = {
    "recipients": some([*HOSPITALS]),
    "sources": some([*HOSPITALS]),
    "kinds": some([*SENSITIVE_KINDS, "R"]),
    "groups": some([*TYPES_BY_RECORD_GROUP]),
    "staff": some(["7"]),
}
choices = st.sampled_from(ConsentTemplate).flatmap(
    lambda t: st.builds(
        ConsentChoice,
        st.just(t),
        **{name: drawn for name, drawn in FIELDS.items() if name in FIELDS_BY_TEMPLATE[t][0]},
    )
)


def words(text: str) -> list[str]:
    """Of a list; a list's comma stands within no word of it."""
    whole = [
        str(w) for w in (*GROUP_TEXT.values(), *KIND_TEXT.values(), *SHARED_KIND_TEXT.values())
    ]
    return [
        w
        for w in whole
        if w in text
        and (
            w != "all specially protected records"
            or text.replace(str(SHARED_KIND_TEXT["R"]), "").count(w)
        )
    ]


def among(text: str, viewer: tuple[str, str]) -> bool:
    named = text.split(", ")
    return (
        "All hospitals of the alliance" in named
        or HOSPITALS[viewer[0]] in named
        or NAMES.get(f"staff/{viewer[1]}") in named
    )


def labelled(word: str, thing: Thing) -> bool:
    """Whether a layman would say that the record is of what the word names."""
    if word == "all specially protected records":
        return bool(thing.labels)
    kind = next((k for k, w in KIND_TEXT.items() if str(w) == word), "")
    group = next((g for g, w in GROUP_TEXT.items() if str(w) == word), "")
    return bool(thing.labels & PARTS.get(kind, {kind})) or thing.body[
        "resourceType"
    ] in TYPES_BY_RECORD_GROUP.get(group, ())


def reading(lines: list[str], viewer: tuple[str, str], thing: Thing) -> str:
    """allow, deny or silent: the lines as a layman reads them."""
    first, more = lines[0], lines[1:]
    if first == "No hospital may see any records of other hospitals":
        return "deny"
    if first.startswith("No other hospital may see any records of "):
        return (
            "deny"
            if HOSPITALS[thing.hospital] in first.split(" of ", 1)[1].split(", ")
            else "silent"
        )
    allows = " may see the records of " in first
    who, whose = first.split(
        " may see the records of " if allows else " may not see any records of "
    )
    whose = whose.removesuffix(", except specially protected ones")
    if not among(who, viewer) or not (
        whose in ("every hospital", "other hospitals")
        or HOSPITALS[thing.hospital] in whose.split(", ")
    ):
        return "silent"
    if not allows:
        return "deny"
    if any(labelled(w, thing) for line in more if line.startswith("not: ") for w in words(line)):
        return "deny"
    shared = [w for line in more if line.startswith("also: ") for w in words(line)]
    if str(SHARED_KIND_TEXT["R"]) in shared:
        return "allow" if "V" not in thing.labels else "silent"
    covered = set().union(*(PARTS.get(k, {k}) for k, w in KIND_TEXT.items() if str(w) in shared))
    return "allow" if thing.labels <= covered else "silent"


def opened(rules: list[dict], viewer: tuple[str, str]) -> dict[str, Any]:  # type: ignore[type-arg]
    """{hospital: which of its records the gate shows to the viewer}."""
    request = AccessRequest(
        Principal("staff", viewer[1], 1, viewer[0], Role.CLINICIAN),
        Permission.RECORD_READ,
        EventCode.RECORD_OPEN,
        "t",
        person=UUID(int=1),
    )
    facts = Facts(
        NOW,
        related=True,
        tie=Strength.FULL,
        consents=tuple(
            ActiveConsent(i, parse_consent(r), Strength.FULL) for i, r in enumerate(rules)
        ),
    )
    return {h: evaluate_hospital(request, facts, h).seen for h in HOSPITALS}


@settings(max_examples=40, deadline=None, derandomize=True, database=None)
@given(choices)
def test_the_words_of_a_decision_are_what_it_does(choice: ConsentChoice) -> None:
    if find_choice_faults(choice):
        with pytest.raises(ValueError, match=choice.template):
            build_consent(choice)
        return
    made = build_consent(choice)
    with translation.override("en"):
        lines = [text for _, _, text in describe_consent(made, "alpha", NAMES)]
        for viewer, rules in itertools.product(VIEWERS, ([made], [made, WIDE])):
            world, seen = World([(r, "alpha", "all") for r in rules]), opened(rules, viewer)
            for thing in THINGS:
                says = reading(lines, viewer, thing)
                expected = thing.hospital == viewer[0] or (
                    says == "allow" if len(rules) == 1 else says != "deny"
                )
                assert (
                    fits(seen[thing.hospital], thing)
                    == may_see(world, Looker(*viewer, "TREAT", NOW), thing)
                    == expected
                ), (lines, viewer, thing)


def test_each_fault_has_words_and_each_template_a_meaning() -> None:
    drawn = [
        ConsentChoice(t, r, s, k, g, d)
        for t, r, s, k, g, d in itertools.product(
            ConsentTemplate,
            ([], ["alpha"]),
            ([], ["alpha"], ["beta"]),
            ([], ["HIV"]),
            ([], ["results"]),
            ([], ["7"]),
        )
    ]
    faults = {(name, fault) for c in drawn for name, fault in find_choice_faults(c)}
    field = {"staff": "doctors"}
    assert {(field.get(name, name), fault) for name, fault in faults} == set(FAULT_ADVICE)
    assert (
        {c.template for c in drawn if not find_choice_faults(c)}
        == set(FIELDS_BY_TEMPLATE)
        == set(ConsentTemplate)
    )
    assert find_choice_faults(ConsentChoice(ConsentTemplate.NOTHING, ["alpha"])) == [
        ("recipients", ChoiceFault.UNASKED)
    ]


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        (ConsentChoice(ConsentTemplate.REFUSE, ["alpha"]), ["不允许Alpha查看其他医院的任何病历"]),
        (ConsentChoice(ConsentTemplate.NOTHING), ["不允许任何医院查看其他医院的病历"]),
        (
            ConsentChoice(ConsentTemplate.ONLY, ["alpha", "beta"], ["gamma"], ["PSY"]),
            ["允许Alpha、Beta查看Gamma的病历（特别保护的除外）", "另允许查看：精神卫生"],
        ),
        (
            ConsentChoice(ConsentTemplate.WITHOUT, kinds=["HIV"], groups=["results"]),
            [
                "允许医联体所有医院查看各医院的病历（特别保护的除外）",
                "但不允许查看：艾滋病",
                "但不允许查看：检验检查与影像",
            ],
        ),
    ],
)
def test_chinese_words(choice: ConsentChoice, said: list[str]) -> None:
    with translation.override("zh-hans"):
        assert [
            text for _, _, text in describe_consent(build_consent(choice), "alpha", NAMES)
        ] == said


def test_what_an_old_form_recorded_reads_as_what_it_does() -> None:
    """ "Share nothing" with a hospital marked denied that hospital, and goes on to: it is not
    called anything else.
    """
    old = {
        "resourceType": "Consent",
        "policyRule": {"coding": [{"code": "OPTOUT"}]},
        "provision": {
            "type": "deny",
            "actor": [
                {
                    "role": {"coding": [{"code": "IRCP"}]},
                    "reference": {
                        "identifier": {"system": "urn:xinglin:hospital", "value": "beta"}
                    },
                }
            ],
        },
    }
    with translation.override("en"):
        lines = [text for _, _, text in describe_consent(old, "alpha", NAMES)]
        assert lines == ["Beta may not see any records of other hospitals"]
        assert describe_consent(WIDE, "alpha", NAMES)[0][2].startswith(
            "All hospitals of the alliance may see in the records of every hospital: "
        )


def test_a_purpose_is_told() -> None:
    rule = {
        "resourceType": "Consent",
        "provision": {
            "type": "deny",
            "purpose": [{"code": "TREAT"}, {"code": "BTG"}, {"code": "HRESCH"}],
        },
    }
    with translation.override("en"):
        assert describe_consent(rule, "alpha", NAMES)[0][2].endswith(
            "for the purpose: emergency access, research"
        )
