"""Run the agent: take in what comes, send it, until it is stopped."""

from __future__ import annotations

import argparse
import logging
import os

from .. import __version__
from ..agent_log import open_log
from ..context import open_context
from ..outbox_faults import OutboxFault
from ..platform_away import PlatformAway
from ..process_lock import ProcessLock
from ..settings import SettingsFault
from ..supervisor import run_loops, stop_on_signals


def add_arguments(parser: argparse.ArgumentParser) -> None:
    pass


def run(arguments: argparse.Namespace) -> int:
    with ProcessLock(arguments.home):
        open_log(arguments.home)
        log = logging.getLogger("xinglin_agent")
        try:
            context = open_context(arguments.home, arguments.language)
        except (OutboxFault, SettingsFault, PlatformAway) as fault:
            log.error("%s", fault)  # a task of Windows has no window in which it could be read
            raise
        stop_on_signals(context.stopping)
        log.info("xinglin-agent %s begins, process %d", __version__, os.getpid())
        if context.outbox.made:
            log.info("a new outbox was made: %s", context.outbox.path)
        ended = run_loops(context)
        context.close()
        log.info("xinglin-agent ends")
    return 0 if ended else 1
