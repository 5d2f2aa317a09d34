"""Write the evidence package of an order (ADR 72): one ZIP with the lines as a court reads them, as
they were sealed and with their proofs, and a signed manifest of every file.
"""

import csv
import hashlib
import os
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import translation

from consent.audit import workbook
from consent.audit.canonical_line import encode_canonical_json, encode_canonical_line
from consent.audit.checkpoint import sign_checkpoint
from consent.audit.cosignatures import WitnessEvidence, list_cosignatures
from consent.audit.export_columns import (
    ALL_HEADINGS,
    COLUMNS,
    readable_values,
    row_cells,
)
from consent.audit.export_cover import build_cover
from consent.audit.export_order import ExportOrder, iterate_named_lines
from consent.audit.filter_words import describe_filter
from consent.audit.log_export import create_private_file
from consent.audit.second_signature import SIGNATURE, second_as_json
from consent.audit.signature_suites import SUITES
from consent.audit.signing_keys import list_public_keys, load_signing_key, own_public_key_bytes
from consent.audit.sm2_key import sign_second
from consent.audit.witnesses import find_origin
from records.audit_events.audit_event import build_audit_event
from records.evidence.package_readme import README
from records.evidence.summary_content import PrintedLines, build_page_mark, build_summary
from records.printing.pdf_writer import write_pdf

DOMAIN = b"xinglin evidence package\n"  # what the key signs as a package is nothing else
VERIFIERS = ("verify.py", "verify.html")
CHUNK = 2**20


class PackageLines:
    """Writes the members that hold a row for each line, all in one pass."""

    def __init__(self, order: ExportOrder, folder: Path) -> None:
        self.order, self.folder = order, folder
        self.printed = PrintedLines()
        self.places: list[dict[str, Any]] = []
        self.rows = 0

    def write(self) -> None:
        with ExitStack() as open_files:
            lines = open_files.enter_context((self.folder / "lines.ndjson").open("wb"))
            table = open_files.enter_context(
                (self.folder / "events.csv").open("w", encoding="utf-8-sig", newline="")
            )
            events = open_files.enter_context((self.folder / "events.ndjson").open("wb"))
            rows = csv.writer(table)
            rows.writerow(ALL_HEADINGS)

            def cells() -> Iterator[list[str]]:
                for proved, names in iterate_named_lines(self.order):
                    lines.write(proved.proof_json(proved.data.decode()) + b"\n")
                    place = {"position": proved.position, "hash": proved.leaf.hex()}
                    event = build_audit_event({**proved.line, **place}, names)
                    events.write(encode_canonical_line(event) + b"\n")
                    self.places[1:] = [proved.place]
                    self.rows += 1
                    values = readable_values(proved.line, names)
                    self.printed.add(values)
                    row = row_cells(values, proved.line)
                    rows.writerow(row)
                    yield row

            workbook.write_workbook(
                self.folder / "events.xlsx", ALL_HEADINGS, cells(), cover=build_cover(self.order)
            )


def write_evidence_package(order: ExportOrder, path: Path) -> dict[str, Any]:
    """Write the ZIP, which its owner alone reads, and return its manifest. Raises LogDamaged."""
    origin = find_origin()
    create_private_file(path)
    with tempfile.TemporaryDirectory(dir=path.parent) as place:
        folder = Path(place)
        lines = PackageLines(order, folder)
        lines.write()
        witnesses = list_cosignatures(order.head, origin)
        summary = build_summary(order, lines.printed, witnesses)
        pdf = write_pdf(summary, build_page_mark(order, origin))
        (folder / "README.txt").write_text(README, encoding="utf-8")
        (folder / "summary.pdf").write_bytes(pdf.data)
        write_proof_members(folder, order, origin, witnesses)
        for name in VERIFIERS:
            tool = Path(settings.BASE_DIR) / "tools" / name
            (folder / name).write_bytes(tool.read_bytes())
        manifest = sign_package(
            {
                "v": 1,
                "kind": "xinglin-evidence-package",
                "origin": origin,
                "exported_at": order.exported_at,
                "exported_by": asdict(order.exporter),
                "reason": order.reason,
                "filter": order.filter_as_json(),
                "filter_words": filter_words(order),
                "rows": lines.rows,
                "first": lines.places[0] if lines.places else None,
                "last": lines.places[-1] if lines.places else None,
                "columns": COLUMNS,
                "headings": ALL_HEADINGS,
                "files": {file.name: describe_file(file) for file in sorted(folder.iterdir())},
                "head": order.head.as_json(),
                "since": order.since_as_json(),
            }
        )
        pack_members(path, folder, manifest)
    return manifest


def write_proof_members(
    folder: Path, order: ExportOrder, origin: str, witnesses: list[WitnessEvidence]
) -> None:
    """The head as a note that witnesses co-sign, what they co-signed last, and public keys."""
    head = order.head
    checkpoint = sign_checkpoint(origin, head.size, head.root)
    checkpoint += "".join(
        f"{w.line}\n" for w in witnesses if (w.size, w.root) == (head.size, head.root)
    )
    keys = {
        "log": list_public_keys(*SUITES),
        "witnesses": [
            {"name": w.name, "hospital": w.hospital, "key": w.key.hex()} for w in witnesses
        ],
    }
    (folder / "checkpoint.txt").write_text(checkpoint, encoding="utf-8")
    (folder / "cosignatures.json").write_bytes(
        encode_canonical_json([w.as_json() for w in witnesses])  # type: ignore[arg-type]
    )
    (folder / "keys.json").write_bytes(encode_canonical_json(keys))


def filter_words(order: ExportOrder) -> dict[str, str]:
    """The filter in both languages."""
    words = {}
    for name, language in (("zh", "zh-hans"), ("en", "en")):
        with translation.override(language):
            words[name] = describe_filter(order.audit_filter)
    return words


def describe_file(path: Path) -> dict[str, Any]:
    """Its bytes and digests; SM3 where the library has it."""
    digests = {"sha256": hashlib.sha256()}
    if "sm3" in hashlib.algorithms_available:
        digests["sm3"] = hashlib.new("sm3")
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            for digest in digests.values():
                digest.update(chunk)
    return {"bytes": path.stat().st_size} | {n: d.hexdigest() for n, d in digests.items()}


def sign_package(manifest: dict[str, Any]) -> dict[str, Any]:
    manifest = {**manifest, "key": own_public_key_bytes().hex()}
    second = sign_second(lambda said: signed_bytes({**manifest, **second_as_json(said)}))
    manifest |= second_as_json(second)
    return {**manifest, "signature": load_signing_key().sign(signed_bytes(manifest)).hex()}


def signed_bytes(manifest: dict[str, Any]) -> bytes:
    unsigned = {name: value for name, value in manifest.items() if name != SIGNATURE}
    return DOMAIN + encode_canonical_json(unsigned)


def pack_members(path: Path, folder: Path, manifest: dict[str, Any]) -> None:
    """What people open first stands first."""
    first = ["README.txt", "summary.pdf", *VERIFIERS]
    files = sorted(folder.iterdir(), key=lambda f: (f.name not in first, f.name))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for file in files:
            is_packed = file.suffix in (".xlsx", ".pdf")
            archive.write(
                file, file.name, zipfile.ZIP_STORED if is_packed else zipfile.ZIP_DEFLATED
            )
            os.unlink(file)
        archive.writestr("manifest.json", encode_canonical_json(manifest))
