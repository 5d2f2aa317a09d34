"""The job worker: housekeeping, by the hour and by the night (alliance.config.jobs). Comes back by itself when the database was away."""

import asyncio
import logging
import signal
from typing import Any

import psycopg
from django.core.management.base import BaseCommand, CommandParser
from procrastinate.contrib.django import app
from procrastinate.contrib.django.utils import connector_params
from procrastinate.exceptions import ConnectorException
from procrastinate.psycopg_connector import PsycopgConnector

from alliance.config.away import ReadOnlyServer, passing
from alliance.config.beat import beat
from alliance.config.connections import read_only

log = logging.getLogger("xinglin.worker")
PAUSE = 2.0  # seconds before a database that is away is asked again
BEAT = 5.0
AT_ONCE = 2  # jobs


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--concurrency", type=int, default=AT_ONCE, help="jobs at a time")

    def handle(self, *args: Any, concurrency: int, **options: Any) -> None:
        asyncio.run(run(concurrency))


async def run(concurrency: int) -> None:
    """Until SIGTERM or SIGINT; jobs that are under way end first."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    stopped = asyncio.create_task(stop.wait())
    while not stop.is_set():
        beat()
        working = asyncio.create_task(work(concurrency))
        await asyncio.wait({working, stopped}, return_when=asyncio.FIRST_COMPLETED)
        working.cancel()
        try:
            await working
        except asyncio.CancelledError:
            pass
        except (psycopg.Error, ConnectorException) as error:
            log.warning("WORKER503 the database is away; trying again: %s", passing(error) or type(error).__name__)
        if not stop.is_set():
            await asyncio.wait({stopped}, timeout=PAUSE)


async def work(concurrency: int) -> None:
    """Ends where a line of its own is lost: the listener's, or the one that says that it lives."""
    connector = PsycopgConnector(kwargs=connector_params(), configure=writable)
    with app.replace_connector(connector):
        async with app.open_async():
            beating = asyncio.create_task(beats(connector))
            try:
                await app.run_worker_async(concurrency=concurrency, install_signal_handlers=False)
            finally:
                beating.cancel()


async def beats(connector: PsycopgConnector) -> None:
    """Whoever got no answer from the database tells nothing, for this worker does nothing then."""
    while True:
        try:
            await connector.execute_query_async("SELECT 1")
            beat()
        except (psycopg.Error, ConnectorException):
            pass
        await asyncio.sleep(BEAT)


async def writable(link: psycopg.AsyncConnection[Any]) -> None:
    """Each new line of the worker's own."""
    if read_only(link):
        raise ReadOnlyServer
