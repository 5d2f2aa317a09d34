"""The sections of a shared record in one statement: for each type a window of its rows, the newest
first, that the scope may see; and one audit line.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from alliance.sql.hospitals import HOSPITALS
from consent.audit.last_look import LastLook
from consent.terms import Scope
from records.fhir.resource_types import DIRECTORY_TYPES, TYPES
from records.search.search_plan import bind_condition
from records.search.search_terms import SearchCondition
from records.store.rows import (
    ROW_JOINS,
    Row,
    build_rows,
    fetch_audited,
    row_columns_sql,
    visible_sql,
)


class RowPosition(NamedTuple):
    """Where a row stands among those of its type, the newest first. dated: the lower end of its
    clinical date as PostgreSQL writes it, or "-infinity" where it has none.
    """

    dated: str
    resource_id: int


@dataclass(frozen=True, slots=True)
class SectionWindow:
    """Which rows of a type a section takes: at most so many, the newest first. type_name: "" where
    the section is called as its type; after: only those that stand behind this row; starts, ends:
    only those whose clinical date lies in [starts, ends); hospital_id: only that hospital's;
    any_of: only those for which one of these holds; missed: only those that this look has not
    seen; counted: whether all rows that fit are counted as well, whatever stands behind `after`.
    """

    most: int
    type_name: str = ""
    after: RowPosition | None = None
    starts: dt.datetime | None = None
    ends: dt.datetime | None = None
    hospital_id: int | None = None
    any_of: tuple[SearchCondition, ...] = ()
    counted: bool = False
    missed: LastLook | None = None


@dataclass(frozen=True, slots=True)
class SectionRows:
    """rows: {section: its rows, newest first}; totals: {section: how many rows there are} of those
    that are counted and gave a row; skipped: {section: how many of them stand before the window};
    next: {section: after which row to go on} where the window is full.
    """

    rows: dict[str, list[Row]]
    totals: dict[str, int]
    next: dict[str, RowPosition]
    skipped: dict[str, int]


# index: record_resource_patient
SECTION_SQL = (
    "(SELECT *, {i} AS section, {total} AS total, {skipped} AS skipped FROM record_resource r"
    " WHERE {visible} AND r.type = %(type{i})s AND NOT r.deleted{which}{after}"
    " ORDER BY r.dated DESC, r.rid DESC LIMIT %(most{i})s)"
)
MISSED_SQL = (
    " AND (r.last_updated > %(seen{i})s OR r.hospital NOT IN (SELECT h.id FROM"
    f" {HOSPITALS} h WHERE h.code = ANY(%(open{{i}})s)))"
)
# index: record_resource_patient
TOTAL_SQL = (
    "(SELECT count(*) FROM record_resource r WHERE {visible} AND r.type = %(type{i})s"
    " AND NOT r.deleted{which})"
)
POSITION_SQL = (
    "concat_ws('|', row_number() OVER (ORDER BY r.section, r.dated DESC, r.rid DESC), r.section,"
    " r.total, r.skipped, r.dated)"
)
AFTER_SQL = "(r.dated, r.rid) < (%(dated{i})s::timestamptz, %(rid{i})s)"


def fetch_sections(
    scope: Scope, limits: Mapping[str, int], source_patient_id: int | None = None
) -> list[Row]:
    """limits: {type: how many at most}; source_patient_id: only about this row of the index, for a
    scope that holds a whole store. Rows in the order of the types, newest first.
    """
    found = fetch_section_windows(
        scope, {name: SectionWindow(most) for name, most in limits.items()}, source_patient_id
    )
    return [row for rows in found.rows.values() for row in rows]


def fetch_section_windows(
    scope: Scope, windows: Mapping[str, SectionWindow], source_patient_id: int | None = None
) -> SectionRows:
    """windows: {section: its window}; source_patient_id: as for fetch_sections."""
    visible, scope_parameters = visible_sql(scope, DIRECTORY_TYPES)
    if source_patient_id is not None:
        visible, scope_parameters = (
            f"{visible} AND r.patient = %(patient)s",
            {**scope_parameters, "patient": source_patient_id},
        )
    parts, parameters = [], dict(scope_parameters)
    for index, (name, window) in enumerate(windows.items()):
        part, part_parameters = section_sql(visible, index, window.type_name or name, window)
        parts.append(part)
        parameters |= part_parameters
    select = (
        f"SELECT {row_columns_sql(POSITION_SQL)} FROM ({' UNION ALL '.join(parts)}) r {ROW_JOINS}"
    )
    names = list(windows)
    found = SectionRows({name: [] for name in names}, {}, {}, {})
    rows = build_rows(scope, fetch_audited(scope, select, parameters))
    for row in sorted(rows, key=lambda r: int(r.position.partition("|")[0])):
        _number, section, total, skipped, _dated = row.position.split("|")
        name = names[int(section)]
        found.rows[name].append(row)
        if windows[name].counted:
            found.totals[name], found.skipped[name] = int(total), int(skipped)
        if len(found.rows[name]) == windows[name].most:
            found.next[name] = position_of_row(row)
    return found


def position_of_row(row: Row) -> RowPosition:
    """Of one that a section's statement gave."""
    return RowPosition(row.position.rpartition("|")[2], row.resource_id)


def section_sql(
    visible: str, index: int, type_name: str, window: SectionWindow
) -> tuple[str, dict[str, Any]]:
    """The rows of one type, and what the statement binds; index: tells its parameters from those
    of other types.
    """
    parameters: dict[str, Any] = {
        f"type{index}": TYPES[type_name].number,
        f"most{index}": window.most,
    }
    which = after = ""
    if window.starts is not None:
        which += f" AND r.dated >= %(starts{index})s"
        parameters[f"starts{index}"] = window.starts
    if window.ends is not None:
        which += f" AND r.dated < %(ends{index})s"
        parameters[f"ends{index}"] = window.ends
    if window.hospital_id is not None:
        which += f" AND r.hospital = %(of{index})s"
        parameters[f"of{index}"] = window.hospital_id
    if window.any_of:
        tests = (
            bind_condition(condition, f"any{index}_{i}", parameters, "r")
            for i, condition in enumerate(window.any_of)
        )
        which += f" AND ({' OR '.join(tests)})"
    if window.missed is not None:
        which += MISSED_SQL.format(i=index)
        parameters |= {
            f"seen{index}": window.missed.seen_until,
            f"open{index}": sorted(window.missed.hospitals),
        }
    if window.after is not None:
        after = f" AND {AFTER_SQL.format(i=index)}"
        parameters |= {
            f"dated{index}": window.after.dated,
            f"rid{index}": window.after.resource_id,
        }
    total = skipped = "0"
    if window.counted:
        total = TOTAL_SQL.format(visible=visible, i=index, which=which)
        before = f"{which} AND NOT {AFTER_SQL.format(i=index)}"
        skipped = TOTAL_SQL.format(visible=visible, i=index, which=before) if after else "0"
    return (
        SECTION_SQL.format(
            visible=visible, i=index, which=which, after=after, total=total, skipped=skipped
        ),
        parameters,
    )
