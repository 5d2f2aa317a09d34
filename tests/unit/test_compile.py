"""What compiled consents are, beyond what the oracle sees: simplest forms, explanations, the words of templates."""

import datetime as dt

from consent.compile import Viewer, outcome, says
from consent.criteria import ALWAYS, NEVER, Every, No, OfType, Some, Touching, Within, both, covers, either, negated
from consent.explain import explain
from consent.labels import OVERRIDABLE_LABELS, Label, of_tag
from consent.provision import denies, permits, read
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
    assert says(Choice(Template.NOTHING)).denies == ALWAYS and says(Choice(Template.NOTHING, ["third"])).denies == NEVER
    without = says(Choice(Template.WITHOUT, kinds=["HIV"], groups=["medicines"]))
    assert isinstance(without.denies, Some) and Touching(int(Label.HIV)) in without.denies.parts
    assert denies(read(consent(Choice(Template.WITHOUT, kinds=["HIV"])))) and permits(read(consent(Choice(Template.WITHOUT, kinds=["HIV"]))))
    assert not denies(read(consent(Choice(Template.SHARE)))) and not permits(read(consent(Choice(Template.NOTHING))))


def test_tags_restrict_unless_they_are_known_to_be_harmless() -> None:
    assert [of_tag(c) for c in ("N", "M", "L", "U")] == [Label.NONE] * 4
    assert (of_tag("R"), of_tag("V"), of_tag("HIV"), of_tag("PSYTHPN"), of_tag("")) == (Label.RESTRICTED, Label.VERY_RESTRICTED, Label.HIV, Label.PSY, Label.RESTRICTED)


def test_an_explanation_names_extent_rules_and_consents() -> None:
    mine, other = explain(request(), Facts(NOW, related=True, consents=(PERMIT,)), ["own", "other"])
    assert (mine.extent, other.extent) == ("all", "part") and [(v.code, v.consent) for v in other.reasons] == [("patient_consent", 1)]
    [denied] = explain(request(), Facts(NOW, related=True, consents=(PERMIT, DENY_ME)), ["other"])
    assert denied.extent == "none" and [(v.kind, v.consent) for v in denied.reasons] == [("deny", 4), ("permit", 1)]
    [silent] = explain(request(), Facts(NOW, related=True), ["other"])
    assert silent.extent == "none" and silent.reasons[0].code == "no_consent"
    lapsed = Standing(1, PERMIT.rule, whole=False)
    assert explain(request(), Facts(NOW, related=True, consents=(lapsed,)), ["other"])[0].extent == "none"


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
