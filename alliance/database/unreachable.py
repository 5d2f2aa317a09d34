"""What a person at the server is told when the database cannot be reached: which one, as whom,
what it said, and the mend. Never a password, and nothing of an error that a statement met.
"""

import re
import time
from collections.abc import Callable

import psycopg

from alliance.platform import connection_string
from alliance.platform.database_away import find_away_cause, is_connection_failure, walk_error_chain
from alliance.platform.environment import StartRefused

# Words of libpq and PostgreSQL: a connection that failed has no SQLSTATE. In every other language
# than theirs the general mend is told.
OPERATOR_ERRORS = (  # what only a person can mend
    (
        r"password authentication failed|no password supplied",
        (
            "The password is not the one that the server knows for this user: mend it in"
            " {variable}, or there by ALTER ROLE … PASSWORD '…'."
        ),
    ),
    (
        r"no pg_hba\.conf entry",
        (
            "The server lets nobody in so: add a line for this user, database and address to its"
            " pg_hba.conf, then reload it."
        ),
    ),
    (
        r"authentication failed",
        "The server does not let this user in so: look at its pg_hba.conf, and at {variable}.",
    ),
    (
        r"database .* does not exist",
        (
            "The server has no database of that name: name the right one in {variable}, or make it:"
            " CREATE DATABASE … OWNER … ENCODING 'UTF8' LOCALE 'C' TEMPLATE template0."
        ),
    ),
    (
        r"role .* does not exist",
        (
            "The server has no user of that name: name the right one in {variable}, or make it:"
            " CREATE ROLE … LOGIN PASSWORD '…'."
        ),
    ),
    (
        r"certificate",
        "The server's certificate is not trusted as {variable} wants it (sslmode, sslrootcert).",
    ),
)
PASSING_ERRORS = (  # what may come back by itself
    (
        r"resolve|translate host name|name or service not known",
        "Nobody knows that host name: look at {variable}, and at this machine's DNS.",
    ),
    (
        r"connection refused|no such file or directory",
        (
            "Nothing listens there: start PostgreSQL (systemctl status postgresql), and look at"
            " host and port in {variable}."
        ),
    ),
    (r"starting up|shutting down|recovery mode", "The server starts or stops just now."),
    (
        r"too many|remaining connection slots",
        (
            "The server has no connection left: raise its max_connections, or end those that nobody"
            " needs."
        ),
    ),
    (
        r"timeout|timed out|no route|unreachable",
        (
            "The host does not answer: look at the network and the firewall between, and at"
            " {variable}."
        ),
    ),
    (
        r"read-only",
        (
            "Only a copy answers, which takes no changes: name the server that is written to in"
            " {variable}, or promote the copy."
        ),
    ),
)
DEFAULT_ADVICE = "Start PostgreSQL, and look at {variable}."
RETRY_SECONDS = 2.0  # seconds
REMINDER_SECONDS = 60.0  # seconds after which the same is said once more


def describe_away(error: BaseException, said: str) -> str:
    """For a command that met a database that is away, as describe_unreachable; "" where the
    error means something else.
    """
    if any(
        isinstance(e, psycopg.OperationalError) and (is_connection_failure(e) or e.sqlstate is None)
        for e in walk_error_chain(error)
    ):
        return describe_unreachable(error, said)
    if state := find_away_cause(error):
        return (
            f"The database at {describe_server_place(said)} went away while this command was at"
            f" work ({state}). What it had not finished is not done: run it again once `manage.py"
            " doctor` reaches the database."
        )
    return ""


def describe_unreachable(error: BaseException, said: str, variable: str = "DATABASE_URL") -> str:
    """One line: where, as whom, what came of it, the mend. said: the line that was tried;
    variable: the setting that names it.
    """
    return ". ".join(
        f"The database at {text}" if n == 0 else text
        for n, text in enumerate(describe_and_advise(error, said, variable))
    )


def describe_and_advise(
    error: BaseException, said: str, variable: str = "DATABASE_URL"
) -> tuple[str, str]:
    """(what is the matter, the mend)."""
    words = error_words(error)
    return (
        f"{describe_server_place(said)} cannot be reached: {words or type(error).__name__}",
        advice_for_error(words).replace("{variable}", variable),
    )


def needs_operator(error: BaseException) -> bool:
    """Whether it is of no use to wait."""
    return any(
        re.search(pattern, error_words(error), re.IGNORECASE) for pattern, _ in OPERATOR_ERRORS
    )


def describe_server_place(said: str) -> str:
    """host:port/name as user, of the line; several hosts by commas."""
    found = connection_string.parse_connection_string(said)
    hosts = (found.get("host") or found.get("hostaddr") or "the local socket").split(",")
    ports = (found.get("port") or "5432").split(",")
    where = ",".join(f"{host}:{ports[min(n, len(ports) - 1)]}" for n, host in enumerate(hosts))
    return (
        f"{where}/{found.get('dbname', connection_string.NAME)} as"
        f" {found.get('user', 'the account of this process')!r}"
    )


def wait_for_database(said: str, tell: Callable[[str], None]) -> None:
    """Until a connection is got; where only a person can mend what is in the way, StartRefused
    is raised at once. tell: takes a line, once, and again each minute.
    """
    told = ("", 0.0)
    while True:
        try:
            psycopg.connect(said).close()
            return
        except psycopg.OperationalError as error:
            text = describe_unreachable(error, said)
            if needs_operator(error):
                raise StartRefused(text) from None
        if text != told[0] or time.monotonic() - told[1] > REMINDER_SECONDS:
            tell(f"{text} Waiting for it; Ctrl-C ends this.")
            told = text, time.monotonic()
        time.sleep(RETRY_SECONDS)


def error_words(error: BaseException) -> str:
    """What libpq said of it, in one line; of several hosts, of the last."""
    found = next((e for e in walk_error_chain(error) if isinstance(e, psycopg.Error)), error)
    first = str(found).split("Multiple connection attempts failed")[0]
    lines = [
        part.strip()
        for part in first.splitlines()
        if part.strip() and not part.strip().startswith("Is the server running")
    ]
    return (
        " ".join(lines)
        .removeprefix("connection failed: ")
        .removeprefix("connection is bad: ")
        .rstrip(".")
    )


def advice_for_error(words: str) -> str:
    return next(
        (
            mend
            for pattern, mend in (*OPERATOR_ERRORS, *PASSING_ERRORS)
            if re.search(pattern, words, re.IGNORECASE)
        ),
        DEFAULT_ADVICE,
    )
