"""An evidence package as an auditor gets it: from the page and from the command, with names, a
reason, proofs and digests of every member; and nothing of what its auditor may not know.
"""

import csv
import hashlib
import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.core.management import call_command

from alliance.models import Hospital, Staff
from alliance.roles import Role
from consent.audit.append import append_event
from consent.audit.canonical_line import encode_canonical_json, leaf_hash
from consent.audit.event import AuditEvent, AuditOutcome, EventCode
from consent.audit.export_columns import COLUMNS, READABLE_HEADINGS
from consent.audit.log_export import count_export_lines
from consent.audit.log_query import AuditFilter, iterate_sealed_lines, list_audit_lines
from consent.audit.merkle_tree import root_from_proof
from consent.audit.sealed_cells import escape_formula
from consent.audit.sealer import seal_all
from consent.audit.signing_keys import own_public_key_bytes
from consent.audit.tree_head import TreeHead
from consent.models import Emergency
from consent.web import audit_evidence
from records.models import SourcePatient
from tests import draws
from tests.factories import alliance
from tests.support.audit_ward import Ward, ward
from tests.support.browser import signed_in
from tests.wait_until import wait_until

__all__ = ["ward"]
REASON = "=法院调取函（2026）第12号"
DOMAIN = b"xinglin evidence package\n"


def read_package(data: bytes) -> tuple[dict[str, Any], dict[str, bytes]]:
    """(manifest, members); each of them is held against the manifest, which is held against the
    key.
    """
    archive = zipfile.ZipFile(io.BytesIO(data))
    members = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(members.pop("manifest.json"))
    assert set(manifest["files"]) == set(members)
    for name, told in manifest["files"].items():
        assert told["bytes"] == len(members[name])
        assert told["sha256"] == hashlib.sha256(members[name]).hexdigest()
    check_signature(manifest)
    return manifest, members


def check_signature(manifest: dict[str, Any]) -> None:
    unsigned = {k: v for k, v in manifest.items() if k != "signature"}
    Ed25519PublicKey.from_public_bytes(own_public_key_bytes()).verify(
        bytes.fromhex(manifest["signature"]), DOMAIN + encode_canonical_json(unsigned)
    )


def rows_of(members: dict[str, bytes]) -> list[dict[str, str]]:
    rows = list(csv.reader(io.StringIO(members["events.csv"].decode("utf-8-sig"), newline="")))
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]


def check_proofs(manifest: dict[str, Any], members: dict[str, bytes]) -> list[dict[str, Any]]:
    """Each line leads to the head, and its row says what was sealed."""
    head = manifest["head"]
    rows = list(csv.reader(io.StringIO(members["events.csv"].decode("utf-8-sig"), newline="")))
    lines = [json.loads(x) for x in members["lines.ndjson"].splitlines()]
    assert len(rows) - 1 == len(lines) == manifest["rows"]
    for said, row in zip(lines, rows[1:], strict=True):
        leaf = leaf_hash(encode_canonical_json(said["line"]))
        assert leaf.hex() == said["leaf"]
        path = [bytes.fromhex(n) for n in said["path"]]
        root = root_from_proof(leaf, said["position"], head["size"], path)
        assert root is not None and root.hex() == head["root"]
        for name, cell in zip(manifest["columns"], row, strict=True):
            assert not name or cell == escape_formula(said["line"].get(name))
    return lines


def sealed(chosen: AuditFilter, most: int) -> None:
    wait_until(
        lambda: (seal_all(), len(list(iterate_sealed_lines(chosen))) >= most)[1], "they are sealed"
    )


