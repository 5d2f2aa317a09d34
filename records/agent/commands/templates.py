"""Write the templates of the column sets as workbooks, with examples and what each column means."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..reports.templates import write_template
from ..sets.all_sets import SETS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, help="where they are written")


def run(arguments: argparse.Namespace) -> int:
    arguments.folder.mkdir(parents=True, exist_ok=True)
    for column_set in SETS:
        path = arguments.folder / f"{column_set.zh}.xlsx"
        write_template(column_set, path)
        print(path)
    return 0
