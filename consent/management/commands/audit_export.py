"""Export the audit log with its proofs: audit_export --from 2026-01-01 --to 2026-02-01 --format csv --out FILE."""

import datetime as dt
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from alliance.management.acting import server_operator
from consent.audit.append import append
from consent.audit.event import Event, EventCode
from consent.audit.export import WRITERS, counted, export, trace
from consent.audit.kept import read
from consent.audit.manifest import manifest_path
from consent.audit.query import EmptyRange, Filter
from consent.audit.seal import Cut, seal_all


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
        parser.add_argument("--since", type=Path, metavar="FILE", help="manifest of an older export, or a kept head: the new manifest proves that this log goes on from it")

    def handle(self, *args: Any, start: str | None, end: str | None, form: str, out: Path, since: Path | None = None, **options: Any) -> None:
        try:
            chosen = Filter(start=moment(start) if start else None, end=moment(end) if end else None)
        except ValueError as error:
            raise CommandError(f"--from and --to take a date such as 2026-01-31 or 2026-01-31T08:00: {error}") from error
        try:
            chosen.check()
            kept = read(since).head if since else None
            seal_all()
            rows, head = counted(chosen)
        except EmptyRange as error:
            raise CommandError(f"Nothing is exported: {error}. --to is the first moment that is left out.") from error
        except (OSError, ValueError, Cut) as error:
            raise CommandError(f"Nothing is exported: {error}") from error
        if kept and kept.size > head.size:
            raise CommandError(f"Nothing is exported: the kept head covers {kept.size} lines, the log has {head.size}. Ask audit_verify --against {since}")
        append(Event.of(server_operator(), EventCode.AUDIT_EXPORT, detail=trace(form, chosen, rows)))
        manifest = export(chosen, form, out, head=head, since=kept)
        self.stdout.write(f"{manifest['rows']} rows in {out}, proofs and signed manifest in {manifest_path(out)}")
