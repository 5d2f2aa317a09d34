"""Run the audit sealer: count refusals, seal, sign, sleep, for ever (or once, with --once). It does not go on over a log that was cut; after a restore from a
backup, --after-restore WHY says that this is known, and goes on from what is there."""

import logging
import signal
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error, transaction

from alliance.config import beat
from alliance.config.away import give_up, passing
from alliance.config.connections import drop_the_dead
from alliance.management.acting import server_operator
from consent.audit import memory
from consent.audit.append import append
from consent.audit.event import Event, EventCode
from consent.audit.head import newest
from consent.audit.refusal import flush
from consent.audit.seal import Cut, accept, refuse, seal_all, seal_once

log = logging.getLogger("xinglin.sealer")
LONG = 1800  # seconds that the first look at a long log may take
AGAIN = 60  # seconds between two tellings of the same cut
MEND = "Nothing is sealed until somebody has looked: audit_verify says what is missing. After a restore from a backup: audit_seal --after-restore WHY"


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true")
        parser.add_argument("--every", type=float, default=2.0, help="seconds between rounds")
        parser.add_argument("--after-restore", metavar="WHY", help="the log was restored to an earlier state, and this is why: go on from there")

    def handle(self, *args: Any, once: bool, every: float, after_restore: str | None, **options: Any) -> None:
        if after_restore is not None:
            self.accept(after_restore.strip())
        elif once:
            try:
                flush()
                self.stdout.write(f"sealed {seal_all()}")
            except Cut as cut:
                refuse(str(cut))
                raise CommandError(f"Not sealed: {cut}. {MEND}") from cut
        else:
            self.run(every)

    def run(self, every: float) -> None:
        self.going = True
        signal.signal(signal.SIGTERM, self.stop)
        signal.signal(signal.SIGINT, self.stop)
        told, begun = -float("inf"), False
        while self.going:
            beat.beat()
            drop_the_dead()
            try:
                if not begun:
                    with beat.during(LONG):
                        seal_once(from_the_front=True)
                    begun = True
                flush()
                seal_all()
            except Cut as cut:
                if time.monotonic() - told > AGAIN:
                    told = time.monotonic()
                    log.critical("SEAL002 %s. %s", cut, MEND)
                self.note(cut)
            except Error as error:
                survive(error)
            time.sleep(every)

    def note(self, cut: Cut) -> None:
        try:
            refuse(str(cut))
        except Error as error:
            survive(error)

    def stop(self, *_: Any) -> None:
        self.going = False

    def accept(self, why: str) -> None:
        """What was lost stands in the log from now on."""
        if not why:
            raise CommandError("--after-restore takes a reason: it stands in the log")
        known, there = memory.recall(), newest()
        was, now = (f"{h.size}:{h.root.hex()[:16]}" if h else "0" for h in (known, there))
        with transaction.atomic():
            append(Event.of(server_operator(), EventCode.AUDIT_RESTORE, reason=why, detail=f"{was} -> {now}"))
            accept(there)
        self.stdout.write(f"was {was}, goes on from {now}; sealed {seal_all()}")


def survive(error: Error) -> None:
    """A database that is away, or was too busy, is asked again in the next round."""
    if not (cause := passing(error)):
        raise error
    log.warning("SEAL001 the database is away; trying again: %s", cause)
    give_up()
