"""The walls of an installation, one function each: whether it stands, what is the matter, and the mend. Told by GET /readyz in a word, by `manage.py doctor` in full."""

import datetime as dt
import os
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import psycopg

from alliance.config import environment, guard, release
from alliance.config.database import SHARED_ROLE, WEB_ROLE, owner_line, web_line
from alliance.config.environment import StartRefused, setting
from alliance.config.grants import APPEND_ONLY, READ_ONLY
from alliance.config.home import home
from alliance.config.wall import POLICIES, TABLES
from consent.audit.partitions import AHEAD, PARENTS, lacking

STALE = dt.timedelta(seconds=60)
SKEW = 1.0  # seconds by which the clocks of site and database may differ
LEAST_FREE = 2 * 2**30  # bytes on the disk of $XINGLIN_HOME
AS_ROOT = "the site runs as root: a fault in any of its parts would hold the whole machine"
SETUP = "run `manage.py setup`"
RUNNING = "start the site (`manage.py serve`), and look at what it says"


@dataclass(frozen=True, slots=True)
class Wall:
    """says: what stands, or what is the matter; mend: what to do about it."""

    wall: str
    ok: bool
    says: str
    mend: str = ""


def value(cursor: Any, question: str, *about: Any) -> Any:
    cursor.execute(question, about)
    return cursor.fetchone()[0]


def settings_wall() -> Wall:
    try:
        return Wall("settings", True, f"{environment.check()} set, all understood")
    except StartRefused as refusal:
        return Wall("settings", False, str(refusal), "docs/how-to/configure.md")


def https_wall() -> Wall:
    at = setting("XINGLIN_BIND")
    if setting("XINGLIN_HTTPS"):
        return Wall("https", True, f"{at}, behind a proxy that speaks TLS: secure cookies, HSTS, the rest is sent to https://")
    return Wall("https", True, f"{at}: this machine alone")


def keys_wall(cursor: Any) -> Wall:
    if lost := guard.lost_keys():
        return Wall("keys", False, lost, "restore them from the backup of the secrets")
    cursor.execute(guard.PRINTS)
    recorded = dict(cursor.fetchall())
    if wrong := guard.wrong_keys(recorded):
        return Wall("keys", False, wrong, "restore them from the backup of the secrets")
    unknown = [name for name in environment.KEYS if name not in recorded]
    if unknown:
        return Wall("keys", False, f"the database does not know them yet: {', '.join(unknown)}", SETUP)
    return Wall("keys", True, "those of this database: " + ", ".join(f"{name} {mark[:8]}" for name, mark in sorted(recorded.items())))


def role_wall(cursor: Any) -> Wall:
    """Of a connection as the site's."""
    cause = guard.mighty(cursor)
    return Wall("database role", False, cause, guard.mend(cursor)) if cause else Wall("database role", True, f"the site connects as {value(cursor, 'SELECT session_user')!r}, no owner")


def rows_wall(cursor: Any) -> Wall:
    standing = value(cursor, "SELECT count(*) FROM pg_class WHERE oid = ANY(%s::regclass[]) AND relrowsecurity", list(TABLES))
    policies = value(cursor, "SELECT count(*) FROM pg_policy WHERE polrelid = ANY(%s::regclass[])", list(TABLES))
    if standing == len(TABLES) and policies >= len(TABLES) * len(POLICIES):
        return Wall("row security", True, f"on {', '.join(TABLES)}")
    return Wall("row security", False, "it does not stand behind the gate's own tests (docs/adr/0022-two-walls.md)", f"{SETUP} once as a superuser of the database")


