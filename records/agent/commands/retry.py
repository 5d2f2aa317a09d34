"""Send refused records again: all, or those of one rule."""

from __future__ import annotations

import argparse

from ..context import open_context
from ..status_words import pick


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rule", default="", help="only what was refused by this rule")


def run(arguments: argparse.Namespace) -> int:
    context = open_context(arguments.home, arguments.language)
    try:
        again, gone = context.outbox.requeue_refused(arguments.rule)
    finally:
        context.close()
    print(
        pick(
            arguments.language,
            f"重新排队 {again} 条。" + (f"{gone} 条已不留原文，请重新导出。" if gone else ""),
            f"{again} are queued again."
            + (f" {gone} have no body any more: export them again." if gone else ""),
        )
    )
    return 1 if gone else 0
