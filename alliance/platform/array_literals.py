"""Python lists as PostgreSQL array literals: what one statement takes of many rows, without the
driver's look at each value.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any


def unquoted_array_literal(values: Iterable[Any]) -> str:
    """Of integers, floats, booleans and UUIDs; None is NULL. Bind it to a parameter that the
    statement casts, such as %(x)s::bigint[].
    """
    return (
        "{"
        + ",".join(
            ["NULL" if v is None else repr(v) if isinstance(v, float) else str(v) for v in values]
        )
        + "}"
    )


def timestamp_array_literal(values: Iterable[datetime]) -> str:
    return "{" + ",".join([v.isoformat() for v in values]) + "}"


def text_array_literal(values: Iterable[str | None]) -> str:
    return (
        "{"
        + ",".join(
            [
                "NULL" if v is None else '"' + v.replace("\\", "\\\\").replace('"', '\\"') + '"'
                for v in values
            ]
        )
        + "}"
    )
