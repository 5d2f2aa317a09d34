"""Row level security behind the gate: a statement whose test was forgotten finds nothing that its scope does not reach, whatever was asked before."""

from contextlib import ExitStack
from typing import Any

import pytest
from django.db import ProgrammingError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alliance.config.grants import ROLES, made
from alliance.config.wall import POLICIES, TABLES, TRUSTED, raise_wall
from consent.audit.event import EventCode
from consent.gate import enter
from consent.terms import Refused, Scope
from consent.wall import behind, connections, stand
from records.interactions.ask import base, own_request, person_request, resource_request
from records.mpi import sources
from records.search.plan import Plan
from records.store import manifest, query, read, write
from records.store.rows import Escaped
from tests.factories import alliance
from tests.factories.consents import given as given_consent
from tests.factories.fhir import bundle, observation, patient
from tests.factories.walled import as_web
from tests.leaks.test_shared_record import World, related, w

__all__ = ["w"]


def own(w: World) -> Scope:
    return enter(own_request(base(w.doctor, w.a.code, ""), EventCode.RECORD_SEARCH, "Observation"))


def own_of_b(w: World) -> Scope:
    doctor = alliance.principal(alliance.staff(w.b))
    return enter(own_request(base(doctor, w.b.code, ""), EventCode.RECORD_SEARCH, "Observation"))


def shared(w: World) -> Scope:
    return enter(person_request(base(w.doctor, "alliance", ""), EventCode.RECORD_SEARCH, "Observation", w.person))  # type: ignore[arg-type]


def plan_of(w: World) -> Plan:
    return Plan("r.hospital = ANY(%(both)s)", "r.rid ASC", "r.rid::text", 100, {"both": [w.a.pk, w.b.pk]})


def opened(w: World) -> str:
    """One consent opens the person's record at B; beside it lies the record of another patient of B. Returns that one."""
    related(w)
    w.permit(sensitive=True)
    return w.hold.create(patient())


