"""Names of what lines say, loaded for a batch in few statements, as far as the reader may know."""

from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from alliance.models import Staff
from alliance.roles import Role
from consent.audit.canonical_line import FIELDS
from consent.audit.line_names import load_line_names
from records.models import Person, SourcePatient
from tests import draws
from tests.factories import alliance


def make_line(**more: Any) -> dict[str, Any]:
    return {name: "" for name in FIELDS} | {"id": 1, "person": None, "refs": []} | more


@pytest.fixture
def english() -> Any:
    with translation.override("en"):
        yield


def make_registration(
    at: Any, name: str, birth: str, person: Person | None = None
) -> SourcePatient:
    home = Person.objects.create()
    return SourcePatient.objects.create(
        hospital=at,
        fhir_id=draws.token_hex(8),
        home=home.id,
        person=person or home,
        registered=True,
        name=name,
        birth_date=birth,
    )


def test_each_kind_of_actor_has_its_name(world: None, english: None) -> None:
    at, other = alliance.make_hospital(), alliance.make_hospital()
    doctor, officer = alliance.make_staff(at), alliance.make_staff(other, Role.PRIVACY)
    Staff.objects.filter(pk=doctor.pk).update(name="陆一鸣")
    client, _secret = alliance.make_credentials(at)
    did = {"actor_hospital": at.code, "actor_kind": "staff", "actor": str(doctor.pk)}
    lines = [
        make_line(**did, role="clinician", detail=f"of staff {officer.pk}"),
        make_line(actor_kind="client", actor=client, actor_hospital=at.code, role="member_system"),
        make_line(**did, role="clinician", detail=f"results · by client/{client}"),
        make_line(actor_kind="operator", actor="root"),
        make_line(actor_kind="patient", actor=str(uuid4())),
        make_line(actor_kind="staff", actor="999999999999"),
        make_line(actor_kind="stranger"),
    ]
    with CaptureQueriesContext(
        connection,
    ) as asked:
        names = load_line_names(lines * 50)
    assert len(asked) <= 6, "however many lines"
    said = [names.actor_name(x) for x in lines]
    assert said[0] == "陆一鸣" and said[1] == f"test system ({client})"
    assert said[3:] == [
        "operator of the server root",
        "the patient",
        "Staff 999999999999",
        "somebody unknown",
    ]
    assert [names.account(x) for x in lines[:2]] == [doctor.user.username, ""]
    assert names.role_words(lines[0]) == "Clinician" and names.role_words(lines[1]) == "system"
    assert names.hospital_name(at.code) == at.name_en and names.hospital_name("gone") == "gone"
    assert names.system_of(lines[2]) == said[1] and names.system_of(lines[0]) == ""
    assert officer.user.username in names.target_words(lines[0])


def test_an_auditor_of_one_hospital_is_told_its_own_names_alone(world: None, english: None) -> None:
    at, other = alliance.make_hospital(), alliance.make_hospital()
    ours, theirs = alliance.make_staff(at), alliance.make_staff(other)
    Staff.objects.filter(pk=theirs.pk).update(name="外院医生")
    both = make_registration(other, "外院之名", "1960-01-01")
    make_registration(at, "本院之名", "1960-01-02", both.person)
    away = make_registration(other, "别处之人", "1970-01-01")
    lines = [
        make_line(
            actor_kind="staff", actor=str(ours.pk), actor_hospital=at.code, person=str(both.home)
        ),
        make_line(
            actor_kind="staff",
            actor=str(theirs.pk),
            actor_hospital=other.code,
            detail=f"staff/{theirs.pk}",
            persons=[str(both.home), str(away.home)],
        ),
    ]
    told = load_line_names(lines, [at.code])
    assert told.actor_name(lines[0]) == ours.name, "the control"
    assert told.actor_name(lines[1]) == "Clinician"
    assert told.patients_words(lines[0]) == "本院之名 (1960-01-02)"
    assert told.patients_words(lines[1]) == (
        f"本院之名 (1960-01-02); name not known to you ({str(away.home)[:8]})"
    )
    assert "外院" not in told.target_words(lines[1])
    whole = load_line_names(lines)
    assert whole.actor_name(lines[1]) == "外院医生" and "外院医生" in whole.target_words(lines[1])
    assert "别处之人 (1970-01-01)" in whole.patients_words(lines[1])


def test_codes_are_words_in_the_reader_s_language(world: None) -> None:
    line = make_line(
        code="consent:emergency:open",
        purpose="BTG",
        outcome="refused",
        reason="no_relationship",
        detail="rescue 4h · =1+1",
    )
    for language, says in (
        ("en", ["opened an emergency access", "emergency access", "refused"]),
        ("zh-hans", ["启用紧急调阅", "紧急调阅", "拒绝"]),
    ):
        with translation.override(language):
            names = load_line_names([line])
            said = [names.action_words(line), names.purpose_words(line), names.outcome_words(line)]
            assert all(b in a for a, b in zip(said, says, strict=True)), said
            assert names.reason_words(line) and "=1+1" in names.target_words(line)
    unknown = make_line(code="a:b:c", purpose="XYZ", outcome="odd", actor_kind="new")
    assert load_line_names([unknown]).action_words(unknown) == "a:b:c"
