"""Audit lines as CSV, NDJSON or XLSX with a signed manifest and proofs that anyone can verify elsewhere (docs/implementation/audit.md)."""

import csv
import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.db import connection
from django.utils import timezone

from alliance.config.dates import local_time
from consent.audit import canonical, manifest, query, tree, workbook
from consent.audit.head import Head, newest
from consent.audit.manifest import manifest_path

HEADINGS = {
    "id": "编号 id", "recorded": "时间 recorded (UTC+08:00)", "code": "事件 code", "actor_kind": "操作者类别 actor_kind", "actor": "操作者 actor",
    "actor_hospital": "机构 actor_hospital", "role": "角色 role", "purpose": "目的 purpose", "outcome": "结果 outcome", "reason": "原因 reason",
    "person": "患者主索引 person", "target": "对象 target", "detail": "详情 detail", "refs": "所见记录 refs", "address": "地址 address",
    "request_id": "请求 request_id", "persons": "所涉多名患者 persons",
}
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # the wide ones too: spreadsheets of East Asia read them as the narrow


class NothingSealed(ValueError):
    """There is no signed tree head yet that an export could be proved by."""


def cell(value: Any) -> str:
    """Text for a spreadsheet: lists joined, nothing that a spreadsheet would run as a formula."""
    text = " ".join(value) if isinstance(value, list) else "" if value is None else str(value)
    return "'" + text if text.startswith(FORMULA) else text


def row(line: dict[str, Any], columns: list[str] | None = None) -> list[Any]:
    """A line for people: its time on the hospitals' clock, with the offset. NDJSON keeps the line as it was sealed."""
    return [local_time(line[name]) if name == "recorded" else line.get(name) for name in columns or HEADINGS]


def cells(line: dict[str, Any], columns: list[str] | None = None) -> list[str]:
    return [cell(value) for value in row(line, columns)]


def write_ndjson(path: Path, lines: Iterator[dict[str, Any]]) -> dict[str, Any]:
    with path.open("wb") as file:
        for line in lines:
            file.write(canonical.encode(line) + b"\n")
    return {}


def write_csv(path: Path, lines: Iterator[dict[str, Any]]) -> dict[str, Any]:
    with path.open("w", encoding="utf-8-sig", newline="") as file:  # the mark lets old spreadsheets read Chinese
        out = csv.writer(file)
        out.writerow(HEADINGS.values())
        out.writerows(map(cells, lines))
    return {}


def write_xlsx(path: Path, lines: Iterator[dict[str, Any]]) -> dict[str, Any]:
    return workbook.write(path, list(HEADINGS.values()), map(cells, lines))


# Each returns what the manifest says of the file's layout.
WRITERS: dict[str, Callable[[Path, Iterator[dict[str, Any]]], dict[str, Any]]] = {"csv": write_csv, "ndjson": write_ndjson, "xlsx": write_xlsx}


def private(path: Path) -> None:
    """An empty file that its owner alone reads and writes: who looked at whom is nobody else's."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    path.chmod(0o600)


def in_words(chosen: query.Filter) -> dict[str, Any]:
    """The filter as the manifest and the log tell it."""
    return {k: v if v is None or isinstance(v, bool | int) else list(v) if isinstance(v, tuple) else str(v) for k, v in asdict(chosen).items()}


def counted(chosen: query.Filter) -> tuple[int, Head]:
    """(rows, head): how many lines an export has that is proved by this head, the newest. Raises EmptyRange, NothingSealed."""
    chosen.check()
    head = newest()
    if head is None:
        raise NothingSealed("no line of the log is sealed yet")
    where, parameters = chosen.where()
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM (SELECT id FROM consent_audit_event WHERE {where}) e JOIN consent_audit_leaf l ON l.event_id = e.id "
                       "WHERE l.position < %(size)s", {**parameters, "size": head.size})
        return cursor.fetchone()[0], head


def trace(form: str, chosen: query.Filter, rows: int) -> str:
    """What the log says of an export."""
    told = {k: v for k, v in in_words(chosen).items() if v and k != "person"}
    return " · ".join([form, f"{rows} rows", *(f"{k}={','.join(v) if isinstance(v, list) else v}" for k, v in told.items())])


def export(chosen: query.Filter, form: str, path: Path, *, head: Head | None = None, since: Head | None = None) -> dict[str, Any]:
    """Write path and its manifest, which is returned without the proofs. Only lines under the head (the newest, unless given) are exported: see that all are sealed
    first. since: a head that the reader has kept; the manifest then proves that this log goes on from it.

    rows in the manifest counts lines of the log; where a workbook needs more rows for them, sheets and continued say so. Raises EmptyRange, NothingSealed."""
    if head is None:
        _, head = counted(chosen)
    chosen.check()
    with connection.cursor() as cursor:
        cursor.execute("SELECT hash FROM consent_audit_leaf WHERE position < %s ORDER BY position", [head.size])
        levels = tree.levels([bytes(r[0]) for r in cursor.fetchall()])
    places: list[dict[str, Any]] = []
    rows, whole = 0, hashlib.sha256()
    for file in (path, manifest_path(path)):
        private(file)
    with tempfile.NamedTemporaryFile() as proofs:

        def lines() -> Iterator[dict[str, Any]]:
            nonlocal rows
            for line, position, leaf in query.sealed_lines(chosen):
                if position >= head.size:
                    break
                proof: dict[str, Any] = {"id": line["id"], "position": position, "leaf": leaf.hex(), "path": [n.hex() for n in tree.inclusion_proof(levels, position)]}
                if form != "ndjson":
                    proof["line"] = canonical.encode(line).decode()
                data = canonical.encode(proof) + b"\n"
                proofs.write(data)
                whole.update(data)
                places[1:] = [{"id": line["id"], "position": position, "recorded": line["recorded"]}]  # the first and the last
                rows += 1
                yield line

        layout = WRITERS[form](path, lines())
        proofs.flush()
        told = manifest.signed({
            "format": form, "file": path.name, "sha256": manifest.digest(path), "proofs_sha256": whole.hexdigest(), "rows": rows, "columns": list(HEADINGS),
            "headings": list(HEADINGS.values()), **layout, "first": places[0] if places else None, "last": places[-1] if places else None, "filter": in_words(chosen),
            "exported_at": timezone.now().isoformat(timespec="milliseconds"), "head": head.as_json(),
            "since": {"size": since.size, "root": since.root.hex(), "proof": [n.hex() for n in tree.consistency_proof(levels, since.size)]} if since else None,
        })
        manifest.write(manifest_path(path), told, Path(proofs.name))
    return told
