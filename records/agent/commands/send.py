"""Send what waits, once, and end."""

from __future__ import annotations

import argparse

from ..context import open_context
from ..dead_letters import refresh_refusals
from ..outbox_status import count_waiting
from ..process_lock import ProcessLock
from ..sender import Sender
from ..status_words import pick
from ..supervisor import stop_on_signals


def add_arguments(parser: argparse.ArgumentParser) -> None:
    pass


def run(arguments: argparse.Namespace) -> int:
    with ProcessLock(arguments.home):
        context = open_context(arguments.home, arguments.language)
        try:
            stop_on_signals(context.stopping)
            Sender(context).run(until_empty=True)
            refresh_refusals(context)  # what waited may have been stored by what came after it
            state = context.outbox.state()
            waiting = count_waiting(context.outbox)
        finally:
            context.close()
    refused = sum(state.refused_by_source.values())
    print(
        pick(
            arguments.language,
            f"发完了。待发 {state.backlog} 条，被退回 {refused} 条。{say_waiting(waiting, 'zh')}",
            f"Sent. {state.backlog} wait, {refused} are refused.{say_waiting(waiting, 'en')}",
        )
    )
    return 1 if state.backlog or refused else 0


def say_waiting(count: int, language: str) -> str:
    if not count:
        return ""
    return pick(
        language,
        f"另有 {count} 条已送到，在等它们引用的记录，到齐了自动入库；详情看 xinglin-agent status。",
        f" {count} have arrived and wait for what they refer to: see xinglin-agent status.",
    )
