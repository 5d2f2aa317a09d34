"""The gate against the oracle: the same worlds, decided by the rules and their SQL, and by a
plain evaluator that shares no code with them.

XINGLIN_ORACLE multiplies the number of worlds for a longer run.
"""

import datetime as dt
import os
import random
from collections import Counter
from enum import StrEnum
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alliance.auth.principal import Principal
from alliance.roles import Permission, Role
from consent.audit.event import EventCode
from consent.decide import decide_access
from consent.row_security import scoped_cursor
from consent.terms import AccessRequest, Facts, Refused
from records.fhir.resource_types import DIRECTORY_TYPES
from records.mpi.index import source_patients
from records.store.rows import visible_sql
from tests.factories import alliance
from tests.factories.fhir import Api, make_bundle, make_patient
from tests.factories.web_role import acting_as_web_role
from tests.oracle import worlds
from tests.oracle.evaluator import Thing, may_see
from tests.oracle.pure import facts_of


class Asked(StrEnum):
    """Purposes beside the product's own, for consents name others too."""

    TREAT = "TREAT"
    RESEARCH = "CLINTRCH"
    COORDINATION = "COC"
    PAYMENT = "HPAYMT"


ASKED = [Asked.TREAT] * 5 + list(Asked)
NOW = dt.datetime(2025, 7, 1, tzinfo=dt.UTC)
WORLDS = 330 * int(os.environ.get("XINGLIN_ORACLE", "1"))
EACH = 34  # records a hospital
# each which decision is asked once more behind row level security, which must hide nothing of what
# the gate opens
WALLED = 4


class Stage:
    """One person at three hospitals, their records there, and the same records as the oracle knows
    them.
    """

    def __init__(self, server: str) -> None:
        rng = random.Random(7)
        self.hospitals = [alliance.make_hospital(n) for n in ("one", "two", "three")]
        self.things: dict[int, Thing] = {}
        homes = []
        for h in self.hospitals:
            api = Api(server, h.code, credentials=alliance.make_credentials(h))
            about = api.create(make_patient())
            bodies = worlds.records(about, rng, EACH)
            doctors = [{"resourceType": "Practitioner", "id": f"d{i}"} for i in range(3)]
            sent = [("PUT", f"{b['resourceType']}/{b['id']}", b) for b in (*doctors, *bodies)]
            assert api("POST", "", make_bundle(*sent)).status == 200
            again = [("PUT", f"{b['resourceType']}/{b['id']}", b) for b in bodies]
            assert api("POST", "", make_bundle(*again)).status == 200, (
                "so that each has an old version"
            )
            things = [worlds.thing(h.code, b) for b in bodies]
            for t in things:
                t.around = things
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT fhir_id, rid FROM record_resource WHERE hospital = %s AND fhir_id LIKE"
                    " 'r%%'",
                    [h.pk],
                )
                self.things |= {
                    rid: next(t for t in things if t.body["id"] == i)
                    for i, rid in cursor.fetchall()
                }
            homes.append(
                source_patients.find_source_rows(h.pk, [about.split("/")[1]])[about.split("/")[1]]
            )
        persons = [home.person_id for home in homes]
        self.sources = tuple(s for p in persons for s in source_patients.sources_of_person(p))
        self.counts: Counter[str] = Counter()

    def seen(self, request: AccessRequest, facts: Facts, *, old: bool) -> set[int]:
        """What the gate lets through: current versions, or old ones."""
        try:
            scope = decide_access(request, facts)
        except Refused:
            return set()
        test, bound = visible_sql(scope, DIRECTORY_TYPES, may_be_old=old)
        if old:
            table = (
                "(SELECT v.rid, v.hospital, v.type, v.fhir_id, v.patient, v.others, v.labels |"
                " c.labels AS labels FROM record_history v JOIN record_resource c ON c.rid = v.rid"
                " WHERE v.rid = ANY(%(rids)s))"
            )
        else:
            table = "record_resource"
        sql, parameters = (
            f"SELECT r.rid FROM {table} r WHERE r.rid = ANY(%(rids)s) AND {test}",
            {**bound, "rids": list(self.things)},
        )
        with connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            found = {rid for (rid,) in cursor.fetchall()}
        self.counts["decisions"] += 1
        if self.counts["decisions"] % WALLED == 0:
            with acting_as_web_role(), scoped_cursor(scope) as cursor:
                cursor.execute(sql, parameters)
                assert {rid for (rid,) in cursor.fetchall()} == found, (
                    f"row level security changes what {request} finds"
                )
                self.counts["walled"] += len(found)
        return found


@pytest.fixture(scope="module")
def stage(server: str) -> Stage:
    return Stage(server)


def test_the_gate_decides_as_the_oracle_does(stage: Stage) -> None:
    codes = [h.code for h in stage.hospitals]
    numbers = {h.code: h.pk for h in stage.hospitals}

    @settings(
        max_examples=WORLDS,
        deadline=None,
        derandomize=WORLDS < 400,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def compare(data: Any) -> None:
        world = worlds.world(data, codes)
        purpose = data.draw(st.sampled_from(ASKED))
        for hospital, staff, old in (
            (codes[0], "7", False),
            (codes[1], "8", False),
            (codes[0], "7", True),
        ):
            facts = facts_of(world, NOW, staff)
            viewer = Principal(
                "staff", staff, numbers[hospital], hospital, Role.CLINICIAN, purpose=purpose
            )  # type: ignore[arg-type]
            request = AccessRequest(
                viewer,
                Permission.RECORD_READ,
                EventCode.RECORD_OPEN,
                "oracle",
                sources=stage.sources,
                all_sources=stage.sources,
            )
            got = stage.seen(request, facts, old=old)
            for rid, thing in stage.things.items():
                thing.old = old
                wanted = may_see(world, world.looker(hospital, staff, purpose.value, NOW), thing)
                stage.counts["permit" if wanted else "deny"] += 1
                stage.counts["permit elsewhere"] += wanted and thing.hospital != hospital
                assert (rid in got) == wanted, (
                    f"the gate {'shows' if rid in got else 'hides'} {thing.hospital} {thing.body}"
                    f" {thing.labels} {old=} to {hospital}: {world}"
                )

    compare()
    assert stage.counts["permit"] + stage.counts["deny"] >= min(100_000, 300 * WORLDS), stage.counts
    assert stage.counts["walled"] > 1000, stage.counts
    assert stage.counts["permit elsewhere"] > 0.03 * (
        stage.counts["permit"] + stage.counts["deny"]
    ), stage.counts
