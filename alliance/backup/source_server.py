"""The database that is backed up, asked for what a backup must know of it."""

from dataclasses import dataclass

import psycopg

from alliance.backup.errors import BackupRefused
from alliance.backup.postgres_programs import PostgresPrograms, last_lines
from alliance.database import connection_guard
from alliance.database.connection_settings import owner_connection_string
from alliance.platform import connection_string
from alliance.platform.environment import read_setting
from consent.sql.log import ROOT_OF

SERVER_FACTS_SQL = """SELECT
  (SELECT system_identifier::text FROM pg_control_system()),
  current_setting('server_version_num')::int / 10000,
  left(pg_walfile_name(pg_current_wal_insert_lsn()), 8),
  (SELECT setting::bigint * CASE unit WHEN 'B' THEN 1 WHEN '8kB' THEN 8192 ELSE 1 END
    FROM pg_settings WHERE name = 'wal_segment_size'),
  (SELECT sum(pg_database_size(oid))::bigint FROM pg_database WHERE datallowconn),
  pg_current_wal_insert_lsn()::text,
  coalesce(current_setting('summarize_wal', true), 'off') = 'on',
  (SELECT string_agg(spcname, ', ') FROM pg_tablespace
    WHERE spcname NOT IN ('pg_default', 'pg_global')),
  current_database()::text, session_user::text, pg_is_in_recovery()"""
MAY_REPLICATE_SQL = (
    "SELECT session_user::text, EXISTS (SELECT FROM pg_roles WHERE rolname = session_user AND"
    " (rolreplication OR rolsuper))"
)


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """system: the server's own number; segment: bytes of a file of its log; bytes: of all its
    databases; place: in its log, now.
    """

    system: str
    major: int
    timeline: int
    segment: int
    bytes: int
    place: str
    summarizes: bool
    database: str
    user: str
    prints: dict[str, str]
    migrations: list[str]


def replication_line() -> str:
    """As whom backups connect: DATABASE_BACKUP_URL, else the owner."""
    said = read_setting("DATABASE_BACKUP_URL")
    return connection_string.complete_connection_string(said) if said else owner_connection_string()


def inspect_server() -> tuple[ServerFacts, PostgresPrograms]:
    """Raises Refused for a database that cannot be backed up so."""
    try:
        with psycopg.connect(owner_connection_string(), autocommit=True) as link:
            row = link.execute(SERVER_FACTS_SQL).fetchone()
            assert row
            prints = dict(link.execute(connection_guard.PRINTS).fetchall())
            migrations = [
                r[0]
                for r in link.execute(
                    "SELECT app || '.' || name FROM django_migrations ORDER BY 1"
                ).fetchall()
            ]
        (
            system,
            major,
            timeline,
            segment,
            size,
            place,
            summarizes,
            elsewhere,
            database,
            user,
            copy,
        ) = row
        with psycopg.connect(replication_line(), autocommit=True) as link:
            role, may = link.execute(MAY_REPLICATE_SQL).fetchone()  # type: ignore[misc]
    except psycopg.OperationalError as error:
        raise BackupRefused(
            f"The database cannot be reached: {last_lines(str(error))}. Start it, and look at"
            " DATABASE_URL and DATABASE_BACKUP_URL."
        ) from error
    except psycopg.errors.UndefinedTable as error:
        raise BackupRefused(
            "The database is empty, or of an early release: there is nothing to back up or to"
            " compare with. Run `manage.py setup`, or name the installation that is meant"
            " (XINGLIN_HOME, DATABASE_URL)."
        ) from error
    except psycopg.Error as error:
        raise BackupRefused(
            f"The database does not answer what a backup must know of it: {last_lines(str(error))}."
            " DATABASE_URL names the owner of the tables."
        ) from error
    if copy:
        raise BackupRefused(
            "DATABASE_URL leads to a server that follows another one: name the one that is"
            " written to."
        )
    if not may:
        raise BackupRefused(
            f"The database role {role!r} may not read the write-ahead log. As a superuser say:"
            f' ALTER ROLE "{role}" REPLICATION; or make a role for backups alone and name it in'
            " DATABASE_BACKUP_URL (docs/how-to/backup.md)."
        )
    if elsewhere:
        raise BackupRefused(
            f"The server keeps tables in tablespaces ({elsewhere}), which this does not back up:"
            " use pgBackRest."
        )
    return ServerFacts(
        system,
        major,
        int(timeline, 16),
        segment,
        size,
        place,
        summarizes,
        database,
        user,
        prints,
        migrations,
    ), PostgresPrograms.find(major)


def audit_root_at_size(size: int) -> str | None:
    """The root, in hexadecimal, that the live log's head of so many lines signs; None where
    there is no such head.
    """
    with psycopg.connect(owner_connection_string(), autocommit=True) as link:
        row = link.execute(ROOT_OF, [size]).fetchone()
    return row[0] if row else None
