"""Row level security and writes, moved records, its indexes, and how setup raises it."""

from contextlib import ExitStack
from typing import Any

import pytest
from django.db import ProgrammingError, connection, transaction

from alliance.database.grants import ROLES, ensure_role
from alliance.database.row_policies import (
    LEAKPROOF_FUNCTIONS,
    POLICY_ROLES,
    PROTECTED_TABLES,
    install_row_security,
)
from consent.audit.event import EventCode
from consent.gate import authorize_access
from consent.row_security import scoped_cursor
from records.fhir.resource_types import DIRECTORY_NUMBERS
from records.mpi.index import source_patients
from records.requests.fhir_request import (
    build_fhir_request,
    request_resource_access,
)
from records.store import resource_query, resource_writer, seal_manifest, search_query
from tests.factories.consents import record_consent as given_consent
from tests.factories.fhir import make_bundle, make_observation, make_patient
from tests.factories.web_role import acting_as_web_role
from tests.support.row_security import opened, own, plan_of, shared
from tests.support.world import World, w

__all__ = ["w"]


def test_nobody_writes_through_it(w: World) -> None:
    opened(w)
    copied = (
        "INSERT INTO record_history SELECT rid, %s, type, fhir_id, version + %s, last_updated, xid,"
        " deleted, patient, others, labels, body FROM record_resource WHERE hospital = %s LIMIT 1"
    )
    with acting_as_web_role(), scoped_cursor(own(w)) as cursor:
        cursor.execute("UPDATE record_resource SET deleted = true WHERE hospital = %s", [w.b.pk])
        assert cursor.rowcount == 0
        with pytest.raises(ProgrammingError, match="row-level security"):
            cursor.execute(copied, [w.b.pk, 1, w.a.pk])
    with acting_as_web_role(), transaction.atomic(), scoped_cursor(own(w)) as cursor:
        cursor.execute(copied, [w.a.pk, 1, w.a.pk])
        assert cursor.rowcount == 1, "the control"
        transaction.set_rollback(
            True
        )  # no other test shall read a version whose body is another row's
    assert w.hold("GET", w.plain).status == 200


def test_a_transaction_of_many_goes_through_it(w: World) -> None:
    """PostgreSQL refuses COPY there; what is written is the same."""
    answer = w.hold(
        "POST",
        "",
        {
            "resourceType": "Bundle",
            "type": "transaction",
            "entry": [
                {
                    "resource": make_observation(w.at_b, code=f"{i}-1"),
                    "request": {"method": "POST", "url": "Observation"},
                }
                for i in range(40)
            ],
        },
    )
    assert answer.status == 200
    assert w.hold("GET", f"Observation?patient={w.at_b}&_summary=count").json["total"] == 42
    assert (
        w.hold(
            "GET",
            f"Observation?patient={w.at_b}&code=7-1&value-quantity=7.1&date=2026-01-05&_summary=count",
        ).json["total"]
        == 1
    )


def test_what_has_moved_to_another_patient_answers_as_without_it(w: World) -> None:
    other = opened(w)
    name = w.plain.split("/")[1]
    assert w.hold("PUT", w.plain, make_observation(other) | {"id": name}).status == 200
    asked = request_resource_access(
        build_fhir_request(w.doctor, w.b.code, ""),
        EventCode.RECORD_READ,
        "Observation",
        w.sensitive.split("/")[1],
    )
    for walled in (False, True):
        with ExitStack() as stack:
            if walled:
                stack.enter_context(acting_as_web_role())
            scope = authorize_access(asked)
            assert resource_query.fetch_current(scope, w.b.pk, "Observation", name) is None, (
                "it is about somebody else now"
            )
            before = resource_query.fetch_version(scope, w.b.pk, "Observation", name, 1)
            assert before is not None, "what was said of them stays theirs"
            assert before.source_patient_id in {p for p, _ in scope.patients}, (
                "what was said of them stays theirs"
            )


def test_a_denial_holds_that_names_a_record_of_another_patient(w: World) -> None:
    """The records to which it refers are closed, though row level security hides it itself from
    who asks.
    """
    other = opened(w)
    leads = w.hold.create(make_observation(other) | {"hasMember": [{"reference": w.plain}]})
    assert w.seen() == {f"{w.b.code}/{w.plain}", f"{w.b.code}/{w.sensitive}"}, "the control"
    given_consent(
        w.person,
        {
            "resourceType": "Consent",
            "provision": {
                "type": "permit",
                "provision": [
                    {
                        "type": "deny",
                        "data": [{"meaning": "related", "reference": {"reference": leads}}],
                    }
                ],
            },
        },
        sources=source_patients.sources_of_person(w.person),
        acting=w.clerk,
    )  # type: ignore[arg-type]
    with acting_as_web_role():
        seen = {r.fhir_id for r in search_query.fetch_page(shared(w), plan_of(w))}
    assert w.plain.split("/")[1] not in seen
    assert w.sensitive.split("/")[1] in seen


def test_the_manifest_of_several_stores_is_whole_behind_it(w: World) -> None:
    opened(w)
    covered = [s.id for s in source_patients.sources_of_person(w.person)]  # type: ignore[arg-type]
    plain = list(seal_manifest.build_manifest_lines(covered))
    assert {line.split("/")[0] for line in plain} == {w.a.code, w.b.code}
    with acting_as_web_role():
        assert list(seal_manifest.build_manifest_lines(covered)) == plain


