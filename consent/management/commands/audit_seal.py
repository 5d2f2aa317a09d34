"""Run the audit sealer: count refusals, seal, sign, sleep, for ever (or once, with --once). It
does not go on over a log that was cut, nor over a database that was restored before that is
recorded (record_restore).
"""

import logging
import signal
import time
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import Error

from alliance.database.connections import drop_dead_connections
from alliance.platform import heartbeat
from alliance.platform.database_away import close_connections, find_retryable_cause
from alliance.platform.operator_command import OperatorCommand
from consent.audit.refusal_counter import flush_refusals
from consent.audit.sealer import LogCut, report_sealer_refusal, seal_all, seal_once
from consent.audit.thin_heads import thin_heads_once

log = logging.getLogger("xinglin.sealer")
LONG = 1800  # seconds that the first look at a long log may take
THIN_EVERY = 3600  # seconds between two looks at heads that have grown old
AGAIN = 60  # seconds between two tellings of the same cut
CUT_MESSAGE = (
    "Nothing is sealed until somebody has looked: audit_verify says what is missing. After a"
    " restore: record_restore --reason … (docs/how-to/restore.md)"
)


class Command(OperatorCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true")
        parser.add_argument("--every", type=float, default=2.0, help="seconds between rounds")

    def handle(self, *args: Any, once: bool, every: float, **options: Any) -> None:
        if once:
            try:
                flush_refusals()
                self.stdout.write(f"sealed {seal_all()}")
            except LogCut as cut:
                report_sealer_refusal(str(cut))
                raise CommandError(f"Not sealed: {cut}. {CUT_MESSAGE}") from cut
        else:
            self.run(every)

    def run(self, every: float) -> None:
        self.going = True
        signal.signal(signal.SIGTERM, self.stop)
        signal.signal(signal.SIGINT, self.stop)
        told, begun = -float("inf"), False
        thinned, thin_at = 0, time.monotonic()
        heartbeat.send_ready()
        while self.going:
            heartbeat.send_heartbeat()
            drop_dead_connections()
            try:
                if not begun:
                    with heartbeat.heartbeat_during(LONG):
                        seal_once(from_the_front=True)
                    begun = True
                flush_refusals()
                seal_all()
                if time.monotonic() >= thin_at:
                    before, thinned = thinned, thin_heads_once(thinned)
                    thin_at = time.monotonic() + (0 if thinned > before else THIN_EVERY)
            except LogCut as cut:
                if time.monotonic() - told > AGAIN:
                    told = time.monotonic()
                    log.critical("SEAL002 %s. %s", cut, CUT_MESSAGE)
                self.report_cut(cut)
            except Error as error:
                survive_database_error(error)
            time.sleep(every)

    def report_cut(self, cut: LogCut) -> None:
        try:
            report_sealer_refusal(str(cut))
        except Error as error:
            survive_database_error(error)

    def stop(self, *_: Any) -> None:
        self.going = False


def survive_database_error(error: Error) -> None:
    """A database that is away, or was too busy, is asked again in the next round."""
    if not (cause := find_retryable_cause(error)):
        raise error
    log.warning("SEAL001 the database is away; trying again: %s", cause)
    close_connections()
