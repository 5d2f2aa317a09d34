"""tools/verify.html in a real Chromium, from a file: it says of every package what tools/verify.py
says, uses no network, and works by keyboard and on a phone.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from consent.audit.package_verifier import FOLDER, load_verifier
from tests.factories.evidence_packages import (
    BEFORE,
    LOG_KEY,
    OTHER_KEY,
    SIZE,
    WITNESS_KEYS,
    earlier_head,
    fingerprint,
    make_package,
    sign_head,
)
from tests.support import tampered_rows, tampered_seals, tampered_seconds
from tests.support.accessible import list_faults
from tests.support.package_tampering import Tampering, matches, trusted

pytestmark = pytest.mark.browser
TAMPERINGS = [*tampered_rows.TAMPERINGS, *tampered_seals.TAMPERINGS, *tampered_seconds.TAMPERINGS]
VERIFY = """async ([key, witness]) => {
  const against = document.getElementById("against").files[0] || null;
  const report = await verifyPackage(
    document.getElementById("file").files[0], parseKeys(key), parseKeys(witness), against);
  return {verdict: report.verdict, counts: report.counts, notes: report.notes.map(n => n[0]),
    findings: report.findings.map(f => ({code: f.code, member: f.member, row: f.row,
      column: f.column, zh: sayFinding(f, 0), en: sayFinding(f, 1)}))};
}"""
verify = load_verifier()


@pytest.fixture(scope="module")
def page(chromium: Any) -> Iterator[Any]:
    context = chromium.new_context(locale="zh-CN", viewport={"width": 390, "height": 860})
    page = context.new_page()
    page.errors, page.asked = [], []
    page.on("console", lambda m: page.errors.append(m.text))
    page.on("pageerror", lambda e: page.errors.append(str(e)))
    page.on("request", lambda r: page.asked.append(r.url))
    page.goto((FOLDER / "verify.html").as_uri())
    yield page
    context.close()


def check(page: Any, path: Path, key: str, witness: str = "", against: Path | None = None) -> Any:
    page.set_input_files("#file", path)
    page.set_input_files("#against", [against] if against else [])
    return page.evaluate(VERIFY, [key, witness])


@pytest.mark.parametrize("tampering", TAMPERINGS, ids=lambda t: t.name)
def test_a_change_is_named_as_by_the_other(page: Any, tmp_path: Path, tampering: Tampering) -> None:
    path = tampering.write(tmp_path / "a.zip")
    found = check(page, path, trusted(tampering))
    assert not matches(tampering, found["findings"])
    other = verify.verify_package(path, verify.parse_keys(trusted(tampering))).as_json()
    assert (found["verdict"], found["counts"]) == (other["verdict"], other["counts"])
    if not {"why", "unreadable"} & set(tampering.codes):
        places = [[f[k] for k in ("code", "member", "row", "column")] for f in found["findings"]]
        assert places == [
            [f[k] for k in ("code", "member", "row", "column")] for f in other["findings"]
        ]


@pytest.mark.parametrize("compress", [True, False])
def test_what_is_intact_is_intact(page: Any, tmp_path: Path, compress: bool) -> None:
    key, witnesses = fingerprint(LOG_KEY), "\n".join(map(fingerprint, WITNESS_KEYS.values()))
    for exported in (None, [], [0], list(range(SIZE))):
        package = make_package(exported=exported)
        path = package.write(tmp_path / "a.zip", compress=compress)
        found = check(page, path, key, witnesses)
        assert found["verdict"] == "intact" and found["findings"] == []
        assert found["notes"] == [
            *("truth", "filter", "readable", "clock", "today", "against", "sm2-none")
        ]
    assert check(page, path, "")["verdict"] == "unproved"
    found = check(page, path, key, fingerprint(OTHER_KEY))
    assert found["counts"] == {"witness-missing": 1} and "witness" in found["notes"]


def test_a_kept_head_leads_to_the_package(page: Any, tmp_path: Path) -> None:
    path = make_package().write(tmp_path / "a.zip")
    older = make_package(size=BEFORE, since=3, exported=[0]).write(tmp_path / "older.zip")
    kept = tmp_path / "kept.json"
    heads = [earlier_head(n) for n in (BEFORE, 29, SIZE, BEFORE - 1, SIZE + 1)]
    heads += [sign_head(n, b"\x07" * 32) for n in (BEFORE, 29, SIZE)]
    heads += [sign_head(BEFORE, earlier_head().root, OTHER_KEY)]
    seen = []
    for head in heads:
        kept.write_text(json.dumps(head.as_json()))
        found = check(page, path, fingerprint(LOG_KEY), against=kept)["counts"]
        pins = verify.parse_keys(fingerprint(LOG_KEY))
        assert found == verify.verify_package(path, pins, against=kept).as_json()["counts"]
        seen.append(next(iter(found), ""))
    assert seen == ["", "", "", "against-unproved", "against-cut"] + ["against-consistency"] * 3 + [
        "against-key"
    ]
    assert check(page, path, fingerprint(LOG_KEY), against=older)["verdict"] == "intact"
    kept.write_text("{}")
    assert check(page, path, "", against=kept)["verdict"] == "unreadable"


def test_it_uses_no_network_and_writes_no_markup(page: Any) -> None:
    text = (FOLDER / "verify.html").read_text()
    assert "default-src 'none'" in text
    for word in ("http:", "https:", "innerHTML", "outerHTML", "insertAdjacent", "document.write",
                 "eval(", "new Function", "XMLHttpRequest", "WebSocket", "import("):  # fmt: skip
        assert word not in text, word
    refused = page.evaluate("fetch('http://127.0.0.1:9/').then(() => false, () => true)")
    assert refused and [e for e in page.errors if "Content Security Policy" in e], "the control"
    assert {u.partition(":")[0] for u in page.asked} <= {"file", "blob"}


@pytest.mark.parametrize(("locale", "width"), [("zh-CN", 1440), ("en-US", 390)])
def test_somebody_verifies_a_package(
    chromium: Any, tmp_path: Path, locale: str, width: int
) -> None:
    good = make_package()
    good.manifest["reason"] = "<img src=x onerror=alert(1)>" + "很长的理由" * 40
    good.manifest["exported_by"]["name"] = "阿卜杜热合曼·买买提依明"
    path = good.sign().write(tmp_path / "很长的文件名-2026年11月-证据包.zip")
    bad = make_package()
    bad.table = bad.table[:9]
    bad.write(tmp_path / "b.zip")
    context = chromium.new_context(locale=locale, viewport={"width": width, "height": 860})
    page = context.new_page()
    errors: list[str] = []
    page.on("console", lambda m: errors.append(m.text))
    page.goto((FOLDER / "verify.html").as_uri())
    page.click("#go")
    assert ("请先选择" in page.inner_text("#result")) == (locale == "zh-CN")
    page.set_input_files("#file", path)
    page.fill("#key", "SHA256:12")
    page.click("#go")
    assert "SHA256:12" in page.inner_text("#result")
    page.fill("#key", fingerprint(LOG_KEY))
    page.focus("#go")
    page.keyboard.press("Enter")
    page.wait_for_selector(".verdict.intact")
    said = page.inner_text("#result")
    assert "完整：25条" in said and "INTACT: the 25 lines" in said and "<img src=x" in said
    assert page.evaluate("document.activeElement.id") == "result"
    page.set_input_files("#file", tmp_path / "b.zip")
    page.click("#go")
    page.wait_for_selector(".verdict.not_intact")
    assert "csv-missing" in page.inner_text("#result")
    before = page.inner_text("h1")
    page.click("#language")
    assert page.inner_text("h1") != before and "csv-missing" in page.inner_text("#result")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.click("summary")
    assert list_faults(page) == []
    assert errors == []
    context.close()
