"""Opinions signed over a real database: the hospital's key, its register and its change, the log's
line with its proof, and who may not sign (docs/adr/0089).
"""

import datetime as dt
import json
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import Error, connection, transaction

from alliance.auth.errors import Forbidden
from alliance.auth.principal import Principal, principal_from_staff
from alliance.models import Hospital
from consent.audit.package_verifier import load_verifier
from consent.audit.signing_keys import own_public_key_bytes, pem_from_key
from records.consultations.hospital_keys import list_public_keys, renew_signing_key
from records.consultations.opinion_document import encode_document
from records.consultations.opinion_file import UnknownKey, build_opinion_file
from records.consultations.opinion_parties import Doctor, DoctorRole, Institution
from records.consultations.sign_opinion import (
    DocumentSignature,
    StepUp,
    database_clock,
    sign_document,
)
from records.models import HospitalSigningKey
from tests.factories import alliance
from tests.factories.opinions import make_opinion
from tests.factories.web_role import acting_as_web_role
from tests.support.opinion_contents import digest_document
from tests.support.tampering import seal_settled

verify = load_verifier()


class Desk:
    """An expert of a hospital of its own, and an opinion that names them."""

    def __init__(self) -> None:
        self.hospital: Hospital = alliance.make_hospital("opinion")
        self.staff = alliance.make_staff(self.hospital)
        self.acting: Principal = principal_from_staff(self.staff)
        place = Institution(self.hospital.code, self.hospital.name_zh)
        self.expert = Doctor(
            self.staff.pk, self.staff.name, place, "心血管内科", "主任医师", DoctorRole.LEAD
        )
        self.person = uuid.uuid4()
        self.document: dict[str, Any] = make_opinion(consulted=place, experts=(self.expert,))

    def sign(self, **more: Any) -> DocumentSignature:
        said: dict[str, Any] = {
            "signer": self.expert,
            "step_up": StepUp(("pwd", "otp"), database_clock() - dt.timedelta(minutes=1)),
            "acting": self.acting,
            "person": self.person,
            "work_item": 12,
        }
        said |= more
        return sign_document(
            said.pop("document", self.document), said.pop("signer"), said.pop("step_up"), **said
        )

    def file_of(self, signed: DocumentSignature) -> bytes:
        return build_opinion_file(encode_document(self.document), [signed.jws])

    def pins(self) -> list[Any]:
        return list(verify.parse_keys("\n".join(k.pem for k in list_public_keys(self.hospital))))


@pytest.fixture
def desk(world: None) -> Desk:
    return Desk()


def lines_about(person: uuid.UUID) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT code, actor, detail, purpose FROM consent_audit_event WHERE person = %s",
            [person],
        )
        return list(cursor.fetchall())


def test_signing_begins_the_hospitals_key_and_leaves_its_line(desk: Desk) -> None:
    assert list_public_keys(desk.hospital) == [], "the control"
    signed = desk.sign()
    [key] = list_public_keys(desk.hospital)
    assert (key.generation, key.until, signed.key) == (1, None, key)
    assert signed.digest == digest_document(desk.document)
    [(code, actor, detail, purpose)] = lines_about(desk.person)
    assert (code, actor, purpose) == ("records:opinion:sign", desk.acting.id, "TREAT")
    assert detail == f"sha256:{signed.digest} · {key.mark} · {signed.jws.rpartition('.')[2]}"
    assert desk.sign().key == key, "the next one signs with the same"
    assert signed.header["proved"]["by"] == ["pwd", "otp"]


def test_the_file_is_verified_with_the_logs_proof(desk: Desk) -> None:
    signed = desk.sign()
    before = json.loads(desk.file_of(signed))
    seal_settled()
    data = desk.file_of(signed)
    content = json.loads(data)
    [entry] = content["signatures"]
    assert entry["line"]["line"]["address"] == "" and entry["line"]["line"]["actor"] == str(
        desk.staff.pk
    )
    log = verify.parse_keys(pem_from_key(own_public_key_bytes()))
    report = verify.verify_opinion(data, desk.pins() + log)
    assert report.verdict == "intact" and not report.findings
    assert not {"opinion-nolog", "opinion-log"} & {code for code, _ in report.notes}
    assert before["document"] == content["document"], "the bytes are the same at any time"
    # Another hospital's key verifies nothing of this one
    other = Desk()
    other.sign()
    assert verify.verify_opinion(data, other.pins()).verdict == "not_intact"


