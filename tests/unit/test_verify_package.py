"""Evidence packages under tools/verify.py: what is intact, every way to change one, and what is not
proved is said.
"""

import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from consent.audit.package_verifier import FOLDER, load_verifier
from consent.audit.signing_keys import parse_pinned_keys
from consent.audit.sm2_suite import SM2
from tests.factories.evidence_packages import (
    BEFORE,
    LOG_KEY,
    OTHER_KEY,
    SIZE,
    SM2_KEY,
    WITNESS_KEYS,
    earlier_head,
    fingerprint,
    make_package,
    pem,
    sign_head,
    sign_twice,
)
from tests.support import tampered_rows, tampered_seals, tampered_seconds
from tests.support.package_tampering import Tampering, matches, trusted

verify = load_verifier()
TAMPERINGS = [*tampered_rows.TAMPERINGS, *tampered_seals.TAMPERINGS, *tampered_seconds.TAMPERINGS]
PINS = verify.parse_keys(fingerprint(LOG_KEY))


def check(path: Path, pins: list[Any] | None = None, **more: Any) -> Any:
    return verify.verify_package(path, PINS if pins is None else pins, **more)


def codes(report: Any) -> list[str]:
    return [f.code for f in report.findings]


@pytest.mark.parametrize("compress", [True, False])
def test_a_package_as_it_was_exported_is_intact(tmp_path: Path, compress: bool) -> None:
    report = check(make_package().write(tmp_path / "a.zip", compress=compress))
    assert codes(report) == [] and report.verdict == "intact" and verify.EXIT["intact"] == 0
    assert report.facts["rows"] == 25 and len(report.facts["witnesses"]) == 2


@pytest.mark.parametrize("exported", [[], [0], [SIZE - 1], list(range(SIZE))])
def test_any_choice_of_lines_is_intact(tmp_path: Path, exported: list[int]) -> None:
    report = check(make_package(exported=exported).write(tmp_path / "a.zip"))
    assert codes(report) == [] and report.facts["rows"] == len(exported)


