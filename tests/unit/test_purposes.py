"""Purposes fall under what they are a kind of (v3-ActReason); breaking the glass only under emergencies."""

import pytest

from consent.purposes import ABOVE, KINDS, KNOWN, covering, named

ACT_REASON = "http://terminology.hl7.org/CodeSystem/v3-ActReason"


@pytest.mark.parametrize(("purpose", "under"), [
    ("TREAT", {"TREAT", "TREATMENT"}), ("COC", {"COC", "TREAT", "TREATMENT"}), ("ETREAT", {"ETREAT", "TREAT", "TREATMENT"}), ("ERTREAT", {"ERTREAT", "ETREAT", "TREAT", "TREATMENT"}),
    ("BTG", {"BTG", "ETREAT"}), ("HRESCH", {"HRESCH"}), ("PRECLINTRCH", {"PRECLINTRCH", "CLINTRCH", "HRESCH"}), ("HQUALIMP", {"HQUALIMP", "HOPERAT"}), ("PATRQT", {"PATRQT"}),
    ("urn:any|TREAT", {"urn:any|TREAT"}),
])
def test_what_a_purpose_falls_under(purpose: str, under: set[str]) -> None:
    assert covering(purpose) == under


def test_the_hierarchy_is_a_tree_without_rings() -> None:
    assert len(ABOVE) == sum(map(len, KINDS.values())) and set(KINDS) <= KNOWN and "HTEST" in KNOWN
    assert all(len(covering(p)) < 6 for p in KNOWN)


def test_the_code_system_counts_too() -> None:
    assert named(ACT_REASON, "TREAT") == named("", "TREAT") == named("urn:oid:2.16.840.1.113883.5.8", "TREAT") == "TREAT"
    assert named("http://example.org/p", "TREAT") == "http://example.org/p|TREAT"
