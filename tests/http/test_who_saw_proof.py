"""Whom a line was about is shown to the auditor of the patient's hospital alone, and proved by
the leaf.
"""

import json
import re
from typing import Any

import pytest
from django.db import connection

from alliance.models import Hospital
from alliance.roles import Role
from consent.audit.export_check import check_export
from consent.audit.log_export import export_log
from consent.audit.log_query import (
    AuditFilter,
    iterate_sealed_lines,
    list_audit_lines,
)
from consent.audit.sealer import seal_all
from consent.audit.verify import verify_log, verify_log_in_transaction
from records.models import SourcePatient
from records.mpi.index.patient_search import find_persons
from tests import draws
from tests.factories import alliance
from tests.factories.fhir import (
    Api,
    make_observation,
    make_patient,
)
from tests.support.audit_ward import NEWEST, Ward, asked, ward
from tests.support.browser import signed_in
from tests.support.html import Browser
from tests.wait_until import wait_until

__all__ = ["ward"]


def audit(at: Hospital) -> Browser:
    return signed_in(alliance.make_staff(at, Role.AUDITOR))


def test_the_auditor_of_a_hospital_sees_who_of_others_looked_at_its_patients(
    ward: Ward, server: str
) -> None:
    own, other, third = (
        Hospital.objects.get(code=ward.api.base),
        alliance.make_hospital("looks"),
        alliance.make_hospital("third"),
    )
    doctor = alliance.make_staff(other)
    find_ = find_persons(
        SourcePatient.objects.get(hospital=own, fhir_id=ward.number(0)).name,
        acting=alliance.get_staff_principal(doctor),
    )
    assert len(find_) == 1
    browser = signed_in(doctor)
    assert browser.get(f"/person/{ward.persons[0]}/").status_code == 403, (
        "no consent: refused, and told all the same"
    )
    shown = audit(own).get("/audit/", headers={"Accept-Language": "en"}).content.decode()
    row = next(
        r
        for r in re.findall(r"<tr class=.*?</tr>", shown, re.S)
        if doctor.user.username in r and "looked for a patient" in r
    )
    assert (
        "Clinician" in row
        and str(other) in row
        and str(ward.persons[0])[:8] in row
        and doctor.name not in row
    ), "by hospital, role and account"
    assert any(
        doctor.user.username in r and "opened the record" in r and "refused" in r
        for r in re.findall(r"<tr class=.*?</tr>", shown, re.S)
    )
    about = (
        audit(own)
        .get("/audit/", {"person": ward.persons[0]}, headers={"Accept-Language": "en"})
        .content.decode()
    )
    assert doctor.user.username in about
    for stranger in (audit(third), audit(third)):
        for query in ({}, {"person": ward.persons[0]}):
            assert doctor.user.username not in stranger.get("/audit/", query).content.decode(), (
                "the control: neither their staff nor their patient"
            )
    assert (
        f'/audit/staff/{doctor.pk}/">{doctor.name}'
        in audit(other).get("/audit/", {"actor": doctor.pk}).content.decode()
    ), "their own auditor sees the name"


def test_of_what_others_did_their_auditor_sees_only_what_is_the_hospitals(
    ward: Ward, server: str
) -> None:
    """A search at another hospital is about two patients, of whom one is registered here, too."""
    here, there = Hospital.objects.get(code=ward.api.base), alliance.make_hospital("there")
    api = Api(server, there.code, credentials=alliance.make_credentials(there))
    shared = {
        k: v for k, v in ward.api("GET", ward.patients[0]).json.items() if k not in ("id", "meta")
    }
    both, only = api.create(shared), api.create(make_patient())
    SourcePatient.objects.filter(hospital=there, fhir_id=both.split("/")[1]).update(
        person_id=ward.persons[0]
    )
    alone = SourcePatient.objects.get(hospital=there, fhir_id=only.split("/")[1]).person_id
    for p in (both, only):
        api.create(make_observation(p))
    request = f"saw-{draws.token_hex(6)}"
    assert len(api("GET", "Observation?code=4548-4", X_Request_Id=request).json["entry"]) == 2
    whole = next(
        x for x in list_audit_lines(AuditFilter(), None, NEWEST) if x["request_id"] == request
    )
    assert whole["several"] == 2 and len(whole["refs"]) == 2
    mine = AuditFilter(hospitals=(here.code,), patients=True)
    cut = next(x for x in list_audit_lines(mine, None, NEWEST) if x["id"] == whole["id"])
    assert (
        cut["foreign"]
        and cut["persons"] == [str(ward.persons[0])]
        and not cut["refs"]
        and not cut["address"]
        and not cut["detail"]
        and cut["several"] == 1
    )
    assert str(alone) not in json.dumps(cut, default=str) and only not in json.dumps(
        cut, default=str
    )
    assert not [
        x
        for x in list_audit_lines(AuditFilter(hospitals=(here.code,)), None, NEWEST)
        if x["id"] == whole["id"]
    ], "an export of the hospital holds what its own did"
    assert [
        x["id"]
        for x in list_audit_lines(AuditFilter(hospitals=(there.code,), patients=True), None, 5)
    ].count(whole["id"]) == 1 and not list_audit_lines(
        AuditFilter(hospitals=(there.code,), patients=True), None, 5
    )[0]["foreign"], "their own auditor sees it whole"


