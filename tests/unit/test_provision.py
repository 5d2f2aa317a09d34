"""Consents as they come: half filled in, misspelt, with elements that nobody knows. None is
refused, and none opens more than it says.
"""

from typing import Any

import pytest

from consent.compile import ConsentViewer, evaluate_node
from consent.criteria import (
    ALWAYS,
    NEVER,
    AllOf,
    AnyOf,
    AuthoredBy,
    HasAnyLabel,
    LabelsWithin,
    MayOverlap,
    Not,
    OfType,
    ResourceItem,
)
from consent.provision import (
    ProvisionActor,
    has_denial,
    is_clinical_system,
    parse_base_policy,
    parse_consent,
    parse_provision,
    walk_provisions,
)
from consent.purposes import BREAK_GLASS, KNOWN_PURPOSES
from tests.support.deciding import NOW

VIEWER = ConsentViewer("own", "9", "TREAT", NOW)
ITEM = ResourceItem("here", "Observation", "1")
PERMIT, DENY = (LabelsWithin(0), NEVER), (NEVER, ALWAYS)


def says(rule: dict[str, Any], viewer: ConsentViewer = VIEWER, **consent: Any) -> tuple[Any, Any]:
    found = evaluate_node(parse_consent({**consent, "provision": rule}, "here"), viewer, "other")
    return found.permits, found.denies


def codeable(code: Any) -> dict[str, Any]:
    return {"coding": [{"code": code}]}


@pytest.mark.parametrize(
    "element",
    [
        {"strange": 1},
        {"modifierExtension": [{"url": "x"}]},
        {"securityLabel": [{"code": "STRANGE"}]},
        {"securityLabel": [{}]},
        {"securityLabel": [{"system": "urn:any", "code": "V"}]},
        {"class": [{"code": "HIV"}]},
        {"class": [{"system": "urn:ietf:bcp:13", "code": "x"}]},
        {"code": [{"text": "HIV"}]},
        {"code": [{"coding": [{"system": "http://terminology.hl7.org/x", "code": "y"}]}]},
        {"code": [{"coding": [{"code": "no system"}]}]},
        {"code": [{"coding": [{"system": "http://loinc.org"}]}]},
        {"data": [{"meaning": "instance", "reference": {"reference": "urn:uuid:1"}}]},
        {"data": [{"meaning": "instance"}]},
        {"data": [{"meaning": "odd", "reference": {"reference": "Observation/1"}}]},
        {"data": [{"meaning": "instance", "reference": {"reference": "observation/1"}}]},
        {"data": [{"meaning": "instance", "reference": {"reference": "/1"}}]},
        {"data": [{"meaning": "instance", "reference": {"reference": "Observation/"}}]},
        {"data": [{"meaning": "instance", "reference": {"reference": "Observation/1/2"}}]},
        {
            "actor": [
                {
                    "role": codeable("WIT"),
                    "reference": {"identifier": {"system": "urn:xinglin:hospital", "value": "own"}},
                }
            ]
        },
        {"actor": [{}]},
        {"actor": [{"role": codeable("IRCP")}]},
        {"actor": [{"role": codeable("IRCP"), "reference": {"reference": "Practitioner/1"}}]},
        {"actor": [{"role": codeable("CST"), "reference": {"display": "somebody"}}]},
        {"actor": [{"role": codeable("AUT"), "reference": {"display": "somebody"}}]},
        {"action": [codeable("strange")]},
        {"action": [{}]},
        {"purpose": [{"code": "STRANGE"}]},
        {"purpose": [{}]},
    ],
    ids=str,
)
def test_what_is_not_understood_denies_in_full_and_permits_nothing(element: dict[str, Any]) -> None:
    assert says({"type": "permit", **element}) == (NEVER, NEVER)
    assert says({"type": "deny", **element}) == DENY
    assert says({"type": "permit", "provision": [{"type": "deny", **element}]}) == (NEVER, ALWAYS)
    opened = says({"type": "deny", **element, "provision": [{"type": "permit"}]})
    assert opened == (NEVER, NEVER) or opened[0] == NEVER, (
        "an exception to what nobody understands opens nothing"
    )


