"""A log after a restore, rolled back, signed with another key or with an old one."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from alliance.database.connection_guard import key_fingerprint
from alliance.models import KeyPrint
from consent.audit import kept_head, signing_keys, verify
from consent.audit.export_manifest import manifest_path
from consent.audit.sealer import LogCut, seal_all
from consent.audit.tree_head import load_newest_head
from tests.factories.database_copies import connected_to_database, drop_database, make_database
from tests.support.audit_tampering import cut, told_by_readyz
from tests.support.tampering import (
    BASE,
    NAME,
    REBUILT,
    all_sealed,
    base,
    faults,
    forged,
    forgotten,
    line,
    log,
    one,
    seal_settled,
    sql,
)
from tests.wait_until import wait_until

__all__ = ["base", "log"]


EMPTY = "TRUNCATE consent_audit_event, consent_audit_person, consent_audit_leaf, consent_audit_head"


def verdict(capsys: pytest.CaptureFixture[str], **asked: object) -> tuple[int, str]:
    """(exit code, what is said)."""
    try:
        call_command("audit_verify", **asked)
    except SystemExit as end:
        return int(str(end.code)), capsys.readouterr().out
    return 0, capsys.readouterr().out


def test_after_a_restore_its_operator_goes_on(
    log: None, base: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was kept elsewhere tells the loss for good, as one that is on record."""
    elsewhere = base / "kept.csv"
    assert verdict(capsys, package=elsewhere, against_log=True)[0] == 0, "the control"
    sql(*cut("20"))
    line("after the restore")
    with pytest.raises(LogCut):
        seal_all()
    code, said = verdict(capsys, package=elsewhere, against_log=True)
    assert code == 1 and "covers more than there is" in said
    assert verdict(capsys, package=elsewhere)[0] == 0, "the file alone is what was sealed"
    for asked, says in (
        ({"reason": " "}, "takes a reason"),
        ({"reason": "a", "nothing_lost": True}, "This machine has sealed 31 lines"),
    ):
        with pytest.raises(CommandError, match=says):
            call_command("record_restore", **asked)
    call_command("record_restore", reason="restored from the backup of the night")
    assert "epoch 2 has begun" in capsys.readouterr().out
    wait_until(all_sealed, "they are sealed")
    assert faults() == [] and told_by_readyz() == "ok"
    assert (
        one(
            "SELECT count(*) FROM consent_audit_event WHERE code = 'alliance:restore:record' AND"
            " reason LIKE 'restored%%' AND detail LIKE '%%log 31:%%-> 20:%%'"
        )
        == 1
    )
    for asked in ({"package": elsewhere, "against_log": True}, {"against": elsewhere}):
        code, said = verdict(capsys, **asked)
        assert (
            code == 2
            and "ROLLED BACK: the head of 30 lines" in said
            and "that kept.csv.manifest.json keeps was rolled back by the restore of" in said
            and "of the night" in said
        ), said
    sql("UPDATE consent_audit_event SET actor = '999' WHERE id = 3")
    code, said = verdict(capsys, against=elsewhere)
    assert code == 1 and "was changed after it was sealed" in said, (
        "a restore on record explains nothing else"
    )


def rebuilt() -> None:
    sql(*REBUILT)
    seal_settled()


def emptied_and_begun_anew() -> None:
    sql(EMPTY + " RESTART IDENTITY")
    for _ in range(40):
        line("a new life")
    seal_settled()


def cut_and_gone_on() -> None:
    sql(*cut("20"))
    for _ in range(20):
        line("a new life")
    seal_settled()


def put_in_before() -> None:
    sql(
        *REBUILT[::2],
        forged(
            "id, recorded, xid, ",
            "6, (SELECT recorded + interval '1 ms' FROM consent_audit_event WHERE id = 5), '3', ",
        ),
    )
    seal_settled()


