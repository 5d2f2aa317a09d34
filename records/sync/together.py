"""Several writes as one statement: what one answer changes costs one journey to the database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection


@dataclass(frozen=True, slots=True)
class Write:
    """A statement that changes rows. name: unique among those that go together; parameters: of the
    same name, of the same value in all of them.
    """

    name: str
    statement: str
    parameters: Mapping[str, Any]


def execute_together(writes: Sequence[Write]) -> None:
    """None of them may change a row that another one reads or changes: all see what was there
    before.
    """
    if not writes:
        return
    *others, last = writes
    named = ", ".join(f"{write.name} AS ({write.statement})" for write in others)
    parameters: dict[str, Any] = {}
    for write in writes:
        parameters |= write.parameters
    with connection.cursor() as cursor:
        cursor.execute(f"WITH {named} {last.statement}" if named else last.statement, parameters)
