"""The job worker's own lines to the queue pass the guard: over a database that another release
has taken, or that was restored without a word, no job is run; as soon as it may be served again,
they are.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from shutil import rmtree
from typing import Any

import psycopg
import pytest

from alliance.database.release import NUMBER
from tests.conftest import ROOT
from tests.support.homes import Home
from tests.wait_until import wait_until

BREAK = (
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname ="
    " current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
)
STATES = {  # what is done to the database, what takes it back, what the worker says
    "another release": (
        f"UPDATE alliance_release SET number = {NUMBER + 2}, served_since = {NUMBER + 1}",
        f"UPDATE alliance_release SET number = {NUMBER}, served_since = {NUMBER}",
        "would answer wrongly",
    ),
    "a restore": (
        "UPDATE alliance_epoch SET database = database + 1",
        "UPDATE alliance_epoch SET database = database - 1",
        "restored or copied",
    ),
}


@pytest.fixture(scope="module")
def home() -> Iterator[Home]:
    made = Home()
    done = made.manage("setup")
    assert done.returncode == 0, done.stderr
    yield made
    assert made.holder.stdin
    made.holder.stdin.close()
    made.holder.wait(60)
    rmtree(made.path, ignore_errors=True)


def sql(home: Home, query: str) -> Any:
    with psycopg.connect(home.owner, autocommit=True) as link:
        cursor = link.execute(query)
        return cursor.fetchone()[0] if cursor.description else None  # type: ignore[index]


def queued(home: Home) -> int:
    return int(
        sql(
            home,
            "INSERT INTO procrastinate_jobs (queue_name, task_name, status, args) VALUES"
            " ('default', 'older_index', 'todo', '{\"timestamp\": 0}') RETURNING id",
        )
    )


def state(home: Home, job: int) -> str:
    return str(sql(home, f"SELECT status FROM procrastinate_jobs WHERE id = {job}"))


@pytest.mark.parametrize("case", STATES)
def test_no_job_is_run_over_a_database_that_the_worker_may_not_serve(home: Home, case: str) -> None:
    changed, back, says = STATES[case]
    log = home.path / "worker.log"
    with log.open("wb") as out:
        worker = subprocess.Popen(
            [sys.executable, "manage.py", "job_worker"],
            cwd=ROOT,
            env=home.environment(XINGLIN_PROCESS="worker"),
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    cause = "A newer release" if case == "another release" else "This database was"
    try:
        first = queued(home)
        wait_until(lambda: state(home, first) == "succeeded", "the control: it runs jobs")
        sql(home, changed)
        wait_until(
            lambda: sql(home, BREAK) >= 0 and f"no job is run: {cause}" in log.read_text(),
            "its next lines are refused",
        )
        job = queued(home)
        assert says in log.read_text() and worker.poll() is None
        wait_until(lambda: log.read_text().count("error connecting") > 4, "it has asked again")
        assert state(home, job) == "todo", "and runs nothing"
        sql(home, back)
        wait_until(lambda: state(home, job) == "succeeded", "it goes on by itself")
    finally:
        sql(home, back if state_is_changed(home) else "SELECT 1")
        if worker.poll() is None:
            os.kill(worker.pid, signal.SIGTERM)
        worker.wait(90)


def state_is_changed(home: Home) -> bool:
    return bool(
        sql(
            home,
            f"SELECT (SELECT served_since > {NUMBER} FROM alliance_release) OR (SELECT database <>"
            " (SELECT oid::bigint FROM pg_database WHERE datname = current_database()) FROM"
            " alliance_epoch ORDER BY number DESC LIMIT 1)",
        )
    )
