"""Purposes fall under what they are a kind of (v3-ActReason); breaking the glass only under
emergencies.
"""

import pytest

from consent.purposes import (
    KNOWN_PURPOSES,
    PARENT_PURPOSE,
    PURPOSE_KINDS,
    purpose_key,
    purposes_covering,
)

ACT_REASON = "http://terminology.hl7.org/CodeSystem/v3-ActReason"


@pytest.mark.parametrize(
    ("purpose", "under"),
    [
        ("TREAT", {"TREAT", "TREATMENT"}),
        ("COC", {"COC", "TREAT", "TREATMENT"}),
        ("ETREAT", {"ETREAT", "TREAT", "TREATMENT"}),
        ("ERTREAT", {"ERTREAT", "ETREAT", "TREAT", "TREATMENT"}),
        ("BTG", {"BTG", "ETREAT"}),
        ("HRESCH", {"HRESCH"}),
        ("PRECLINTRCH", {"PRECLINTRCH", "CLINTRCH", "HRESCH"}),
        ("HQUALIMP", {"HQUALIMP", "HOPERAT"}),
        ("PATRQT", {"PATRQT"}),
        ("urn:any|TREAT", {"urn:any|TREAT"}),
    ],
)
def test_what_a_purpose_falls_under(purpose: str, under: set[str]) -> None:
    assert purposes_covering(purpose) == under


def test_the_hierarchy_is_a_tree_without_rings() -> None:
    assert (
        len(PARENT_PURPOSE) == sum(map(len, PURPOSE_KINDS.values()))
        and set(PURPOSE_KINDS) <= KNOWN_PURPOSES
        and "HTEST" in KNOWN_PURPOSES
    )
    assert all(len(purposes_covering(p)) < 6 for p in KNOWN_PURPOSES)


def test_the_code_system_counts_too() -> None:
    assert (
        purpose_key(ACT_REASON, "TREAT")
        == purpose_key("", "TREAT")
        == purpose_key("urn:oid:2.16.840.1.113883.5.8", "TREAT")
        == "TREAT"
    )
    assert purpose_key("http://example.org/p", "TREAT") == "http://example.org/p|TREAT"
