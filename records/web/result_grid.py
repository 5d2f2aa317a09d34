"""A page of results as grids: tests by dates, a grid a panel, vital signs and findings apart from
what the laboratory has measured.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alliance.models import Hospital
from records.meaning.laboratory_panels import PANEL_TITLES, PanelPlace, find_panel_place
from records.meaning.result_family import family_key, loinc_code, row_identity
from records.meaning.result_identity import ResultIdentity
from records.meaning.result_kinds import ResultKind
from records.meaning.sense import Words
from records.meaning.trend import trend_order
from records.meaning.value_text import concept_text
from records.meaning.vital_order import PressurePart, find_vital_position, pressure_part
from records.operations.shared_record import ShownResource
from records.web.result_cell import render_cell, render_pair_cell
from records.web.result_display import ResultLine

MOST_COLUMNS = 8  # dates beside each other; older ones follow below
KIND_TITLES: dict[ResultKind, Words] = {
    ResultKind.LABORATORY: gettext_lazy("Laboratory"),
    ResultKind.VITAL: gettext_lazy("Vital signs"),
    ResultKind.FINDING: gettext_lazy("Findings and habits"),
}


@dataclass(frozen=True, slots=True)
class GridColumn:
    """A day at a hospital."""

    day: str
    hospital: Hospital


@dataclass(slots=True)
class GridRow:
    """One test. newest: the line whose name, unit and range stand at its head; owner: the
    hospital, where other rows of its panel have the same name; partner: the diastolic pressure,
    which stands in the row of its systolic one.
    """

    newest: ResultLine
    lines: list[ResultLine] = field(default_factory=list)
    owner: Hospital | None = None
    partner: "GridRow | None" = None

    @property
    def key(self) -> str:
        """For the address of its trend."""
        return quote(family_key(self.newest.result.identity), safe="")

    @property
    def conditions(self) -> str:
        return " · ".join(self.newest.result.conditions)


@dataclass(frozen=True, slots=True)
class GridBlock:
    """So many columns; of the rows those that have a value in them, each with its cells as HTML."""

    columns: list[GridColumn]
    rows: list[tuple[GridRow, list[str]]]


@dataclass(frozen=True, slots=True)
class GridPanel:
    title: str
    blocks: list[GridBlock]


@dataclass(frozen=True, slots=True)
class GridSection:
    kind: ResultKind
    title: str
    panels: list[GridPanel]


def build_grids(
    lines: Iterable[ResultLine], panel_names: Mapping[tuple[str, str], str]
) -> list[GridSection]:
    """panel_names: as name_panels gives them."""
    ordered = sorted(lines, key=trend_order)
    sections = []
    for kind in ResultKind:
        by_panel: dict[str, list[GridRow]] = {}
        placed = [
            (place_of_row(row, panel_names), row)
            for row in group_rows(x for x in ordered if x.kind is kind)
        ]
        for place, row in sorted(placed, key=lambda p: p[0].position):
            by_panel.setdefault(place.panel, []).append(row)
        if kind is ResultKind.VITAL and by_panel:
            by_panel = {"": pair_pressures(by_panel[""])}
        if by_panel:
            for rows in by_panel.values():
                name_owners(rows)
            panels = [
                GridPanel(title_panel(name, kind), list(build_blocks(rows)))
                for name, rows in sorted(by_panel.items(), key=panel_order)
            ]
            sections.append(GridSection(kind, str(KIND_TITLES[kind]), panels))
    return sections


def group_rows(ordered: Iterable[ResultLine]) -> list[GridRow]:
    """Lines of one test; a result without number and unit stands with the numbers of its test
    where these have one row only.
    """
    rows: dict[ResultIdentity, GridRow] = {}
    for line in ordered:
        found = rows.setdefault(row_identity(line.result.identity), GridRow(line))
        found.lines.append(line)
    by_family: dict[str, list[GridRow]] = {}
    for row in rows.values():
        by_family.setdefault(family_key(row.newest.result.identity), []).append(row)
    out = []
    for family in by_family.values():
        measured = [r for r in family if any(x.result.number is not None for x in r.lines)]
        worded = [r for r in family if r not in measured]
        if len(measured) == 1 and worded and not any(r.newest.unit for r in worded):
            for row in worded:
                measured[0].lines += row.lines
            measured[0].lines.sort(key=trend_order)
            out += measured
        else:
            out += family
    return out


def pair_pressures(rows: list[GridRow]) -> list[GridRow]:
    """The diastolic pressure within the row of the systolic one that was measured alike."""
    parts: dict[tuple[object, PressurePart], GridRow] = {}
    for row in rows:
        identity = row.newest.result.identity
        if part := pressure_part(loinc_code(identity), row.newest.title):
            alike = replace(row_identity(identity), path=identity.path[:-1])
            parts.setdefault(((alike, identity.path[-1].hospital), part), row)
    taken = set()
    for (alike_of, part), row in parts.items():
        if part is PressurePart.SYSTOLIC:
            row.partner = parts.get((alike_of, PressurePart.DIASTOLIC))
            taken.add(id(row.partner))
    return [row for row in rows if id(row) not in taken]


def name_owners(rows: list[GridRow]) -> None:
    """A test without a code that hospitals share is a row of each of them: they are told apart."""
    counts = Counter(row.newest.title for row in rows)
    for row in rows:
        if counts[row.newest.title] > 1 and row.newest.result.identity.path[-1].hospital:
            row.owner = row.newest.hospital


def name_panels(
    reports: Iterable[ShownResource], observations: Iterable[ShownResource]
) -> dict[tuple[str, str], str]:
    """{(hospital, "Observation/id"): the name of the report or group that holds it}"""
    found: dict[tuple[str, str], str] = {}
    for s, element in [
        *((r, "result") for r in reports),
        *((o, "hasMember") for o in observations if "hasMember" in o.resource),
    ]:
        title = concept_text(s.resource.get("code"))
        for reference in s.resource.get(element) or []:
            if title and isinstance(reference, dict):
                found.setdefault((s.hospital.code, last_parts(reference.get("reference"))), title)
    return found


def last_parts(url: Any) -> str:
    """Type/id of a reference or an address."""
    return "/".join(str(url or "").rsplit("/", 2)[-2:])


def place_of_row(row: GridRow, panel_names: Mapping[tuple[str, str], str]) -> PanelPlace:
    """In one of the laboratory's panels by code or name, else in what its own report calls it."""
    line = row.newest
    if line.kind is ResultKind.VITAL:
        return PanelPlace("", find_vital_position(loinc_code(line.result.identity), line.title))
    if line.kind is not ResultKind.LABORATORY:
        return PanelPlace()
    found = find_panel_place(loinc_code(line.result.identity), line.title)
    if "尿" in line.result.identity.specimen:
        return PanelPlace("urine", found.position)
    names = (panel_names.get((x.hospital.code, last_parts(x.url))) for x in row.lines)
    return found if found.panel else PanelPlace(next(filter(None, names), ""))


