"""Check exports without sending anything: what would be refused, why, and how to mend it.

Exit status: 0 clean, 1 rows were refused, 2 a file cannot be read.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from ..files.list_files import list_files
from ..mapping.intake import Intake
from ..message_files import find_reader
from ..refusal import Refusal
from ..reports.fault_book import FaultBook
from ..reports.html_report import html_report
from ..reports.text_report import json_report, text_report
from ..reports.workbook_report import write_report
from ..settings import read_settings
from ..site_settings import read_site


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="files or folders")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    parser.add_argument("--html", type=Path, metavar="OUT", help="write it as a page")
    parser.add_argument("--xlsx", type=Path, metavar="OUT", help="write it as a workbook")


def run(arguments: argparse.Namespace) -> int:
    language = arguments.language
    site = read_site(read_settings(arguments.home))
    intake = Intake(site, find_reader=find_reader)
    book = FaultBook(keep_rows=arguments.xlsx is not None)
    intake.keep_row = book.add_row
    refusals = []
    for outcome in intake.read_files(list_files(arguments.files)):
        if isinstance(outcome, Refusal):
            book.add(outcome)
            if arguments.json and not outcome.warning:
                refusals.append(outcome)
    intake.close()
    counts = intake.counts
    if arguments.html:
        page = html_report(book, intake.tables, counts, language)
        arguments.html.write_text(page, encoding="utf-8")
    if arguments.xlsx:
        write_report(book, arguments.xlsx, language)
    if arguments.json:
        print(json.dumps(json_report(refusals, counts, language), ensure_ascii=False, indent=1))
    else:
        print("\n".join(text_report(book, intake.tables, counts, language)))
    return 2 if counts.unreadable else 1 if counts.refused else 0
