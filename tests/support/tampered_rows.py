"""Changes of events.csv and lines.ndjson, mostly by somebody who has the log's key as well."""

import hashlib
import json

from consent.audit.canonical_line import encode_canonical_json, leaf_hash
from tests.factories.evidence_packages import EvidencePackage
from tests.support.package_tampering import ACTOR, ID, REASON, Tampering, told

TAMPERINGS: list[Tampering] = []


def cell(package: EvidencePackage, row: int, column: int, text: str) -> None:
    rows = package.table
    rows[row][column] = text
    package.table = rows


@told(TAMPERINGS, digests=True)
def a_readable_cell(p: EvidencePackage) -> None:
    cell(p, 2, 1, "别的医生")


@told(TAMPERINGS, "csv-cell", digests=True, row=2, column="actor")
def a_sealed_cell(p: EvidencePackage) -> None:
    cell(p, 2, ACTOR, "nurse9")


@told(TAMPERINGS, "manifest-signature", "csv-cell")
def a_sealed_cell_and_its_digest(p: EvidencePackage) -> None:
    cell(p, 2, ACTOR, "nurse9")
    p.count_files().pack_manifest()


@told(TAMPERINGS, "csv-cell", row=5, column="actor")
def a_sealed_cell_by_who_has_the_key(p: EvidencePackage) -> None:
    cell(p, 5, ACTOR, "nurse9")
    p.count_files().sign()


@told(TAMPERINGS, "csv-cell", row=1, column="reason")
def a_formula_without_its_apostrophe(p: EvidencePackage) -> None:
    assert p.table[1][REASON].startswith("'=")
    cell(p, 1, REASON, p.table[1][REASON][1:])
    p.count_files().sign()


@told(TAMPERINGS, "csv-missing", "csv-count", row=4)
def a_row_dropped(p: EvidencePackage) -> None:
    rows = p.table
    del rows[4]
    p.table = rows
    p.count_files().sign()


@told(TAMPERINGS, "csv-added", "csv-count", row=4)
def a_row_added(p: EvidencePackage) -> None:
    rows = p.table
    rows.insert(4, [*rows[4][:ID], "9999", *rows[4][ID + 1 :]])
    p.table = rows
    p.count_files().sign()


@told(TAMPERINGS, "csv-added", "csv-count", row=5)
def a_row_doubled(p: EvidencePackage) -> None:
    rows = p.table
    rows.insert(4, rows[4])
    p.table = rows
    p.count_files().sign()


@told(TAMPERINGS, "csv-missing", "csv-added", row=4)
def two_rows_swapped(p: EvidencePackage) -> None:
    rows = p.table
    rows[4], rows[5] = rows[5], rows[4]
    p.table = rows
    p.count_files().sign()


@told(TAMPERINGS, "csv-width", row=6)
def a_cell_too_few(p: EvidencePackage) -> None:
    rows = p.table
    rows[6] = rows[6][:-1]
    p.table = rows
    p.count_files().sign()


@told(TAMPERINGS, "csv-form", row=3)
def a_quote_that_never_ends(p: EvidencePackage) -> None:
    rows = p.members["events.csv"].split(b"\r\n")
    p.members["events.csv"] = b"\r\n".join(rows[:3]) + b'\r\n"never ends,' + b"x" * 500
    p.count_files().sign()


@told(TAMPERINGS, "csv-headings")
def a_heading_changed(p: EvidencePackage) -> None:
    cell(p, 0, 1, "患者")
    p.count_files().sign()


@told(TAMPERINGS, "csv-columns")
def a_sealed_column_that_nobody_compares(p: EvidencePackage) -> None:
    p.manifest["columns"][ACTOR] = None
    cell(p, 2, ACTOR, "nurse9")
    p.count_files().sign()


