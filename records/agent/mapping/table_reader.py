"""Read the rows of one table into items and refusals: a bad row never stops its neighbours."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Iterator, Union

from ..files.file_rules import FORMULA_ERROR, UNREAD_BYTES, USER_MADE
from ..files.private_use import LOST, SUSPECT, list_user_made
from ..files.table import Table
from ..item import Item, derive_fhir_id
from ..refusal import Refusal, Rule
from ..sets.column_set import Values
from ..sets.recognise import Recognised, fold_header
from ..values.blanks import is_nothing
from ..values.value_rules import DATE_FUTURE, MISSING
from .counts import Counts
from .exact_json import encode_exactly
from .file_content import read_content
from .group_rows import GroupRows
from .row_rules import FROM_GROUP, NO_RECORD, PATIENT_REFUSED, REPEATED, TOTALS

if TYPE_CHECKING:
    from .intake import Intake

Outcome = Union[Item, Refusal]
TOTAL = re.compile(
    r"[【\[(（]?\s*(本?页?小计|合计|总计|共计|总数|累计|以上共|共\s*\d+\s*[条行人页]|第\s*\d+\s*页|制表|打印|导出时间|统计|sub-?total|total)",
    re.IGNORECASE,
)
TOTAL_OF = re.compile(r".{1,20}(小计|合计|总计)\s*[:：]?")  # 王芳 小计
ERRORS = re.compile(r"#(N/A|REF!|VALUE!|NAME\?|DIV/0!|NUM!|NULL!|#+)")


class TableReader:
    def __init__(
        self, intake: Intake, path: Path, table: Table, head: Recognised, counts: Counts
    ) -> None:
        self.intake, self.path, self.table, self.head = intake, path, table, head
        self.counts = counts
        self.set = head.set
        self.mapper = intake.mapper(head.set)
        self.places = sorted(head.places.items(), key=lambda item: item[1])
        self.width = max(head.places.values()) + 1
        self.taken_back: dict[str, set[str]] = {}  # results of a report, in this table
        in_order = table.format != "sql"  # rows of a view stand in no order of theirs
        self.groups = GroupRows(self.set) if self.set.shared and in_order else None
        self.needed = [(name,) for name in self.set.required] + list(self.set.one_of)
        self.folded = [fold_header(h) for h in head.headers if h]
        self.moments = [c.name for c in self.set.columns if c.kind in ("moment", "date")]
        self.moments = [m for m in self.moments if m != "expires"]

    def read(self) -> Iterator[Outcome]:
        for number, cells in self.table.read_rows():
            if number <= self.head.row:
                continue
            if not any(cells):
                self.counts.blank += 1
                self.end_group()
                continue
            if self.is_header(cells):
                self.counts.headers += 1
                self.end_group()
                continue
            if self.is_total(cells):
                self.counts.totals += 1
                self.end_group()
                shown = " ".join(c.strip() for c in cells if c.strip())[:80]
                yield Refusal(self.table.name, number, "", shown, TOTALS, warning=True)
                continue
            self.counts.rows += 1
            told: list[Refusal] = []
            for outcome in self.read_row(number, cells):
                if isinstance(outcome, Refusal) and not outcome.warning:
                    told.append(outcome)
                yield outcome
            if told and self.intake.keep_row is not None:
                self.intake.keep_row(self.table.name, self.head, number, cells, told)
        yield from self.table.faults
        self.table.faults.clear()
        if self.set.group is not None:
            yield from self.make_reports()

    def end_group(self) -> None:
        if self.groups is not None:
            self.groups.note(None)

    def is_header(self, cells: list[str]) -> bool:
        first = next((c for c in cells if c and not c.isspace()), "")
        if fold_header(first) != self.folded[0]:
            return False
        return len(self.folded) > 1 and [fold_header(c) for c in cells if c.strip()] == self.folded

    def is_total(self, cells: list[str]) -> bool:
        """A word of totals first, and a row that would be refused anyway."""
        first = next((c for c in cells if c and not c.isspace()), "").strip()
        if not TOTAL.match(first) and not TOTAL_OF.fullmatch(first):
            return False
        filled = {name for name, i in self.places if i < len(cells) and cells[i].strip()}
        return not all(any(name in filled for name in group) for group in self.needed)

    def read_row(self, number: int, cells: list[str]) -> Iterator[Outcome]:
        refusals, values = self.read_values(number, cells)
        if self.groups is not None:
            refused = any(not r.warning for r in refusals)
            self.groups.note(None if refused else values)
        patient = values.get("patient", "")
        if self.set.type != "Patient" and patient in self.intake.refused_patients:
            self.counts.refused += 1
            yield self.refusal(number, "patient", patient, PATIENT_REFUSED)
            return
        yield from refusals
        if any(not r.warning for r in refusals):
            self.refuse(values)
            return
        record = self.mapper.record_of(values)
        if not record:
            self.refuse(values)
            said = " ".join(c.strip() for c in cells if c.strip())[:80]
            yield self.refusal(number, self.set.record[0][0], said, NO_RECORD)
            return
        item = self.mapper.make_item(values, record, f"{self.table.name} 第{number}行")
        before = self.intake.seen.note(
            item.type, record, item.body or item.action.encode(), f"{self.table.name} 第{number}行"
        )
        if before == "":
            self.counts.again += 1
            return
        if before is not None:
            self.counts.refused += 1
            column = self.set.record[0][0]
            yield self.refusal(
                number, column, record, REPEATED, first=before,
                column_zh=self.set.by_name[column].zh,
            )  # fmt: skip
            return
        self.counts.accepted += 1
        if self.set.group is not None and "report" in values:
            self.note_report(values, item)
        yield item

    def refuse(self, values: Values) -> None:
        self.counts.refused += 1
        if self.set.type == "Patient" and "patient" in values:
            self.intake.refused_patients.add(values["patient"])

    def read_values(self, number: int, cells: list[str]) -> tuple[list[Refusal], Values]:
        found: list[Refusal] = []
        width = len(cells)
        told = [(name, cells[i]) for name, i in self.places if i < width]
        line = "".join(cells)
        if not line.isascii() and SUSPECT.search(line):
            self.check_characters(number, told, found)
        if "#" in line:
            for name, cell in told:
                if ERRORS.fullmatch(cell.strip()) and not is_nothing(cell.strip()):
                    found.append(self.refusal(number, name, cell.strip(), FORMULA_ERROR))
        values, faults = self.mapper.read_cells(told)
        for name, cell, fault in faults:
            found.append(self.refusal(number, name, cell, fault.rule, fault.soft, **fault.words))
        if self.groups is not None and (filled := self.groups.fill(values)):
            columns = "、".join(self.header_of(name) for name in filled)
            found.append(self.refusal(number, filled[0], "", FROM_GROUP, True, columns=columns))
        broken = {r.column for r in found if not r.warning}
        for group in self.needed:
            if not any(name in values for name in group):
                names = [n for n in group if n in self.head.places] or list(group)
                if not any(self.header_of(n) in broken for n in names):
                    found.append(self.refusal(number, names[0], "", MISSING))
        if any(not r.warning for r in found):
            return found, values
        for name in self.moments:
            if name in values and values[name][:10] > self.intake.tomorrow:
                cell = cells[self.head.places[name]] if name in self.head.places else ""
                found.append(self.refusal(number, name, cell, DATE_FUTURE))
        for check in self.set.check:
            for rule, name, words in check(values, self.intake.site):
                cell = cells[self.head.places[name]] if name in self.head.places else ""
                found.append(self.refusal(number, name, cell, rule, True, **words))
        if "file" in values and self.set.type == "DocumentReference":
            content = read_content(self.path.parent, values)
            if isinstance(content, Path):
                self.intake.attachments.append(content)
            else:
                rule, words = content
                found.append(self.refusal(number, "file", values["file"], rule, **words))
        return found, values

    def check_characters(
        self, number: int, told: list[tuple[str, str]], found: list[Refusal]
    ) -> None:
        for name, cell in told:
            if LOST.search(cell):
                found.append(self.refusal(number, name, cell, UNREAD_BYTES))
            if codes := list_user_made(cell):
                made = self.refusal(number, name, cell, USER_MADE, True, codes="、".join(codes))
                found.append(made)

    def header_of(self, name: str) -> str:
        place = self.head.places.get(name)
        return self.head.headers[place] if place is not None else self.set.by_name[name].zh

    def refusal(
        self, number: int, name: str, cell: str, rule: Rule, soft: bool = False, **words: object
    ) -> Refusal:
        shown = cell.strip()
        shown = shown if len(shown) <= 80 else f"{shown[:79]}…"
        words.pop("column_zh", None)
        return Refusal(
            self.table.name, number, self.header_of(name), shown, rule, dict(words), warning=soft
        )

    def note_report(self, values: Values, item: Item) -> None:
        group = self.intake.mapper(self.set.group)
        word = {
            "values": {name: values[name] for name in group.kinds if name in values},
            "at": item.at,
            "action": item.action,
        }
        result = derive_fhir_id(item.source, item.record) if item.action == "put" else ""
        report = group.record_of(values)
        if item.action != "put":
            gone = derive_fhir_id(item.source, item.record)
            self.taken_back.setdefault(report, set()).add(gone)
        own = not item.record.startswith(f"{report}/")
        if own and result and self.intake.note_result is not None:
            self.intake.note_result(report, item.record)
        self.intake.seen.add_result(values["report"], word, result)

    def results_before(self, report: str, results: list[str]) -> list[str]:
        """Results of the report that an earlier file brought: a mended row that is put in alone
        must not push the others out of it.
        """
        if self.intake.list_sent is None:
            return []
        gone = self.taken_back.get(report, set())
        before = self.intake.list_sent(self.set.type, report)
        ids = [derive_fhir_id(self.intake.site.source, record) for record in before]
        return [id for id in ids if id not in results and id not in gone]

    def make_reports(self) -> Iterator[Item]:
        group = self.intake.mapper(self.set.group)
        for _, word, results in self.intake.seen.take_reports():
            values = word["values"]
            record = group.record_of(values)
            results += self.results_before(record, results)
            if not results:
                yield Item(
                    self.intake.site.source, group.set.type, record, action=word["action"],
                    day=group.day_of(values), patient=values.get("patient", ""), at=word["at"],
                )  # fmt: skip
                continue
            resource = group.make_resource(values)
            resource["id"] = derive_fhir_id(self.intake.site.source, record)
            resource["result"] = [{"reference": f"Observation/{id}"} for id in results]
            yield Item(
                self.intake.site.source, group.set.type, record, encode_exactly(resource),
                day=group.day_of(values), patient=values.get("patient", ""), at=word["at"],
            )  # fmt: skip
