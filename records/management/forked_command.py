"""Commands in a process of their own that begin at once: a fork of this one, which has all code
loaded.
"""

import logging
import multiprocessing
import sys
from multiprocessing.process import BaseProcess
from typing import Any

from django.core.management import call_command
from django.db import connections

from alliance.platform.database_away import find_retryable_cause
from alliance.platform.process_control import die_with_parent, lower_priority

log = logging.getLogger("xinglin.courier")
FORK = multiprocessing.get_context("fork")
INHERITED_SESSIONS: list[
    Any
] = []  # sessions of the parent: dropped, they would be closed, and the parent would lose them


def start_command(command: str, nice: int = 0) -> BaseProcess:
    """nice: how far it steps back behind what somebody waits for."""
    process = FORK.Process(target=run_command, args=(command, nice), daemon=True)
    process.start()
    return process


def run_command(command: str, nice: int) -> None:
    die_with_parent()
    if nice:
        lower_priority(nice)
    for found in connections.all(initialized_only=True):
        INHERITED_SESSIONS.append(found.connection)
        found.connection = None
    try:
        call_command(command)
    except (
        Exception
    ) as error:  # multiprocessing would print it with its text, which may quote anything
        if cause := find_retryable_cause(error):
            log.warning(
                "FORK503 %s ends, for the database is away; it is started again when that is"
                " back: %s",
                command,
                cause,
            )
        else:
            log.exception("FORK500 %s ended", command)
        sys.exit(1)