def test_indexes_are_used_behind_it(w: World) -> None:
    """PostgreSQL looks by an index only for what it trusts, and counts by one alone only if that
    holds all columns of the policy.
    """
    opened(w)
    about = w.ask.create(make_patient())
    assert (
        w.ask(
            "POST",
            resource=make_bundle(
                *(("POST", "Observation", make_observation(about)) for _ in range(200))
            ),
        ).status
        == 200
    )
    with (
        connection.cursor() as cursor
        # of a store of three rows all indexes cost the same, and none saves the table what was
        # never vacuumed
    ):
        cursor.execute("VACUUM (ANALYZE) record_resource")
    of_hospital = f"hospital = {w.a.pk} AND NOT deleted"
    for scope, sql, says in (
        (
            shared(w),
            "SELECT * FROM record_resource WHERE tokens && '{1,2}' AND NOT deleted",
            "record_resource_tokens",
        ),
        (
            shared(w),
            "SELECT * FROM record_resource WHERE tokens @> '{1,2}' AND NOT deleted",
            "record_resource_tokens",
        ),
        (
            own(w),
            (
                f"SELECT * FROM record_resource WHERE {of_hospital} AND type = 9 AND"
                " record_long(dated, dated_to) = 1 AND dated_to > now()"
            ),
            "record_resource_long",
        ),
        (own(w), f"SELECT count(*) FROM record_resource WHERE {of_hospital}", "Index Only Scan"),
    ):
        with acting_as_web_role(), scoped_cursor(scope) as cursor, transaction.atomic():
            cursor.execute("SET LOCAL enable_seqscan = off")
            if (
                "count" in sql
                # of few rows it would rather look at a bitmap; the question is whether it may do
                # without the table
            ):
                cursor.execute("SET LOCAL enable_bitmapscan = off")
            cursor.execute(f"EXPLAIN {sql}")
            told = "\n".join(line for (line,) in cursor.fetchall())
            assert says in told, told


def test_setup_raises_it_once_and_takes_it_down_where_it_would_cost_too_much(world: None) -> None:
    hosted = (
        "CREATE ROLE hosted; ALTER TABLE record_resource OWNER TO hosted; ALTER TABLE"
        " record_history OWNER TO hosted; SET LOCAL ROLE hosted"
    )
    with connection.cursor() as cursor:

        def state() -> list[Any]:
            cursor.execute("SELECT oid, xmin::text FROM pg_policy ORDER BY oid")
            return list(cursor.fetchall())

        def standing() -> int:
            cursor.execute(
                "SELECT count(*) FROM pg_class WHERE relrowsecurity AND relname = ANY(%s)",
                [list(PROTECTED_TABLES)],
            )
            return int(cursor.fetchone()[0])

        before = state()
        assert install_row_security(DIRECTORY_NUMBERS)
        assert state() == before
        assert len(before) == len(POLICY_ROLES) * len(PROTECTED_TABLES)
        for spoilt in (
            "",
            f"ALTER FUNCTION {LEAKPROOF_FUNCTIONS[0]} NOT LEAKPROOF;",
            "REVOKE xinglin_shared FROM xinglin_web;",
            "ALTER TABLE record_history DISABLE ROW LEVEL SECURITY;",
        ):
            with transaction.atomic():
                cursor.execute(spoilt + hosted)
                assert install_row_security(DIRECTORY_NUMBERS) is (not spoilt), (
                    spoilt or "what a superuser has said stays said"
                )
                assert standing() == (0 if spoilt else len(PROTECTED_TABLES)), (
                    spoilt or "what a superuser has said stays said"
                )
                transaction.set_rollback(True)
        with transaction.atomic():
            cursor.execute(
                f"ALTER FUNCTION {LEAKPROOF_FUNCTIONS[0]} NOT LEAKPROOF; REVOKE xinglin_shared FROM"
                " xinglin_web; DROP POLICY xinglin_shared_reach ON record_history"
            )
            assert install_row_security(DIRECTORY_NUMBERS), "a superuser mends it"
            assert standing() == len(PROTECTED_TABLES), "a superuser mends it"
            assert len(state()) == len(before), "a superuser mends it"
            transaction.set_rollback(True)


def test_a_web_role_without_the_other_one_works_on(world: None) -> None:
    """Where an administrator has made xinglin_web alone, and the tables' owner may make no
    roles.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DROP OWNED BY xinglin_shared; DROP ROLE xinglin_shared; CREATE ROLE hosted")
        cursor.execute(
            "ALTER TABLE record_resource OWNER TO hosted; ALTER TABLE record_history OWNER TO"
            " hosted; SET LOCAL ROLE hosted"
        )
        assert [r for r in ROLES if ensure_role(r)] == ["xinglin_web"]
        assert not install_row_security(DIRECTORY_NUMBERS), "and says so"
        cursor.execute("RESET ROLE")
        assert [r for r in ROLES if ensure_role(r)] == [
            "xinglin_web",
            "xinglin_shared",
        ], "the control: a superuser makes it"
        assert install_row_security(DIRECTORY_NUMBERS), "the control: a superuser makes it"
        transaction.set_rollback(True)


def test_a_scope_that_does_not_write_is_refused_first(w: World) -> None:
    with acting_as_web_role(), pytest.raises(PermissionError):
        resource_writer.lock_rows(own(w), [("Observation", "x")])
