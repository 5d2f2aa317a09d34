"""Whether an error means that the database is away: it stopped, moved, may only be read, is
full, or the line to it broke. One room for all doors and parts: or it is not this release's; who
meets it says 503 or tries again, and gives the connection up. What is logged is the SQLSTATE, never
the error's text, which may quote a patient.
"""

from collections.abc import Iterator

import psycopg
from django.db import InterfaceError, OperationalError, connections

from alliance.platform.environment import StartRefused

READ_ONLY = "25006"
STATES = frozenset(
    {READ_ONLY, "57P01", "57P02", "57P03", "57P05"}
)  # read only; shut down by hand, after a crash; not up yet; ended for idling
CLASSES = (
    "08",
    "53",
    "58",
)  # of SQLSTATE: the connection, room (connections, memory, disk), the server's own system
BUSY = frozenset(
    {"40001", "40P01", "55P03"}
)  # serialization, deadlock, a lock that was waited for too long: the connection is well
RETRY_AFTER_SECONDS = 5  # seconds after which to ask again


class ReadOnlyServer(OperationalError):
    """A new connection led to a server that can only be read."""

    def __init__(self) -> None:
        super().__init__(
            "only a read-only server answers: the database that is written to is away, or"
            " DATABASE_URL names its copy"
        )


class NoDatabaseHere(StartRefused, OperationalError):
    """No database is named, and nobody has made one in this home."""


class DatabaseNotServed(StartRefused, OperationalError):
    """The database that was reached is one that this process may not serve: it was brought to
    another release, or has other keys (alliance.database.connection_guard). The text says which.
    """


class RestoreNotRecorded(DatabaseNotServed):
    """The database that was reached was restored or copied, and nobody has recorded that
    (alliance.database.epoch).
    """


def walk_error_chain(error: BaseException | None) -> Iterator[BaseException]:
    """The error, and those that it arose from."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def is_connection_failure(error: BaseException) -> bool:
    """Raised before there was a connection."""
    return (
        isinstance(error, ReadOnlyServer | DatabaseNotServed)
        or (isinstance(error, psycopg.Error) and error.pgconn is not None)
        or isinstance(error, psycopg.errors.ConnectionTimeout)
    )


def classify_database_error(error: BaseException) -> str:
    """Of one error: its SQLSTATE, "unreachable", "line lost", why it is not served, or "" where
    it says nothing of the database being away.
    """
    if isinstance(error, ReadOnlyServer):
        return READ_ONLY
    if isinstance(error, DatabaseNotServed):
        return str(error)
    if isinstance(error, psycopg.Error):
        if state := error.sqlstate:
            return state if state in STATES or state[:2] in CLASSES else ""
        if is_connection_failure(error):
            return "unreachable"
        return (
            "line lost"
            if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
            else ""
        )
    return "line lost" if isinstance(error, InterfaceError) and error.__cause__ is None else ""


def find_away_cause(error: BaseException | None) -> str:
    """What happened first, where the database is away; else ""."""
    return next(
        (k for k in reversed([classify_database_error(e) for e in walk_error_chain(error)]) if k),
        "",
    )


def classify_unserved(error: BaseException) -> str:
    """Where the database is there and nothing is answered from it: "restored", without a word of
    who did it, or "other": this is the wrong server for it. Else "".
    """
    kinds = [type(e) for e in walk_error_chain(error) if isinstance(e, DatabaseNotServed)]
    return "restored" if RestoreNotRecorded in kinds else "other" if kinds else ""


def find_retryable_cause(error: BaseException) -> str:
    """The same, and the SQLSTATE of what the database refused because others were in the way:
    asked again, it may succeed.
    """
    return find_away_cause(error) or next(
        (
            e.sqlstate
            for e in walk_error_chain(error)
            if isinstance(e, psycopg.Error) and e.sqlstate in BUSY
        ),
        "",
    )


def has_stored_nothing(error: BaseException) -> bool:
    """Whether the database was away from the first of it on: no connection was got, or only one
    that cannot be written to. Then what failed has stored nothing.
    """
    met = [(e, k) for e in walk_error_chain(error) if (k := classify_database_error(e))]
    return bool(met) and all(is_connection_failure(e) or k == READ_ONLY for e, k in met)


def close_connections() -> None:
    """Close this thread's connections: the next question is asked over a new one."""
    for connection in connections.all(initialized_only=True):
        connection.close()