def write_lines(who: Staff, at: Hospital, ward: Ward) -> Emergency:
    """What a doctor of a hospital did: one patient, three, an emergency access, and a refusal."""
    acting = alliance.get_staff_principal(who)
    emergency = Emergency.objects.create(
        person=ward.persons[0],
        staff=who,
        hospital=at,
        ground="rescue",
        reason="车祸，昏迷，需要过敏史",
        opened_at=who.starts_on.isoformat() + "T00:00:00Z",
        until=who.starts_on.isoformat() + "T01:00:00Z",
    )
    for more in (
        {"code": EventCode.RECORD_OPEN, "person": ward.persons[0], "target": "alliance/record"},
        {"code": EventCode.RECORD_SEARCH, "persons": tuple(ward.persons)},
        {
            "code": EventCode.EMERGENCY_OPEN,
            "person": ward.persons[0],
            "target": f"emergency/{emergency.pk}",
            "detail": "rescue 4h",
            "purpose": "BTG",
        },
        {
            "code": EventCode.RECORD_OPEN,
            "person": ward.persons[1],
            "outcome": AuditOutcome.REFUSED,
            "reason": "no_relationship",
        },
    ):
        append_event(AuditEvent.from_principal(acting, **more))  # type: ignore[arg-type]
    return emergency


def download(browser: Any, **more: str) -> bytes:
    answer = browser.post(
        "/audit/export/",
        {"format": "package", "why": REASON, **more},
        headers={"Accept-Language": "zh-hans"},
    )
    assert answer.status_code == 200, answer.content
    return b"".join(answer.streaming_content)


def test_a_court_reads_who_did_what_about_whom(ward: Ward) -> None:
    at = Hospital.objects.get(code=ward.api.base)
    doctor, auditor = alliance.make_staff(at), alliance.make_staff(at, Role.AUDITOR)
    Staff.objects.filter(pk=doctor.pk).update(name="陆一鸣")
    write_lines(doctor, at, ward)
    browser = signed_in(auditor)
    sealed(AuditFilter(actor_kind="staff", actor=str(doctor.pk)), 4)
    page = browser.get(
        "/audit/package/", {"actor": doctor.pk}, headers={"Accept-Language": "zh-hans"}
    ).content.decode()
    assert "将打包 4 行日志" in page and "陆一鸣" in page and at.name_zh in page
    manifest, members = read_package(download(browser, actor=str(doctor.pk)))
    check_proofs(manifest, members)
    rows = rows_of(members)
    names = {
        s.person_id: f"{s.name}（{s.birth_date}）"
        for s in SourcePatient.objects.filter(hospital=at)
    }
    heads = READABLE_HEADINGS
    assert [r[heads[2]] for r in rows] == ["陆一鸣"] * 4
    assert {r[heads[3]] for r in rows} == {doctor.user.username}
    assert {r[heads[5]] for r in rows} == {at.name_zh}
    assert all(r[heads[1]].endswith("+08:00") for r in rows)
    assert rows[0][heads[9]] == names[ward.persons[0]]
    assert set(rows[1][heads[9]].split("；")) == set(names.values())
    assert "车祸，昏迷，需要过敏史" in rows[2][heads[10]] and rows[2][heads[8]] == "紧急调阅"
    assert rows[3][heads[11]] == "已拒绝" and rows[3][heads[12]]
    assert rows[0]["时间 recorded (UTC)"].endswith("Z")
    assert manifest["reason"] == REASON and manifest["exported_by"]["account"] == (
        auditor.user.username
    )
    assert (
        "陆一鸣" in manifest["filter_words"]["zh"] and at.name_en in manifest["filter_words"]["en"]
    )
    assert members["summary.pdf"].startswith(b"%PDF")
    assert members["checkpoint.txt"].decode().splitlines()[1] == str(manifest["head"]["size"])
    newest = next(
        x
        for x in list_audit_lines(AuditFilter(), None, 20)
        if x["code"] == EventCode.AUDIT_EXPORT.value
    )
    assert f"reason={REASON}" in newest["detail"] and "4 rows" in newest["detail"]
    assert f"actor={doctor.pk}" in newest["detail"] and newest["actor"] == str(auditor.pk)
    told = {json.loads(x)["line"]["person"] for x in members["lines.ndjson"].splitlines()} - {None}
    named = set(newest["persons"]) or {newest["person"]}
    assert told and told <= named, "whose names left"


