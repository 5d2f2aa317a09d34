"""Say that this database was restored, or copied to another server, and is the one to go on
with: after pg_restore, a recovery to a point in time, pgBackRest, pg_upgrade. Run it as the owner,
before the site answers again; nobody has to when a copy that follows by streaming is promoted
(docs/how-to/restore.md).
"""

import datetime as dt
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import OperationalError
from psycopg.errors import LockNotAvailable

from alliance.operations.restore_recording import NotRestored, record_restore
from alliance.platform.operator_command import OperatorCommand


def parse_lost_since(text: str) -> dt.datetime:
    """With a time zone; without one it is that of this server."""
    return dt.datetime.fromisoformat(text).astimezone()


class Command(OperatorCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--reason", required=True, help="why; it stands in the audit log for good"
        )
        parser.add_argument(
            "--lost-since",
            type=parse_lost_since,
            metavar="TIME",
            help="2026-05-03T02:00:00+08:00; else what the backup itself says",
        )
        parser.add_argument(
            "--nothing-lost",
            action="store_true",
            help=(
                "all that was ever answered as stored is there: a dump of a stopped site,"
                " pg_upgrade"
            ),
        )

    def handle(
        self,
        *args: Any,
        reason: str,
        lost_since: dt.datetime | None,
        nothing_lost: bool,
        **options: Any,
    ) -> None:
        try:
            made = record_restore(reason, lost_since, nothing_lost)
        except NotRestored as why:
            raise CommandError(f"Nothing was recorded. {why}.") from why
        except OperationalError as error:
            if not isinstance(error.__cause__, LockNotAvailable):
                raise
            raise CommandError(
                "Nothing was recorded: somebody writes in this database. Stop the site and whatever"
                " else is at work on it, then say it again."
            ) from error
        since = (
            made.lost_from.isoformat(timespec="seconds") if made.lost_from else "an unknown time"
        )
        lost = (
            "nothing was lost"
            if made.lost_until is None
            else f"what was stored since {since} may be gone"
        )
        self.stdout.write(
            f"epoch {made.number} has begun; {lost}. The site answers again within seconds; check"
            " it: manage.py doctor, manage.py audit_verify."
        )
