"""Write docs/how-to/column-sets.md: a table of each column set."""

from __future__ import annotations

import sys
from typing import Iterator

from .all_sets import SETS
from .column_set import Column, ColumnSet

HEAD = """# Column sets: which columns an export may have

What the agent's [drop folder](agent.md) understands. A file is a CSV or a sheet of a workbook; which set it is, its headers tell. A header is one of the names below: in Chinese as WS 445 calls it, in English, or one of the synonyms that hospital systems use; blanks, brackets and stars in it do not matter. What is not known is told and left out. `xinglin-agent templates FOLDER` writes these sets as workbooks with examples; `xinglin-agent check FILE` says what would be refused, and how to mend it.

**!** is needed; of columns marked with the same letter, one is. *Data element* is the identifier of WS 363 where one is known. *FHIR* says where the value stands; a hospital's own codes have the system `urn:xinglin:local:<hospital>:<source>:<kind>`, beside ICD-10 or LOINC where the code is one.

Dates: `2026-01-02`, `20260102`, `2026/1/2`, `2026年1月2日 14:05`, a spreadsheet's own. `0000-00-00`, `1900-01-01`, 无, 不详, `/`, `-` are none. Numbers that a spreadsheet has rounded (`1.10101E+17`) are refused: set the column to *text* and export again.
"""


def columns_page() -> str:
    return "\n".join([HEAD, *(part for column_set in SETS for part in set_part(column_set))]) + "\n"


def set_part(column_set: ColumnSet) -> Iterator[str]:
    yield f"## {column_set.zh} {column_set.en}\n"
    numbers = " or ".join("/".join(parts) for parts in column_set.record)
    other = f", or `{column_set.other.type}`" if column_set.other else ""
    made = f" Its rows also make the `{column_set.group.type}`." if column_set.group else ""
    yield f"FHIR type `{column_set.type}`{other}; the record's number is {numbers}.{made}\n"
    yield "| | 中文 | English | what | data element | FHIR | also known |"
    yield "|---|---|---|---|---|---|---|"
    for column in column_set.columns:
        yield (
            f"| {mark_of(column, column_set)} | {column.zh} | `{column.name}` |"
            f" {column.about_en or column.kind} | {column.element} |"
            f" {places_of(column, column_set)} | {synonyms_of(column)} |"
        )
    yield ""


def mark_of(column: Column, column_set: ColumnSet) -> str:
    marks = "!" if column.required else ""
    for letter, group in zip("abcd", column_set.one_of):
        if column.name in group:
            marks += f" {letter}"
    return marks.strip()


def places_of(column: Column, column_set: ColumnSet) -> str:
    places = [e for both in column_set.table if column.name in both.columns for e in both.elements]
    for further in (column_set.group, column_set.other):
        for both in further.table if further else ():
            if column.name in both.columns:
                places += [f"{further.type}.{element}" for element in both.elements]
    return ", ".join(f"`{place}`" for place in dict.fromkeys(places))


def synonyms_of(column: Column) -> str:
    return "、".join(column.synonyms.split())


if __name__ == "__main__":
    sys.stdout.write(columns_page())