def panel_order(item: tuple[str, object]) -> tuple[int, str]:
    """Known panels first, then those of reports, then the rest."""
    name = item[0]
    known = list(PANEL_TITLES)
    return (known.index(name) if name in known else len(known) + (not name), name)


def title_panel(name: str, kind: ResultKind) -> str:
    if kind is not ResultKind.LABORATORY:
        return ""
    return str(PANEL_TITLES.get(name, name) or _("Other tests"))


def build_blocks(rows: list[GridRow]) -> Iterable[GridBlock]:
    """Days newest first, at most so many beside each other."""
    dated: dict[GridColumn, float] = {}
    cells: dict[tuple[int, GridColumn], list[ResultLine]] = {}
    for number, row in enumerate(rows):
        for line in (*row.lines, *(row.partner.lines if row.partner else ())):
            column = GridColumn(line.result.moment.day, line.hospital)
            dated[column] = min(dated.get(column, trend_order(line)[0]), trend_order(line)[0])
            cells.setdefault((number, column), []).append(line)
    columns = sorted(dated, key=lambda c: (dated[c], c.hospital.code))
    for start in range(0, len(columns), MOST_COLUMNS):
        part = columns[start : start + MOST_COLUMNS]
        held = [
            (row, [render_row_cell(row, cells.get((number, c), [])) for c in part])
            for number, row in enumerate(rows)
            if any((number, c) in cells for c in part)
        ]
        yield GridBlock(part, held)


def render_row_cell(row: GridRow, lines: list[ResultLine]) -> str:
    """The values of one day; of a blood pressure each two that came together as one pair."""
    if row.partner is None:
        return render_cell(lines, row.newest, row.key)
    diastolic = {id(x) for x in row.partner.lines}
    return render_pair_cell(
        [x for x in lines if id(x) not in diastolic],
        [x for x in lines if id(x) in diastolic],
        (row.newest, row.key),
        (row.partner.newest, row.partner.key),
    )
