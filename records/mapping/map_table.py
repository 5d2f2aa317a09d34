"""A hospital's codes of one kind as a table for whoever works in a spreadsheet, and such a table
read back as proposals: each still needs another clerk.
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass

import xlsxwriter
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from alliance.auth.errors import AlreadyDone
from alliance.auth.principal import Principal
from alliance.models import Hospital
from records.mapping.catalogue_code import get_catalogue_code
from records.mapping.code_ranking import query_ranked_codes, show_code
from records.mapping.kinds import MappingKind, is_shared_system
from records.mapping.local_code import LONGEST, LocalCodeKey
from records.mapping.map_decisions import EQUIVALENCES, check_may_map, do_propose_mapping
from records.mapping.sheet_reader import GUARD, read_table
from records.mapping.standard_codes import target_systems
from records.models import CodeMapping

COLUMNS = (
    "kind",
    "system",
    "code",
    "text",
    "records",
    "unit",
    "target_system",
    "target_code",
    "target_name",
    "equivalence",
    "state",
)
FORMULA = ("=", "+", "-", "@", "\t")
Answer = tuple[str, bytes]  # media type, content


@dataclass(frozen=True, slots=True)
class TableFault:
    """row: as the spreadsheet counts it."""

    row: int
    code: str
    says: str


@dataclass(frozen=True, slots=True)
class ReadTable:
    proposed: int
    unchanged: int
    faults: tuple[TableFault, ...]


def list_table_rows(hospital_id: int, kind: MappingKind) -> Iterator[list[str]]:
    """One row for each code and each mapping or proposal of it; the first row names the columns."""
    yield list(COLUMNS)
    standing: dict[int, list[CodeMapping]] = {}
    for mapping in CodeMapping.objects.filter(
        hospital_id=hospital_id,
        kind=kind,
        state__in=(CodeMapping.State.APPROVED, CodeMapping.State.PROPOSED),
    ).order_by("pk"):
        standing.setdefault(mapping.code_id, []).append(mapping)
    for row in query_ranked_codes(hospital_id, kind, "all"):
        shown = show_code(row)
        head = [
            row.kind,
            row.system,
            row.code,
            row.text,
            "" if shown.records is None else str(shown.records),
            shown.profile.unit,
        ]
        for m in standing.get(row.pk) or [None]:  # type: ignore[list-item]
            yield head + (
                [m.target_system, m.target_code, m.target_display, m.equivalence, m.state]
                if m
                else [""] * 5
            )


def write_csv(rows: Iterator[list[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows([GUARD + v if v.startswith(FORMULA) else v for v in r] for r in rows)
    return out.getvalue().encode("utf-8-sig")


def write_xlsx(rows: Iterator[list[str]]) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False}) as book:
        sheet = book.add_worksheet()
        sheet.set_column(0, len(COLUMNS), 18)
        for number, row in enumerate(rows):
            for column, value in enumerate(row):
                sheet.write_string(number, column, value)
    return out.getvalue()


def propose_from_table(content: bytes, kind: MappingKind, *, acting: Principal) -> ReadTable:
    """A proposal for each row whose target is another than what stands. Raises BadTable."""
    check_may_map(acting, acting.hospital_id)
    hospital = Hospital.objects.get(pk=acting.hospital_id)
    systems = target_systems(kind)
    proposed = unchanged = 0
    faults: list[TableFault] = []
    for number, row in enumerate(read_table(content), 2):
        target, local = row.get("target_code", ""), row.get("code", "")
        if not target:
            continue
        named = LocalCodeKey(
            kind,
            row.get("system", "")[:LONGEST],
            local[:LONGEST],
            row.get("text", "")[:LONGEST],
        )
        if is_shared_system(named.system) or not (named.code or named.text):
            faults.append(
                TableFault(number, local, _("This is no code of your hospital's own systems."))
            )
            continue
        code = get_catalogue_code(hospital, named)
        system = row.get("target_system", "") or next(iter(systems), "")
        equivalence = row.get("equivalence", "") or EQUIVALENCES[0]
        try:
            do_propose_mapping(
                code,
                system,
                target,
                equivalence=equivalence,
                reason=row.get("reason", "")[:500],
                origin="table",
                acting=acting,
            )
            proposed += 1
        except AlreadyDone:
            unchanged += 1
        except ValidationError as error:
            faults.append(TableFault(number, local or code.text[:40], " ".join(error.messages)))
    return ReadTable(proposed, unchanged, tuple(faults))