@pytest.mark.parametrize(
    "element",
    [
        {"id": "1"},
        {"extension": [{"url": "x"}]},
        {"_type": {}},
        {"period": {"end": "2999"}},
        {"period": {"start": "2000"}},
        {"purpose": [{"code": "TREAT"}]},
        {"purpose": []},
        {"actor": None},
        {"action": [codeable("access")]},
        {"action": [codeable("use")]},
        {"action": [codeable("disclose"), codeable("collect")]},
        {"class": None},
        {"code": []},
        {"data": None},
        {"provision": None},
        {
            "actor": [
                {
                    "role": codeable("IRCP"),
                    "reference": {"identifier": {"system": "urn:xinglin:hospital", "value": "own"}},
                }
            ]
        },
        {
            "actor": [
                {
                    "role": codeable("PRCP"),
                    "reference": {"identifier": {"system": "urn:xinglin:staff", "value": "9"}},
                }
            ]
        },
        {
            "actor": [
                {
                    "role": codeable("CST"),
                    "reference": {
                        "identifier": {"system": "urn:xinglin:hospital", "value": "other"}
                    },
                }
            ]
        },
        {
            "actor": [
                {"role": codeable("IRCP"), "reference": {"reference": "Practitioner/1"}},
                {
                    "role": codeable("IRCP"),
                    "reference": {"identifier": {"system": "urn:xinglin:hospital", "value": "own"}},
                },
            ]
        },
    ],
    ids=str,
)
def test_what_fits_the_viewer(element: dict[str, Any]) -> None:
    assert (
        says({"type": "permit", **element}) == PERMIT and says({"type": "deny", **element}) == DENY
    )


@pytest.mark.parametrize(
    "element",
    [
        {"period": {"end": "2000"}},
        {"period": {"start": "2999"}},
        {"purpose": [{"code": "HPAYMT"}]},
        {"action": [codeable("collect")]},
        {"action": [codeable("correct")]},
        {
            "actor": [
                {
                    "role": codeable("IRCP"),
                    "reference": {
                        "identifier": {"system": "urn:xinglin:hospital", "value": "third"}
                    },
                }
            ]
        },
        {
            "actor": [
                {
                    "role": codeable("IRCP"),
                    "reference": {"identifier": {"system": "urn:xinglin:staff", "value": "8"}},
                }
            ]
        },
        {
            "actor": [
                {
                    "role": codeable("CST"),
                    "reference": {"identifier": {"system": "urn:xinglin:hospital", "value": "own"}},
                }
            ]
        },
    ],
    ids=str,
)
def test_what_does_not_concern_the_viewer(element: dict[str, Any]) -> None:
    assert says({"type": "permit", **element}) == (NEVER, NEVER) and says(
        {"type": "deny", **element}
    ) == (NEVER, NEVER)


def test_base_policies() -> None:
    for code in ("OPTIN", "OPTINR"):
        assert parse_base_policy({"policyRule": codeable(code)}) is True
    for code in ("OPTOUT", "OPTOUTE"):
        assert parse_base_policy({"policyRule": codeable(code)}) is False
    for name, permits in (
        ("Policy-basic-normal", True),
        ("Policy-all-normal", True),
        ("Policy-break-glass-only", False),
        ("Policy-deny", False),
    ):
        assert parse_base_policy({"policy": [{"uri": f"http://any/{name}"}]}) is permits
    assert (
        parse_base_policy({}) is None
        and parse_base_policy({"policyRule": {"text": "x"}, "policy": [{}]}) is None
        and parse_base_policy({"policyRule": None, "policy": None}) is None
    )
    assert (
        parse_base_policy({"policyRule": codeable("OPTIN"), "policy": [{"uri": "Policy-deny"}]})
        is False
    ), "two that disagree deny"
    assert (
        parse_base_policy({"policyRule": {"coding": [None, {"code": "OPTIN"}]}, "policy": [None]})
        is True
    )
    assert evaluate_node(
        parse_consent({"policyRule": codeable("OPTIN")}), VIEWER, "other"
    ).permits == LabelsWithin(0)
    assert evaluate_node(parse_consent({}), VIEWER, "other") == evaluate_node(
        parse_consent({"provision": "no object"}), VIEWER, "other"
    )
    assert evaluate_node(parse_consent({}), VIEWER, "other").permits == NEVER
    assert says({"type": "deny"}, policyRule=codeable("OPTIN")) == DENY and says(
        {"type": "permit"}, policyRule=codeable("OPTOUT")
    ) == (LabelsWithin(0), Not(LabelsWithin(0)))
    assert (
        says({"type": "permit"}, policyRule=codeable("OPTIN")) == PERMIT
        and says({}, policyRule=codeable("OPTIN")) == PERMIT
        and says({}) == (NEVER, NEVER)
    )
    assert says({"type": "misspelt"}, policyRule=codeable("OPTOUT")) == DENY


def test_every_purpose_falls_under_itself() -> None:
    for purpose in KNOWN_PURPOSES - {BREAK_GLASS}:
        assert (
            says(
                {"type": "permit", "purpose": [{"code": purpose}]},
                ConsentViewer("own", "9", purpose, NOW),
            )
            == PERMIT
        )
    assert (
        says(
            {"type": "permit", "purpose": [{"code": "OWN"}]}, ConsentViewer("own", "9", "OWN", NOW)
        )
        == PERMIT
    )


