"""Compare with the platform down to the record, and send what is missing again."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict

from ..context import open_context
from ..reconcile import reconcile_all
from ..reconcile_words import say_difference, say_result


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--source", action="append", help="this source alone, such as his")
    parser.add_argument("--look", action="store_true", help="send nothing again")
    parser.add_argument("--json", action="store_true", help="for programs")


def run(arguments: argparse.Namespace) -> int:
    """0: all is equal; 1: something differs."""
    context = open_context(arguments.home, arguments.language)
    try:
        results = reconcile_all(context, arguments.source, mend=not arguments.look)
    finally:
        context.close()
    if arguments.json:
        print(json.dumps([asdict(result) for result in results], ensure_ascii=False, indent=1))
    else:
        for result in results:
            for found in result.days:
                for sentence in say_difference(found, arguments.language):
                    print(sentence)
        print(say_result(results, arguments.language))
    return 0 if all(result.equal for result in results) else 1
