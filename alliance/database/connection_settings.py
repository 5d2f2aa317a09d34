"""Which PostgreSQL to use and as whom: what $DATABASE_URL says
(alliance.platform.connection_string), else the embedded one below $XINGLIN_HOME.
"""

import sys
from functools import cache
from pathlib import Path
from typing import Any

from alliance.database.embedded_postgres import EmbeddedCluster
from alliance.platform import connection_string
from alliance.platform.database_away import NoDatabaseHere
from alliance.platform.environment import SITE_WORK_KINDS, read_setting
from alliance.platform.state_files import state_folder

WEB_ROLE = "xinglin_web"
SHARED_ROLE = "xinglin_shared"  # what the web role becomes for what consents open
HOSPITAL_SETTING, PATIENTS_SETTING = (
    "xinglin.hospital",
    "xinglin.patients",
)  # settings of its connection: what it may reach


# A chain of five steps joins thirteen tables: only if all may change places does the planner begin
# where there is least. A count of one code in ten million rows needs room for its bitmap, else
# every row is looked at twice.
PLANNER = {
    "join_collapse_limit": 14,
    "from_collapse_limit": 14,
    "geqo_threshold": 16,
    "work_mem": "48MB",
    "jit": "off",
}
OF_DJANGO = {
    "NAME": "dbname",
    "USER": "user",
    "PASSWORD": "password",
    "HOST": "host",
    "PORT": "port",
}
BEGINNING_COMMANDS = (["setup"], ["serve"], ["migrate"], ["enrol_administrator"])


def is_verify_command() -> bool:
    """Whether the command holds the log against what is known of it: it may look at a copy."""
    return sys.argv[1:2] == ["audit_verify"]


def may_begin_database() -> bool:
    """Whether a database is made where there is none: by the commands that bring one up, and by
    what is no command of manage.py. All others only look, and leave nothing.
    """
    return Path(sys.argv[0]).name != "manage.py" or sys.argv[1:2] in BEGINNING_COMMANDS


def format_owner_string() -> str:
    """The line of the role that owns the tables. Starts nothing."""
    return connection_string.complete_connection_string(
        read_setting("DATABASE_URL") or EmbeddedCluster(state_folder()).uri("postgres")
    )


def format_web_string() -> str:
    """The line of the role that may not touch the evidence: $DATABASE_WEB_URL, else that role of
    the server that $DATABASE_URL names (without a password: where one is asked for,
    alliance.database.connection_guard says what to do), else of the embedded one. Starts nothing.
    """
    if said := read_setting("DATABASE_WEB_URL"):
        return connection_string.complete_connection_string(said)
    if said := read_setting("DATABASE_URL"):
        return connection_string.complete_connection_string(said, user=WEB_ROLE, password=None)
    return connection_string.complete_connection_string(
        EmbeddedCluster(state_folder()).uri(WEB_ROLE)
    )


@cache
def enter_embedded_server() -> None:
    """Make sure that the embedded server runs, where no other is named. Raises NoDatabaseHere for
    a command that only looks where nobody has installed anything.
    """
    if read_setting("DATABASE_URL"):
        return
    cluster = EmbeddedCluster(state_folder())
    if not may_begin_database() and not cluster.exists():
        mend = (
            "whose log is to be checked (XINGLIN_HOME), or a file (--package)"
            if is_verify_command()
            else "(XINGLIN_HOME, DATABASE_URL), or begin one here: `manage.py setup`"
        )
        raise NoDatabaseHere(
            f"{state_folder()}: there is no database here, and DATABASE_URL names none. Name the"
            f" installation {mend}."
        )
    cluster.enter()


def owner_connection_string() -> str:
    """For whoever connects with it: the server that it names runs. Raises NoDatabaseHere."""
    enter_embedded_server()
    return format_owner_string()


def keep_embedded_running() -> None:
    """For the supervisor: an embedded server that died is started again; another server is its
    operator's.
    """
    if not read_setting("DATABASE_URL"):
        EmbeddedCluster(state_folder()).restart_if_dead()


def web_connection_string() -> str:
    """The same of the site's role."""
    if not read_setting("DATABASE_WEB_URL"):
        enter_embedded_server()
    return format_web_string()


def longest_statement_seconds(site: bool) -> int:
    """Seconds for one statement with which a connection begins; the site's are told what each
    work has (alliance.database.statement_time). 0: no end.
    """
    seconds: dict[str, int] = read_setting("XINGLIN_STATEMENT_SECONDS")
    return (
        max(seconds[kind] for kind in SITE_WORK_KINDS)
        if site
        else seconds["bulk" if read_setting("XINGLIN_PROCESS") == "courier" else "command"]
    )


def django_database_settings(said: str, kept: bool) -> dict[str, Any]:
    """Django's DATABASES entry for one line. kept: each thread keeps its connection, for taking
    one from a pool and giving it back costs a tenth of a read. Of what it asks nothing runs for
    ever: one careless search would hold a thread of the site until it ends.
    """
    found: dict[str, Any] = connection_string.parse_connection_string(said)
    own = {key: found.pop(name, "") for key, name in OF_DJANGO.items()}
    limits = {"statement_timeout": f"{longest_statement_seconds(kept)}s"}
    options = " ".join(
        [*(f"-c {k}={v}" for k, v in (PLANNER | limits).items()), found.pop("options", "")]
    ).strip()  # the operator's come last, and count
    return {
        "ENGINE": "alliance.database.postgresql",
        **own,
        "OPTIONS": (
            found
            | {
                "options": options,
                "server_side_binding": True,
                "prepare_threshold": 3,
            }
        ),  # hot statements are planned once a connection
        "CONN_MAX_AGE": None if kept else 0,
    }