def test_in_an_emergency_only_denials_count_that_name_it() -> None:
    urgent = ConsentViewer("own", "9", "BTG", NOW)

    def always(rule: dict[str, Any]) -> Any:
        return evaluate_node(
            parse_consent({"provision": rule}), urgent, "other", urgent=True
        ).denies

    assert (
        always({"type": "deny"}) == NEVER
        and always({"type": "deny", "purpose": [{"code": "TREAT"}]}) == NEVER
    )
    assert (
        always({"type": "deny", "purpose": [{"code": "BTG"}]}) == ALWAYS
        and always({"type": "deny", "purpose": [{"code": "ETREAT"}]}) == ALWAYS
    )
    kind = {"class": [{"system": "http://hl7.org/fhir/resource-types", "code": "Observation"}]}
    assert always(
        {"type": "permit", "purpose": [{"code": "BTG"}], "provision": [{"type": "deny", **kind}]}
    ) == OfType(frozenset({"Observation"})), "inside a rule that names it"


def test_authors_and_dates_are_bounded_from_both_sides() -> None:
    author = {"role": codeable("AUT"), "reference": {"reference": "Practitioner/1"}}
    made = AuthoredBy(ResourceItem("here", "Practitioner", "1"))
    assert says({"type": "deny", "actor": [author]}) == (NEVER, made)
    assert (
        says(
            {
                "type": "deny",
                "actor": [author, {"role": codeable("AUT"), "reference": {"display": "x"}}],
            }
        )
        == DENY
    ), "an author whom nobody knows may have made anything"
    two = [author, {"role": codeable("AUT"), "reference": {"reference": "Practitioner/2"}}]
    assert says({"type": "permit", "actor": two})[0] == AllOf(
        (LabelsWithin(0), AnyOf((made, AuthoredBy(ResourceItem("here", "Practitioner", "2")))))
    )
    assert says({"type": "deny", "actor": two})[1] == AnyOf(
        (made, AuthoredBy(ResourceItem("here", "Practitioner", "2")))
    )
    period = says({"type": "deny", "dataPeriod": {"start": "2020"}})[1]
    assert isinstance(period, MayOverlap) and period.low.year == 2019, (
        "midnight of the hospital's clock"
    )


def test_reading_keeps_what_it_reads() -> None:
    found = parse_provision(
        {
            "type": "deny",
            "data": [{"meaning": "instance", "reference": {"reference": "Observation/1"}}],
            "class": [{"system": "http://hl7.org/fhir/resource-types", "code": "Observation"}],
            "actor": [
                {
                    "role": codeable("AUT"),
                    "reference": {"identifier": {"system": "urn:xinglin:staff"}},
                }
            ],
        },
        "here",
    )
    assert (
        found.data == (("instance", ITEM),)
        and found.types == frozenset({"Observation"})
        and found.actors == (ProvisionActor("author"),)
        and not found.unknown
    )
    assert parse_provision(
        {
            "actor": [
                {
                    "role": codeable("CST"),
                    "reference": {"identifier": {"system": "urn:xinglin:hospital"}},
                }
            ]
        },
        "",
    ).actors == (ProvisionActor("source"),)
    assert parse_provision(
        {"data": [{"meaning": "instance", "reference": {"reference": "Observation/1"}}]}, ""
    ).unknown, "in nobody's store"
    tree = parse_consent(
        {"provision": {"type": "permit", "provision": [{"type": "permit"}, {"type": "deny"}]}}
    )
    assert len(list(walk_provisions(tree))) == 3 and has_denial(tree)
    assert (
        is_clinical_system("http://loinc.org")
        and is_clinical_system("http://hl7.org/fhir/sid/icd-10")
        and not is_clinical_system("")
        and not is_clinical_system("http://hl7.org/fhir/x")
        and not is_clinical_system("urn:ietf:bcp:13")
    )


def test_exceptions_to_denials_and_to_rules_without_a_type() -> None:
    labels = {"securityLabel": [{"code": "V"}, {"code": "HIV"}]}
    opened = says({"type": "deny", **labels, "provision": [{"type": "permit"}]})
    assert opened == (HasAnyLabel(129), NEVER), "an exception to all that is denied opens just that"
    within = says({**labels, "provision": [{"type": "permit"}]})
    assert within == (
        AllOf((LabelsWithin(1 | 64 | 128), HasAnyLabel(1), HasAnyLabel(129))),
        NEVER,
    ), "what a rule without a type is about, whichever way it is read"
    denied = says({**labels, "provision": [{"type": "deny"}]})
    assert denied == (NEVER, HasAnyLabel(129)), "and what it may be about"
