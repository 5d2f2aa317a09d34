"""Read the Parameters of an operation on a Task: each known, of its form, and as often as it may
be.
"""

import datetime as dt
from typing import Any

from records.fhir.issues import Issue, Unprocessable
from records.fhir.parameters_resource import parse_parameters


def read_texts(body: Any, known: frozenset[str], many: str = "") -> dict[str, list[str]]:
    """{name: values}. many: the name that may stand more than once. Raises Malformed,
    Unprocessable.
    """
    found: dict[str, list[str]] = {}
    for name, value in parse_parameters(body):
        text = value.get("reference") if isinstance(value, dict) else value
        if name not in known or not isinstance(text, str) or "\0" in text:
            raise refuse(name, "not known, or of another form")
        if name in found and name != many:
            raise refuse(name, "it stands once")
        found.setdefault(name, []).append(text.strip())
    return found


def refuse(name: str, says: str) -> Unprocessable:
    return Unprocessable(Issue("invalid", f"Parameter {name[:60]!r}: {says}.", name[:60]))


def read_moment(name: str, text: str) -> dt.datetime | None:
    """A dateTime with its offset; None for "". Raises Unprocessable."""
    if not text:
        return None
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or not 1900 < moment.year < 2200:
        raise refuse(name, "a moment with its offset, as 2026-12-01T09:30:00+08:00")
    return moment
