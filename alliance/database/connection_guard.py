"""Before anything is asked of the database: it is served by code of this release, it is the one
that was recorded last, the keys are those that it was written with, and the site's role is one that
can change neither the evidence nor its own limits, behind row level security. Every process passes
here with its first connection, the parts of a site with each.
"""

import hmac
import logging
from typing import Any

import psycopg
from django.conf import settings
from django.db import OperationalError, connection
from django.db.backends.signals import connection_created

from alliance.database import epoch, release
from alliance.database.connection_settings import (
    SHARED_ROLE,
    WEB_ROLE,
    is_verify_command,
    owner_connection_string,
    web_connection_string,
)
from alliance.database.connections import is_read_only, listen_for_release
from alliance.database.row_policies import find_row_security_fault
from alliance.database.unreachable import describe_unreachable
from alliance.platform.database_away import (
    DatabaseNotServed,
    NoDatabaseHere,
    ReadOnlyServer,
    RestoreNotRecorded,
)
from alliance.platform.environment import KEY_NAMES, StartRefused, read_setting
from alliance.platform.state_files import find_key, key_file, list_missing_keys, load_key

KEY_SUCCESSORS = {
    "audit_key": "audit_key_next",
    "body_key": "body_key_next",
    "secret_key": "secret_key_next",
}  # successors of keys, while they are changed
EMPTY = (
    "SELECT to_regclass('django_migrations') IS NULL, to_regclass('alliance_keyprint') IS NOT NULL"
)
RECORD = (
    "INSERT INTO alliance_keyprint (name, fingerprint, recorded_at) VALUES (%s, %s, now()) ON"
    " CONFLICT (name) DO "
)
PRINTS = "SELECT name, fingerprint FROM alliance_keyprint"
# Of the role of this session: it may do whatever it likes, or become who may; it owns our tables or
# their schema, or may become who does.
MIGHTY = """SELECT session_user,
  EXISTS (SELECT FROM pg_roles r
    WHERE (r.rolsuper OR r.rolbypassrls OR r.rolcreaterole)
      AND pg_has_role(session_user, r.oid, 'MEMBER')),
  EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p')
      AND (pg_has_role(session_user, c.relowner, 'MEMBER')
      OR pg_has_role(session_user, n.nspowner, 'MEMBER')))"""
NOT_IN = "The database lets its owner in, and not the role of the site"
compared = False  # of this process
row_security_seen = False  # by this process
log = logging.getLogger("xinglin.guard")


def key_fingerprint(name: str, value: str) -> str:
    """What the database keeps of a key: tells whether another one is the same, and nothing else."""
    return hmac.digest(bytes.fromhex(value), f"xinglin key {name}".encode(), "sha256")[:16].hex()


def own_key_fingerprints() -> dict[str, set[str]]:
    """Of the keys of this process. While a key is being changed its successor is as good."""
    found = {name: {key_fingerprint(name, load_key(name))} for name in KEY_NAMES}
    for name, successor in KEY_SUCCESSORS.items():
        if following := find_key(successor):
            found[name].add(key_fingerprint(name, following))
    return found


def record_key_fingerprint(name: str, value: str) -> None:
    """In the caller's transaction: from now on this is the key."""
    with connection.cursor() as cursor:
        cursor.execute(
            RECORD + "UPDATE SET fingerprint = excluded.fingerprint, recorded_at = now()",
            [name, key_fingerprint(name, value)],
        )


def record_key_fingerprints() -> None:
    """Of all keys of which the database has none yet."""
    with connection.cursor() as cursor:
        cursor.executemany(
            RECORD + "NOTHING",
            [[name, key_fingerprint(name, load_key(name))] for name in KEY_NAMES],
        )


def find_lost_key_fault() -> str:
    """The refusal where keys are missing beside a database that is not empty; "" where none is."""
    lost = list_missing_keys()
    if not lost:
        return ""
    names = ", ".join(str(key_file(name)) for name in lost)
    return (
        f"The database is not empty, and its key is missing: {names}. No other key is made in its"
        " place, for it would open nothing. Restore the file from the backup of the secrets"
        f" (docs/how-to/keys.md), or set {', '.join(f'XINGLIN_{name.upper()}' for name in lost)}."
    )


def find_wrong_key_fault(recorded: dict[str, str]) -> str:
    """The refusal where keys are other ones than those of the database; "" where they are
    the same.
    """
    wrong = [
        name
        for name, known in own_key_fingerprints().items()
        if name in recorded and recorded[name] not in known
    ]
    return (
        ""
        if not wrong
        else (
            f"Not the key that this database was written with: {', '.join(wrong)} (secrets/, or"
            " XINGLIN_…). Restore it from the backup of the secrets (docs/how-to/keys.md), or name"
            " the database that belongs to it (DATABASE_URL)."
        )
    )


