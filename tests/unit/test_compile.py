"""What compiled consents are, beyond what the oracle sees: simplest forms, explanations, the
words of templates.
"""

import datetime as dt

import pytest

from consent.compile import ConsentViewer, evaluate_node, evaluate_provision
from consent.criteria import (
    ALWAYS,
    NEVER,
    AllOf,
    AnyOf,
    HasAnyLabel,
    LabelsWithin,
    Not,
    OfType,
    and_,
    covers_labels,
    not_,
    or_,
)
from consent.explain import explain_access
from consent.labels import OVERRIDABLE_LABELS, Label, label_from_tag
from consent.provision import has_denial, has_permit, parse_consent
from consent.strength import Strength
from consent.templates import ConsentChoice, ConsentTemplate, build_consent
from consent.terms import ActiveConsent, Facts
from tests.support.deciding import DENY_ME, NOW, PERMIT, request

VIEWER = ConsentViewer("own", "9", "TREAT", NOW)


def test_and_or_not_take_their_simplest_form() -> None:
    kind = OfType(frozenset({"Observation"}))
    assert and_() == ALWAYS and or_() == NEVER and and_(kind) == kind and or_(kind) == kind
    assert (
        and_(kind, NEVER) == NEVER
        and or_(kind, ALWAYS) == ALWAYS
        and and_(kind, kind, ALWAYS) == kind
        and or_(kind, kind, NEVER) == kind
    )
    assert and_(LabelsWithin(3), kind, LabelsWithin(6)) == AllOf((LabelsWithin(2), kind)) and or_(
        LabelsWithin(1), LabelsWithin(3), kind
    ) == AnyOf((LabelsWithin(3), kind))
    assert or_(LabelsWithin(1), LabelsWithin(2)) == AnyOf(
        (LabelsWithin(1), LabelsWithin(2))
    ) and or_(LabelsWithin(3), LabelsWithin(3)) == LabelsWithin(3)
    assert and_(AllOf((kind, HasAnyLabel(1))), HasAnyLabel(1)) == AllOf(
        (kind, HasAnyLabel(1))
    ) and or_(AnyOf((kind, HasAnyLabel(1))), HasAnyLabel(1)) == AnyOf((kind, HasAnyLabel(1)))
    assert (
        not_(ALWAYS) == NEVER
        and not_(NEVER) == ALWAYS
        and not_(Not(kind)) == kind
        and not_(kind) == Not(kind)
    )
    assert (
        covers_labels(ALWAYS, 3)
        and covers_labels(LabelsWithin(7), 3)
        and not covers_labels(LabelsWithin(1), 3)
        and covers_labels(AnyOf((kind, LabelsWithin(3))), 3)
        and not covers_labels(AnyOf((kind, LabelsWithin(1))), 3)
        and not covers_labels(kind, 0)
    )


def test_templates_compile_to_what_they_say() -> None:
    def says(choice: ConsentChoice, source: str = "other"):  # type: ignore[no-untyped-def]
        return evaluate_node(parse_consent(build_consent(choice)), VIEWER, source)

    assert (
        says(ConsentChoice(ConsentTemplate.SHARE)).permits,
        says(ConsentChoice(ConsentTemplate.SHARE)).denies,
    ) == (LabelsWithin(0), NEVER)
    assert says(ConsentChoice(ConsentTemplate.SHARE, kinds=["R"])).permits == LabelsWithin(
        OVERRIDABLE_LABELS
    )
    assert (
        says(ConsentChoice(ConsentTemplate.ONLY, ["own"])).permits == LabelsWithin(0)
        and says(ConsentChoice(ConsentTemplate.ONLY, ["third"])).permits == NEVER
    )
    assert (
        says(ConsentChoice(ConsentTemplate.SHARE, sources=["other"])).permits == LabelsWithin(0)
        and says(ConsentChoice(ConsentTemplate.SHARE, sources=["other"]), "third").permits == NEVER
    )
    assert (
        says(ConsentChoice(ConsentTemplate.NOTHING)).denies == ALWAYS
        and says(ConsentChoice(ConsentTemplate.REFUSE, ["third"])).denies == NEVER
    )
    without = says(ConsentChoice(ConsentTemplate.WITHOUT, kinds=["HIV"], groups=["medicines"]))
    assert isinstance(without.denies, AnyOf) and HasAnyLabel(int(Label.HIV)) in without.denies.parts
    assert has_denial(
        parse_consent(build_consent(ConsentChoice(ConsentTemplate.WITHOUT, kinds=["HIV"])))
    ) and has_permit(
        parse_consent(build_consent(ConsentChoice(ConsentTemplate.WITHOUT, kinds=["HIV"])))
    )
    assert not has_denial(
        parse_consent(build_consent(ConsentChoice(ConsentTemplate.SHARE)))
    ) and not has_permit(parse_consent(build_consent(ConsentChoice(ConsentTemplate.NOTHING))))


