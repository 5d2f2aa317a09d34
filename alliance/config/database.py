"""Which PostgreSQL to use and as whom: $DATABASE_URL, else the embedded one below $XINGLIN_HOME."""

import os
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from alliance.config.embedded import Cluster
from alliance.config.home import home

WEB_ROLE = "xinglin_web"
SHARED_ROLE = "xinglin_shared"  # what the web role becomes for what consents open
HOSPITAL, PATIENTS = "xinglin.hospital", "xinglin.patients"  # settings of its connection: what it may reach


# A chain of five steps joins thirteen tables: only if all may change places does the planner begin where there is least. A count of one code in
# ten million rows needs room for its bitmap, else every row is looked at twice.
PLANNER = {"join_collapse_limit": 14, "from_collapse_limit": 14, "geqo_threshold": 16, "work_mem": "48MB", "jit": "off"}


@cache
def owner_url() -> str:
    """The URL of the role that owns the tables; starts the embedded server where no other is named."""
    if url := os.environ.get("DATABASE_URL"):
        return url
    cluster = Cluster(home())
    cluster.enter()
    return cluster.uri("postgres")


def keep_running() -> None:
    """For the supervisor: an embedded server that died is started again; another server is its operator's."""
    if not os.environ.get("DATABASE_URL"):
        Cluster(home()).keep()


def web_url() -> str:
    """The URL of the role that may not touch the evidence: $DATABASE_WEB_URL, else that role of the embedded server."""
    if url := os.environ.get("DATABASE_WEB_URL"):
        return url
    if os.environ.get("DATABASE_URL"):
        return os.environ["DATABASE_URL"]
    owner_url()
    return Cluster(home()).uri(WEB_ROLE)


def configuration(url: str, kept: bool) -> dict[str, Any]:
    """Django's DATABASES entry for one URL. kept: each thread keeps its connection, for taking one from a pool and giving it back costs
    a tenth of a read. Of what it asks nothing runs for ever: one careless search would hold a thread of the site until it ends."""
    parts = urlsplit(url)
    if parts.scheme not in ("postgres", "postgresql"):
        raise ValueError(f"DATABASE_URL must begin with postgresql:// (PostgreSQL 15 or newer), not {parts.scheme!r}")
    query = dict(parse_qsl(parts.query))
    options: dict[str, Any] = {k: v for k, v in query.items() if k != "host"}
    options |= {"server_side_binding": True, "prepare_threshold": 3}  # hot statements are planned once a connection
    seconds = int(os.environ.get("XINGLIN_STATEMENT_SECONDS", "60"))
    limits = {"statement_timeout": f"{seconds}s"} if kept else {}
    options["options"] = " ".join(f"-c {k}={v}" for k, v in (PLANNER | limits).items())
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")) or "xinglin",
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.get("host") or parts.hostname or "",
        "PORT": str(parts.port or ""),
        "OPTIONS": options,
        "CONN_MAX_AGE": None if kept else 0,
    }