def test_old_opinions_verify_after_each_change_of_key(desk: Desk, settings: Any) -> None:
    first = desk.sign()
    renew_signing_key(desk.hospital, alliance.OPERATOR)
    second = desk.sign()
    settings.AUDIT_KEY = bytes(32 - len(b"another")) + b"another"
    third = desk.sign()
    assert [s.key.generation for s in (first, second, third)] == [1, 2, 3]
    assert len({s.key.key for s in (first, second, third)}) == 3
    keys = list_public_keys(desk.hospital)
    assert [k.until for k in keys] == [keys[1].since, keys[2].since, None]
    for signed in (first, second, third):
        report = verify.verify_opinion(desk.file_of(signed), desk.pins())
        assert report.verdict == "intact", [f.say("en") for f in report.findings]
    newest_only = verify.parse_keys(keys[2].pem)
    assert verify.verify_opinion(desk.file_of(first), newest_only).verdict == "not_intact"


def test_the_operator_publishes_and_renews_keys(
    desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = desk.file_of(desk.sign())
    call_command("hospital_keys", hospital=desk.hospital.code, renew=True)
    told = capsys.readouterr().out
    assert f"{desk.hospital.code}/2 signs from now on" in told and told.count("BEGIN PUBLIC") == 2
    (tmp_path / "keys.pem").write_text(told)
    (tmp_path / "opinion.json").write_bytes(data)
    call_command("verify_package", tmp_path / "opinion.json", key=str(tmp_path / "keys.pem"))
    assert "INTACT: nothing was changed" in capsys.readouterr().out
    for wrong in ({"renew": True}, {"hospital": "no-such"}):
        with pytest.raises(CommandError):
            call_command("hospital_keys", **wrong)


def test_who_does_not_sign(desk: Desk) -> None:
    other = alliance.make_staff(desk.hospital)
    colleague = principal_from_staff(other)
    stale = StepUp(("pwd",), database_clock() - dt.timedelta(minutes=16))
    stranger = Doctor(other.pk, other.name, desk.expert.hospital)
    for more in (
        {"acting": colleague},  # in the expert's name
        {"acting": colleague, "signer": stranger},  # whom the document does not name
        {"acting": replace(desk.acting, client="his")},  # a system in their name
        {"acting": replace(desk.acting, kind="client")},
        {"signer": replace(desk.expert, hospital=Institution("another", "另一家"))},
        {"step_up": stale},
        {"step_up": StepUp((), database_clock())},
    ):
        with pytest.raises(Forbidden):
            desk.sign(**more)
    assert lines_about(desk.person) == [] and list_public_keys(desk.hospital) == []
    assert desk.sign().jws, "the control"


def test_what_fails_afterwards_leaves_neither_key_nor_line(desk: Desk) -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        desk.sign()
        raise RuntimeError
    assert lines_about(desk.person) == [] and list_public_keys(desk.hospital) == []


def test_a_key_in_the_register_is_never_changed_by_the_web(desk: Desk) -> None:
    desk.sign()
    mine = HospitalSigningKey.objects.filter(hospital=desk.hospital)
    for change in (
        lambda: mine.update(key=b"0" * 32),
        lambda: mine.delete(),
    ):
        with (
            acting_as_web_role(),
            pytest.raises(Error, match="permission denied"),
            transaction.atomic(),
        ):
            change()
    with acting_as_web_role(), transaction.atomic():
        assert desk.sign().key.generation == 1, "the control: the web signs"
        assert Desk().sign().key.generation == 1, "and begins keys"


def test_a_key_put_in_by_hand_does_not_sign_and_is_no_key_of_old_opinions(desk: Desk) -> None:
    """Who owns the database can put rows into the register, and not sign with them."""
    signed = desk.sign()
    HospitalSigningKey.objects.filter(hospital=desk.hospital).update(key=b"\x01" * 32)
    with pytest.raises(UnknownKey):
        desk.file_of(signed)
    assert desk.sign().key.generation == 2
