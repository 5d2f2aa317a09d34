"""What compiled consents are, beyond what the oracle sees: simplest forms, explanations, the words of templates."""

import datetime as dt

import pytest

from consent.compile import Viewer, outcome, says
from consent.criteria import ALWAYS, NEVER, Every, No, OfType, Some, Touching, Within, both, covers, either, negated
from consent.explain import explain
from consent.labels import OVERRIDABLE_LABELS, Label, of_tag
from consent.provision import denies, permits, read
from consent.strength import Strength
from consent.templates import Choice, Template, consent
from consent.terms import Facts, Standing
from tests.unit.test_decide import DENY_ME, NOW, PERMIT, request

VIEWER = Viewer("own", "9", "TREAT", NOW)


def test_and_or_not_take_their_simplest_form() -> None:
    kind = OfType(frozenset({"Observation"}))
    assert both() == ALWAYS and either() == NEVER and both(kind) == kind and either(kind) == kind
    assert both(kind, NEVER) == NEVER and either(kind, ALWAYS) == ALWAYS and both(kind, kind, ALWAYS) == kind and either(kind, kind, NEVER) == kind
    assert both(Within(3), kind, Within(6)) == Every((Within(2), kind)) and either(Within(1), Within(3), kind) == Some((Within(3), kind))
    assert either(Within(1), Within(2)) == Some((Within(1), Within(2))) and either(Within(3), Within(3)) == Within(3)
    assert both(Every((kind, Touching(1))), Touching(1)) == Every((kind, Touching(1))) and either(Some((kind, Touching(1))), Touching(1)) == Some((kind, Touching(1)))
    assert negated(ALWAYS) == NEVER and negated(NEVER) == ALWAYS and negated(No(kind)) == kind and negated(kind) == No(kind)
    assert covers(ALWAYS, 3) and covers(Within(7), 3) and not covers(Within(1), 3) and covers(Some((kind, Within(3))), 3) and not covers(Some((kind, Within(1))), 3) and not covers(kind, 0)


def test_templates_compile_to_what_they_say() -> None:
    def says(choice: Choice, source: str = "other"):  # type: ignore[no-untyped-def]
        return outcome(read(consent(choice)), VIEWER, source)

    assert (says(Choice(Template.SHARE)).permits, says(Choice(Template.SHARE)).denies) == (Within(0), NEVER)
    assert says(Choice(Template.SHARE, kinds=["R"])).permits == Within(OVERRIDABLE_LABELS)
    assert says(Choice(Template.ONLY, ["own"])).permits == Within(0) and says(Choice(Template.ONLY, ["third"])).permits == NEVER
    assert says(Choice(Template.SHARE, sources=["other"])).permits == Within(0) and says(Choice(Template.SHARE, sources=["other"]), "third").permits == NEVER
    assert says(Choice(Template.NOTHING)).denies == ALWAYS and says(Choice(Template.REFUSE, ["third"])).denies == NEVER
    without = says(Choice(Template.WITHOUT, kinds=["HIV"], groups=["medicines"]))
    assert isinstance(without.denies, Some) and Touching(int(Label.HIV)) in without.denies.parts
    assert denies(read(consent(Choice(Template.WITHOUT, kinds=["HIV"])))) and permits(read(consent(Choice(Template.WITHOUT, kinds=["HIV"]))))
    assert not denies(read(consent(Choice(Template.SHARE)))) and not permits(read(consent(Choice(Template.NOTHING))))


def test_tags_restrict_unless_they_are_known_to_be_harmless() -> None:
    assert [of_tag("", c) for c in ("N", "M", "L", "U")] == [Label.NONE] * 4
    assert tuple(of_tag("", c) for c in ("R", "V", "HIV", "PSYTHPN", "")) == (Label.RESTRICTED, Label.VERY_RESTRICTED, Label.HIV, Label.PSY, Label.RESTRICTED)


