"""Each of the 71 decisions that IHE PCF's examples call for, made by the gate on the examples in
a store; what is decided otherwise stands in docs/implementation/consent.md with its law, and
nothing else is. Skipped where the examples are not at hand.
"""

import json
import re
from typing import Any

import pytest

from tests.pcf.examples import EXAMPLES, ROOT, Stage

pytestmark = pytest.mark.skipif(
    not EXAMPLES.exists(),
    reason=f"IHE PCF's examples are not beside this checkout ({EXAMPLES.name})",
)
TABLE = "### Where we decide otherwise than IHE PCF"
Row = tuple[str, str, str, str]  # example, day, requester, purpose


def expected() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((EXAMPLES / "expected.json").read_text())
    return found


def short(consent: str) -> str:
    return re.sub("^Consent/ex-(consent-)?", "", consent)


def documented(rows: list[Row]) -> dict[Row, set[str]]:
    """What the table says of each of the rows: "+" before what is shown besides, "−" before what
    is withheld; rows of which it says nothing are not there.
    """
    text = (ROOT / "docs/implementation/consent.md").read_text().split(TABLE)[1].split("\n#")[0]
    lines = [
        [c.strip() for c in line.strip("|").split("|")]
        for line in text.splitlines()
        if line.startswith("| ")
    ][1:]
    found: dict[Row, set[str]] = {}
    for examples, who, purposes, differs, reason, law in lines:
        assert len(reason) > 20 and re.search(r"PIPL|民法典|医师法|GB/T", law), (
            f"no reason or law: {examples}"
        )
        for row in rows:
            until = re.search(rf"\b{re.escape(row[0])}(?: until (\S+))?(?:,|$)", examples)
            if (
                until
                and row[2] == who
                and row[3] in purposes.split(", ")
                and (not until[1] or row[1] <= until[1])
            ):
                found[row] = set(re.findall(r"[+−][\w/-]+", differs))
    return found


@pytest.fixture(scope="module")
def stage(server: str) -> Stage:
    return Stage(server)


def test_every_row_is_decided_as_expected_or_as_documented(stage: Stage) -> None:
    every = expected()
    rows = {(short(r["consent"]), r["at"], r["requester"], r["purpose"]): r for r in every["rows"]}
    assert len(rows) == 71
    said = documented(list(rows))
    for name in sorted({r["consent"] for r in rows.values()}):
        with stage.given(name.replace("/", "-")):
            for row, r in rows.items():
                if r["consent"] != name:
                    continue
                seen, wanted = stage.seen(row[2], row[3], row[1]), set(r.get("permitted", ()))
                here = (seen or set()) & set(every["data"])
                differs = {f"+{x.split('/')[1]}" for x in here - wanted} | {
                    f"−{x.split('/')[1]}" for x in wanted - here
                }
                assert differs == said.get(row, set()), f"{row}: {r.get('note', r['basis'])}"
                assert (seen is None) == (r["decision"] == "refuse") or differs, row
                assert "Observation/of-another" not in (seen or ()), "another patient's"
    assert set(said) <= set(rows) and len(said) == 23, "the table speaks of no other rows"


@pytest.mark.parametrize(
    ("name", "who", "shown", "hidden"),
    [
        (
            "consent-basic-treat",
            "clinician",
            {"by-practitioner", "no-encounter", "no-label"},
            {"psychiatry"},
        ),
        (
            "consent-intermediate-authoredby",
            "clinician",
            {"by-practitioner"},
            {"no-encounter", "no-label", "psychiatry"},
        ),
        (
            "consent-intermediate-not-authoredby",
            "clinician",
            {"no-encounter", "no-label"},
            {"by-practitioner", "psychiatry"},
        ),
        (
            "consent-intermediate-encounter",
            "clinician",
            {"by-practitioner", "no-label"},
            {"no-encounter"},
        ),
        (
            "consent-intermediate-not-encounter",
            "clinician",
            {"no-encounter"},
            {"by-practitioner", "no-label", "psychiatry"},
        ),
        (
            "consent-intermediate-data",
            "clinician",
            set(),
            {"by-practitioner", "no-encounter", "no-label", "psychiatry"},
        ),
        (
            "consent-advanced-normal",
            "ex-practitioner",
            {"by-practitioner", "no-encounter", "no-label"},
            {"psychiatry"},
        ),
        ("consent-advanced-normal-restricted", "clinician", {"psychiatry", "no-label"}, set()),
        ("consent-advanced-normal-focused-psy", "clinician", {"no-label"}, {"psychiatry"}),
        (
            "consent-advanced-normal-focused-psy",
            "ex-practitioner",
            {"psychiatry", "no-label"},
            set(),
        ),
        (
            "consent-advanced-normal-focused-psy-or-sdv",
            "ex-practitioner",
            {"psychiatry", "no-encounter"},
            set(),
        ),
        (
            "consent-advanced-normal-focused-psy-or-sdv",
            "clinician",
            {"no-encounter"},
            {"psychiatry"},
        ),
        ("consent-advanced-normal-focused-restricted", "ex-practitioner", {"psychiatry"}, set()),
        ("consent-advanced-normal-focused-restricted", "clinician", {"no-label"}, {"psychiatry"}),
    ],
)
def test_controls_which_the_examples_lack(
    stage: Stage, name: str, who: str, shown: set[str], hidden: set[str]
) -> None:
    """Without these several examples would pass by accident."""
    with stage.given(f"Consent-ex-{name}"):
        seen = {x.split("/")[1] for x in stage.seen(who, "TREAT", "2022-09-01") or ()}
    assert shown <= seen and not hidden & seen and "of-another" not in seen


def test_over_http_as_well(stage: Stage) -> None:
    """A sample: what a system of the treating hospital reads, for which no example names
    anybody.
    """
    rows = [
        r
        for r in expected()["rows"]
        if (r["requester"], r["purpose"]) == ("clinician", "TREAT")
        and re.search("advanced|authoredby|encounter$|basic-reject", r["consent"])
    ]
    assert len(rows) > 8
    for r in rows:
        with stage.given(r["consent"].replace("/", "-")):
            reply = stage.asker(
                "GET", f"Observation?patient={stage.person}&_count=50", base="alliance"
            )
            found = (
                {
                    f"{e['resource']['resourceType']}/{e['resource']['id']}"
                    for e in reply.json.get("entry", [])
                }
                if reply.status == 200
                else set()
            )
            wanted = stage.seen("clinician", "TREAT", r["at"]) or set()
            assert found == {x for x in wanted if x.startswith("Observation/")} and bool(found) == (
                r["decision"] == "permit"
            ), r["consent"]
