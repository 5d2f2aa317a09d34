"""Define what one inspection of the installation finds, and helpers that all of them use."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

import psycopg

SKEW = 1.0  # seconds by which the clocks of site and database may differ
RUN_SETUP = "run `manage.py setup`"
RUNNING = "start the site (`manage.py serve`), and look at what it says"


@dataclass(frozen=True, slots=True)
class Inspection:
    """says: what stands, or what is the matter; mend: what to do about it; look: it stands, and
    somebody should see to it in the next days.
    """

    wall: str
    ok: bool
    says: str
    mend: str = ""
    look: bool = False


def shown(at: dt.datetime) -> str:
    """The time of this machine, with its offset."""
    return at.astimezone().isoformat(timespec="seconds")


def first_line(error: psycopg.Error) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def query_value(cursor: Any, question: str, *about: Any) -> Any:
    cursor.execute(question, about)
    return cursor.fetchone()[0]
