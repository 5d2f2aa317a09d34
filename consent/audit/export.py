"""Audit lines as CSV, NDJSON or XLSX with a manifest that anyone can verify offline (docs/implementation/audit.md).

The manifest carries the file's SHA-256, the filter, the row count, the signed tree head and, for each line, its place in
the tree and its inclusion proof.
"""

import csv
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.db import connection

from consent.audit import canonical, query, tree

HEADINGS = {
    "id": "编号 id", "recorded": "时间 recorded (UTC)", "code": "事件 code", "actor_kind": "操作者类别 actor_kind", "actor": "操作者 actor",
    "actor_hospital": "机构 actor_hospital", "role": "角色 role", "purpose": "目的 purpose", "outcome": "结果 outcome", "reason": "原因 reason",
    "person": "患者主索引 person", "target": "对象 target", "detail": "详情 detail", "refs": "所见记录 refs", "address": "地址 address",
    "request_id": "请求 request_id",
}
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def cell(value: Any) -> str:
    """Text for a spreadsheet: lists joined, nothing that a spreadsheet would run as a formula."""
    text = " ".join(value) if isinstance(value, list) else "" if value is None else str(value)
    return "'" + text if text.startswith(FORMULA) else text


def write_ndjson(path: Path, lines: Iterator[dict[str, Any]]) -> None:
    with path.open("wb") as file:
        for line in lines:
            file.write(canonical.encode(line) + b"\n")


def write_csv(path: Path, lines: Iterator[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:  # the mark lets old spreadsheets read Chinese
        out = csv.writer(file)
        out.writerow(HEADINGS.values())
        for line in lines:
            out.writerow([cell(line[name]) for name in HEADINGS])


def write_xlsx(path: Path, lines: Iterator[dict[str, Any]]) -> None:
    import xlsxwriter

    book = xlsxwriter.Workbook(str(path), {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    sheet = book.add_worksheet("audit")
    sheet.write_row(0, 0, list(HEADINGS.values()))
    for i, line in enumerate(lines, 1):
        sheet.write_row(i, 0, [cell(line[name]) for name in HEADINGS])
    book.close()


WRITERS: dict[str, Callable[[Path, Iterator[dict[str, Any]]], None]] = {"csv": write_csv, "ndjson": write_ndjson, "xlsx": write_xlsx}


def export(chosen: query.Filter, form: str, path: Path) -> dict[str, Any]:
    """Write path and path.manifest.json; returns the manifest. Only sealed lines are exported: see that all are sealed first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT size, root, sealed_at, signature, key FROM consent_audit_head ORDER BY size DESC LIMIT 1")
        head = cursor.fetchone()
        cursor.execute("SELECT hash FROM consent_audit_leaf WHERE position < %s ORDER BY position", [head[0] if head else 0])
        rows = tree.levels([bytes(r[0]) for r in cursor.fetchall()])
    proofs: list[dict[str, Any]] = []

    def lines() -> Iterator[dict[str, Any]]:
        for line, position, leaf in query.sealed_lines(chosen):
            if head and position < head[0]:
                proofs.append({"id": line["id"], "leaf": leaf.hex(), "position": position,
                               "path": [n.hex() for n in tree.inclusion_proof(rows, position)]})
                yield line

    WRITERS[form](path, lines())
    manifest = {
        "format": form, "file": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "rows": len(proofs),
        "filter": {k: v if v is None or isinstance(v, bool | int) else list(v) if isinstance(v, tuple) else str(v) for k, v in asdict(chosen).items()},
        "head": {"size": head[0], "root": bytes(head[1]).hex(), "sealed_at": head[2], "signature": bytes(head[3]).hex(),
                 "key": bytes(head[4]).hex()} if head else None,
        "proofs": proofs,
    }
    manifest_path(path).write_text(json.dumps(manifest, ensure_ascii=False, indent=1))
    return manifest


def manifest_path(path: Path) -> Path:
    return path.with_name(path.name + ".manifest.json")