def log_wall(cursor: Any) -> Wall:
    """What the site's roles could change of the evidence."""
    loose = f"""SELECT string_agg(DISTINCT t.name || ' by ' || r.rolname, ', ') FROM unnest(%s::text[]) t(name), pg_roles r, unnest(ARRAY['UPDATE', 'DELETE', 'TRUNCATE']) p(privilege)
      WHERE r.rolname IN ('{WEB_ROLE}', '{SHARED_ROLE}', session_user) AND to_regclass(t.name) IS NOT NULL AND has_table_privilege(r.oid, to_regclass(t.name), p.privilege)
        AND NOT pg_has_role(r.oid, (SELECT relowner FROM pg_class WHERE oid = to_regclass(t.name)), 'USAGE')"""
    partitions = "SELECT coalesce(array_agg(inhrelid::regclass::text), '{}') FROM pg_inherits WHERE inhparent = 'consent_audit_event'::regclass"
    cursor.execute(loose, [[*APPEND_ONLY, *READ_ONLY, *value(cursor, partitions)]])
    found = cursor.fetchone()[0]
    return Wall("log grants", False, f"what must stay as it is can be changed: {found}", SETUP) if found else Wall("log grants", True, "the site adds to the audit log and changes nothing of it")


def sealer_wall(cursor: Any) -> Wall:
    cursor.execute("SELECT max(checked_at), max(refused) FROM consent_audit_sealer")
    last, refused = cursor.fetchone()
    if refused:
        return Wall("sealer", False, f"it does not go on: {refused}", "docs/how-to/audit.md")
    if last is not None and dt.datetime.now(dt.UTC) - last < STALE:
        return Wall("sealer", True, f"looked {int((dt.datetime.now(dt.UTC) - last).total_seconds())} s ago")
    return Wall("sealer", False, f"the audit log has not been sealed since {last:%Y-%m-%d %H:%M} UTC" if last else "the audit log was never sealed", RUNNING)


def demo_wall(cursor: Any) -> Wall:
    demo, real = value(cursor, "SELECT count(*) FROM alliance_user WHERE demo"), value(cursor, "SELECT count(*) FROM alliance_user WHERE NOT demo")
    if not setting("XINGLIN_DEMO"):
        return Wall("demo", True, f"off; {demo} accounts that it left cannot sign in" if demo else "off")
    if real:
        return Wall("demo", False, f"it is on beside {real} accounts of real people: {demo} accounts with published secrets can sign in", "XINGLIN_DEMO=0, and restart the site")
    return Wall("demo", True, f"on, at {setting('XINGLIN_BIND')} alone: {demo} accounts with published secrets, and no others")


def migrations_wall(cursor: Any) -> Wall:
    from django.apps import apps
    from django.db.migrations.loader import MigrationLoader

    cursor.execute("SELECT app, name FROM django_migrations")
    ours = {a.label for a in apps.get_app_configs()}
    left = sorted(set(MigrationLoader(None).graph.nodes) - set(cursor.fetchall()))
    left = [n for n in left if n[0] in ours]
    if not left and (refusal := release.unfit(release.recorded(cursor))):
        return Wall("migrations", False, refusal, "start the newer release" if refusal != release.SETUP_FIRST else SETUP)
    return Wall("migrations", False, f"{len(left)} are missing, the first {left[0][0]}.{left[0][1]}", SETUP) if left else Wall("migrations", True, "all are there")


def disk_wall() -> Wall:
    there = next(p for p in (home(), *home().parents) if p.exists())  # before the first start it is not made yet
    free = shutil.disk_usage(there).free
    says = f"{free / 2**30:.1f} GiB free at {home()}"
    return Wall("disk", free >= LEAST_FREE, says, "" if free >= LEAST_FREE else "make room: a full disk stops every read, for its line in the audit log cannot be written")


def clock_wall(cursor: Any) -> Wall:
    before = dt.datetime.now(dt.UTC)
    theirs = value(cursor, "SELECT clock_timestamp()")
    apart = max(0.0, (before - theirs).total_seconds(), (theirs - dt.datetime.now(dt.UTC)).total_seconds())
    return Wall("clock", apart < SKEW, f"{apart:.1f} s from the database's", "" if apart < SKEW else "set both machines' clocks by the same time server (chrony)")


