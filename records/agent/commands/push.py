"""Put exports into the outbox. The same file again sends nothing.

Exit status: 0 all was taken, 1 rows were refused, 2 a file cannot be read.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from ..context import OFFSET
from ..files.list_files import list_files
from ..outbox import Outbox
from ..reports.text_report import text_report
from ..reports.workbook_report import write_report
from ..settings import read_number, read_settings
from ..site_settings import check_enrolled, read_site
from ..take_files import take_files

WORDS = {
    "zh": "已放入待发库 {added} 条（含由检验行合成的报告），{unchanged} 条与以前相同、不重发。",
    "en": "{added} items were put into the outbox (reports made of results among them), "
    "{unchanged} are as before and not sent again.",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="files or folders")
    parser.add_argument("--xlsx", type=Path, metavar="OUT", help="write what was refused to it")
    parser.add_argument("--again", action="store_true", help="files that were taken before, too")


def run(arguments: argparse.Namespace) -> int:
    settings = read_settings(arguments.home)
    check_enrolled(settings)
    outbox = Outbox(arguments.home, int(read_number(settings, "outbox", "streams", 1, 64)))
    try:
        outbox.clock_offset = float(outbox.kept(OFFSET) or 0.0)
        taken = take_files(
            list_files(arguments.files), read_site(settings), outbox, arguments.again
        )
    finally:
        outbox.close()
    language = arguments.language
    print("\n".join(text_report(taken.book, taken.tables, taken.counts, language)))
    print(WORDS[language].format(added=taken.added.added, unchanged=taken.added.unchanged))
    if arguments.xlsx:
        write_report(taken.book, arguments.xlsx, language)
    return 2 if taken.counts.unreadable else 1 if taken.counts.refused else 0