def found(w: World) -> int:
    """What a statement with no test at all counts at both hospitals."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM record_resource WHERE hospital = ANY(%s)", [[w.a.pk, w.b.pk]])
        return int(cursor.fetchone()[0])


def test_a_forgotten_test_lets_nothing_out(w: World, monkeypatch: pytest.MonkeyPatch) -> None:
    opened(w)
    scopes = ((own(w), 1), (shared(w), 4))
    for scope, many in scopes:
        assert len(query.page(scope, plan_of(w))) == query.total(scope, plan_of(w)) == many, "the control"
    monkeypatch.setattr(query, "branches", lambda scope, directory, conditions: ([conditions], {}))
    monkeypatch.setattr(query, "number", lambda scope, directory, conditions: (f"(SELECT count(*) FROM record_resource r WHERE {conditions})", {}))
    for scope, many in scopes:
        with pytest.raises(Escaped):
            query.page(scope, plan_of(w))
        assert query.total(scope, plan_of(w)) == 5, "without the wall a total is not looked at once more"
        with as_web():
            assert len(query.page(scope, plan_of(w))) == query.total(scope, plan_of(w)) == many


def test_old_versions_are_behind_it_too(w: World) -> None:
    opened(w)
    for thing in (w.plain, w.sensitive):
        assert w.hold("PUT", thing, observation(w.at_b) | {"id": thing.split("/")[1]}).status == 200
    with as_web():
        for scope, many in ((own(w), 0), (shared(w), 2), (own_of_b(w), 2)):
            with behind(scope) as cursor:
                cursor.execute("SELECT count(*) FROM record_history WHERE hospital = ANY(%s)", [[w.a.pk, w.b.pk]])
                assert cursor.fetchone()[0] == many


def test_what_is_about_nobody_or_somebody_else_too(w: World) -> None:
    """Of what is about no patient the directory alone is open; what names another patient beside him is not."""
    other = opened(w)
    for about in ({"resourceType": "Location", "name": "x"}, {"resourceType": "Basic", "code": {"text": "x"}}):
        w.hold.create(about)
    w.hold.create({"resourceType": "List", "status": "current", "mode": "working", "subject": {"reference": w.at_b}, "entry": [{"item": {"reference": other}}]})
    with as_web():
        shared(w)
        assert found(w) == 5, "his four, and the place"
        own_of_b(w)
        assert found(w) == 7, "the control"


def test_who_was_told_nothing_or_refused_finds_nothing(w: World) -> None:
    opened(w)
    with as_web():
        assert found(w) == 0
        shared(w)
        assert found(w) == 4, "the gate tells"
        with pytest.raises(Refused):
            enter(person_request(base(alliance.principal(alliance.staff(alliance.hospital("third"))), "alliance", ""), EventCode.RECORD_SEARCH, "Observation", w.person))  # type: ignore[arg-type]
        assert found(w) == 0
        enter(resource_request(base(w.doctor, w.b.code, ""), EventCode.RECORD_READ, "Practitioner", "x"))
        assert found(w) == 0, "the directory is about nobody, and these two have none"


STEPS = st.lists(st.sampled_from(["own", "other", "shared", "nothing", "begin", "commit", "rollback"]), min_size=1, max_size=14)


def test_no_order_of_scopes_and_transactions_leaves_another_ones_reach(w: World) -> None:
    opened(w)
    scopes: dict[str, tuple[Any, int]] = {"own": (own(w), 1), "other": (own_of_b(w), 4), "shared": (shared(w), 4), "nothing": (None, 0)}
    w.hold.create(patient())
    scopes["other"] = (scopes["other"][0], 5)
    counts = {"looks": 0, "inside": 0}

    @settings(max_examples=120, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(STEPS)
    def any_order(steps: list[str]) -> None:
        blocks: list[ExitStack] = []
        try:
            for step in steps:
                if step == "begin":
                    blocks.append(ExitStack())
                    blocks[-1].enter_context(transaction.atomic())
                elif step in ("commit", "rollback"):
                    if blocks:
                        if step == "rollback":
                            transaction.set_rollback(True)
                        blocks.pop().close()
                else:
                    scope, many = scopes[step]
                    stand(scope)
                    assert found(w) == many, (step, steps)
                    counts["looks"] += 1
                    counts["inside"] += bool(blocks)
        finally:
            while blocks:
                blocks.pop().close()

    with as_web():
        any_order()
        assert connections[connection.connection].stands
    assert counts["inside"] > 10 and counts["looks"] - counts["inside"] > 40, counts


def test_what_is_known_is_not_told_again(w: World) -> None:
    opened(w)
    mine, theirs = own(w), shared(w)
    told: list[str] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        told.extend([sql] if "set_config('role'" in sql else [])
        return execute(sql, params, many, context)

    def in_transaction(*scopes: Scope) -> int:
        del told[:]
        with transaction.atomic(), connection.execute_wrapper(note):
            for scope in scopes:
                stand(scope)
        return len(told)

    with as_web():
        stand(mine)
        assert in_transaction(mine, mine) == 0
        assert in_transaction(theirs, mine, mine) == 3, "what a savepoint would take back is not known"
        stand(mine)
        assert in_transaction(mine, mine) == 0


def test_nobody_writes_through_it(w: World) -> None:
    opened(w)
    copied = "INSERT INTO record_history SELECT rid, %s, type, fhir_id, version + %s, last_updated, xid, deleted, patient, others, labels, body FROM record_resource WHERE hospital = %s LIMIT 1"
    with as_web(), behind(own(w)) as cursor:
        cursor.execute("UPDATE record_resource SET deleted = true WHERE hospital = %s", [w.b.pk])
        assert cursor.rowcount == 0
        with pytest.raises(ProgrammingError, match="row-level security"):
            cursor.execute(copied, [w.b.pk, 1, w.a.pk])
    with as_web(), transaction.atomic(), behind(own(w)) as cursor:
        cursor.execute(copied, [w.a.pk, 1, w.a.pk])
        assert cursor.rowcount == 1, "the control"
        transaction.set_rollback(True)  # no other test shall read a version whose body is another row's
    assert w.hold("GET", w.plain).status == 200


def test_a_transaction_of_many_goes_through_it(w: World) -> None:
    """PostgreSQL refuses COPY there; what is written is the same."""
    answer = w.hold("POST", "", {"resourceType": "Bundle", "type": "transaction", "entry": [
        {"resource": observation(w.at_b, code=f"{i}-1"), "request": {"method": "POST", "url": "Observation"}} for i in range(40)]})
    assert answer.status == 200
    assert w.hold("GET", f"Observation?patient={w.at_b}&_summary=count").json["total"] == 42
    assert w.hold("GET", f"Observation?patient={w.at_b}&code=7-1&value-quantity=7.1&date=2026-01-05&_summary=count").json["total"] == 1


def test_what_has_moved_to_another_patient_answers_as_without_it(w: World) -> None:
    other = opened(w)
    name = w.plain.split("/")[1]
    assert w.hold("PUT", w.plain, observation(other) | {"id": name}).status == 200
    asked = resource_request(base(w.doctor, w.b.code, ""), EventCode.RECORD_READ, "Observation", w.sensitive.split("/")[1])
    for walled in (False, True):
        with ExitStack() as stack:
            if walled:
                stack.enter_context(as_web())
            scope = enter(asked)
            assert read.one(scope, w.b.pk, "Observation", name) is None, "it is about somebody else now"
            before = read.version(scope, w.b.pk, "Observation", name, 1)
            assert before is not None and before.patient in {p for p, _ in scope.patients}, "what was said of him stays his"


def test_a_denial_holds_that_names_a_record_of_another_patient(w: World) -> None:
    """The records to which it refers are closed, though row level security hides it itself from who asks."""
    other = opened(w)
    leads = w.hold.create(observation(other) | {"hasMember": [{"reference": w.plain}]})
    assert w.seen() == {f"{w.b.code}/{w.plain}", f"{w.b.code}/{w.sensitive}"}, "the control"
    given_consent(w.person, {"resourceType": "Consent", "provision": {"type": "permit", "provision": [
        {"type": "deny", "data": [{"meaning": "related", "reference": {"reference": leads}}]}]}}, sources=sources.of_person(w.person), acting=w.clerk)  # type: ignore[arg-type]
    with as_web():
        seen = {r.fhir_id for r in query.page(shared(w), plan_of(w))}
    assert w.plain.split("/")[1] not in seen and w.sensitive.split("/")[1] in seen


def test_the_manifest_of_several_stores_is_whole_behind_it(w: World) -> None:
    opened(w)
    covered = [s.id for s in sources.of_person(w.person)]  # type: ignore[arg-type]
    plain = list(manifest.lines(covered))
    assert {line.split("/")[0] for line in plain} == {w.a.code, w.b.code}
    with as_web():
        assert list(manifest.lines(covered)) == plain


def test_indexes_are_used_behind_it(w: World) -> None:
    """PostgreSQL looks by an index only for what it trusts, and counts by one alone only if that holds all columns of the policy."""
    opened(w)
    about = w.ask.create(patient())
    assert w.ask("POST", resource=bundle(*(("POST", "Observation", observation(about)) for _ in range(200)))).status == 200
    with connection.cursor() as cursor:  # of a store of three rows all indexes cost the same, and none saves the table what was never vacuumed
        cursor.execute("VACUUM (ANALYZE) record_resource")
    of_hospital = f"hospital = {w.a.pk} AND NOT deleted"
    for scope, sql, says in (
        (shared(w), "SELECT * FROM record_resource WHERE tokens && '{1,2}' AND NOT deleted", "record_resource_tokens"),
        (shared(w), "SELECT * FROM record_resource WHERE tokens @> '{1,2}' AND NOT deleted", "record_resource_tokens"),
        (own(w), f"SELECT * FROM record_resource WHERE {of_hospital} AND type = 9 AND record_long(dated, dated_to) = 1 AND dated_to > now()", "record_resource_long"),
        (own(w), f"SELECT count(*) FROM record_resource WHERE {of_hospital}", "Index Only Scan"),
    ):
        with as_web(), behind(scope) as cursor, transaction.atomic():
            cursor.execute("SET LOCAL enable_seqscan = off")
            if "count" in sql:  # of few rows it would rather look at a bitmap; the question is whether it may do without the table
                cursor.execute("SET LOCAL enable_bitmapscan = off")
            cursor.execute(f"EXPLAIN {sql}")
            told = "\n".join(line for (line,) in cursor.fetchall())
            assert says in told, told


def test_setup_raises_it_once_and_takes_it_down_where_it_would_cost_too_much(world: None) -> None:
    hosted = "CREATE ROLE hosted; ALTER TABLE record_resource OWNER TO hosted; ALTER TABLE record_history OWNER TO hosted; SET LOCAL ROLE hosted"
    with connection.cursor() as cursor:
        def state() -> list[Any]:
            cursor.execute("SELECT oid, xmin::text FROM pg_policy ORDER BY oid")
            return list(cursor.fetchall())

        def standing() -> int:
            cursor.execute("SELECT count(*) FROM pg_class WHERE relrowsecurity AND relname = ANY(%s)", [list(TABLES)])
            return int(cursor.fetchone()[0])

        before = state()
        assert raise_wall() and state() == before and len(before) == len(POLICIES) * len(TABLES)
        for spoilt in ("", f"ALTER FUNCTION {TRUSTED[0]} NOT LEAKPROOF;", "REVOKE xinglin_shared FROM xinglin_web;", "ALTER TABLE record_history DISABLE ROW LEVEL SECURITY;"):
            with transaction.atomic():
                cursor.execute(spoilt + hosted)
                assert raise_wall() is (not spoilt) and standing() == (0 if spoilt else len(TABLES)), spoilt or "what a superuser has said stays said"
                transaction.set_rollback(True)
        with transaction.atomic():
            cursor.execute(f"ALTER FUNCTION {TRUSTED[0]} NOT LEAKPROOF; REVOKE xinglin_shared FROM xinglin_web; DROP POLICY xinglin_shared_reach ON record_history")
            assert raise_wall() and standing() == len(TABLES) and len(state()) == len(before), "a superuser mends it"
            transaction.set_rollback(True)


def test_a_web_role_without_the_other_one_works_on(world: None) -> None:
    """Where an administrator has made xinglin_web alone, and the tables' owner may make no roles."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DROP OWNED BY xinglin_shared; DROP ROLE xinglin_shared; CREATE ROLE hosted")
        cursor.execute("ALTER TABLE record_resource OWNER TO hosted; ALTER TABLE record_history OWNER TO hosted; SET LOCAL ROLE hosted")
        assert [r for r in ROLES if made(r)] == ["xinglin_web"]
        assert not raise_wall(), "and says so"
        cursor.execute("RESET ROLE")
        assert [r for r in ROLES if made(r)] == ["xinglin_web", "xinglin_shared"] and raise_wall(), "the control: a superuser makes it"
        transaction.set_rollback(True)


def test_a_scope_that_does_not_write_is_refused_first(w: World) -> None:
    with as_web(), pytest.raises(PermissionError):
        write.lock(own(w), [("Observation", "x")])
