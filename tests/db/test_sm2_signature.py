"""The second signature of the log, by SM2: turned on, changed and off by the operator, on a log of
its own. Each tampering with it is named; what is missing neither stops the sealer nor is silent.
"""

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from alliance.operations.second_signature_inspection import inspect_sm2
from alliance.platform import state_files
from consent.audit import libcrypto_sm2, sealer, signing_keys, verify
from consent.audit.archive_manifest import ArchiveManifest, LinePlace
from consent.audit.export_check import check_export
from consent.audit.log_export import export_log
from consent.audit.log_query import AuditFilter
from consent.audit.sealer import LogCut, seal_all
from consent.audit.tree_head import TreeHead, load_newest_head
from consent.services.case_packages import UnverifiedManifest, verify_manifest
from records.agent.checkpoint import open_checkpoint
from tests.support.tampering import (
    Undo,
    all_sealed,
    base,
    faults,
    line,
    log,
    one,
    sql,
)
from tests.wait_until import wait_until

__all__ = ["base", "log"]


@pytest.fixture
def home(log: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state folder of the log's own."""
    monkeypatch.setattr(state_files, "state_folder", lambda: tmp_path)
    (tmp_path / "secrets").mkdir()
    return tmp_path


def switch(to: str) -> None:
    sql("UPDATE consent_audit_sealer SET checked_at = now() - interval '1 minute'")
    call_command("audit_key", sm2=to)


def sealed(target: str) -> TreeHead:
    line(target)
    wait_until(all_sealed, "it is sealed")
    head = load_newest_head()
    assert head is not None
    return head


@pytest.fixture
def on(home: Path) -> Iterator[Path]:
    """Two heads under SM2."""
    switch("on")
    sealed("first")
    sealed("second")
    yield home


def gone(*_: object) -> None:
    raise libcrypto_sm2.Sm2Unavailable("it is not there")


def inspected() -> tuple[bool, str]:
    with connection.cursor() as cursor:
        found = inspect_sm2(cursor)
    return found.ok, found.says


def told_after(*statements: str) -> list[str]:
    """What the check says of the log after these, which are taken back."""
    found: list[str] = []
    try:
        with transaction.atomic():
            sql(*statements)
            found = verify.verify_log_in_transaction().faults
            raise Undo
    except Undo:
        return found


def test_it_is_off_until_it_is_turned_on(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert sealed("before").second is None and inspected()[0]
    call_command("audit_key", sm2="show")
    assert "off: heads are signed with Ed25519 alone" in capsys.readouterr().out
    sealer.seal_all()
    with pytest.raises(CommandError, match="The sealer runs"):
        call_command("audit_key", sm2="on")
    with pytest.raises(CommandError, match="is off"):
        switch("off")
    switch("on")
    with pytest.raises(CommandError, match="on already"):
        switch("on")
    head = sealed("under both")
    assert head.second and head.second.signature and not head.second.absent
    assert (home / "secrets/audit_sm2_key").stat().st_mode & 0o777 == 0o600
    report = verify.verify_log()
    assert report.intact and report.sm2_heads >= 1 and inspected()[0]
    assert not any("SM2" in notice for notice in report.notices)
    switch("off")
    after = sealed("off again")
    assert after.second is None and not (home / "secrets/audit_sm2_key").exists()
    assert faults() == [], "what it signed goes on to prove"


def test_an_old_key_of_sm2_goes_on_to_prove_what_it_signed(
    on: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = signing_keys.find_open_sm2_pin()
    before = load_newest_head()
    switch("renew")
    after, new = sealed("under the next"), signing_keys.find_open_sm2_pin()
    assert old and new and before and before.second and after.second
    assert before.second.key == old.key != new.key == after.second.key
    assert faults() == []
    capsys.readouterr()
    call_command("audit_key", sm2="show")
    printed = on / "auditor.pem"
    call_command("audit_key")
    printed.write_text(capsys.readouterr().out)
    pins = signing_keys.parse_given_pins(str(printed))
    assert [p.suite for p in pins] == ["SM2", "SM2", "Ed25519"]
    assert verify.verify_log(pinned_keys=pins).intact
    swapped = [p for p in pins if p.fingerprint != old.fingerprint]
    found = verify.verify_log(pinned_keys=swapped).faults
    assert any("SM2: it is signed by a key that is not pinned" in f for f in found)


def test_keys_of_either_suite_are_enough_where_it_signed(on: Path) -> None:
    head = load_newest_head()
    pins = signing_keys.load_own_pins()
    assert head and head.find_fault(pins) == ""
    for suite in ("SM2", "Ed25519"):
        assert head.find_fault([p for p in pins if p.suite == suite]) == "", suite
    mark = next(p for p in pins if p.suite == "SM2").mark
    assert mark.startswith("SM3:") and head.find_fault(signing_keys.parse_given_pins(mark)) == ""
    other = signing_keys.parse_given_pins("SM3:" + "ab" * 32)
    assert "SM2: it is signed by a key that is not pinned" in head.find_fault(other)
    earlier = [p for p in pins if p.suite == "Ed25519"]
    notices = verify.verify_log(pinned_keys=earlier).notices
    assert any("by keys that are not pinned" in n and mark in n for n in notices)


TAMPERINGS = {
    "second_signature = set_byte(second_signature, 20, get_byte(second_signature, 20) # 1)": (
        "SM2: its signature does not fit"
    ),
    "second_signature = NULL": "that signature is gone: it was taken out",
    "second_key = NULL, second_signature = NULL": (
        "SM2: it has no signature, and the SM2 key of this installation signs then"
    ),
    "second_signature = NULL, second_absent = 'library'": "its signature does not fit: it was",
    f"second_key = decode('{libcrypto_sm2.KNOWN_KEY.hex()}', 'hex')": "SM2: it is signed by a key",
    "root = sha256('another')": "SM2: its signature does not fit",
}


def test_each_tampering_with_the_signature_is_named(on: Path) -> None:
    size = one("SELECT max(size) FROM consent_audit_head")
    assert faults() == [], "the control"
    for change, named in TAMPERINGS.items():
        statement = f"UPDATE consent_audit_head SET {change} WHERE size = {size}"
        mine = [f for f in told_after(statement) if f.startswith(f"tree head {size} of ")]
        assert mine and any(named in f for f in mine), (change, mine)
        with pytest.raises(LogCut, match="the newest signed head"), transaction.atomic():
            sql(statement)
            line("over it")
            seal_all()


def test_a_head_of_another_key_of_sm2_is_told(on: Path) -> None:
    """Who has the log's Ed25519 key alone makes heads with a key of SM2 of their own."""
    head, pins = load_newest_head(), signing_keys.load_own_pins()
    assert head
    private = "3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8"
    (on / "secrets/audit_sm2_key").write_text(private)
    text = (on / "audit_keys.pem").read_text()
    own = next(p for p in pins if p.suite == "SM2")
    block = signing_keys.pem_from_key(own.key)
    forged_block = signing_keys.pem_from_key(libcrypto_sm2.KNOWN_KEY)
    (on / "audit_keys.pem").write_text(text.replace(block, forged_block))
    forged = TreeHead.create_signed(head.size, head.root, head.sealed_at, 0, "")
    assert forged.second and forged.second.key == libcrypto_sm2.KNOWN_KEY
    assert "SM2: it is signed by a key that is not pinned" in forged.find_fault(pins)


def test_the_log_goes_on_without_the_library_and_says_so(
    on: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(libcrypto_sm2, "load_library", gone)
    head = sealed("without it")
    assert head.second and head.second.absent == "library" and not head.second.signature
    own = signing_keys.load_own_pins()
    assert head.find_fault(own) == "", "Ed25519 vouches for it"
    assert "SM2: it has no signature" in head.find_fault([p for p in own if p.suite == "SM2"])
    good, says = inspected()
    assert not good and "heads of the log go on without it" in says
    report = verify.verify_log()
    assert report.intact and report.sm2_heads > 0, "heads that have one verify without a library"
    assert any("no library of the machine" in n for n in report.notices)
    with pytest.raises(SystemExit):
        call_command("audit_key", sm2="show")
    assert "ON, AND NOT SIGNING" in capsys.readouterr().out
    with pytest.raises(CommandError, match="cannot sign with SM2"):
        switch("renew")
    size = head.size
    found = told_after(
        f"UPDATE consent_audit_head SET second_absent = NULL, second_key = NULL WHERE size = {size}"
    )
    assert any("SM2: it has no signature" in f for f in found), "nobody calls it never on"
    monkeypatch.undo()


def test_the_log_goes_on_without_the_key_and_says_so(on: Path) -> None:
    place = on / "secrets/audit_sm2_key"
    for damage, told in (
        (lambda: place.write_text("no key"), "this is no key"),
        (lambda: place.write_text("ab" * 32), "is another key"),
        (place.unlink, "audit_sm2_key is missing"),
    ):
        damage()
        head = sealed("without it")
        assert head.second and head.second.absent == "key"
        good, says = inspected()
        assert not good and told in says
    assert faults() == []
    switch("renew")
    assert sealed("again").second and inspected()[0] and faults() == []


def test_who_has_the_database_alone_does_not_turn_it_off(on: Path) -> None:
    sql("DELETE FROM consent_audit_second_key")
    head = sealed("still on")
    assert head.second and head.second.signature and faults() == []


def test_another_machine_without_the_files_says_so(on: Path) -> None:
    (on / "audit_keys.pem").unlink()
    (on / "secrets/audit_sm2_key").unlink()
    head = sealed("elsewhere")
    assert head.second and head.second.absent == "key" and not inspected()[0]


def test_an_export_is_signed_twice(on: Path, tmp_path: Path) -> None:
    path = tmp_path / "lines.csv"
    export_log(AuditFilter(), "csv", path)
    pins = signing_keys.load_own_pins()
    assert check_export(path, pins) == []
    for suite in ("SM2", "Ed25519"):
        assert check_export(path, [p for p in pins if p.suite == suite]) == []
    place = path.with_name("lines.csv.manifest.json")
    told = json.loads(place.read_text())
    for change, named in (
        ({"sm2_signature": ""}, "that signature is gone"),
        ({"sm2_signature": told["head"]["sm2_signature"]}, "SM2: its signature does not fit"),
        ({"rows": 1}, "SM2: its signature does not fit"),
        ({"sm2": None, "sm2_signature": ""}, "SM2: it has no signature"),
    ):
        place.write_text(json.dumps(told | change))
        found = check_export(path, pins)
        assert any(f.startswith("the manifest:") and named in f for f in found), (change, found)


def test_an_evidence_package_is_signed_twice(
    on: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "log.zip"
    call_command("audit_export", form="package", out=out, reason="法院调取")
    call_command("verify_package", out, against_log=True)
    capsys.readouterr()
    mark = next(p for p in signing_keys.load_own_pins() if p.suite == "SM2").mark
    call_command("verify_package", out, key=mark, as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert told["verdict"] == "intact" and told["facts"]["sm2_key"] == mark
    with zipfile.ZipFile(out) as package:
        note = package.read("checkpoint.txt").decode()
        manifest = json.loads(package.read("manifest.json"))
        keys = [k["fingerprint"] for k in json.loads(package.read("keys.json"))["log"]]
    assert mark in keys
    assert verify_manifest(json.dumps(manifest).encode()), "it goes into a case file"
    with pytest.raises(UnverifiedManifest, match="SM2"):
        verify_manifest(json.dumps(manifest | {"sm2_signature": ""}).encode())
    assert note.count("\n— ") == 2
    own = Ed25519PublicKey.from_public_bytes(signing_keys.own_public_key_bytes())
    assert open_checkpoint(note, [own]).size > 0, "agents pass over a key that they do not know"
    assert mark not in [k["fingerprint"] for k in signing_keys.list_public_keys()], "nor are told"
    with pytest.raises(SystemExit):
        call_command("verify_package", out, key="SM3:" + "ab" * 32)
    assert "[manifest-sm2-key]" in capsys.readouterr().out


def test_an_archive_is_signed_twice(on: Path) -> None:
    head = load_newest_head()
    assert head
    place = LinePlace(1, "2026-11-01T00:00:00.000000Z", 0)
    made = ArchiveManifest(
        *("2026-11-01T00:00:00+00:00", "2026-12-01T00:00:00+00:00", 1, 1, "ab" * 32, "cd" * 32),
        *(((0, 0),), (b"\1" * 32,), place, place, head, head.sealed_at),
    ).sign()
    pins, told = signing_keys.load_own_pins(), made.as_json()
    assert made.second and made.second.signature and made.find_fault(pins) == ""
    for change, named in (
        ({}, ""),
        ({"sm2_signature": ""}, "that signature is gone"),
        ({"lines": 2}, "SM2: its signature does not fit"),
        ({"sm2": None, "sm2_signature": ""}, "SM2: it has no signature"),
    ):
        assert named in ArchiveManifest.from_json(told | change).find_fault(pins), change
    assert ArchiveManifest.from_json(told).find_fault(pins) == ""