@pytest.mark.parametrize(("system", "code", "label"), [
    ("http://terminology.hl7.org/CodeSystem/v3-ActReason", "HTEST", Label.NONE), ("http://terminology.hl7.org/CodeSystem/v3-ActReason", "TREAT", Label.NONE),
    ("http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "UNRELIABLE", Label.NONE), ("http://terminology.hl7.org/CodeSystem/v3-ActCode", "AUDTR", Label.NONE),
    ("http://terminology.hl7.org/CodeSystem/v3-ActCode", "MASK", Label.RESTRICTED), ("http://terminology.hl7.org/CodeSystem/v3-ActCode", "NORDSCLCD", Label.RESTRICTED),
    ("http://terminology.hl7.org/CodeSystem/v3-ActCode", "SPI", Label.RESTRICTED), ("http://terminology.hl7.org/CodeSystem/v3-ActCode", "N", Label.RESTRICTED),
    ("http://terminology.hl7.org/CodeSystem/v3-ActCode", "HIV", Label.HIV), ("http://hl7.org/fhir/v3/Confidentiality", "N", Label.NONE),
    ("http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "N", Label.NONE), ("http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "X", Label.RESTRICTED),
    ("http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "V", Label.VERY_RESTRICTED), ("urn:any", "V", Label.VERY_RESTRICTED), ("urn:any", "HIV", Label.HIV),
    ("urn:any", "N", Label.RESTRICTED), ("urn:any", "AUDTR", Label.RESTRICTED), ("urn:any", "HTEST", Label.RESTRICTED), ("", "HTEST", Label.RESTRICTED),
    ("http://terminology.hl7.org/CodeSystem/v3-ActUSPrivacyLaw", "42CFRPart2", Label.RESTRICTED),
])
def test_a_tag_is_code_and_system(system: str, code: str, label: Label) -> None:
    """Purposes, integrity and what is done here anyway are no confidentiality; all that nobody knows restricts."""
    assert of_tag(system, code) == label


def test_a_permit_inside_a_permit_stands_beside_it() -> None:
    """IHE PCF Advanced: what it names takes the place of what is named around it; what it leaves unsaid holds for it too; the period bounds both."""
    def says(rule: dict[str, object], viewer: Viewer = VIEWER) -> object:
        return outcome(read({"provision": rule}, "here"), viewer, "other").permits

    me, other = ({"role": {"coding": [{"code": "IRCP"}]}, "reference": {"identifier": {"system": "urn:xinglin:staff", "value": n}}} for n in ("9", "8"))
    normal, psy, hiv = ([{"code": c}] for c in ("N", "PSY", "HIV"))
    mine, theirs = ({"type": "permit", "securityLabel": normal, "provision": [{"type": "permit", "securityLabel": psy, "actor": [a]}]} for a in (me, other))
    assert says(mine) == either(Within(0), both(Touching(2), Within(2))) and says(theirs) == Within(0)
    assert says({"type": "permit", "actor": [other], "provision": [{"type": "permit", "actor": [me]}]}) == Within(0), "for another one too"
    assert says({"type": "permit", "actor": [other], "provision": [{"type": "permit", "securityLabel": psy}]}) == NEVER, "whom it does not name, the one around it does"
    assert says({"type": "permit", "period": {"end": "2020"}, "provision": [{"type": "permit", "period": {"end": "2999"}}]}) == NEVER, "over is over"
    assert says({"type": "permit", "strange": 1, "provision": [{"type": "permit"}]}) == NEVER, "a condition that nobody understands holds for both"
    kept = says({"type": "permit", "securityLabel": normal, "provision": [{"type": "permit", "securityLabel": psy}, {"type": "deny", "securityLabel": psy}]})
    assert isinstance(kept, Every) and kept.parts[-1] == No(Touching(2)), "among siblings a denial"
    deep = {"type": "permit", "securityLabel": normal, "provision": [{"type": "permit", "securityLabel": psy, "provision": [{"type": "permit", "securityLabel": hiv, "actor": [me]}]}]}
    assert isinstance(says(deep), Some) and len(says(deep).parts) == 3  # type: ignore[attr-defined]
    written = read({"provision": mine}, as_written=True)
    assert written.parts[0].actors and not written.parts[0].purposes and read({"provision": {**mine, "purpose": [{"code": "TREAT"}]}}).parts[0].purposes == ("TREAT",)


def test_an_explanation_names_extent_rules_and_consents() -> None:
    mine, other = explain(request(), Facts(NOW, related=True, tie=Strength.FULL, consents=(PERMIT,)), ["own", "other"])
    assert (mine.extent, other.extent) == ("all", "part") and [(v.code, v.consent) for v in other.reasons] == [("patient_consent", 1)]
    [denied] = explain(request(), Facts(NOW, related=True, tie=Strength.FULL, consents=(PERMIT, DENY_ME)), ["other"])
    assert denied.extent == "none" and [(v.kind, v.consent) for v in denied.reasons] == [("deny", 4), ("permit", 1)]
    [silent] = explain(request(), Facts(NOW, related=True, tie=Strength.FULL), ["other"])
    assert silent.extent == "none" and silent.reasons[0].code == "no_consent"
    lapsed = Standing(1, PERMIT.rule, Strength.FULL, whole=False)
    assert explain(request(), Facts(NOW, related=True, tie=Strength.FULL, consents=(lapsed,)), ["other"])[0].extent == "none"


def test_a_level_beside_a_kind_says_how_far() -> None:
    def permit(*codes: str):  # type: ignore[no-untyped-def]
        return outcome(read({"provision": {"type": "permit", "securityLabel": [{"code": c} for c in codes]}}), VIEWER, "other").permits

    hiv, most = int(Label.HIV), int(Label.VERY_RESTRICTED)
    assert permit("HIV") == Every((Within(hiv), Touching(hiv))) and permit("HIV", "R") == Every((Within(hiv | int(Label.RESTRICTED)), Touching(hiv)))
    assert permit("HIV", "V") == Every((Within(hiv | int(Label.RESTRICTED) | most), Touching(hiv))) and permit("R") == Within(OVERRIDABLE_LABELS) and permit("N") == Within(0)
    denied = outcome(read({"provision": {"type": "deny", "securityLabel": [{"code": "HIV"}, {"code": "V"}]}}), VIEWER, "other").denies
    assert denied == Touching(most | hiv)


def test_what_is_kept_is_what_would_be_compiled_anew() -> None:
    """A rule whose answer depends on the moment or on who of the staff asks is not answered from what another was told."""
    staff = [{"role": {"coding": [{"code": "IRCP"}]}, "reference": {"identifier": {"system": "urn:xinglin:staff", "value": "9"}}}]
    for inner in ({"period": {"end": "2025-12-31"}}, {"actor": staff}):
        rule = read({"provision": {"type": "permit", "provision": [{"type": "deny", **inner}, {"type": "deny", "class": [{"system": "http://hl7.org/fhir/resource-types", "code": "Encounter"}]}]}})
        for viewer in (VIEWER, Viewer("own", "8", "TREAT", NOW), Viewer("own", "9", "TREAT", NOW - dt.timedelta(days=400)), Viewer("third", "", "HPAYMT", NOW), VIEWER):
            for urgent in (False, True):
                assert says(rule, viewer, "other", urgent=urgent) == outcome(rule, viewer, "other", urgent=urgent)
    assert says(rule, VIEWER, "other").denies == ALWAYS and says(rule, Viewer("own", "8", "TREAT", NOW), "other").denies == OfType(frozenset({"Encounter"}))
