"""Row level security behind the gate: a statement whose test was forgotten finds nothing that
its scope does not reach, whatever was asked before.
"""

from contextlib import ExitStack
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consent.audit.event import EventCode
from consent.gate import authorize_access
from consent.row_security import apply_session_scope, scoped_cursor, session_states
from consent.terms import Refused, Scope
from records.requests.fhir_request import (
    build_fhir_request,
    request_own_access,
    request_person_access,
    request_resource_access,
)
from records.store import search_query
from records.store.rows import ScopeViolation
from tests.factories import alliance
from tests.factories.fhir import make_observation, make_patient
from tests.factories.web_role import acting_as_web_role
from tests.support.row_security import opened, own, plan_of, shared
from tests.support.world import World, w

__all__ = ["w"]


def own_of_b(w: World) -> Scope:
    doctor = alliance.get_staff_principal(alliance.make_staff(w.b))
    return authorize_access(
        request_own_access(
            build_fhir_request(doctor, w.b.code, ""), EventCode.RECORD_SEARCH, "Observation"
        )
    )


def found(w: World) -> int:
    """What a statement with no test at all counts at both hospitals."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM record_resource WHERE hospital = ANY(%s)", [[w.a.pk, w.b.pk]]
        )
        return int(cursor.fetchone()[0])


def test_a_forgotten_test_lets_nothing_out(w: World, monkeypatch: pytest.MonkeyPatch) -> None:
    opened(w)
    scopes = ((own(w), 1), (shared(w), 4))
    for scope, many in scopes:
        assert (
            len(search_query.fetch_page(scope, plan_of(w)))
            == search_query.count_matches(scope, plan_of(w))
            == many
        ), "the control"
    monkeypatch.setattr(
        search_query, "branches_sql", lambda scope, directory, conditions: ([conditions], {})
    )
    monkeypatch.setattr(
        search_query,
        "count_sql",
        lambda scope, directory, conditions: (
            f"(SELECT count(*) FROM record_resource r WHERE {conditions})",
            {},
        ),
    )
    for scope, many in scopes:
        with pytest.raises(ScopeViolation):
            search_query.fetch_page(scope, plan_of(w))
        assert search_query.count_matches(scope, plan_of(w)) == 5, (
            "without the wall a total is not looked at once more"
        )
        with acting_as_web_role():
            assert (
                len(search_query.fetch_page(scope, plan_of(w)))
                == search_query.count_matches(scope, plan_of(w))
                == many
            )


def test_old_versions_are_behind_it_too(w: World) -> None:
    opened(w)
    for thing in (w.plain, w.sensitive):
        assert (
            w.hold("PUT", thing, make_observation(w.at_b) | {"id": thing.split("/")[1]}).status
            == 200
        )
    with acting_as_web_role():
        for scope, many in ((own(w), 0), (shared(w), 2), (own_of_b(w), 2)):
            with scoped_cursor(scope) as cursor:
                cursor.execute(
                    "SELECT count(*) FROM record_history WHERE hospital = ANY(%s)",
                    [[w.a.pk, w.b.pk]],
                )
                assert cursor.fetchone()[0] == many


def test_what_is_about_nobody_or_somebody_else_too(w: World) -> None:
    """Of what is about no patient the directory alone is open; what names another patient beside
    them is not.
    """
    other = opened(w)
    for about in (
        {"resourceType": "Location", "name": "x"},
        {"resourceType": "Basic", "code": {"text": "x"}},
    ):
        w.hold.create(about)
    w.hold.create(
        {
            "resourceType": "List",
            "status": "current",
            "mode": "working",
            "subject": {"reference": w.at_b},
            "entry": [{"item": {"reference": other}}],
        }
    )
    with acting_as_web_role():
        shared(w)
        assert found(w) == 5, "their four, and the place"
        own_of_b(w)
        assert found(w) == 7, "the control"


def test_who_was_told_nothing_or_refused_finds_nothing(w: World) -> None:
    opened(w)
    with acting_as_web_role():
        assert found(w) == 0
        shared(w)
        assert found(w) == 4, "the gate tells"
        with pytest.raises(Refused):
            authorize_access(
                request_person_access(
                    build_fhir_request(
                        alliance.get_staff_principal(
                            alliance.make_staff(alliance.make_hospital("third"))
                        ),
                        "alliance",
                        "",
                    ),
                    EventCode.RECORD_SEARCH,
                    "Observation",
                    w.person,
                )
            )  # type: ignore[arg-type]
        assert found(w) == 0
        authorize_access(
            request_resource_access(
                build_fhir_request(w.doctor, w.b.code, ""),
                EventCode.RECORD_READ,
                "Practitioner",
                "x",
            )
        )
        assert found(w) == 0, "the directory is about nobody, and these two have none"


STEPS = st.lists(
    st.sampled_from(["own", "other", "shared", "nothing", "begin", "commit", "rollback"]),
    min_size=1,
    max_size=14,
)


def test_no_order_of_scopes_and_transactions_leaves_another_ones_reach(w: World) -> None:
    opened(w)
    scopes: dict[str, tuple[Any, int]] = {
        "own": (own(w), 1),
        "other": (own_of_b(w), 4),
        "shared": (shared(w), 4),
        "nothing": (None, 0),
    }
    w.hold.create(make_patient())
    scopes["other"] = (scopes["other"][0], 5)
    counts = {"looks": 0, "inside": 0}

    @settings(
        max_examples=120, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
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
                    apply_session_scope(scope)
                    assert found(w) == many, (step, steps)
                    counts["looks"] += 1
                    counts["inside"] += bool(blocks)
        finally:
            while blocks:
                blocks.pop().close()

    with acting_as_web_role():
        any_order()
        assert session_states[connection.connection].enforced
    assert counts["inside"] > 10, counts
    assert counts["looks"] - counts["inside"] > 40, counts


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
                apply_session_scope(scope)
        return len(told)

    with acting_as_web_role():
        apply_session_scope(mine)
        assert in_transaction(mine, mine) == 0
        assert in_transaction(theirs, mine, mine) == 3, (
            "what a savepoint would take back is not known"
        )
        apply_session_scope(mine)
        assert in_transaction(mine, mine) == 0
