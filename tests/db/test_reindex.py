"""An upgrade that keeps more for searching: everything is found as if it had been written by
this release.
"""

import threading
from concurrent.futures import ThreadPoolExecutor
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from records.maintenance.reindex import count_old_keys
from records.models import SourcePatient
from records.mpi.index.rekey import KEY_VERSION
from records.store import vocabulary
from records.store.maintenance.reindex_rows import needs_reindex
from tests.factories import alliance
from tests.factories.fhir import Api, make_observation, make_patient


@pytest.fixture
def api(server: str) -> Api:
    at = alliance.make_hospital("re")
    return Api(server, at.code, credentials=alliance.make_credentials(at))


def test_reindex_restores_all_that_is_searched(api: Api) -> None:
    about = api.create(make_patient("公孙策"))
    api.create(
        make_observation(about, value=7.25, date="2026-03-04")
        | {
            "performer": [
                {
                    "reference": api.create(
                        {"resourceType": "Practitioner", "name": [{"text": "化验员"}]}
                    )
                }
            ]
        }
    )
    api.create(
        make_observation(
            about,
            code="within",
            performer=[{"reference": "#p"}, {"identifier": {"value": "L1"}}],
            contained=[{"resourceType": "Practitioner", "id": "p", "name": [{"text": "外院"}]}],
        )
    )
    asked = [
        f"Observation?{q}&_summary=count"
        for q in (
            "code=4548-4",
            "date=2026-03-04",
            "value-quantity=7.25",
            "patient.name=公孙策&code=4548-4",
            "performer:missing=false&code=4548-4",
            "performer.name=化验员",
            "performer.name=外院",
            "performer:identifier=L1",
        )
    ] + ["Patient?name=公孙&_summary=count"]
    assert [api("GET", q).json["total"] for q in asked] == [1] * len(asked)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE record_resource r SET tokens = '{}', present = 0, dated = '-infinity', dated_to"
            " = '-infinity' FROM alliance_hospital h WHERE h.id = r.hospital AND h.code = %s",
            [api.base],
        )
        for table in ("string", "date", "reference", "quantity"):
            cursor.execute(
                f"DELETE FROM record_{table} s USING record_resource r, alliance_hospital h WHERE"
                " r.rid = s.rid AND h.id = r.hospital AND h.code = %s",
                [api.base],
            )
        cursor.execute("DELETE FROM record_vocabulary WHERE value LIKE '%%>%%'")
    vocabulary.known.clear()
    assert [api("GET", q).json["total"] for q in asked] == [0] * len(asked), (
        "the control: without index rows nothing is found"
    )
    with connection.cursor() as cursor:
        cursor.execute("UPDATE record_index SET version = 1")
    assert needs_reindex()
    call_command("setup")
    assert not needs_reindex()
    assert [api("GET", q).json["total"] for q in asked] == [1] * len(asked)
    assert [e["resource"]["meta"]["versionId"] for e in api.feed(4)] == ["1"] * 4, (
        "no version is made"
    )


def test_new_rules_label_old_records_and_old_versions(api: Api) -> None:
    about = api.create(make_patient())
    hiv = {"coding": [{"system": "http://loinc.org", "code": "75622-1"}]}
    made = api.create(make_observation(about) | {"code": hiv})
    assert api("PUT", made, make_observation(about) | {"id": made.split("/")[1]}).status == 200
    ours = "FROM alliance_hospital h WHERE h.id = r.hospital AND h.code = %s AND r.fhir_id = %s"
    with connection.cursor() as cursor:
        for table in ("record_resource", "record_history"):
            cursor.execute(
                f"UPDATE {table} r SET labels = 0 {ours}", [api.base, made.split("/")[1]]
            )
        cursor.execute(
            f"UPDATE record_resource r SET marks = '{{}}' {ours}", [api.base, made.split("/")[1]]
        )
        cursor.execute("UPDATE record_index SET version = 1")
    call_command("setup")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT r.labels, v.labels, cardinality(r.marks) FROM record_resource r JOIN"
            " record_history v ON v.rid = r.rid JOIN alliance_hospital h ON h.id = r.hospital WHERE"
            " h.code = %s AND r.fhir_id = %s",
            [api.base, made.split("/")[1]],
        )
        assert cursor.fetchone() == (
            1,
            1,
            1,
        ), "the resource keeps the label of its old version; its code is marked"


def test_who_keeps_old_keys_is_told_and_why(api: Api) -> None:
    gone, busy, plain = (api.create(make_patient()) for _ in range(3))
    assert api("DELETE", gone).status == 204
    rows = {
        r: SourcePatient.objects.get(hospital__code=api.base, fhir_id=r.split("/")[1]).pk
        for r in (gone, busy, plain)
    }
    before = count_old_keys()
    SourcePatient.objects.filter(pk__in=rows.values()).update(keyed=KEY_VERSION - 1)

    def said(**options: bool) -> tuple[str, str]:
        out, err = StringIO(), StringIO()
        call_command("reindex", stdout=out, stderr=err, **options)
        return out.getvalue(), err.getvalue()

    held, done = threading.Event(), threading.Event()

    def write() -> None:
        try:
            with transaction.atomic():
                SourcePatient.objects.select_for_update().get(pk=rows[busy])
                held.set()
                done.wait(60)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write)
        assert held.wait(30)
        try:
            out, err = said(if_due=True)
        finally:
            done.set()
        writing.result(30)
    assert count_old_keys() == (before[0] + 1, 1)
    assert (
        f"{before[0] + 1} deleted patients keep older rules' keys" in out
        and "1 patients keep older rules' keys" in err
        and "run manage.py reindex --if-due again" in err
    )
    assert SourcePatient.objects.get(pk=rows[plain]).keyed == KEY_VERSION, (
        "the control: whom nobody holds"
    )
    out, err = said(if_due=True)
    assert "older rules' keys" in out and not err and count_old_keys() == (before[0] + 1, 0)
    SourcePatient.objects.filter(pk=rows[gone]).update(keyed=KEY_VERSION)
