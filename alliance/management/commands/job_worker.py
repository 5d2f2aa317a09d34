"""The job worker: housekeeping, by the hour and by the night (alliance.server.housekeeping).
Comes back by itself when the database was away; runs no job of a database that it may not serve.
"""

import asyncio
import logging
import os
import signal
from typing import Any

import psycopg
from django.core.management.base import CommandParser
from procrastinate.contrib.django import app
from procrastinate.contrib.django.utils import connector_params
from procrastinate.exceptions import ConnectorException
from procrastinate.psycopg_connector import PsycopgConnector

from alliance.database.connection_guard import check_database_fits
from alliance.database.connections import is_read_only
from alliance.platform.database_away import ReadOnlyServer, find_retryable_cause
from alliance.platform.environment import StartRefused
from alliance.platform.heartbeat import send_heartbeat, send_ready
from alliance.platform.operator_command import OperatorCommand

log = logging.getLogger("xinglin.worker")
PAUSE = 2.0  # seconds before a database that is away is asked again
BEAT = 5.0
AT_ONCE = 2  # jobs
told: set[str] = set()  # why no job is run, as far as it was said


class Command(OperatorCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--concurrency", type=int, default=AT_ONCE, help="jobs at a time")

    def handle(self, *args: Any, concurrency: int, **options: Any) -> None:
        os.environ.setdefault(
            "XINGLIN_PROCESS", "worker"
        )  # whoever starts it: what a part must ask, it asks
        asyncio.run(run_worker(concurrency))


async def run_worker(concurrency: int) -> None:
    """Until SIGTERM or SIGINT; jobs that are under way end first."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    stopped = asyncio.create_task(stop.wait())
    send_ready()
    while not stop.is_set():
        send_heartbeat()
        working = asyncio.create_task(work_until_lost(concurrency))
        await asyncio.wait({working, stopped}, return_when=asyncio.FIRST_COMPLETED)
        working.cancel()
        try:
            await working
        except asyncio.CancelledError:
            pass
        except (psycopg.Error, ConnectorException, StartRefused) as error:
            log.warning(
                "WORKER503 the database is away; trying again: %s",
                find_retryable_cause(error) or type(error).__name__,
            )
        if not stop.is_set():
            await asyncio.wait({stopped}, timeout=PAUSE)


async def work_until_lost(concurrency: int) -> None:
    """Ends where a line of its own is lost: the listener's, or the one that says that it lives."""
    connector = PsycopgConnector(kwargs=connector_params(), configure=fit)
    with app.replace_connector(connector):
        async with app.open_async():
            beating = asyncio.create_task(beat_while_answered(connector))
            try:
                await app.run_worker_async(concurrency=concurrency, install_signal_handlers=False)
            finally:
                beating.cancel()


async def beat_while_answered(connector: PsycopgConnector) -> None:
    """Whoever got no answer from the database tells nothing, for this worker does nothing then."""
    while True:
        try:
            await connector.execute_query_async("SELECT 1")
            send_heartbeat()
        except (psycopg.Error, ConnectorException):
            pass
        await asyncio.sleep(BEAT)


async def fit(link: psycopg.AsyncConnection[Any]) -> None:
    """Each new line of the worker's own passes the guard that every connection passes: a server
    that can be written to, whose database is of this release, is the one that was recorded last,
    and has these keys. Raises ReadOnlyServer, StartRefused.
    """
    if is_read_only(link):
        raise ReadOnlyServer
    async with link.cursor() as cursor:
        try:
            await asyncio.to_thread(
                check_database_fits, Waiting(cursor, asyncio.get_running_loop())
            )
        except StartRefused as refusal:
            await link.rollback()
            if str(refusal) not in told:
                told.add(str(refusal))
                log.error("WORKER503 no job is run: %s", refusal)
            raise
    await link.rollback()


class Waiting:
    """An asynchronous cursor for a function that knows only the other kind and runs in a thread."""

    def __init__(self, cursor: psycopg.AsyncCursor[Any], loop: asyncio.AbstractEventLoop) -> None:
        self.cursor, self.loop = cursor, loop

    def execute(self, query: str, values: Any = None) -> None:
        asyncio.run_coroutine_threadsafe(self.cursor.execute(query, values), self.loop).result()

    def fetchone(self) -> Any:
        return asyncio.run_coroutine_threadsafe(self.cursor.fetchone(), self.loop).result()

    def fetchall(self) -> Any:
        return asyncio.run_coroutine_threadsafe(self.cursor.fetchall(), self.loop).result()