def test_tags_restrict_unless_they_are_known_to_be_harmless() -> None:
    assert [label_from_tag("", c) for c in ("N", "M", "L", "U")] == [Label.NONE] * 4
    assert tuple(label_from_tag("", c) for c in ("R", "V", "HIV", "PSYTHPN", "")) == (
        Label.RESTRICTED,
        Label.VERY_RESTRICTED,
        Label.HIV,
        Label.PSY,
        Label.RESTRICTED,
    )


@pytest.mark.parametrize(
    ("system", "code", "label"),
    [
        ("http://terminology.hl7.org/CodeSystem/v3-ActReason", "HTEST", Label.NONE),
        ("http://terminology.hl7.org/CodeSystem/v3-ActReason", "TREAT", Label.NONE),
        ("http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "UNRELIABLE", Label.NONE),
        ("http://terminology.hl7.org/CodeSystem/v3-ActCode", "AUDTR", Label.NONE),
        ("http://terminology.hl7.org/CodeSystem/v3-ActCode", "MASK", Label.RESTRICTED),
        ("http://terminology.hl7.org/CodeSystem/v3-ActCode", "NORDSCLCD", Label.RESTRICTED),
        ("http://terminology.hl7.org/CodeSystem/v3-ActCode", "SPI", Label.RESTRICTED),
        ("http://terminology.hl7.org/CodeSystem/v3-ActCode", "N", Label.RESTRICTED),
        ("http://terminology.hl7.org/CodeSystem/v3-ActCode", "HIV", Label.HIV),
        ("http://hl7.org/fhir/v3/Confidentiality", "N", Label.NONE),
        ("http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "N", Label.NONE),
        ("http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "X", Label.RESTRICTED),
        ("http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "V", Label.VERY_RESTRICTED),
        ("urn:any", "V", Label.VERY_RESTRICTED),
        ("urn:any", "HIV", Label.HIV),
        ("urn:any", "N", Label.RESTRICTED),
        ("urn:any", "AUDTR", Label.RESTRICTED),
        ("urn:any", "HTEST", Label.RESTRICTED),
        ("", "HTEST", Label.RESTRICTED),
        (
            "http://terminology.hl7.org/CodeSystem/v3-ActUSPrivacyLaw",
            "42CFRPart2",
            Label.RESTRICTED,
        ),
    ],
)
def test_a_tag_is_code_and_system(system: str, code: str, label: Label) -> None:
    """Purposes, integrity and what is done here anyway are no confidentiality; all that nobody
    knows restricts.
    """
    assert label_from_tag(system, code) == label


def test_a_permit_inside_a_permit_stands_beside_it() -> None:
    """IHE PCF Advanced: what it names takes the place of what is named around it; what it leaves
    unsaid holds for it too; the period bounds both.
    """

    def says(rule: dict[str, object], viewer: ConsentViewer = VIEWER) -> object:
        return evaluate_node(parse_consent({"provision": rule}, "here"), viewer, "other").permits

    me, other = (
        {
            "role": {"coding": [{"code": "IRCP"}]},
            "reference": {"identifier": {"system": "urn:xinglin:staff", "value": n}},
        }
        for n in ("9", "8")
    )
    normal, psy, hiv = ([{"code": c}] for c in ("N", "PSY", "HIV"))
    mine, theirs = (
        {
            "type": "permit",
            "securityLabel": normal,
            "provision": [{"type": "permit", "securityLabel": psy, "actor": [a]}],
        }
        for a in (me, other)
    )
    assert says(mine) == or_(LabelsWithin(0), and_(HasAnyLabel(2), LabelsWithin(2))) and says(
        theirs
    ) == LabelsWithin(0)
    assert says(
        {"type": "permit", "actor": [other], "provision": [{"type": "permit", "actor": [me]}]}
    ) == LabelsWithin(0), "for another one too"
    assert (
        says(
            {
                "type": "permit",
                "actor": [other],
                "provision": [{"type": "permit", "securityLabel": psy}],
            }
        )
        == NEVER
    ), "whom it does not name, the one around it does"
    assert (
        says(
            {
                "type": "permit",
                "period": {"end": "2020"},
                "provision": [{"type": "permit", "period": {"end": "2999"}}],
            }
        )
        == NEVER
    ), "over is over"
    assert says({"type": "permit", "strange": 1, "provision": [{"type": "permit"}]}) == NEVER, (
        "a condition that nobody understands holds for both"
    )
    kept = says(
        {
            "type": "permit",
            "securityLabel": normal,
            "provision": [
                {"type": "permit", "securityLabel": psy},
                {"type": "deny", "securityLabel": psy},
            ],
        }
    )
    assert isinstance(kept, AllOf) and kept.parts[-1] == Not(HasAnyLabel(2)), (
        "among siblings a denial"
    )
    deep = {
        "type": "permit",
        "securityLabel": normal,
        "provision": [
            {
                "type": "permit",
                "securityLabel": psy,
                "provision": [{"type": "permit", "securityLabel": hiv, "actor": [me]}],
            }
        ],
    }
    assert isinstance(says(deep), AnyOf) and len(says(deep).parts) == 3  # type: ignore[attr-defined]
    written = parse_consent({"provision": mine}, as_written=True)
    assert (
        written.parts[0].actors
        and not written.parts[0].purposes
        and parse_consent({"provision": {**mine, "purpose": [{"code": "TREAT"}]}}).parts[0].purposes
        == ("TREAT",)
    )


def test_an_explanation_names_extent_rules_and_consents() -> None:
    mine, other = explain_access(
        request(), Facts(NOW, related=True, tie=Strength.FULL, consents=(PERMIT,)), ["own", "other"]
    )
    assert (mine.extent, other.extent) == ("all", "part") and [
        (v.code, v.consent) for v in other.reasons
    ] == [("patient_consent", 1)]
    [denied] = explain_access(
        request(),
        Facts(NOW, related=True, tie=Strength.FULL, consents=(PERMIT, DENY_ME)),
        ["other"],
    )
    assert denied.extent == "none" and [(v.kind, v.consent) for v in denied.reasons] == [
        ("deny", 4),
        ("permit", 1),
    ]
    [silent] = explain_access(request(), Facts(NOW, related=True, tie=Strength.FULL), ["other"])
    assert silent.extent == "none" and silent.reasons[0].code == "no_consent"
    lapsed = ActiveConsent(1, PERMIT.rule, Strength.FULL, whole=False)
    assert (
        explain_access(
            request(), Facts(NOW, related=True, tie=Strength.FULL, consents=(lapsed,)), ["other"]
        )[0].extent
        == "none"
    )


def test_a_level_beside_a_kind_says_how_far() -> None:
    def permit(*codes: str):  # type: ignore[no-untyped-def]
        return evaluate_node(
            parse_consent(
                {"provision": {"type": "permit", "securityLabel": [{"code": c} for c in codes]}}
            ),
            VIEWER,
            "other",
        ).permits

    hiv, most = int(Label.HIV), int(Label.VERY_RESTRICTED)
    assert permit("HIV") == AllOf((LabelsWithin(hiv), HasAnyLabel(hiv))) and permit(
        "HIV", "R"
    ) == AllOf((LabelsWithin(hiv | int(Label.RESTRICTED)), HasAnyLabel(hiv)))
    assert (
        permit("HIV", "V")
        == AllOf((LabelsWithin(hiv | int(Label.RESTRICTED) | most), HasAnyLabel(hiv)))
        and permit("R") == LabelsWithin(OVERRIDABLE_LABELS)
        and permit("N") == LabelsWithin(0)
    )
    denied = evaluate_node(
        parse_consent(
            {"provision": {"type": "deny", "securityLabel": [{"code": "HIV"}, {"code": "V"}]}}
        ),
        VIEWER,
        "other",
    ).denies
    assert denied == HasAnyLabel(most | hiv)


def test_what_is_kept_is_what_would_be_compiled_anew() -> None:
    """A rule whose answer depends on the moment or on who of the staff asks is not answered from
    what another was told.
    """
    staff = [
        {
            "role": {"coding": [{"code": "IRCP"}]},
            "reference": {"identifier": {"system": "urn:xinglin:staff", "value": "9"}},
        }
    ]
    for inner in ({"period": {"end": "2025-12-31"}}, {"actor": staff}):
        rule = parse_consent(
            {
                "provision": {
                    "type": "permit",
                    "provision": [
                        {"type": "deny", **inner},
                        {
                            "type": "deny",
                            "class": [
                                {
                                    "system": "http://hl7.org/fhir/resource-types",
                                    "code": "Encounter",
                                }
                            ],
                        },
                    ],
                }
            }
        )
        for viewer in (
            VIEWER,
            ConsentViewer("own", "8", "TREAT", NOW),
            ConsentViewer("own", "9", "TREAT", NOW - dt.timedelta(days=400)),
            ConsentViewer("third", "", "HPAYMT", NOW),
            VIEWER,
        ):
            for urgent in (False, True):
                assert evaluate_provision(rule, viewer, "other", urgent=urgent) == evaluate_node(
                    rule, viewer, "other", urgent=urgent
                )
    assert evaluate_provision(rule, VIEWER, "other").denies == ALWAYS and evaluate_provision(
        rule, ConsentViewer("own", "8", "TREAT", NOW), "other"
    ).denies == OfType(frozenset({"Encounter"}))
