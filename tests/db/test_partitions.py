"""The months of the audit log are made beside readers and writers, whoever reads for how long;
lines without a month keep their place in the log.
"""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection, transaction

from alliance.database import locks
from alliance.operations.database_inspections import inspect_partitions
from alliance.server.housekeeping import catch_up_partitions, prepare_log_partitions
from consent.audit import partitions as months
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode
from consent.audit.partition_indexes import build_partition_indexes
from consent.audit.sealer import seal_all
from consent.audit.verify import verify_log
from tests.factories import alliance
from tests.factories.fhir import Api, make_observation, make_patient

LOG = "consent_audit_event"


def value(question: str, *about: Any) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(question, about)
        return cursor.fetchone()[0]


def lacking() -> list[months.Span]:
    with connection.cursor() as cursor:
        return [s for parent in months.PARENTS for s in months.list_missing_spans(cursor, parent)]


def take_away(parent: str, span: months.Span) -> None:
    """The month's partition, with its lines in the rest: as if nobody had made it in time. A
    superuser may.
    """
    name = months.partition_name(parent, span)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {parent} DETACH PARTITION {name}")
        cursor.execute(f"INSERT INTO {parent} OVERRIDING SYSTEM VALUE SELECT * FROM {name}")
        cursor.execute(f"DROP TABLE {name}")


@contextmanager
def reading() -> Iterator[None]:
    """Somebody reads the whole log, and takes their time: a dump, an auditor's export."""
    held, done = threading.Event(), threading.Event()

    def read() -> None:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(f"SELECT count(*) FROM {LOG}")
                held.set()
                done.wait(120)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        under_way = pool.submit(read)
        assert held.wait(60)
        try:
            yield
        finally:
            done.set()
        under_way.result(60)


@pytest.fixture(autouse=True)
def prepared(world: None) -> Iterator[None]:
    assert months.prepare_partitions(large=True) == []
    yield
    assert months.prepare_partitions(large=True) == [], "what a test took away is there again"


def test_this_month_and_three_more_are_there() -> None:
    assert lacking() == []
    with connection.cursor() as cursor:
        assert inspect_partitions(cursor).ok
    with connection.cursor() as cursor:
        newest = months.list_partition_spans(cursor, LOG)[-1]
    take_away(LOG, newest)
    with connection.cursor() as cursor:
        assert lacking() == [newest] and not inspect_partitions(cursor).ok
    catch_up_partitions()
    assert lacking() == [], "the worker makes it when it starts"
    take_away(LOG, newest)
    prepare_log_partitions(0)
    assert lacking() == [], "and each hour"
    assert value(
        "SELECT count(*) FROM pg_index WHERE indrelid = to_regclass(%s)",
        months.partition_name(LOG, newest),
    ) == value(f"SELECT count(*) FROM pg_index WHERE indrelid = '{LOG}'::regclass")


