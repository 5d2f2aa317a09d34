"""Check now that the platform's log goes on from what we saw, and co-sign it; --accept: somebody
has explained an alarm or a restore, so go on from the log as it is now.
"""

from __future__ import annotations

import argparse

from ..context import open_context
from ..notices import list_notices
from ..witness import NOTICE, accept_log, exchange_heads

ACCEPTED = {
    "zh": "已确认。证据留在 {names}。",
    "en": "Accepted. The evidence stays in {names}.",
}
NOTHING = {"zh": "没有需要确认的。", "en": "There is nothing to accept."}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--accept",
        action="store_true",
        help="an alarm or a restore was explained to you: go on from the platform's log as it is"
        " now; the evidence stays in the home",
    )


def run(arguments: argparse.Namespace) -> int:
    """0: all is well; 1: an alarm."""
    context = open_context(arguments.home, arguments.language)
    try:
        if arguments.accept:
            names = ", ".join(path.name for path in accept_log(context))
            words = (ACCEPTED if names else NOTHING)[arguments.language]
            print(words.format(names=names))
        well = exchange_heads(context)
        notices = list_notices(context.outbox)
    finally:
        context.close()
    for notice in notices:
        if notice.name == NOTICE:
            print(notice.say(arguments.language))
    return 0 if well else 1
