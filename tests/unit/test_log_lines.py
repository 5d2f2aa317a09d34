"""What other packages say in the log: their sentence, numbers and signals; never what a caller
sent, nor the text of an error.
"""

import logging
import sys
from typing import Any

import pytest

from alliance.platform.log_format import CodedFormatter

PERSON = "/person/0b5c1c7e-8c1f-4c56-9d5e-0d1f2c3b4a59/"


def line(name: str, msg: Any, *args: Any, **more: Any) -> str:
    record = logging.LogRecord(
        name, logging.ERROR, "x.py", 1, msg, args, more.pop("exc_info", None)
    )
    vars(record).update(more)
    return CodedFormatter().format(record)


@pytest.mark.parametrize(
    ("name", "msg", "args", "says"),
    [
        (
            "gunicorn.error",
            "Error handling request %s %s",
            ("GET", PERSON),
            "Error handling request … …",
        ),
        ("gunicorn.error", "Error handling request %s", (PERSON,), "Error handling request …"),
        ("gunicorn.error", "WORKER TIMEOUT (pid:%s)", (17,), "WORKER TIMEOUT (pid:17)"),
        (
            "gunicorn.error",
            "Worker (pid:%s) was sent %s!",
            (17, "SIGKILL"),
            "Worker (pid:17) was sent SIGKILL!",
        ),
        (
            "psycopg.pool",
            "error connecting in %r: %s",
            ("pool-1", f"FATAL: {PERSON}"),
            "error connecting in '…': …",
        ),
        ("asyncio", "Task exception was never retrieved", (), "Task exception was never retrieved"),
        (
            "xinglin.front",
            "FRONT%d a request was refused before it was read: %s",
            (414, "LimitRequestLine"),
            "FRONT414 a request was refused before it was read: LimitRequestLine",
        ),
    ],
)
def test_each_line_says_what_happened_and_to_nobody_whom(
    name: str, msg: str, args: tuple[Any, ...], says: str
) -> None:
    assert line(name, msg, *args).endswith(f" {says}") and " r=" in line(name, msg, *args)


def test_a_message_that_is_an_error_is_its_type() -> None:
    assert line("gunicorn.error", ValueError(PERSON)).endswith(" ValueError")


def test_the_job_worker_tells_its_action() -> None:
    assert line(
        "procrastinate.worker",
        f"Side task listener failed with exception: {PERSON}, stopping worker",
        action="side_task_failed",
    ).endswith(" side_task_failed")


def test_a_stack_has_no_text() -> None:
    try:
        raise ValueError(PERSON)
    except ValueError:
        told = line(
            "gunicorn.error", "Error handling request %s %s", "GET", PERSON, exc_info=sys.exc_info()
        )
    assert "ValueError" in told and "person" not in told
