"""Before anything is asked of the database: it is served by code of this release, the keys are those that it was written with, and the site's role is one that can
change neither the evidence nor its own limits. Every process passes here with its first connection, the parts of a site with each."""

import hmac
from typing import Any

import psycopg
from django.conf import settings
from django.db import OperationalError, connection
from django.db.backends.signals import connection_created

from alliance.config import release
from alliance.config.away import NotServed, ReadOnlyServer
from alliance.config.connections import listen, read_only
from alliance.config.database import SHARED_ROLE, WEB_ROLE, owner_line, verifies, web_line
from alliance.config.environment import KEYS, StartRefused, setting
from alliance.config.home import key_file, missing_keys, secret, secret_if_there

NEXT = {"audit_key": "audit_key_next", "body_key": "body_key_next", "secret_key": "secret_key_next"}  # successors of keys, while they are changed
EMPTY = "SELECT to_regclass('django_migrations') IS NULL, to_regclass('alliance_keyprint') IS NOT NULL"
RECORD = "INSERT INTO alliance_keyprint (name, fingerprint, recorded_at) VALUES (%s, %s, now()) ON CONFLICT (name) DO "
PRINTS = "SELECT name, fingerprint FROM alliance_keyprint"
# Of the role of this session: it may do whatever it likes, or become who may; it owns our tables or their schema, or may become who does.
MIGHTY = """SELECT session_user, EXISTS (SELECT FROM pg_roles r WHERE (r.rolsuper OR r.rolbypassrls OR r.rolcreaterole) AND pg_has_role(session_user, r.oid, 'MEMBER')),
  EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p')
    AND (pg_has_role(session_user, c.relowner, 'MEMBER') OR pg_has_role(session_user, n.nspowner, 'MEMBER')))"""
NOT_IN = "The database lets its owner in, and not the role of the site"
compared = False  # of this process


def print_of(name: str, value: str) -> str:
    """What the database keeps of a key: tells whether another one is the same, and nothing else."""
    return hmac.digest(bytes.fromhex(value), f"xinglin key {name}".encode(), "sha256")[:16].hex()


def prints() -> dict[str, set[str]]:
    """Of the keys of this process. While a key is being changed its successor is as good."""
    found = {name: {print_of(name, secret(name))} for name in KEYS}
    for name, successor in NEXT.items():
        if following := secret_if_there(successor):
            found[name].add(print_of(name, following))
    return found


def record_print(name: str, value: str) -> None:
    """In the caller's transaction: from now on this is the key."""
    with connection.cursor() as cursor:
        cursor.execute(RECORD + "UPDATE SET fingerprint = excluded.fingerprint, recorded_at = now()", [name, print_of(name, value)])


def record_prints() -> None:
    """Of all keys of which the database has none yet."""
    with connection.cursor() as cursor:
        cursor.executemany(RECORD + "NOTHING", [[name, print_of(name, secret(name))] for name in KEYS])


def lost_keys() -> str:
    """The refusal where keys are missing beside a database that is not empty; "" where none is."""
    lost = missing_keys()
    if not lost:
        return ""
    names = ", ".join(str(key_file(name)) for name in lost)
    return (f"The database is not empty, and its key is missing: {names}. No other key is made in its place, for it would open nothing. Restore the file from the backup of the secrets "
            f"(docs/how-to/keys.md), or set {', '.join(f'XINGLIN_{name.upper()}' for name in lost)}.")


def wrong_keys(recorded: dict[str, str]) -> str:
    """The refusal where keys are other ones than those of the database; "" where they are the same."""
    wrong = [name for name, known in prints().items() if name in recorded and recorded[name] not in known]
    return "" if not wrong else (
        f"Not the key that this database was written with: {', '.join(wrong)} (secrets/, or XINGLIN_…). Restore it from the backup of the secrets (docs/how-to/keys.md), "
        "or name the database that belongs to it (DATABASE_URL).")


