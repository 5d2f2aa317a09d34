"""audit_verify goes on from what this machine has verified, says what it has not read again, and
still reads all of it by default.
"""

import json

import pytest
from django.core.management import CommandError, call_command

from consent.audit import signing_keys, verified_mark
from tests.support.tampering import base, line, log, seal_settled, sql

__all__ = ["base", "log"]


def run(capsys: pytest.CaptureFixture[str], **how: object) -> tuple[str, str]:
    try:
        call_command("audit_verify", **how)
    except SystemExit:
        pass
    told = capsys.readouterr()
    return told.out, told.err


def load_mark() -> verified_mark.VerifiedMark | None:
    return verified_mark.load_verified_mark(signing_keys.load_own_pins())


def test_it_goes_on_from_where_it_was(log: None, capsys: pytest.CaptureFixture[str]) -> None:
    verified_mark.mark_path().unlink(missing_ok=True)
    assert "31 lines, 31 sealed" in run(capsys)[0]
    assert load_mark() is None, "a look leaves nothing where nobody asked to go on"
    assert "31 lines, 31 sealed" in run(capsys, since_last=True)[0]
    first = load_mark()
    assert first and first.size == 31 and first.whole_at == first.verified_at
    line("one more")
    seal_settled()
    said, told = run(capsys, since_last=True)
    assert "intact: 1 lines, 32 sealed" in said and "the first 31 lines were verified on" in told
    second = load_mark()
    assert second and second.size == 32 and second.whole_at == first.whole_at < second.verified_at
    assert run(capsys, since_last=True)[0].startswith("intact: 0 lines, 32 sealed")
    sql("UPDATE consent_audit_event SET actor = '999' WHERE id = 3")
    assert "NOT INTACT" in run(capsys)[0] and "intact" in run(capsys, since_last=True)[0], (
        "what was verified is not read again, as it says; the default reads all"
    )
    line("the next one")
    seal_settled()
    sql(
        "UPDATE consent_audit_event SET actor = '999' WHERE id ="
        " (SELECT max(id) FROM consent_audit_event)"
    )
    assert "was changed after it was sealed" in run(capsys, since_last=True)[0]
    kept = load_mark()
    assert kept and kept.size == 32, "nothing is kept of a log that is not intact"


def test_a_log_that_is_not_the_verified_one_is_told(
    log: None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "intact" in run(capsys, since_last=True)[0]
    path = verified_mark.mark_path()
    kept = path.read_text()
    other = json.loads(kept)
    other["nodes"][0][1] = "00" * 32
    path.write_text(json.dumps(other))
    with pytest.raises(CommandError, match="its signature does not fit"):
        call_command("audit_verify", since_last=True)
    path.write_text(kept)
    line("one more")
    seal_settled()
    sql("UPDATE consent_audit_leaf SET hash = '\\x00' WHERE position = 31")
    assert "NOT INTACT" in run(capsys, since_last=True)[0]
    sql(
        "DELETE FROM consent_audit_head WHERE size > 20",
        "DELETE FROM consent_audit_leaf WHERE position >= 20",
    )
    assert (
        "this machine has verified 31 lines, and the log has 20" in run(capsys, since_last=True)[0]
    )
