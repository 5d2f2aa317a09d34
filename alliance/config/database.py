"""Which PostgreSQL to use and as whom: what $DATABASE_URL says (alliance.config.line), else the embedded one below $XINGLIN_HOME."""

import sys
from functools import cache
from typing import Any

from alliance.config import line
from alliance.config.embedded import Cluster
from alliance.config.environment import StartRefused, setting
from alliance.config.home import home

WEB_ROLE = "xinglin_web"
SHARED_ROLE = "xinglin_shared"  # what the web role becomes for what consents open
HOSPITAL, PATIENTS = "xinglin.hospital", "xinglin.patients"  # settings of its connection: what it may reach


# A chain of five steps joins thirteen tables: only if all may change places does the planner begin where there is least. A count of one code in
# ten million rows needs room for its bitmap, else every row is looked at twice.
PLANNER = {"join_collapse_limit": 14, "from_collapse_limit": 14, "geqo_threshold": 16, "work_mem": "48MB", "jit": "off"}
OF_DJANGO = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}


def needs_none() -> bool:
    """Whether the command asks no database: whoever checks an exported file does it where there is none."""
    return verifies() and any(a.split("=")[0] == "--package" for a in sys.argv)


def verifies() -> bool:
    """Whether the command only looks: it makes no database where there is none."""
    return sys.argv[1:2] == ["audit_verify"]


@cache
def owner_line() -> str:
    """The line of the role that owns the tables; starts the embedded server where no other is named and one is needed. Raises StartRefused for a command that
    only looks where nobody has installed anything."""
    if said := setting("DATABASE_URL"):
        return line.whole(said)
    cluster = Cluster(home())
    if verifies() and not needs_none() and not cluster.exists():
        raise StartRefused(f"{home()}: there is no database here, and DATABASE_URL names none. Name the installation whose log is to be checked (XINGLIN_HOME), or a file (--package).")
    if not needs_none():
        cluster.enter()
    return line.whole(cluster.uri("postgres"))


def keep_running() -> None:
    """For the supervisor: an embedded server that died is started again; another server is its operator's."""
    if not setting("DATABASE_URL"):
        Cluster(home()).keep()


def web_line() -> str:
    """The line of the role that may not touch the evidence: $DATABASE_WEB_URL, else that role of the server that $DATABASE_URL names (without a password:
    where one is asked for, alliance.config.guard says what to do), else of the embedded one."""
    if said := setting("DATABASE_WEB_URL"):
        return line.whole(said)
    if said := setting("DATABASE_URL"):
        return line.whole(said, user=WEB_ROLE, password=None)
    owner_line()
    return line.whole(Cluster(home()).uri(WEB_ROLE))


def configuration(said: str, kept: bool) -> dict[str, Any]:
    """Django's DATABASES entry for one line. kept: each thread keeps its connection, for taking one from a pool and giving it back costs
    a tenth of a read. Of what it asks nothing runs for ever: one careless search would hold a thread of the site until it ends."""
    found: dict[str, Any] = line.parts(said)
    own = {key: found.pop(name, "") for key, name in OF_DJANGO.items()}
    limits = {"statement_timeout": f"{setting('XINGLIN_STATEMENT_SECONDS')}s"} if kept else {}
    options = " ".join([*(f"-c {k}={v}" for k, v in (PLANNER | limits).items()), found.pop("options", "")]).strip()  # the operator's come last, and count
    return {
        "ENGINE": "django.db.backends.postgresql",
        **own,
        "OPTIONS": found | {"options": options, "server_side_binding": True, "prepare_threshold": 3},  # hot statements are planned once a connection
        "CONN_MAX_AGE": None if kept else 0,
    }
