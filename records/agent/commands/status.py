"""Show what waits, what was refused and why, and whether it is us or them."""

from __future__ import annotations

import argparse
import json

from ..context import open_context
from ..status_report import build_report
from ..status_words import list_facts, pick, say_group


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="for programs")


def run(arguments: argparse.Namespace) -> int:
    """0: all is well; 1: something is to be looked at."""
    context = open_context(arguments.home, arguments.language)
    try:
        report = build_report(context)
    finally:
        context.close()
    if arguments.json:
        print(json.dumps(report.as_json(), ensure_ascii=False, indent=1))
    else:
        for good, sentence in list_facts(report, arguments.language):
            print(("  " if good else "! ") + sentence)
        for group in report.refused:
            print("- " + say_group(group, arguments.language))
        if not report.refused:
            print("  " + pick(arguments.language, "没有被退回的。", "Nothing was refused."))
    return 0 if report.healthy else 1