def check_database_fits(cursor: Any) -> None:
    """Raises StartRefused. A part of the site that serves does not begin before `setup` has
    recorded the keys; over a restored database it begins, and answers 503.
    """
    global compared
    cursor.execute(EMPTY)
    empty, known = cursor.fetchone()
    recorded: dict[str, str] = {}
    if known:
        cursor.execute(PRINTS)
        recorded = dict(cursor.fetchall())
    refusal = "" if empty else find_lost_key_fault() or find_wrong_key_fault(recorded)
    if not refusal and read_setting("XINGLIN_PROCESS"):
        refusal = release.find_release_fault(release.fetch_recorded_release(cursor)) or (
            "" if recorded.keys() >= set(KEY_NAMES) else release.SETUP_FIRST
        )
    if refusal:
        raise DatabaseNotServed(refusal) if compared else StartRefused(refusal)
    compared = not empty
    if read_setting("XINGLIN_PROCESS") and (unknown := epoch.find_epoch_fault(cursor)):
        raise RestoreNotRecorded(unknown)


def find_role_fault(cursor: Any) -> str:
    """Why the role of this session is not one for the site; "" for one that is."""
    cursor.execute(MIGHTY)
    role, any_thing, owner = cursor.fetchone()
    if any_thing:
        return (
            f"The database role {role!r} is a superuser, may pass row level security or make roles"
            " (or may become who does)"
        )
    return f"The database role {role!r} owns the tables or their schema" if owner else ""


def role_mend_sql(cursor: Any) -> str:
    """What gives the site a role of its own, as exact SQL."""
    cursor.execute(
        "SELECT rolname FROM pg_roles WHERE rolname IN (%s, %s)", [WEB_ROLE, SHARED_ROLE]
    )
    there = {row[0] for row in cursor.fetchall()}
    sql = [f"CREATE ROLE {role};" for role in (WEB_ROLE, SHARED_ROLE) if role not in there]
    return (
        f"As a superuser of the database say: {' '.join(sql)}{' ' if sql else ''}ALTER ROLE"
        f" {WEB_ROLE} LOGIN PASSWORD 'a long random one'; then run `manage.py setup`, and set"
        f" DATABASE_WEB_URL=postgresql://{WEB_ROLE}:PASSWORD@HOST/DATABASE."
    )


def build_role_refusal(cursor: Any, cause: str) -> str:
    """The refusal."""
    return (
        f"{cause}: the site does not run so, for it could change the audit log and read every"
        f" record. {role_mend_sql(cursor)}"
    )


def check_site_role(cursor: Any) -> None:
    """Raises StartRefused for a role that is no role for the site."""
    if cause := find_role_fault(cursor):
        raise StartRefused(build_role_refusal(cursor, cause))


def check_row_security(cursor: Any) -> None:
    """Until this process has seen it stand once. Raises StartRefused."""
    global row_security_seen
    if row_security_seen or not read_setting("XINGLIN_ROW_SECURITY"):
        return
    if cause := find_row_security_fault(cursor):
        raise StartRefused(
            f"{cause} (docs/adr/0022-two-walls.md): one forgotten condition would open a whole"
            " store. Run `manage.py setup` once as a superuser of the database; where nobody may be"
            " one, set XINGLIN_ROW_SECURITY=0, and the gate's tests stand alone."
        )
    row_security_seen = True


def guard_connection(sender: Any, connection: Any, **_: Any) -> None:
    """Each new connection. What is refused is closed at once. Raises ReadOnlyServer; who only
    looks may look at a copy.
    """
    if is_read_only(connection.connection) and not is_verify_command():
        connection.close()
        raise ReadOnlyServer
    try:
        with connection.connection.cursor() as cursor:
            if settings.WEB:
                check_site_role(cursor)
            if read_setting("XINGLIN_PROCESS"):
                listen_for_release(connection)
            if read_setting("XINGLIN_PROCESS") or not compared:
                check_database_fits(cursor)
            if settings.WEB:
                check_row_security(cursor)
    except StartRefused:
        connection.close()
        raise
    except psycopg.errors.InsufficientPrivilege:
        connection.close()
        raise StartRefused(
            "The database role of the site has not been given its privileges: run `manage.py"
            f" setup`, and let DATABASE_WEB_URL name the role {WEB_ROLE}, or one that has been"
            " granted it."
        ) from None


def install_connection_guard() -> None:
    connection_created.connect(guard_connection, dispatch_uid="alliance.database.connection_guard")


def check_database_at_start() -> None:
    """At the start of a part of the site. A database that is away comes back, and is asked then;
    a role that may not even connect does not.
    """
    try:
        connection.ensure_connection()
    except NoDatabaseHere:
        raise
    except OperationalError as error:
        if settings.WEB:
            check_web_can_connect()
        said, variable = (
            (web_connection_string(), "DATABASE_WEB_URL")
            if settings.WEB
            else (owner_connection_string(), "DATABASE_URL")
        )
        log.error(
            "AWAY503 %s",
            (
                str(error)
                if isinstance(error, StartRefused)
                else describe_unreachable(error, said, variable)
            ),
        )
    connection.close()


def check_web_can_connect() -> None:
    """Raises StartRefused where the owner of the tables can connect, and the site's role can
    not, or is none for the site.
    """
    if not read_setting("DATABASE_URL") and read_setting("DATABASE_WEB_URL"):
        return  # this process is not told the owner's line
    try:
        owner = psycopg.connect(owner_connection_string())
    except psycopg.OperationalError:
        return
    with owner, owner.cursor() as cursor:
        try:
            with psycopg.connect(web_connection_string()) as web:
                check_site_role(web.cursor())
                check_row_security(web.cursor())
        except psycopg.OperationalError:
            raise StartRefused(build_role_refusal(cursor, NOT_IN)) from None