def test_an_auditor_of_one_hospital_learns_no_name_of_another(ward: Ward) -> None:
    own, home = alliance.make_hospital("asks"), Hospital.objects.get(code=ward.api.base)
    doctor, elsewhere = alliance.make_staff(own), alliance.make_staff(home)
    Staff.objects.filter(pk=elsewhere.pk).update(name="欧阳外院")
    write_lines(doctor, own, ward)
    write_lines(elsewhere, home, ward)
    append_event(
        AuditEvent.from_principal(
            alliance.get_staff_principal(doctor),
            EventCode.STAFF_CHANGE,
            detail=f"staff/{elsewhere.pk}",
        )
    )
    name = SourcePatient.objects.filter(hospital=home).values_list("name", flat=True)[0]
    sealed(AuditFilter(actor_kind="staff", actor=str(doctor.pk)), 5)
    sealed(AuditFilter(actor_kind="staff", actor=str(elsewhere.pk)), 4)
    secrets_of_others = [name, "欧阳外院", elsewhere.user.username]

    manifest, members = read_package(download(signed_in(alliance.make_staff(own, Role.AUDITOR))))
    told = members["events.csv"].decode("utf-8-sig")
    words = [c for r in rows_of(members) for c in list(r.values())[: len(READABLE_HEADINGS)]]
    assert not [x for x in secrets_of_others if x in told]
    assert doctor.name in words, "the control: its own staff is named"
    assert "姓名不在您的权限内" in told and manifest["filter"]["hospitals"] == [own.code]
    assert {x["line"]["actor_hospital"] for x in check_proofs(manifest, members)} == {own.code}

    wide = signed_in(alliance.make_staff(own, Role.AUDITOR, wide=True))
    whole = read_package(download(wide, actor=str(doctor.pk)))[1]["events.csv"].decode("utf-8-sig")
    assert name in whole and "欧阳外院" in whole, "the control: the alliance's auditor is told"


def test_a_package_is_made_with_a_reason_alone_and_only_for_auditors(ward: Ward) -> None:
    at = Hospital.objects.get(code=ward.api.base)
    browser = signed_in(alliance.make_staff(at, Role.AUDITOR))
    for why in ("", "  ", "x" * 201):
        answer = browser.post("/audit/export/", {"format": "package", "why": why})
        assert answer.status_code == 302 and answer["Location"] == "/audit/"
    assert browser.post("/audit/export/", {"format": "exe", "why": "x"}).status_code == 403
    doctor = signed_in(alliance.make_staff(at))
    assert doctor.get("/audit/package/").status_code == 403
    assert doctor.post("/audit/export/", {"format": "package", "why": "x"}).status_code == 403


def test_a_log_that_does_not_lead_to_its_head_is_not_exported(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = Hospital.objects.get(code=ward.api.base)
    browser = signed_in(alliance.make_staff(at, Role.AUDITOR))

    def other_root(audit_filter: AuditFilter) -> tuple[int, TreeHead]:
        rows, head = count_export_lines(audit_filter)
        return rows, replace(head, root=b"x" * 32)

    assert zipfile.ZipFile(io.BytesIO(download(browser))).namelist(), "the control"
    monkeypatch.setattr(audit_evidence, "count_export_lines", other_root)
    answer = browser.post("/audit/export/", {"format": "package", "why": REASON}, follow=True)
    assert "NOT INTACT, nothing is exported" in answer.content.decode() or (
        "不完整" in answer.content.decode()
    )


def test_the_command_writes_one_for_the_operator(ward: Ward, tmp_path: Path) -> None:
    out = tmp_path / "log.zip"
    doctor = alliance.make_staff(Hospital.objects.get(code=ward.api.base))
    write_lines(doctor, doctor.hospital, ward)
    sealed(AuditFilter(actor_kind="staff", actor=str(doctor.pk)), 4)
    call_command("audit_export", form="package", out=out, reason=f"{REASON} {draws.token_hex(2)}")
    manifest, members = read_package(out.read_bytes())
    assert out.stat().st_mode & 0o077 == 0
    assert manifest["rows"] == len(check_proofs(manifest, members)) > 4
    assert manifest["reason"].startswith(REASON) and manifest["columns"] == COLUMNS
    assert len(members["events.xlsx"]) > 1000
    with pytest.raises(InvalidSignature):
        check_signature({**manifest, "rows": manifest["rows"] - 1})
