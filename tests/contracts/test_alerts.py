"""Alert rules and dashboard speak of metrics that the site exports; each rule has a section in
the runbook, and Prometheus takes them.
"""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from alliance.operations.metrics_exposition import GAUGES
from alliance.platform.counters import REGISTRY

FOLDER = Path(__file__).resolve().parents[2] / "docs/operations"
NAME = re.compile(r"\bxinglin_[a-z_]+\b")
RULES: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"]
    for rule in group["rules"]
]
BOARD = json.loads((FOLDER / "grafana.json").read_text())


def exported() -> dict[str, set[str]]:
    """Each series by its name, and the labels that it may have."""
    found = {f"xinglin_{name}": {label} if label else set() for name, (_, label) in GAUGES.items()}
    for metric in REGISTRY._collector_to_names:
        labels = set(metric._labelnames)  # type: ignore[attr-defined]
        for name in REGISTRY._collector_to_names[metric]:
            found[name] = labels | ({"le"} if name.endswith("_bucket") else set())
    return found


def asked(expression: str) -> list[tuple[str, set[str]]]:
    """(metric, labels that are selected by)."""
    return [
        (m[1], set(re.findall(r"([a-z_]+)\s*(?:=~|!=|!~|=)", m[2] or "")) - {"instance"})
        for m in re.finditer(r"\b(xinglin_[a-z_]+)\b(\{[^}]*\})?", expression)
    ]


def unknown(expression: str) -> list[str]:
    there = exported()
    return [
        name for name, labels in asked(expression) if name not in there or not labels <= there[name]
    ]


def test_the_rules_ask_for_what_there_is() -> None:
    assert len(RULES) > 25
    for rule in RULES:
        assert not unknown(rule["expr"]), rule["alert"]
        if rule["alert"] != "SiteDown":
            assert asked(rule["expr"]), rule["alert"]
        used = set(re.findall(r"\$labels\.([a-z_]+)", rule["annotations"]["summary"])) - {
            "instance"
        }
        assert all(used <= exported()[name] for name, _ in asked(rule["expr"])), (
            rule["alert"],
            used,
        )
    assert unknown("xinglin_nothing > 1") and unknown('xinglin_database_up{part="x"}'), (
        "the control"
    )


def test_each_rule_says_what_to_do() -> None:
    headings = re.findall(r"^## (\w+)$", (FOLDER / "runbook.md").read_text(), re.M)
    assert headings == [rule["alert"] for rule in RULES] and len(set(headings)) == len(headings)
    for rule in RULES:
        notes = rule["annotations"]
        assert rule["labels"]["severity"] in ("act", "look") and len(notes["summary"]) > 20
        assert notes["runbook"] == f"docs/operations/runbook.md#{rule['alert'].lower()}"
    for anchor in re.findall(r"\]\(#(\w+)\)", (FOLDER / "runbook.md").read_text()):
        assert anchor in {h.lower() for h in headings}, anchor


def test_the_dashboard_asks_for_what_there_is() -> None:
    panels = [p for p in BOARD["panels"] if p["type"] != "row"]
    expressions = [t["expr"] for p in panels for t in p["targets"]]
    assert (
        len(panels) > 20
        and all(asked(e) for e in expressions)
        and not [e for e in expressions if unknown(e)]
    )
    assert (
        len({p["id"] for p in BOARD["panels"]}) == len(BOARD["panels"])
        and BOARD["uid"] == "xinglin"
    )
    assert {p["datasource"]["uid"] for p in panels} == {"${source}"}, (
        "the reader's Prometheus, whatever it is called there"
    )


def test_prometheus_takes_the_rules() -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed here (Debian package prometheus)")
    done = subprocess.run(
        [promtool, "check", "rules", str(FOLDER / "alerts.yml")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0 and f"{len(RULES)} rules found" in done.stdout, (
        done.stdout + done.stderr
    )
