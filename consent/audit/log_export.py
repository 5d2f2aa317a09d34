"""Export audit lines as CSV, NDJSON or XLSX with a signed manifest and proofs that anyone can
verify elsewhere (docs/implementation/audit.md).
"""

import csv
import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.db import connection

from consent.audit import export_manifest, log_query, workbook
from consent.audit.export_columns import ALL_HEADINGS, COLUMNS, HEADINGS, line_cells
from consent.audit.export_cover import build_cover
from consent.audit.export_manifest import manifest_path
from consent.audit.export_order import (
    Exporter,
    ExportOrder,
    ProvedLine,
    filter_as_json,
    iterate_named_lines,
    iterate_proved_lines,
)
from consent.audit.tree_head import TreeHead, load_newest_head

Counted = Callable[[ProvedLine], None]


class NothingSealed(ValueError):
    """There is no signed tree head yet that an export could be proved by."""


def write_export_ndjson(path: Path, order: ExportOrder, count: Counted) -> dict[str, Any]:
    with path.open("wb") as file:
        for proved in iterate_proved_lines(order):
            count(proved)
            file.write(proved.data + b"\n")
    return {"columns": list(HEADINGS), "headings": list(HEADINGS.values())}


def iterate_cells(order: ExportOrder, count: Counted) -> Iterator[list[str]]:
    for proved, names in iterate_named_lines(order):
        count(proved)
        yield line_cells(proved.line, names)


def write_export_csv(path: Path, order: ExportOrder, count: Counted) -> dict[str, Any]:
    with path.open(
        "w", encoding="utf-8-sig", newline=""
    ) as file:  # the mark lets old spreadsheets read Chinese
        out = csv.writer(file)
        out.writerow(ALL_HEADINGS)
        out.writerows(iterate_cells(order, count))
    return {}


def write_export_xlsx(path: Path, order: ExportOrder, count: Counted) -> dict[str, Any]:
    return workbook.write_workbook(
        path, ALL_HEADINGS, iterate_cells(order, count), cover=build_cover(order)
    )


# Each returns what the manifest says of the file's layout.
WRITERS: dict[str, Callable[[Path, ExportOrder, Counted], dict[str, Any]]] = {
    "csv": write_export_csv,
    "ndjson": write_export_ndjson,
    "xlsx": write_export_xlsx,
}


def create_private_file(path: Path) -> None:
    """Create an empty file that its owner alone reads and writes: who looked at whom is nobody
    else's.
    """
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    path.chmod(0o600)


def count_export_lines(audit_filter: log_query.AuditFilter) -> tuple[int, TreeHead]:
    """(rows, head): how many lines an export has that is proved by this head, the newest. Raises
    EmptyTimeRange, NothingSealed.
    """
    audit_filter.require_nonempty_range()
    head = load_newest_head()
    if head is None:
        raise NothingSealed("no line of the log is sealed yet")
    where, parameters = audit_filter.where_sql()
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*) FROM (SELECT id FROM consent_audit_event WHERE {where}) e JOIN"
            " consent_audit_leaf l ON l.event_id = e.id WHERE l.position < %(size)s",
            {**parameters, "size": head.size},
        )
        return cursor.fetchone()[0], head


def describe_export(
    form: str, audit_filter: log_query.AuditFilter, rows: int, reason: str = ""
) -> str:
    """What the log says of an export."""
    restrictions = {k: v for k, v in filter_as_json(audit_filter).items() if v and k != "person"}
    return " · ".join(
        [
            form,
            f"{rows} rows",
            *(f"{k}={','.join(v) if isinstance(v, list) else v}" for k, v in restrictions.items()),
            *([f"reason={reason}"] if reason else []),
        ]
    )


def export_log(
    audit_filter: log_query.AuditFilter,
    form: str,
    path: Path,
    *,
    head: TreeHead | None = None,
    since: TreeHead | None = None,
    exporter: Exporter | None = None,
    reason: str = "",
) -> dict[str, Any]:
    """Write path and its manifest, which is returned without the proofs. Only lines under the
    head (the newest, unless given) are exported: see that all are sealed first. since: a head that
    the reader has kept; the manifest then proves that this log goes on from it.

    rows in the manifest counts lines of the log; where a workbook needs more rows for them, sheets
    and continued say so. Raises EmptyTimeRange, NothingSealed, LogDamaged.
    """
    rows, newest = count_export_lines(audit_filter)
    order = ExportOrder(
        audit_filter, head or newest, rows, since, exporter or Exporter(), reason=reason
    )
    return write_export(order, form, path)


def write_export(order: ExportOrder, form: str, path: Path) -> dict[str, Any]:
    """As export_log, of what was counted before."""
    places: list[dict[str, Any]] = []
    rows, digest = 0, hashlib.sha256()
    for file in (path, manifest_path(path)):
        create_private_file(file)
    with tempfile.NamedTemporaryFile() as proofs:

        def count(proved: ProvedLine) -> None:
            nonlocal rows
            data = proved.proof_json("" if form == "ndjson" else proved.data_as_text) + b"\n"
            proofs.write(data)
            digest.update(data)
            places[1:] = [proved.place]  # the first and the last
            rows += 1

        layout = WRITERS[form](path, order, count)
        proofs.flush()
        manifest = export_manifest.sign_manifest(
            {
                "format": form,
                "file": path.name,
                "sha256": export_manifest.hash_file(path),
                "proofs_sha256": digest.hexdigest(),
                "rows": rows,
                "columns": COLUMNS,
                "headings": ALL_HEADINGS,
                **layout,
                "first": places[0] if places else None,
                "last": places[-1] if places else None,
                "filter": order.filter_as_json(),
                "exported_at": order.exported_at,
                "exported_by": asdict(order.exporter),
                "reason": order.reason,
                "head": order.head.as_json(),
                "since": order.since_as_json(),
            }
        )
        export_manifest.write_manifest(manifest_path(path), manifest, Path(proofs.name))
    return manifest
