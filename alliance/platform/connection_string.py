"""The line to the database in every form of libpq: a URL with one host or several, key=value
pairs, a service (PostgreSQL documentation, 34.1.1). Time-outs by default, so that a host that
vanished is noticed within seconds; of several hosts the one that can be written to.
"""

import os
from functools import cache

import psycopg
from psycopg import conninfo, pq

NAME = "xinglin"  # of the database, where none is said
TIMES = {
    "connect_timeout": "3",
    "keepalives_idle": "4",
    "keepalives_interval": "2",
    "keepalives_count": "2",
    "tcp_user_timeout": "6000",
}  # seconds; the last one milliseconds
SEVERAL = {"target_session_attrs": "read-write"}
NOBODY = "/nonexistent"  # a folder for sockets in which no server listens


class InvalidConnectionString(ValueError):
    """libpq refuses it, or would not know whom to ask."""


def parse_connection_string(said: str) -> dict[str, str]:
    """What it says, and what the service says that it names. Raises NotTaken."""
    try:
        found = {k: str(v) for k, v in conninfo.conninfo_to_dict(said).items() if v is not None}
    except psycopg.Error as error:
        raise InvalidConnectionString from error
    service = found.pop("service", "")
    return parameters_from_service(service) | found if service else found


def parameters_from_service(name: str) -> dict[str, str]:
    """libpq reads its own file (~/.pg_service.conf, PGSERVICEFILE). Raises NotTaken for a
    service that there is not.
    """
    before, kept = libpq_defaults(), os.environ.get("PGSERVICE")
    os.environ["PGSERVICE"] = name
    try:
        found = {k: v for k, v in libpq_defaults().items() if before.get(k) != v and k != "service"}
    finally:
        os.environ.pop("PGSERVICE")
        os.environ.update({"PGSERVICE": kept} if kept is not None else {})
    if not found:
        raise InvalidConnectionString
    return found


def libpq_defaults() -> dict[str, str]:
    return {
        o.keyword.decode(): o.val.decode() for o in pq.Conninfo.get_defaults() if o.val is not None
    }


def count_hosts(found: dict[str, str]) -> int:
    return len((found.get("hostaddr") or found.get("host") or "").split(","))


@cache
def check_connection_string(said: str) -> str:
    """The same, where libpq takes it. Raises NotTaken."""
    found = parse_connection_string(said)
    numbers = [found[k] for k in TIMES if k in found] + [
        p for p in found.get("port", "").split(",") if p
    ]
    if (
        not (found or said.startswith("postgres"))
        or not all(n.isascii() and n.isdecimal() and len(n) < 10 for n in numbers)
        or any(not 1 <= int(p) <= 65535 for p in found.get("port", "").split(",") if p)
    ):
        raise InvalidConnectionString
    if (
        "host" in found
        and "hostaddr" in found
        and len(found["host"].split(",")) != count_hosts(found)
    ):
        raise InvalidConnectionString
    # libpq looks at the words in it when it begins to connect: to nobody, so that whatever else it
    # says is a refusal of its own.
    nobody = {k: v for k, v in found.items() if k != "hostaddr"} | {
        "host": ",".join([NOBODY] * count_hosts(found))
    }
    link = pq.PGconn.connect_start(conninfo.make_conninfo("", **nobody).encode())
    refused = link.status == pq.ConnStatus.BAD and NOBODY not in link.error_message.decode(
        errors="replace"
    )
    link.finish()
    if refused:
        raise InvalidConnectionString
    return said


def complete_connection_string(said: str, **instead: str | None) -> str:
    """As key=value pairs, with what is not said. instead: what takes the place of what is said;
    None: nothing does.
    """
    found = {k: v for k, v in (parse_connection_string(said) | instead).items() if v is not None}
    return conninfo.make_conninfo(
        "", **(TIMES | (SEVERAL if count_hosts(found) > 1 else {}) | {"dbname": NAME} | found)
    )
