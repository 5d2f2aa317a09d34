"""A township clinic that writes exports, and what was planted in them."""

import csv
import datetime as dt
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any

import xlsxwriter

DOCTORS = ("陈洁", "周斌", "林燕", "吴昊")


@dataclass
class Planted:
    """rows and accepted: by set name. refused: by (file, rule). patients_refused: their numbers."""

    files: list[Path] = field(default_factory=list)
    rows: Counter[str] = field(default_factory=Counter)
    accepted: Counter[str] = field(default_factory=Counter)
    refused: Counter[tuple[str, str]] = field(default_factory=Counter)
    reports: int = 0
    patients_refused: set[str] = field(default_factory=set)


@dataclass
class Clinic:
    dice: random.Random
    planted: Planted
    folder: Path
    today: dt.date
    patients: list[dict[str, str]] = field(default_factory=list)
    visits: list[dict[str, str]] = field(default_factory=list)

    def count(self, file: str, name: str, patient: str, rule: str = "") -> None:
        """rule: of the fault in this row; a refused patient's rows are refused for that alone."""
        self.planted.rows[name] += 1
        if patient in self.planted.patients_refused and rule != "cell.rounded-number":
            rule = "row.patient-refused"
        if rule:
            self.planted.refused[file, rule] += 1
        else:
            self.planted.accepted[name] += 1

    def day(self) -> dt.datetime:
        day = self.today - dt.timedelta(days=self.dice.randrange(1, 700))
        return dt.datetime(
            day.year, day.month, day.day, self.dice.randrange(8, 17), self.dice.randrange(60)
        )

    def write_moment(self, moment: dt.datetime) -> str:
        """As ten programmers have written it."""
        m, d = moment.month, moment.day
        return self.dice.choice(
            (
                moment.strftime("%Y-%m-%d %H:%M:%S"),
                moment.strftime("%Y%m%d"),
                moment.strftime("%Y%m%d%H%M%S"),
                f"{moment.year}-{m}-{d}",
                f"{moment.year}/{m}/{d} {moment.hour}:{moment.minute:02}:00",
                f"{moment.year}年{m}月{d}日 {moment.hour}:{moment.minute:02}",
                moment.strftime("%Y.%m.%d"),
                full_width(f"{moment.year}-{m}-{d}"),
            )
        )


def full_width(text: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


def faults(clinic: Clinic, rows: int, *planned: tuple[str, int]) -> dict[int, str]:
    """Row -> rule, a few of each: as planned for 1,000 rows."""
    names = [name for name, many in planned for _ in range(max(1, many * rows // 1000))]
    places = clinic.dice.sample(range(rows), min(len(names), rows // 2))
    return dict(zip(places, names, strict=False))


def write_csv(
    clinic: Clinic, name: str, lines: list[list[str]], codec: str, separator: str = ","
) -> None:
    """U+FFFD in a line becomes bytes that no codec reads."""
    text = StringIO()
    writer = csv.writer(text, delimiter=separator, lineterminator="\r\n")
    writer.writerows(lines)
    data = text.getvalue().encode(codec)
    path = clinic.folder / name
    path.write_bytes(
        data.replace("\ufffd".encode(codec), b"\xff\x80") if codec == "gb18030" else data
    )
    clinic.planted.files.append(path)


def write_xlsx(clinic: Clinic, name: str, sheet: str, rows: Iterator[list[Any]]) -> None:
    path = clinic.folder / name
    workbook = xlsxwriter.Workbook(str(path), {"strings_to_numbers": False})
    date = workbook.add_format({"num_format": "yyyy/m/d h:mm"})
    page = workbook.add_worksheet(sheet)
    for number, row in enumerate(rows):
        for column, cell in enumerate(row):
            if isinstance(cell, dt.datetime):
                page.write_datetime(number, column, cell, date)
            elif cell == "#N/A":
                page.write_formula(number, column, "=NA()", None, "#N/A")
            elif isinstance(cell, int | float):
                page.write_number(number, column, cell)
            elif cell != "":
                page.write_string(number, column, cell)
    workbook.close()
    clinic.planted.files.append(path)