def stamps_wall(cursor: Any) -> Wall:
    """A server whose clock was set back goes on from where it stood."""
    ahead = value(cursor, "SELECT extract(epoch FROM max(floor) - clock_timestamp())::float8 FROM record_clock") or 0.0
    if ahead < SKEW:
        return Wall("stamps", True, "what is written bears the database's time")
    return Wall("stamps", False, f"the database's clock was set back: until it has caught up, in {ahead:.0f} s, what is written bears the last time before that",
                "set the clock of the database's machine by a time server; where it stood far in the future: docs/adr/0039-time-is-the-databases.md")


def partitions_wall(cursor: Any) -> Wall:
    lacks = sorted({f"{low:%Y-%m}" for parent in PARENTS for low, _ in lacking(cursor, parent)})
    full = [f"{parent}_rest" for parent in PARENTS if value(cursor, f"SELECT EXISTS (SELECT FROM {parent}_rest)")]
    if not lacks and not full:
        return Wall("partitions", True, f"of the audit log: this month and {AHEAD} more")
    says = [f"the audit log has no partition of {', '.join(lacks)}"] * bool(lacks) + [f"lines lie in {', '.join(full)}"] * bool(full)
    return Wall("partitions", False, f"{'; '.join(says)}: nothing is lost, and the log grows into one table", f"{SETUP} at a quiet hour; it says what is in the way")


def files_wall() -> Wall:
    """Nobody but the account of the site reads its keys."""
    folder = home() / "secrets"
    loose = [p.name for p in [folder, *folder.glob("*")] if p.exists() and p.stat().st_mode & 0o077]
    return Wall("files", False, f"others may read: {', '.join(loose)} in {folder}", f"chmod -R go= {folder}") if loose else Wall("files", True, f"nobody else reads {folder}")


def account_wall() -> Wall:
    """Whose processes the site's are: of the account that owns its keys, whoever asks; where they are given in the environment, of the one that asks."""
    folder = home() / "secrets"
    owner = folder.stat().st_uid if folder.exists() else os.geteuid()
    if owner:
        return Wall("account", True, f"the site runs as account no. {owner}, not as root")
    if setting("XINGLIN_DEMO"):
        return Wall("account", True, "root: of no matter for invented people")
    return Wall("account", False, AS_ROOT, "give it an account of its own: docs/how-to/service.md")


ALONE = (settings_wall, https_wall, files_wall, account_wall, disk_wall)
OF_THE_OWNER: tuple[Callable[[Any], Wall], ...] = (keys_wall, rows_wall, log_wall, migrations_wall, sealer_wall, demo_wall, clock_wall, stamps_wall, partitions_wall)


def all_walls() -> list[Wall]:
    """Asked by connections of its own, which no guard refuses."""
    found = [wall() for wall in ALONE]
    try:
        with psycopg.connect(owner_line(), autocommit=True) as link, link.cursor() as cursor:
            if value(cursor, "SELECT to_regclass('django_migrations') IS NULL"):
                return [*found, Wall("database", False, "it is empty", SETUP)]
            found += [asked(wall, cursor) for wall in OF_THE_OWNER]
    except psycopg.OperationalError as error:
        return [*found, Wall("database", False, f"it cannot be reached ({type(error).__name__})", "start it, and look at DATABASE_URL")]
    return [*found, site_role()]


def asked(wall: Callable[[Any], Wall], cursor: Any) -> Wall:
    """What cannot even be asked does not stand."""
    name = wall.__name__.removesuffix("_wall").replace("rows", "row security").replace("log", "log grants")
    try:
        return wall(cursor)
    except psycopg.Error as error:
        return Wall(name, False, f"it cannot be asked: {type(error).__name__}", SETUP)


def site_role() -> Wall:
    try:
        with psycopg.connect(web_line(), autocommit=True) as link, link.cursor() as cursor:
            return role_wall(cursor)
    except psycopg.OperationalError:
        with psycopg.connect(owner_line(), autocommit=True) as link, link.cursor() as cursor:
            return Wall("database role", False, guard.NOT_IN, guard.mend(cursor))


def as_object(walls: list[Wall]) -> dict[str, Any]:
    return {"ok": all(w.ok for w in walls), "walls": [asdict(w) for w in walls]}