@pytest.mark.parametrize(
    "forge",
    [rebuilt, emptied_and_begun_anew, cut_and_gone_on, put_in_before],
    ids=lambda f: f.__name__,
)
def test_a_head_that_was_kept_elsewhere_tells_what_the_key_signs_anew(
    log: None, base: Path, forge: Callable[[], None], capsys: pytest.CaptureFixture[str]
) -> None:
    elsewhere = base / "kept.csv"
    call_command("audit_verify", against=elsewhere)
    assert "intact" in capsys.readouterr().out, "the control"
    forgotten()
    forge()
    wait_until(all_sealed, "all is sealed again")
    with pytest.raises(SystemExit):
        call_command("audit_verify", against=manifest_path(elsewhere))
    said = capsys.readouterr().out
    assert "that kept.csv.manifest.json keeps: lines before it were changed" in said, said
    if forge is rebuilt:
        assert (
            "leaf 2 (now audit line 3) is another one than kept.csv.manifest.json keeps" in said
        ), "the lines of the export say where"


def test_a_database_that_was_rolled_back_is_told_by_what_was_kept(
    log: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    head = tmp_path / "head.json"
    call_command("audit_verify", keep=head)
    assert kept_head.read_kept_head(head).head == load_newest_head()
    make_database(f"{NAME}_back", BASE)
    try:
        with connected_to_database(f"{NAME}_back"):
            assert faults() == [], "alone it is intact, and older"
            with pytest.raises(SystemExit):
                call_command("audit_verify", against=head)
            assert (
                "the head of 31 lines" in (said := capsys.readouterr().out)
                and "rolled back to 30" in said
            )
            told = json.loads(head.read_text())
            head.write_text(json.dumps({**told, "size": 30}))
            with pytest.raises(SystemExit):
                call_command("audit_verify", against=head)
            assert "its signature does not fit" in capsys.readouterr().out, (
                "a kept head proves itself, too"
            )
    finally:
        drop_database(f"{NAME}_back")


def test_another_key_is_told(log: None, monkeypatch: pytest.MonkeyPatch) -> None:
    pins = signing_keys.load_own_pins()
    monkeypatch.setattr(settings, "AUDIT_KEY", b"\x11" * 32)
    assert sum("a key that is not pinned" in f for f in faults()) == 8, (
        "seven heads, and the one that this machine remembers"
    )
    forgotten()
    sql(
        "TRUNCATE consent_audit_leaf, consent_audit_head",
        "UPDATE consent_audit_event SET xid = '3'",
    )
    wait_until(all_sealed, "all is signed anew")
    assert faults() == [], "who takes the key from the machine of the forger believes it"
    assert any("a key that is not pinned" in f for f in verify.verify_log(pinned_keys=pins).faults)


def test_an_old_key_goes_on_to_prove_what_it_signed(
    log: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import consent.management.commands.audit_key as command

    monkeypatch.setattr("alliance.platform.state_files.state_folder", lambda: tmp_path)
    monkeypatch.setattr(command, "state_folder", lambda: tmp_path)
    (tmp_path / "secrets").mkdir()
    with pytest.raises(CommandError, match="The sealer runs"):
        call_command("audit_key", renew=True)
    sql("UPDATE consent_audit_sealer SET checked_at = now() - interval '1 minute'")
    old = signing_keys.load_own_pins()[-1].fingerprint
    call_command("audit_key", renew=True)
    made = (tmp_path / "secrets/audit_key").read_text()
    assert KeyPrint.objects.get(name="audit_key").fingerprint == key_fingerprint(
        "audit_key", made
    ), "every process starts with this one alone"
    monkeypatch.setattr(settings, "AUDIT_KEY", bytes.fromhex(made))
    line("under the new key")
    wait_until(all_sealed, "it is sealed")
    assert faults() == [] and len({p.fingerprint for p in signing_keys.load_own_pins()}) == 2
    capsys.readouterr()
    call_command("audit_key")
    printed = tmp_path / "auditor.pem"
    printed.write_text(capsys.readouterr().out)
    pins = signing_keys.parse_given_pins(str(printed))
    assert pins[0].fingerprint == old and verify.verify_log(pinned_keys=pins).intact
    monkeypatch.setattr(settings, "AUDIT_KEY", b"\x11" * 32)
    line("under a key that nobody knows")
    with pytest.raises(LogCut, match="a key that is not pinned"):
        seal_all()
