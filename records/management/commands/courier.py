"""The courier: tells subscribers what changed, notes what began or ended by its own time, starts
the processes of bulk jobs, pushes and sync.
One at a time works, others wait for their turn.
"""

import logging
import os
import time
from multiprocessing.process import BaseProcess
from typing import Any

import psycopg
from django.core.management.base import CommandParser
from django.db import Error, connection

from alliance.database.connections import is_read_only, wait_for_notification
from alliance.platform import heartbeat
from alliance.platform.database_away import ReadOnlyServer, close_connections, find_retryable_cause
from alliance.platform.operator_command import OperatorCommand
from consent.moments import note_due_moments
from records.bulk import bulk_jobs
from records.management.forked_command import start_command
from records.pushes import push
from records.subscriptions import subscription_worker
from records.sync import sync_worker

log = logging.getLogger("xinglin.courier")
OVERHEARD_SECONDS = 0.2  # seconds in which a process that is about to end may have overheard a job
PAUSE = 2.0  # seconds before a database that is away, or another courier, is asked again
BULK_NICENESS = 10  # niceness of bulk jobs: behind the site, and behind pushes
WORKER_LOCK = 7_406_127_311  # any number that nobody else locks


class Command(OperatorCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--every",
            type=float,
            default=0.5,
            help="seconds between looks when there is nothing to do",
        )
        parser.add_argument(
            "--processes",
            type=int,
            default=min(8, os.cpu_count() or 1),
            help="processes for bulk jobs, as many for pushes, and as many for batches of sync",
        )

    def handle(self, *args: Any, every: float, processes: int, **options: Any) -> None:
        self.workers: list[BaseProcess] = []
        self.pushing: list[BaseProcess] = []
        self.syncing: list[BaseProcess] = []
        self.waiting_work = sync_worker.WaitingWork()
        self.held: Any = None  # the line that has the turn
        heartbeat.send_ready()
        while True:
            heartbeat.send_heartbeat()
            try:
                while self.my_turn():
                    self.round(every, processes)
            except (Error, psycopg.Error) as error:
                if not (cause := find_retryable_cause(error)):
                    raise
                log.warning("COURIER503 the database is away; trying again: %s", cause)
                close_connections()
            time.sleep(PAUSE)

    def round(self, every: float, processes: int) -> None:
        """Raises where the line to the database, which holds the turn, is gone."""
        heartbeat.send_heartbeat()
        if is_read_only(connection.connection):
            raise ReadOnlyServer
        if getattr(connection, "called", False):  # to ask anew who may serve this database
            return connection.close()
        self.workers = [w for w in self.workers if w.is_alive()]
        if len(self.workers) < processes and bulk_jobs.has_waiting_job():
            self.workers += [
                start_command("bulk_work", BULK_NICENESS)
                for _ in range(processes - len(self.workers))
            ]
        self.pushing = [w for w in self.pushing if w.is_alive()]
        if len(self.pushing) < processes and push.count_waiting_systems() > len(self.pushing):
            self.pushing.append(start_command("push_work"))
        self.syncing = [w for w in self.syncing if w.is_alive()]
        if len(self.syncing) < processes and self.waiting_work.count() > len(self.syncing):
            self.syncing.append(start_command("sync_work"))
        noted = note_due_moments()
        if not (subscription_worker.run_subscription_round() + noted):
            wait_for_notification(
                connection,
                min(every, OVERHEARD_SECONDS)
                if self.workers or self.pushing or self.syncing
                else every,
            )

    def my_turn(self) -> bool:
        """The turn lasts as long as the line on which it was got."""
        if self.held is not None and self.held is connection.connection:
            return True
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_try_advisory_lock(%s)", [WORKER_LOCK]
            )  # a statement that waited for it would keep a snapshot, and VACUUM from its work
            if not cursor.fetchone()[0]:
                return False
            cursor.execute(f"LISTEN {bulk_jobs.WORK_CHANNEL}")
        self.held = connection.connection
        return True
