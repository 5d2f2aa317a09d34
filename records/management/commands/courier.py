"""The courier: tells subscribers what changed, and starts the processes of bulk jobs. One at a time works, others wait for their turn."""

import logging
import os
import time
from multiprocessing.process import BaseProcess
from typing import Any

import psycopg
from django.core.management.base import BaseCommand, CommandParser
from django.db import Error, connection

from alliance.config import beat
from alliance.config.away import ReadOnlyServer, give_up, passing
from alliance.config.connections import read_only, wait_for_call
from records.interactions import bulk, courier
from records.management.forked import start

log = logging.getLogger("xinglin.courier")
SOON = 0.2  # seconds in which a process that is about to end may have overheard a job
PAUSE = 2.0  # seconds before a database that is away, or another courier, is asked again
ONE_AT_A_TIME = 7_406_127_311  # any number that nobody else locks


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--every", type=float, default=0.5, help="seconds between looks when there is nothing to do")
        parser.add_argument("--processes", type=int, default=min(8, os.cpu_count() or 1), help="processes for bulk jobs")

    def handle(self, *args: Any, every: float, processes: int, **options: Any) -> None:
        self.workers: list[BaseProcess] = []
        self.held: Any = None  # the line that has the turn
        while True:
            beat.beat()
            try:
                while self.my_turn():
                    self.round(every, processes)
            except (Error, psycopg.Error) as error:
                if not (cause := passing(error)):
                    raise
                log.warning("COURIER503 the database is away; trying again: %s", cause)
                give_up()
            time.sleep(PAUSE)

    def round(self, every: float, processes: int) -> None:
        """Raises where the line to the database, which holds the turn, is gone."""
        beat.beat()
        if read_only(connection.connection):
            raise ReadOnlyServer
        if getattr(connection, "called", False):  # to ask anew who may serve this database
            return connection.close()
        self.workers = [w for w in self.workers if w.is_alive()]
        if len(self.workers) < processes and bulk.waiting():
            self.workers += [start("bulk_work") for _ in range(processes - len(self.workers))]
        if not courier.round_():
            wait_for_call(connection, min(every, SOON) if self.workers else every)

    def my_turn(self) -> bool:
        """The turn lasts as long as the line on which it was got."""
        if self.held is not None and self.held is connection.connection:
            return True
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [ONE_AT_A_TIME])  # a statement that waited for it would keep a snapshot, and VACUUM from its work
            if not cursor.fetchone()[0]:
                return False
            cursor.execute(f"LISTEN {bulk.CALL}")
        self.held = connection.connection
        return True
