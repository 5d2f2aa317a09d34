"""Map rows of a column set to resources and back, for one site."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, Iterable, Iterator, Tuple

from ..item import Item, derive_fhir_id
from ..sets.column_set import ColumnSet, Resource, Site, Values
from ..sets.kinds import read_cell, say_cell
from ..values.blanks import fold, tidy
from ..values.invalid_value import InvalidValue
from .exact_json import encode_exactly

UNREAD = object()
MEASURE = re.compile(
    r"(\d{1,9}(?:\.\d{1,6})?) ?([A-Za-zμ%\u4e00-\u9fff][A-Za-zμ/\u4e00-\u9fff]{0,9})"
)
MOST_KNOWN, LONGEST_KNOWN = 2_000, 40  # cells of a column whose values are kept; characters
Fault = Tuple[str, str, InvalidValue]  # column, cell, what is wrong


class RowMapper:
    def __init__(self, column_set: ColumnSet, site: Site) -> None:
        self.set, self.site = column_set, site
        self.other = RowMapper(column_set.other, site) if column_set.other else None
        self.pairs = [both.compile(site) for both in column_set.table]
        self.constants = dict(column_set.constants)  # no binding changes what is within them
        self.known: dict[str, dict[str, Any]] = {c.name: {} for c in column_set.columns}
        self.kinds = {column.name: column.kind for column in column_set.columns}
        self.records = tuple(
            tuple(tuple(part.split("|")) for part in parts) for parts in column_set.record
        )

    def read_cells(self, cells: Iterable[tuple[str, str]]) -> tuple[Values, list[Fault]]:
        """Values of (column, cell), and what is wrong with them."""
        values: Values = {}
        faults: list[Fault] = []
        for column, cell in cells:
            if not cell:
                continue
            known = self.known[column]
            value = known.get(cell, UNREAD)
            if value is UNREAD:
                try:
                    value = read_cell(self.kinds[column], cell, self.site)
                except InvalidValue as fault:
                    faults.append((column, cell, fault))
                    value = fault.kept if fault.soft else None
                else:
                    if len(known) >= MOST_KNOWN:
                        known.clear()
                    if len(cell) <= LONGEST_KNOWN:
                        known[cell] = value
            if value is not None and value != []:
                values[column] = value
        if faults and self.set.measures:
            faults = [fault for fault in faults if not self.split_measure(fault, values)]
        return values, faults

    def split_measure(self, fault: Fault, values: Values) -> bool:
        """A number with its unit in one cell, 0.5g: both are told, where the unit's own column says
        nothing else.
        """
        column, cell, _ = fault
        unit_column = dict(self.set.measures).get(column, "")
        m = MEASURE.fullmatch(fold(tidy(cell)))
        if not unit_column or m is None or values.get(unit_column, m[2]) != m[2]:
            return False
        values[column], values[unit_column] = Decimal(m[1]), m[2]
        return True

    def type_of(self, values: Values) -> str:
        other = self.other is not None and self.set.is_other(values)
        return str(self.set.other.type) if other else self.set.type

    def make_resource(self, values: Values) -> Resource:
        if self.other is not None and self.set.is_other(values):
            return self.other.make_resource(values)
        resource: Resource = {"resourceType": self.set.type, **self.constants}
        for write, _ in self.pairs:
            write(resource, values)
        return resource

    def read_resource(self, resource: Resource) -> Values:
        if self.other is not None and resource["resourceType"] == self.set.other.type:
            return self.other.read_resource(resource)
        values: Values = {}
        for _, read in self.pairs:
            read(resource, values)
        return values

    def say_row(self, values: Values) -> dict[str, str]:
        """Column -> cell, as a template has them."""
        return {
            column.name: say_cell(column.kind, values[column.name], self.site)
            for column in self.set.columns
            if column.name in values
        }

    def record_of(self, values: Values) -> str:
        """The record's number, "" where the row has none."""
        for parts in self.records:
            found = [next((values[n] for n in names if n in values), None) for names in parts]
            if None not in found:
                return " ".join("/".join(map(str, found)).split())[:200]
        return ""

    def day_of(self, values: Values) -> str:
        return next((values[c][:10] for c in self.set.day if len(values.get(c, "")) >= 10), "")

    def make_item(self, values: Values, record: str, at: str) -> Item:
        action = next(self.actions(values), "put")
        patient = record if self.set.type == "Patient" else values.get("patient", "")
        if action != "put":
            return Item(
                self.site.source, self.type_of(values), record, action=action,
                day=self.day_of(values), patient=patient, at=at[:200],
            )  # fmt: skip
        resource: dict[str, Any] = self.make_resource(values)
        resource["id"] = derive_fhir_id(self.site.source, record)
        return Item(
            self.site.source, resource["resourceType"], record, encode_exactly(resource),
            day=self.day_of(values), patient=patient, at=at[:200],
        )  # fmt: skip

    @staticmethod
    def actions(values: Values) -> Iterator[str]:
        if values.get("deleted") == "yes":
            yield "delete"
        if values.get("void") == "yes":
            yield "recall"