def test_the_leaf_proves_whom_a_line_was_about(ward: Ward, tmp_path: Any) -> None:
    request, _ = asked(ward, "Observation?code=4548-4")
    line = ward.lines(request, 0)[0]
    wait_until(
        lambda: (
            seal_all(),
            any(
                x["id"] == line["id"]
                for x, _, _ in iterate_sealed_lines(AuditFilter(person=ward.persons[0]))
            ),
        )[1],
        "it is sealed",
    )
    sealed = next(
        x
        for x, _, _ in iterate_sealed_lines(AuditFilter(person=ward.persons[0]))
        if x["id"] == line["id"]
    )
    assert sealed["v"] == 2 and sealed["persons"] == sorted(str(p) for p in ward.persons)
    assert all(
        "persons" not in x and x["v"] == 1
        for x, _, _ in iterate_sealed_lines(AuditFilter(person=ward.persons[0]))
        if x["person"]
    ), "lines about one are what they were"
    for form in ("ndjson", "csv", "xlsx"):
        path = tmp_path / f"log.{form}"
        export_log(AuditFilter(person=ward.persons[0]), form, path)
        assert check_export(path) == []
    assert all(str(p) in (tmp_path / "log.csv").read_text("utf-8-sig") for p in ward.persons)
    report = verify_log()
    assert report.intact, report.faults[:3]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            "DELETE FROM consent_audit_person WHERE event = {id} AND person = '{person}'",
            "was changed after it was sealed",
        ),
        ("DELETE FROM consent_audit_person WHERE event = {id}", "was changed after it was sealed"),
        (
            (
                "UPDATE consent_audit_person SET person = gen_random_uuid() WHERE event = {id} AND"
                " person = '{person}'"
            ),
            "was changed after it was sealed",
        ),
        (
            (
                "INSERT INTO consent_audit_person SELECT id, recorded, gen_random_uuid() FROM"
                " consent_audit_event WHERE id = {id}"
            ),
            "was changed after it was sealed",
        ),
        (
            (
                "INSERT INTO consent_audit_person SELECT id, recorded, gen_random_uuid() FROM"
                " consent_audit_event WHERE id = {single}"
            ),
            "audit line {single} ",
        ),
        (
            "INSERT INTO consent_audit_person VALUES (9000000000000, now(), gen_random_uuid())",
            "audit line 9000000000000 is gone",
        ),
    ],
)
def test_verify_tells_of_every_person_added_or_taken(ward: Ward, change: str, says: str) -> None:
    from django.db import transaction

    request, _ = asked(ward, "Observation?code=4548-4")
    line = ward.lines(request, 0)[0]
    single = ward.lines(asked(ward, ward.observations[0])[0], 0)[0]
    wait_until(
        lambda: (
            seal_all(),
            {line["id"], single["id"]}
            <= {x["id"] for x, _, _ in iterate_sealed_lines(AuditFilter(person=ward.persons[0]))},
        )[1],
        "both are sealed",
    )
    faults: list[str] = []
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            cursor.execute(
                change.format(id=line["id"], person=ward.persons[0], single=single["id"])
            )
            assert cursor.rowcount > 0
        faults = verify_log_in_transaction().faults
        transaction.set_rollback(True)
    assert any(says.format(single=single["id"]) in f for f in faults), faults
    assert verify_log().intact, "the control: rolled back, the log is intact again"


def test_the_web_role_cannot_take_a_person_from_a_line(ward: Ward) -> None:
    from django.db import DatabaseError, transaction

    for sql in (
        "DELETE FROM consent_audit_person",
        "UPDATE consent_audit_person SET person = gen_random_uuid()",
        "TRUNCATE consent_audit_person",
    ):
        with (
            pytest.raises(DatabaseError, match="permission denied"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute("SET LOCAL ROLE xinglin_web")
            cursor.execute(sql)
    assert ward.lines(asked(ward, "Observation?code=4548-4")[0], 2), "the control: it adds"