def compare(cursor: Any) -> None:
    """Raises StartRefused. A part of the site that serves does not begin before `setup` has recorded the keys."""
    global compared
    cursor.execute(EMPTY)
    empty, known = cursor.fetchone()
    recorded: dict[str, str] = {}
    if known:
        cursor.execute(PRINTS)
        recorded = dict(cursor.fetchall())
    refusal = "" if empty else lost_keys() or wrong_keys(recorded)
    if not refusal and setting("XINGLIN_PROCESS"):
        refusal = release.unfit(release.recorded(cursor)) or ("" if recorded.keys() >= set(KEYS) else release.SETUP_FIRST)
    if refusal:
        raise NotServed(refusal) if compared else StartRefused(refusal)
    compared = not empty


def mighty(cursor: Any) -> str:
    """Why the role of this session is not one for the site; "" for one that is."""
    cursor.execute(MIGHTY)
    role, any_thing, owner = cursor.fetchone()
    if any_thing:
        return f"The database role {role!r} is a superuser, may pass row level security or make roles (or may become who does)"
    return f"The database role {role!r} owns the tables or their schema" if owner else ""


def mend(cursor: Any) -> str:
    """What gives the site a role of its own, as exact SQL."""
    cursor.execute("SELECT rolname FROM pg_roles WHERE rolname IN (%s, %s)", [WEB_ROLE, SHARED_ROLE])
    there = {row[0] for row in cursor.fetchall()}
    sql = [f"CREATE ROLE {role};" for role in (WEB_ROLE, SHARED_ROLE) if role not in there]
    return (f"As a superuser of the database say: {' '.join(sql)}{' ' if sql else ''}ALTER ROLE {WEB_ROLE} LOGIN PASSWORD 'a long random one'; "
            f"then run `manage.py setup`, and set DATABASE_WEB_URL=postgresql://{WEB_ROLE}:PASSWORD@HOST/DATABASE.")


def unfit(cursor: Any, cause: str) -> str:
    """The refusal."""
    return f"{cause}: the site does not run so, for it could change the audit log and read every record. {mend(cursor)}"


def restricted(cursor: Any) -> None:
    """Raises StartRefused for a role that is no role for the site."""
    if cause := mighty(cursor):
        raise StartRefused(unfit(cursor, cause))


def pass_guard(sender: Any, connection: Any, **_: Any) -> None:
    """Each new connection. What is refused is closed at once. Raises ReadOnlyServer; who only looks may look at a copy."""
    if read_only(connection.connection) and not verifies():
        connection.close()
        raise ReadOnlyServer
    try:
        with connection.connection.cursor() as cursor:
            if settings.WEB:
                restricted(cursor)
            if setting("XINGLIN_PROCESS"):
                listen(connection)
            if setting("XINGLIN_PROCESS") or not compared:
                compare(cursor)
    except StartRefused:
        connection.close()
        raise
    except psycopg.errors.InsufficientPrivilege:
        connection.close()
        raise StartRefused("The database role of the site has not been given its privileges: run `manage.py setup`, and let DATABASE_WEB_URL name the role "
                           f"{WEB_ROLE}, or one that has been granted it.") from None


def watch() -> None:
    connection_created.connect(pass_guard, dispatch_uid="alliance.config.guard")


def stand() -> None:
    """At the start of a part of the site. A database that is away comes back, and is asked then; a role that may not even connect does not."""
    try:
        connection.ensure_connection()
    except OperationalError:
        if settings.WEB:
            web_may_connect()
    connection.close()


def web_may_connect() -> None:
    """Raises StartRefused where the owner of the tables can connect, and the site's role can not, or is none for the site."""
    try:
        owner = psycopg.connect(owner_line())
    except psycopg.OperationalError:
        return
    with owner, owner.cursor() as cursor:
        try:
            with psycopg.connect(web_line()) as web:
                restricted(web.cursor())
        except psycopg.OperationalError:
            raise StartRefused(unfit(cursor, NOT_IN)) from None