def test_a_long_reader_of_the_log_stops_nobody(
    server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the job tries, in vain, the site writes and answers; then it succeeds. Nobody ever
    stands in the queue behind the reader.
    """
    monkeypatch.setattr(locks, "TRIES", 3)
    at = alliance.make_hospital("reader")
    api = Api(server, at.code, credentials=alliance.make_credentials(at))
    about = api.create(make_patient())
    with connection.cursor() as cursor:
        newest = months.list_partition_spans(cursor, LOG)[-1]
    take_away(LOG, newest)
    answered: list[int] = []
    stop = threading.Event()

    def write() -> None:
        """And read the table that the job wants for itself: whoever comes behind one that waits
        for it gives up at once.
        """
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '20ms'")
                while not stop.is_set():
                    cursor.execute(f"SELECT count(*) FROM {LOG}_rest")
                    answered.append(api("POST", "Observation", make_observation(about)).status)
        finally:
            connection.close()

    with reading(), ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write)
        faults = months.prepare_partitions()
        stop.set()
        writing.result(60)
        assert len(faults) == 1 and faults[0].startswith(LOG), "it does not wait for the reader"
        assert lacking() == [newest]
    assert answered and set(answered) == {201}
    assert months.prepare_partitions() == [] and lacking() == []


def test_lines_of_a_month_that_was_not_made_stay_in_the_log(world: None) -> None:
    """They lie in the rest, sealed and found; then the rest becomes their month. No line moves,
    and the log verifies before and after.
    """
    with connection.cursor() as cursor:
        this = next(
            s
            for s in months.list_partition_spans(cursor, LOG)
            if s[0] <= months.month_span(value("SELECT now()"))[0] < s[1]
        )
    mark = alliance.make_hospital("late").code
    acting = alliance.get_staff_principal(alliance.make_staff(alliance.make_hospital("late")))
    append_event(AuditEvent.from_principal(acting, EventCode.RECORD_READ, target=mark))
    for parent in months.PARENTS:
        take_away(parent, this)
    append_event(AuditEvent.from_principal(acting, EventCode.RECORD_READ, target=mark))
    assert value(f"SELECT count(*) FROM {LOG}_rest WHERE target = %s", mark) == 2
    with connection.cursor() as cursor:
        wall = inspect_partitions(cursor)
    assert not wall.ok and f"{LOG}_rest" in wall.says and f"{this[0]:%Y-%m}" in wall.says
    seal_all()
    lines, sealed = (
        value(f"SELECT count(*) FROM {LOG}"),
        value("SELECT count(*) FROM consent_audit_leaf"),
    )
    placed = "SELECT array_agg(id || ctid::text) FROM {}"
    where = set(value(placed.format(f"{LOG}_rest")))
    assert months.prepare_partitions() == [] and lacking() == []
    assert value(f"SELECT count(*) FROM {LOG}_rest") == 0
    append_event(AuditEvent.from_principal(acting, EventCode.RECORD_READ, target=mark))
    name = months.partition_name(LOG, this)
    assert value(f"SELECT count(*) FROM {name} WHERE target = %s", mark) == 3, (
        "this month's lines go there from now on"
    )
    assert where < set(value(placed.format(name))), "no line moved"
    assert (
        value(f"SELECT count(*) FROM {LOG}") >= lines + 1
        and value("SELECT count(*) FROM consent_audit_leaf") >= sealed
    )
    seal_all()
    assert not verify_log().faults
    with connection.cursor() as cursor:
        assert inspect_partitions(cursor).ok


def test_what_is_in_the_way_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rest that is too large to be looked through beside the site is not touched."""
    this = months.month_span(value("SELECT now()"))
    monkeypatch.setattr(months, "LARGEST", 0)
    take_away(LOG, this)
    append_event(
        AuditEvent.from_principal(
            alliance.get_staff_principal(alliance.make_staff(alliance.make_hospital("way"))),
            EventCode.RECORD_READ,
            target="way",
        )
    )
    [large, also] = months.prepare_partitions()
    assert "at a quiet hour" in large and "lie in" in also and lacking() == [this]
    assert months.prepare_partitions(large=True) == [], "setup does it"


def test_an_index_that_the_log_has_is_built_for_months_that_lack_it() -> None:
    """As a migration leaves it on a log that has lines: none of the partitions has it."""
    name = "consent_audit_event_emergency"
    definition = value("SELECT pg_get_indexdef(to_regclass(%s))", name)
    with connection.cursor() as cursor:
        cursor.execute(f"DROP INDEX {name}")
        cursor.execute(definition.replace(" ON public.", " ON ONLY public.", 1))
    assert not value("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)", name)
    assert build_partition_indexes() == []
    assert value("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)", name)
    partitions = "SELECT count(*) FROM pg_inherits WHERE inhparent = to_regclass(%s)"
    assert value(partitions, name) == value(partitions, LOG) > 1
    assert build_partition_indexes() == [], "nothing is left"
