"""Commands in a process of their own that begin at once: a fork of this one, which has all code loaded."""

import multiprocessing
from multiprocessing.process import BaseProcess
from typing import Any

from django.core.management import call_command
from django.db import connections

from alliance.config.supervisor import die_with_parent

FORK = multiprocessing.get_context("fork")
INHERITED: list[Any] = []  # sessions of the parent: dropped, they would be closed, and the parent would lose them


def start(command: str) -> BaseProcess:
    process = FORK.Process(target=carry_out, args=(command,), daemon=True)
    process.start()
    return process


def carry_out(command: str) -> None:
    die_with_parent()
    for found in connections.all(initialized_only=True):
        INHERITED.append(found.connection)
        found.connection = None
    call_command(command)
