"""Signed opinions under tools/verify.py: what is intact, every way to change one, and what is not
proved is said.
"""

import dataclasses
import datetime as dt
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from joserfc import jws as jose
from joserfc.jwk import OKPKey
from joserfc.jws import JWSRegistry

from consent.audit.canonical_line import encode_canonical_json
from consent.audit.package_verifier import FOLDER, load_verifier
from records.consultations.opinion_document import encode_document
from records.consultations.signature_header import encode_part
from tests.factories.evidence_packages import LOG_KEY, OTHER_KEY, fingerprint, make_package, pem
from tests.factories.opinions import (
    AT,
    LEAD,
    SECOND,
    make_file,
    make_key,
    make_opinion,
    sign,
    write_file,
)
from tests.support.opinion_tampering import TAMPERINGS, OpinionTampering

verify = load_verifier()
KEY = make_key()[0]
PINS = verify.parse_keys(KEY.pem) + verify.parse_keys(fingerprint(LOG_KEY))


def check(content: dict[str, Any], folder: Path, pins: list[Any] | None = None) -> Any:
    path = write_file(content, folder / "opinion.json")
    return verify.verify_file(path, PINS if pins is None else pins)


def codes(report: Any) -> list[str]:
    return [f.code for f in report.findings]


@pytest.mark.parametrize("logged", [True, False])
def test_an_opinion_as_it_was_signed_is_intact(tmp_path: Path, logged: bool) -> None:
    document = make_opinion()
    report = check(
        make_file(document, [sign(document), sign(document, SECOND)], logged=logged), tmp_path
    )
    assert codes(report) == [] and report.verdict == "intact"
    assert report.facts["patient"] == "司徒云帆" and report.facts["records"] == 2
    assert f"{LEAD.name}、{SECOND.name}" in report.say_verdict("zh")
    notes = [code for code, _ in report.notes]
    assert ("opinion-nolog" in notes) is not logged and "opinion-log" not in notes


@pytest.mark.parametrize("tampering", TAMPERINGS, ids=lambda t: t.name)
def test_a_change_is_named(tmp_path: Path, tampering: OpinionTampering) -> None:
    report = check(tampering.make(), tmp_path)
    assert codes(report) == list(tampering.codes)
    assert report.verdict == "not_intact"
    assert tampering.says in report.findings[0].say("zh")
    for finding in report.findings:
        zh, en = finding.say("zh"), finding.say("en")
        assert "{" not in zh + en and zh != en and not zh.isascii()


def test_a_byte_of_the_file_is_enough(tmp_path: Path) -> None:
    """Whichever: nothing is read two ways, and nothing in it is not covered."""
    data = write_file(make_file(), tmp_path / "a.json").read_bytes()
    begin = data.index(b'"document":')
    end = data.index(b'"head":')
    for at in range(begin + 12, end - 2, 97):
        changed = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        (tmp_path / "b.json").write_bytes(changed)
        assert verify.verify_file(tmp_path / "b.json", PINS).verdict == "not_intact", at


def test_no_shape_of_a_file_breaks_the_verifier() -> None:
    def walk(node: Any) -> list[tuple[Any, Any]]:
        found: list[tuple[Any, Any]] = []
        for key in node if isinstance(node, dict) else range(len(node)):
            found.append((node, key))
            if isinstance(node[key], dict | list):
                found += walk(node[key])
        return found

    content = make_file()
    covered = ("jws", "key", "document", "kind", "v", "signatures")
    for node, key in walk(content):
        kept = node[key]
        for junk in (None, [], {}, [None], 7, "x"):
            node[key] = junk
            report = verify.verify_opinion(encode_canonical_json(content), PINS)
            if node is content["document"] or key in covered:
                assert report.verdict == "not_intact", (key, junk)
        node[key] = kept
    assert verify.verify_opinion(encode_canonical_json(content), PINS).verdict == "intact"


def test_the_key_comes_from_the_user(tmp_path: Path) -> None:
    log_only = verify.parse_keys(fingerprint(LOG_KEY))
    for pins, verdict, note in (
        ([], "unproved", "opinion-log"),
        (log_only, "unproved", "opinion-nothing"),
        (verify.parse_keys(KEY.mark), "intact", "opinion-log"),
        (verify.parse_keys(fingerprint(OTHER_KEY)), "not_intact", "opinion-log"),
    ):
        report = check(make_file(), tmp_path, pins)
        assert report.verdict == verdict
        assert (note in [code for code, _ in report.notes]) is (note != "opinion-nothing")


def test_an_old_opinion_verifies_under_a_key_that_signs_no_more(tmp_path: Path) -> None:
    def pinned(until: dt.datetime) -> list[Any]:
        return list(verify.parse_keys(dataclasses.replace(KEY, until=until).pem))

    day = dt.timedelta(days=1)
    assert check(make_file(), tmp_path, pinned(AT + day)).verdict == "intact"
    assert codes(check(make_file(), tmp_path, pinned(AT - day))) == ["opinion-time"]


def test_what_stands_twice_is_not_read(tmp_path: Path) -> None:
    text = write_file(make_file(), tmp_path / "a.json").read_text()
    (tmp_path / "b.json").write_text(text.replace('"kind":', '"v":1,"kind":', 1))
    assert codes(verify.verify_file(tmp_path / "b.json", PINS)) == ["opinion-form"]


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
def test_others_programs_verify_the_signature() -> None:
    """A JWS as RFC 7515 has it, over the bytes of the document."""
    document = make_opinion()
    header, _, signature = sign(document).jws.split(".")
    roomy = JWSRegistry(algorithms=["EdDSA"], strict_check_header=False)
    roomy.max_header_length = 20_000
    key = OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": encode_part(KEY.key)})
    whole = f"{header}.{encode_part(encode_document(document))}.{signature}"
    found = jose.deserialize_compact(whole, key, registry=roomy)
    assert found.payload == encode_document(document)
    assert found.headers()["signer"]["name"] == LEAD.name


def test_the_command_takes_both_kinds_of_file(tmp_path: Path) -> None:
    def run(path: Path, *keys: str) -> Any:
        given = [word for key in keys for word in ("--key", key)]
        return subprocess.run(
            [sys.executable, FOLDER / "verify.py", path, *given], capture_output=True, text=True
        )

    path = write_file(make_file(), tmp_path / "opinion.json")
    told = run(path, KEY.mark, fingerprint(LOG_KEY))
    assert (
        told.returncode == 0
        and "会诊意见：1. 考虑不稳定型心绞痛<高危>" in told.stdout
        and "INTACT" in told.stdout
    )
    assert run(path).returncode == 2
    (tmp_path / "key.pem").write_text(KEY.pem + pem(LOG_KEY))
    assert run(path, str(tmp_path / "key.pem")).returncode == 0
    package = make_package().write(tmp_path / "a.zip")
    assert run(package, fingerprint(LOG_KEY)).returncode == 0
