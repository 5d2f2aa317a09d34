"""The official R4 example Consents, read and compiled: what each permits and denies."""

import datetime as dt
import json
from typing import Any

import pytest

from consent.compile import ConsentViewer, evaluate_node
from consent.criteria import ALWAYS, NEVER, Criterion, LabelsWithin, covers_labels
from consent.provision import parse_consent
from tests.support import official

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def examples() -> dict[str, Any]:
    return {c["id"]: c for c in official.read(official.sample(), "Consent")}  # type: ignore[misc]


def says(
    consent: dict[str, Any], now: dt.datetime = NOW, source: str = "other"
) -> tuple[Criterion, Criterion]:
    found = evaluate_node(
        parse_consent(consent, "store"), ConsentViewer("own", "9", "TREAT", now), source
    )
    return found.permits, found.denies


def test_each_is_read(examples: dict[str, Any]) -> None:
    assert len(examples) >= 12
    for consent in examples.values():
        says(consent)


def test_what_they_say(examples: dict[str, Any]) -> None:
    """Organization/f001 and Practitioner/f204 are nobody's here: what they are denied is denied
    to all, what they are permitted to nobody.
    """
    basic = examples["consent-example-basic"]
    assert says(basic) == (NEVER, NEVER) and says(
        basic, dt.datetime(2015, 5, 5, tzinfo=dt.UTC)
    ) == (LabelsWithin(0), NEVER), "opted in until 2016"
    assert says(examples["consent-example-Out"]) == (NEVER, ALWAYS), "opted out of what f001 keeps"
    assert says(examples["consent-example-notOrg"]) == (NEVER, ALWAYS), "opted in, but not for f001"
    assert says(examples["consent-example-notThem"])[0] == NEVER
    term = examples["consent-example-notTime"]
    assert says(term) == (NEVER, NEVER) and says(term, dt.datetime(2015, 1, 15, tzinfo=dt.UTC)) == (
        LabelsWithin(0),
        NEVER,
    )
    smart = examples["consent-example-smartonfhir"]
    assert says(smart) == (NEVER, NEVER)
    inside = says(smart, dt.datetime(2016, 6, 23, 7, 15, tzinfo=dt.UTC))
    assert covers_labels(inside[0], 0) and not covers_labels(inside[0], 1) and inside[1] == NEVER, (
        "opted in for half an hour; what it permits besides lies within"
    )


def test_members_that_are_known_are_told_apart(examples: dict[str, Any]) -> None:
    """The same, with f001 a member: its code stands in the identifier, as filing puts it."""
    consent = json.loads(
        json.dumps(examples["consent-example-notOrg"]).replace(
            '"reference": "Organization/f001"',
            '"identifier": {"system": "urn:xinglin:hospital", "value": "f001"}',
        )
    )
    own = evaluate_node(parse_consent(consent), ConsentViewer("own", "9", "TREAT", NOW), "other")
    assert (own.permits, own.denies) == (LabelsWithin(0), NEVER), "others may"
    f001 = evaluate_node(parse_consent(consent), ConsentViewer("f001", "9", "TREAT", NOW), "other")
    assert (f001.permits, f001.denies) == (NEVER, ALWAYS), "f001 may not"