def edit_line(p: EvidencePackage, row: int, *, leaf: bool) -> None:
    rows = p.lines
    rows[row - 1]["line"]["actor"] = "nurse9"
    if leaf:
        rows[row - 1]["leaf"] = leaf_hash(encode_canonical_json(rows[row - 1]["line"])).hex()
    p.lines = rows
    cell(p, row, ACTOR, "nurse9")
    p.count_files().sign()


@told(TAMPERINGS, "line-leaf", row=3)
def a_line_edited(p: EvidencePackage) -> None:
    edit_line(p, 3, leaf=False)


@told(TAMPERINGS, "line-path", row=3)
def a_line_edited_and_its_leaf(p: EvidencePackage) -> None:
    edit_line(p, 3, leaf=True)


@told(TAMPERINGS, "line-leaf", "csv-cell", row=1)
def a_person_taken_from_a_line(p: EvidencePackage) -> None:
    rows = p.lines
    rows[0]["line"]["persons"].pop()
    p.lines = rows
    p.count_files().sign()


@told(TAMPERINGS, "line-path", row=7)
def a_path_edited(p: EvidencePackage) -> None:
    rows = p.lines
    rows[6]["path"][1] = hashlib.sha256(b"another").hexdigest()
    p.lines = rows
    p.count_files().sign()


@told(TAMPERINGS, "line-path", row=7)
def a_path_shortened(p: EvidencePackage) -> None:
    rows = p.lines
    rows[6]["path"].pop()
    p.lines = rows
    p.count_files().sign()


@told(TAMPERINGS, "line-form", row=7)
def a_line_written_otherwise(p: EvidencePackage) -> None:
    rows = p.members["lines.ndjson"].split(b"\n")
    rows[6] = json.dumps(json.loads(rows[6]), ensure_ascii=False).encode()
    p.members["lines.ndjson"] = b"\n".join(rows)
    p.count_files().sign()


@told(TAMPERINGS, "line-form", row=7)
def a_name_that_stands_twice(p: EvidencePackage) -> None:
    rows = p.members["lines.ndjson"].split(b"\n")
    rows[6] = rows[6].replace(b'"code":"read"', b'"code":"none","code":"read"')
    p.members["lines.ndjson"] = b"\n".join(rows)
    p.count_files().sign()


@told(TAMPERINGS, "line-number", row=7)
def another_number(p: EvidencePackage) -> None:
    rows = p.lines
    rows[6]["id"] += 1
    p.lines = rows
    p.count_files().sign()


@told(TAMPERINGS, "line-order", row=9)
def positions_reordered(p: EvidencePackage) -> None:
    lines, rows = p.lines, p.table
    lines[7], lines[8], rows[8], rows[9] = lines[8], lines[7], rows[9], rows[8]
    p.lines, p.table = lines, rows
    p.count_files().sign()


@told(TAMPERINGS, "line-order", row=5)
def a_line_doubled(p: EvidencePackage) -> None:
    lines, rows = p.lines, p.table
    lines.insert(4, lines[3])
    rows.insert(5, rows[4])
    p.lines, p.table = lines, rows
    p.manifest["rows"] += 1
    p.count_files().sign()


@told(TAMPERINGS, "line-count", "line-last", "csv-count", digests=True)
def lines_truncated(p: EvidencePackage) -> None:
    p.lines, p.table = p.lines[:-3], p.table[:-3]


@told(TAMPERINGS, "manifest-signature")
def lines_truncated_and_the_manifest(p: EvidencePackage) -> None:
    p.lines, p.table = p.lines[:-3], p.table[:-3]
    last = p.lines[-1]
    p.manifest["rows"] -= 3
    place = {"id": last["id"], "position": last["position"], "recorded": last["line"]["recorded"]}
    p.manifest["last"] = place
    p.count_files().pack_manifest()


@told(TAMPERINGS, "line-first", row=1)
def another_first_line(p: EvidencePackage) -> None:
    p.manifest["first"]["position"] += 1
    p.sign()
