"""Export the audit log with its proofs: audit_export --from 2026-01-01 --to 2026-02-01 --format csv --out FILE."""

import datetime as dt
import getpass
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from alliance.auth.principal import operator
from consent.audit.append import append
from consent.audit.event import Event, EventCode
from consent.audit.export import WRITERS, export, manifest_path
from consent.audit.query import Filter
from consent.audit.seal import seal_all


def moment(text: str) -> dt.datetime:
    value = dt.datetime.fromisoformat(text)
    return value if value.tzinfo else timezone.make_aware(value)


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--from", dest="start", help="first moment, ISO 8601, this server's time zone unless given")
        parser.add_argument("--to", dest="end", help="first moment after the last")
        parser.add_argument("--format", dest="form", choices=sorted(WRITERS), default="csv")
        parser.add_argument("--out", type=Path, required=True)

    def handle(self, *args: Any, start: str | None, end: str | None, form: str, out: Path, **options: Any) -> None:
        try:
            chosen = Filter(start=moment(start) if start else None, end=moment(end) if end else None)
        except ValueError as error:
            raise CommandError(f"--from and --to take a date such as 2026-01-31 or 2026-01-31T08:00: {error}") from error
        append(Event.of(operator(getpass.getuser()), EventCode.AUDIT_EXPORT, detail=f"{form} {start or ''}..{end or ''}"))
        seal_all()
        manifest = export(chosen, form, out)
        self.stdout.write(f"{manifest['rows']} rows in {out}, proofs in {manifest_path(out)}")
