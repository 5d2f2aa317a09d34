"""Export the audit log with its proofs: audit_export --from 2026-01-01 --to 2026-02-01 --format
csv --out FILE.
"""

import datetime as dt
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from alliance.auth.operator_identity import server_operator
from alliance.platform.operator_command import OperatorCommand
from consent.audit.archived_months import find_archived_part
from consent.audit.event import AuditEvent, EventCode
from consent.audit.export_manifest import manifest_path
from consent.audit.export_note import note_export
from consent.audit.export_order import (
    MAX_REASON_LENGTH,
    PACKAGE_FORMS,
    Exporter,
    ExportOrder,
    clean_reason,
)
from consent.audit.inclusion_proofs import LogDamaged
from consent.audit.kept_head import read_kept_head
from consent.audit.log_export import WRITERS, count_export_lines, describe_export, write_export
from consent.audit.log_query import AuditFilter, EmptyTimeRange
from consent.audit.sealer import LogCut, seal_all


def parse_export_moment(text: str) -> dt.datetime:
    value = dt.datetime.fromisoformat(text)
    return value if value.tzinfo else timezone.make_aware(value)


class Command(OperatorCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--from",
            dest="start",
            help="first moment, ISO 8601, this server's time zone unless given",
        )
        parser.add_argument("--to", dest="end", help="first moment after the last")
        parser.add_argument(
            "--format", dest="form", choices=sorted([*WRITERS, *PACKAGE_FORMS]), default="csv"
        )
        parser.add_argument(
            "--reason",
            default="",
            help="why it is exported: stands in the log, in the manifest and on the cover",
        )
        parser.add_argument("--out", type=Path, required=True)
        parser.add_argument(
            "--since",
            type=Path,
            metavar="FILE",
            help=(
                "manifest of an older export, or a kept head: the new manifest proves that this log"
                " goes on from it"
            ),
        )

    def handle(
        self,
        *args: Any,
        start: str | None,
        end: str | None,
        form: str,
        out: Path,
        since: Path | None = None,
        reason: str = "",
        **options: Any,
    ) -> None:
        try:
            chosen = AuditFilter(
                start=parse_export_moment(start) if start else None,
                end=parse_export_moment(end) if end else None,
            )
        except ValueError as error:
            raise CommandError(
                f"--from and --to take a date such as 2026-01-31 or 2026-01-31T08:00: {error}"
            ) from error
        try:
            chosen.require_nonempty_range()
            kept = read_kept_head(since).head if since else None
            seal_all()
            rows, head = count_export_lines(chosen)
        except EmptyTimeRange as error:
            raise CommandError(
                f"Nothing is exported: {error}. --to is the first moment that is left out."
            ) from error
        except (OSError, ValueError, LogCut) as error:
            raise CommandError(f"Nothing is exported: {error}") from error
        if kept and kept.size > head.size:
            raise CommandError(
                f"Nothing is exported: the kept head covers {kept.size} lines, the log has"
                f" {head.size}. Ask audit_verify --against {since}"
            )
        acting = server_operator()
        reason = clean_reason(reason)
        if len(reason) > MAX_REASON_LENGTH:
            raise CommandError(
                f"Nothing is exported: --reason has {len(reason)} characters, at most"
                f" {MAX_REASON_LENGTH} are kept."
            )
        note_export(
            AuditEvent.from_principal(
                acting,
                EventCode.AUDIT_EXPORT,
                detail=describe_export(form, chosen, rows, reason),
            ),
            chosen,
            form,
        )
        order = ExportOrder(chosen, head, rows, kept, Exporter.from_principal(acting), reason)
        self.stdout.write(f"{rows} lines are exported under a head of {head.size} …")
        if begins := find_archived_part(chosen):
            self.stderr.write(
                f"the online log is whole from {begins:%Y-%m-%d %H:%M} UTC on: of the time before,"
                " months are in archives alone (audit_archive --attach FILE)"
            )
        try:
            if form in PACKAGE_FORMS:
                told = PACKAGE_FORMS[form](order, out)
                self.stdout.write(f"{told['rows']} rows in {out}, proofs and signed manifest in it")
                return
            told = write_export(order, form, out)
        except LogDamaged as error:
            out.unlink(missing_ok=True)
            raise CommandError(f"Nothing is exported: {error}") from error
        self.stdout.write(
            f"{told['rows']} rows in {out}, proofs and signed manifest in {manifest_path(out)}"
        )