@pytest.mark.parametrize("size", [1, 2, 3, 8, 64, 65])
def test_any_size_of_the_log_is_intact(tmp_path: Path, size: int) -> None:
    package = make_package(size=size, since=size // 2, exported=list(range(0, size, 2)))
    assert codes(check(package.write(tmp_path / "a.zip"))) == []


@pytest.mark.parametrize("tampering", TAMPERINGS, ids=lambda t: t.name)
def test_a_change_is_named(tmp_path: Path, tampering: Tampering) -> None:
    path = tampering.write(tmp_path / "a.zip")
    report = check(path, verify.parse_keys(trusted(tampering)))
    assert not matches(tampering, report.as_json()["findings"])
    assert report.verdict == ("unreadable" if "unreadable" in tampering.codes else "not_intact")
    for finding in report.findings:
        zh, en = finding.say("zh"), finding.say("en")
        assert "{" not in zh + en and zh != en and not zh.isascii()


def test_without_a_key_a_package_only_fits_itself(tmp_path: Path) -> None:
    mine = make_package().write(tmp_path / "a.zip")
    forged = make_package(log_key=OTHER_KEY).write(tmp_path / "b.zip")
    assert [check(p, []).verdict for p in (mine, forged)] == ["unproved", "unproved"]
    assert [check(p).verdict for p in (mine, forged)] == ["intact", "not_intact"]
    assert verify.EXIT["unproved"] == 2
    changed = make_package()
    changed.members["note.txt"] = b"x"
    assert check(changed.write(tmp_path / "c.zip"), []).verdict == "not_intact"


def test_a_kept_head_and_an_older_package_lead_to_this_one(tmp_path: Path) -> None:
    kept = tmp_path / "kept.json"
    path = make_package().write(tmp_path / "a.zip")

    def against(content: Any) -> list[str]:
        kept.write_text(json.dumps(content))
        return codes(check(path, against=kept))

    head = earlier_head()
    assert against(head.as_json()) == [] == against({"head": head.as_json()})
    assert against(earlier_head(29).as_json()) == [], "by the witness's co-signature"
    assert against(earlier_head(SIZE).as_json()) == []
    assert against(earlier_head(BEFORE - 1).as_json()) == ["against-unproved"]
    assert against(earlier_head(SIZE + 1).as_json()) == ["against-cut"]
    for size in (BEFORE, 29, SIZE):
        other = sign_head(size, b"\x07" * 32).as_json()
        assert against(other) == ["against-consistency"], size
    assert against(sign_head(BEFORE, head.root, OTHER_KEY).as_json()) == ["against-key"]
    assert against({**head.as_json(), "size": BEFORE - 1}) == ["against-key"]
    assert against({"size": 1}) == ["unreadable"]
    older = make_package(size=BEFORE, since=3, exported=[0, 5]).write(tmp_path / "older.zip")
    assert codes(check(path, against=older)) == []


def test_witnesses_that_the_user_names_must_have_co_signed(tmp_path: Path) -> None:
    path = make_package().write(tmp_path / "a.zip")
    known = [verify.parse_keys(fingerprint(k))[0] for k in WITNESS_KEYS.values()]
    report = check(path, witnesses=known)
    assert codes(report) == [] and all(w["confirmed"] for w in report.facts["witnesses"])
    assert "witness" not in [code for code, _ in report.notes]
    report = check(path, witnesses=verify.parse_keys(fingerprint(OTHER_KEY)))
    assert codes(report) == ["witness-missing"]
    assert not any(w["confirmed"] for w in report.facts["witnesses"])


def test_what_is_not_proved_is_said(tmp_path: Path) -> None:
    path = make_package().write(tmp_path / "a.zip")
    said = [code for code, _ in check(path).notes]
    assert said == [
        *("truth", "filter", "readable", "clock", "today", "against", "witness", "sm2-none")
    ]
    package = make_package()
    package.put_json("cosignatures.json", [])
    said = [c for c, _ in check(package.count_files().sign().write(path)).notes]
    assert "nowitness" in said and "witness" not in said


def test_keys_are_read_as_the_installation_prints_them(tmp_path: Path) -> None:
    text = f"name: 杏林\nuntil: 2026-12-01T00:00:00+08:00\n{pem(LOG_KEY)}\n{pem(OTHER_KEY)}"
    own = parse_pinned_keys(text, "x")
    (tmp_path / "keys.pem").write_text(text)
    for found in (verify.parse_keys(text), verify.parse_keys(str(tmp_path / "keys.pem"))):
        assert [(k.mark, k.key, k.until) for k in found] == [
            (p.fingerprint, p.key, p.until) for p in own
        ]
    mark = own[0].fingerprint
    colons = ":".join(mark[i : i + 2] for i in range(0, 64, 2))
    for written in (mark, mark.upper(), f"SHA256:{mark}", colons):
        assert [k.mark for k in verify.parse_keys(written)] == [mark]
    for wrong in ("SHA256:12", "-----BEGIN PUBLIC KEY-----\nMCow\n-----END PUBLIC KEY-----"):
        with pytest.raises((ValueError, OSError)):
            verify.parse_keys(wrong)


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """As a stranger does: this file alone, without anything of ours on the path."""
    return subprocess.run(
        [sys.executable, "-I", str(FOLDER / "verify.py"), *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
    )


def test_it_runs_alone_and_exits_by_its_verdict(tmp_path: Path) -> None:
    path = str(make_package().write(tmp_path / "a.zip"))
    mark = fingerprint(LOG_KEY)
    done = run(path, "--key", mark, "--lang", "en")
    assert done.returncode == 0 and "INTACT: the 25 lines" in done.stdout and "完整" in done.stdout
    assert "What this does not prove" in done.stdout and not done.stderr
    done = run(path)
    assert done.returncode == 2 and "NOT DECIDED" in done.stdout
    done = run(path, "--key", fingerprint(OTHER_KEY), "--json")
    assert done.returncode == 1
    content = json.loads(done.stdout)
    assert content["verdict"] == "not_intact" and content["counts"]["manifest-key"] == 1
    assert run(str(tmp_path / "none.zip"), "--key", mark).returncode == 2
    assert run(path, "--key", "SHA256:12").returncode == 2


def test_what_is_no_package_is_not_decided(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    for data in (b"", b"PK", b"PK\x05\x06" + b"\0" * 18, b"no zip" * 100):
        path.write_bytes(data)
        assert check(path).verdict == "unreadable"
    with zipfile.ZipFile(path, "w") as archive:
        for n in range(70):
            archive.writestr(f"m{n}", b"")
    assert check(path).verdict == "unreadable"


def test_a_row_without_end_is_not_held_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verify, "ROW_BYTES", 1 << 18)
    for name, code in (("lines.ndjson", "line-form"), ("events.csv", "csv-form")):
        package = make_package()
        package.members[name] += b"7" * (1 << 19)
        report = check(package.count_files().sign().write(tmp_path / "a.zip"))
        assert code in codes(report)


def test_the_two_verifiers_say_the_same() -> None:
    page = (FOLDER / "verify.html").read_text()
    for name in ("WORDS", "VERDICTS", "NOTES"):
        text = page.partition(f"const {name} = ")[2].partition("};\n")[0].rstrip(",\n") + "}"
        own = {k: v for k, v in getattr(verify, name).items() if k != "log-differs"}
        assert json.loads(text) == {k: list(v) for k, v in own.items()}, name


def test_either_key_is_enough_for_a_package_that_is_signed_twice(tmp_path: Path) -> None:
    path = sign_twice(make_package()).write(tmp_path / "a.zip")
    marks = {"ed": fingerprint(LOG_KEY), "sm2": SM2_KEY.mark}
    said = {}
    for name, given in {**marks, "both": f"{pem(LOG_KEY)}\n{SM2.pem(SM2_KEY.public)}"}.items():
        report = check(path, verify.parse_keys(given))
        assert codes(report) == [] and report.verdict == "intact", name
        assert report.facts["sm2_key"] == SM2_KEY.mark
        said[name] = {c for c, _ in report.notes} & {"sm2-unpinned", "ed25519-unpinned"}
    assert said == {"ed": {"sm2-unpinned"}, "sm2": {"ed25519-unpinned"}, "both": set()}
    assert check(path, []).verdict == "unproved"
    absent = sign_twice(make_package(), absent="library").write(tmp_path / "b.zip")
    report = check(absent)
    assert report.verdict == "intact"
    assert {"sm2-absent-manifest", "sm2-absent-head"} <= {c for c, _ in report.notes}
    kept = tmp_path / "kept.json"
    head = json.loads(zipfile.ZipFile(path).read("manifest.json"))["head"]
    for change, told in (({}, []), ({"sm2_signature": ""}, ["against-key"])):
        kept.write_text(json.dumps(head | change))
        assert codes(check(path, against=kept)) == told
