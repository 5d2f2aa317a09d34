"""tools/verify.html in a real Chromium, from a file: it says of every signed opinion what
tools/verify.py says.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from consent.audit.package_verifier import FOLDER, load_verifier
from tests.factories.evidence_packages import LOG_KEY, fingerprint, pem
from tests.factories.opinions import SECOND, make_file, make_key, make_opinion, sign, write_file
from tests.support.opinion_tampering import TAMPERINGS

pytestmark = pytest.mark.browser
VERIFY = """async ([key]) => {
  const file = document.getElementById("file").files[0];
  const report = await verifyFile(file, parseKeys(key), [], null);
  return {verdict: report.verdict, counts: report.counts, notes: report.notes.map(n => n[0]),
    elements: report.facts ? report.facts.elements : null,
    says: [0, 1].map(lang => sayVerdict(report, lang)),
    findings: report.findings.map(f => [f.code, sayFinding(f, 0), sayFinding(f, 1)])};
}"""
verify = load_verifier()
KEYS = make_key()[0].pem + pem(LOG_KEY)


@pytest.fixture(scope="module")
def page(chromium: Any) -> Iterator[Any]:
    context = chromium.new_context(locale="zh-CN", viewport={"width": 390, "height": 860})
    page = context.new_page()
    page.errors = []
    page.on("console", lambda m: page.errors.append(m.text))
    page.on("pageerror", lambda e: page.errors.append(str(e)))
    page.goto((FOLDER / "verify.html").as_uri())
    yield page
    context.close()


def check(page: Any, content: dict[str, Any], folder: Path, keys: str = KEYS) -> tuple[Any, Any]:
    """What the page says, and what the other verifier says."""
    path = write_file(content, folder / "opinion.json")
    page.set_input_files("#file", path)
    other = verify.verify_file(path, verify.parse_keys(keys) if keys else [])
    return page.evaluate(VERIFY, [keys]), other


def test_both_verifiers_say_the_same_of_every_change(page: Any, tmp_path: Path) -> None:
    for tampering in TAMPERINGS:
        found, other = check(page, tampering.make(), tmp_path)
        assert found["verdict"] == other.verdict == "not_intact", tampering.name
        wanted = [[f.code, f.say("zh"), f.say("en")] for f in other.findings]
        if "opinion-form" in other.counts:  # why, each says in words of its own
            assert [f[0] for f in found["findings"]] == [w[0] for w in wanted], tampering.name
        else:
            assert found["findings"] == wanted, tampering.name
        assert found["says"] == [other.say_verdict("zh"), other.say_verdict("en")]


def test_both_say_the_same_of_what_is_intact(page: Any, tmp_path: Path) -> None:
    document = make_opinion()
    both = [sign(document), sign(document, SECOND)]
    for content in (make_file(document, both), make_file(document, both, logged=False)):
        for keys in (KEYS, "", fingerprint(LOG_KEY), make_key()[0].mark):
            found, other = check(page, content, tmp_path, keys)
            assert (found["verdict"], found["notes"]) == (
                other.verdict,
                [n[0] for n in other.notes],
            )
            assert found["says"] == [other.say_verdict("zh"), other.say_verdict("en")]
            assert found["elements"] == [list(e) for e in other.facts["elements"]] != []
    assert found["verdict"] == "intact" and page.errors == []


def test_it_is_read_by_whoever_holds_the_file(page: Any, tmp_path: Path) -> None:
    path = write_file(make_file(), tmp_path / "opinion.json")
    page.set_input_files("#file", path)
    page.fill("#key", KEYS)
    page.click("#go")
    page.wait_for_selector("#result .verdict.intact")
    said = page.inner_text("#result")
    assert "是否转院行冠脉造影" in said and "2. 建议24小时内转院行冠脉造影 & 评估。" in said
    assert "欧阳明月" in said and "司徒云帆" in said and "会诊记录" in said
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
