"""manage.py verify_package: this installation's keys are those that are trusted, and the log of
today is asked whether it still leads to the package.
"""

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.core.management import CommandError, call_command

from consent.audit.log_query import AuditFilter, iterate_sealed_lines
from consent.audit.tree_head import load_newest_head
from tests.factories.evidence_packages import (
    OTHER_KEY,
    EvidencePackage,
    fingerprint,
    make_package,
    pem,
)
from tests.support.tampering import base, log, sql

__all__ = ["base", "log"]


def package_of_this_log() -> EvidencePackage:
    own = Ed25519PrivateKey.from_private_bytes(bytes(settings.AUDIT_KEY))
    lines = [line for line, _, _ in iterate_sealed_lines(AuditFilter())]
    some = list(range(0, len(lines), 3))
    return make_package(log=lines, head=load_newest_head(), log_key=own, since=5, exported=some)


def test_the_log_of_today_leads_to_the_package(
    log: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    package = package_of_this_log()
    path = package.write(tmp_path / "a.zip")
    call_command("verify_package", path)
    said = capsys.readouterr().out
    assert "完整" in said and "the key of this installation" in said and "日志现在" in said
    call_command("verify_package", path, against_log=True, lang="en")
    said = capsys.readouterr().out
    assert "INTACT: the" in said and "the log of today" not in said
    sql("UPDATE consent_audit_event SET reason = 'another' WHERE id = 4")
    call_command("verify_package", path)
    capsys.readouterr()
    with pytest.raises(SystemExit) as left:
        call_command("verify_package", path, against_log=True, as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert left.value.code == 1 and told["verdict"] == "not_intact"
    assert set(told["counts"]) == {"log-differs"}
    assert "the log of today: " in told["findings"][0]["en"]


def test_a_package_of_another_installation_is_told(
    log: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = make_package(log_key=OTHER_KEY).write(tmp_path / "other.zip")
    with pytest.raises(SystemExit) as left:
        call_command("verify_package", other)
    assert left.value.code == 1 and "[manifest-key]" in capsys.readouterr().out
    (tmp_path / "other.pem").write_text(pem(OTHER_KEY))
    call_command("verify_package", other, key=str(tmp_path / "other.pem"))
    with pytest.raises(SystemExit) as left:
        call_command("verify_package", other, key=fingerprint(OTHER_KEY), against_log=True)
    assert left.value.code == 1 and "[log-differs]" in capsys.readouterr().out
    with pytest.raises(SystemExit) as left:
        call_command("verify_package", tmp_path / "none.zip")
    assert left.value.code == 2
    with pytest.raises(CommandError, match="Nothing was checked"):
        call_command("verify_package", other, key="SHA256:12")
