"""Inspect the database: migrations, epoch, index, sealing, clock, partitions, server, backup."""

import datetime as dt
from typing import Any

from alliance.database import epoch, release, server_settings
from alliance.operations.inspection import RUN_SETUP, RUNNING, SKEW, Inspection, query_value, shown
from consent.audit.partitions import AHEAD, PARENTS, list_missing_spans
from consent.sql import log
from records.sql import parts

STALE = dt.timedelta(seconds=60)
SYNC_PATIENCE = 600.0  # seconds


def inspect_sealer(cursor: Any) -> Inspection:
    cursor.execute(f"SELECT {log.SEALER_LOOKED}, {log.SEALER_REFUSED}")
    last, refused = cursor.fetchone()
    if refused:
        return Inspection("sealer", False, f"it does not go on: {refused}", "docs/how-to/audit.md")
    if last is not None and dt.datetime.now(dt.UTC) - last < STALE:
        return Inspection(
            "sealer", True, f"looked {int((dt.datetime.now(dt.UTC) - last).total_seconds())} s ago"
        )
    return Inspection(
        "sealer",
        False,
        (
            f"the audit log has not been sealed since {shown(last)}"
            if last
            else "the audit log was never sealed"
        ),
        RUNNING,
    )


def inspect_migrations(cursor: Any) -> Inspection:
    from django.apps import apps
    from django.db.migrations.loader import MigrationLoader

    cursor.execute("SELECT app, name FROM django_migrations")
    ours = {a.label for a in apps.get_app_configs()}
    left = sorted(set(MigrationLoader(None).graph.nodes) - set(cursor.fetchall()))
    left = [n for n in left if n[0] in ours]
    if not left and (refusal := release.find_release_fault(release.fetch_recorded_release(cursor))):
        return Inspection(
            "migrations",
            False,
            refusal,
            "start the newer release" if refusal != release.SETUP_FIRST else RUN_SETUP,
        )
    return (
        Inspection(
            "migrations",
            False,
            f"{len(left)} are missing, the first {left[0][0]}.{left[0][1]}",
            RUN_SETUP,
        )
        if left
        else Inspection("migrations", True, "all are there")
    )


def inspect_epoch(cursor: Any) -> Inspection:
    if refusal := epoch.find_epoch_fault(cursor):
        return Inspection("epoch", False, refusal, epoch.MEND)
    cursor.execute(epoch.NEWEST)
    if (newest := cursor.fetchone()) is None:
        return Inspection("epoch", False, "no epoch is recorded yet", RUN_SETUP)
    if query_value(cursor, f"SELECT {epoch.TIMELINE}") != newest[4]:
        return Inspection(
            "epoch",
            False,
            "a copy of the database was promoted, or it was recovered to an earlier point in time:"
            " the sealer, which can tell, has not gone on yet",
            "a promoted copy is recorded within seconds of the sealer's start; a recovery:"
            f" {epoch.MEND}",
        )
    return Inspection(
        "epoch",
        True,
        f"no. {newest[0]} ({newest[1]}), since {shown(newest[5])}, on timeline {newest[4]}",
    )


def inspect_index(cursor: Any) -> Inspection:
    """What searches go by, and how far an upgrade is."""
    cursor.execute(parts.INDEX)
    version, switching, filling, remaining, contracted = cursor.fetchone()
    if switching:
        return Inspection(
            "index",
            False,
            f"nobody serves: the switch from version {version} to {filling} has not ended, or was"
            " broken off",
            f"{RUN_SETUP} of the next release, or of the last one to go back",
        )
    if filling:
        return Inspection(
            "index",
            True,
            f"version {version}; version {filling} is being made beside it, {remaining} rows are"
            " left",
        )
    return Inspection(
        "index",
        True,
        f"version {version}"
        + (
            ""
            if contracted is None
            else (
                "; the worker takes off the entries of older ones, and has come to row"
                f" {contracted}"
            )
        ),
    )


def inspect_clock(cursor: Any) -> Inspection:
    before = dt.datetime.now(dt.UTC)
    theirs = query_value(cursor, "SELECT clock_timestamp()")
    apart = max(
        0.0, (before - theirs).total_seconds(), (theirs - dt.datetime.now(dt.UTC)).total_seconds()
    )
    return Inspection(
        "clock",
        apart < SKEW,
        f"{apart:.1f} s from the database's",
        "" if apart < SKEW else "set both machines' clocks by the same time server (chrony)",
    )


def inspect_stamps(cursor: Any) -> Inspection:
    """A server whose clock was set back goes on from where it stood."""
    ahead = query_value(cursor, parts.STAMPS_AHEAD) or 0.0
    if ahead < SKEW:
        return Inspection("stamps", True, "what is written bears the database's time")
    return Inspection(
        "stamps",
        False,
        f"the database's clock was set back: until it has caught up, in {ahead:.0f} s, what is"
        " written bears the last time before that",
        "set the clock of the database's machine by a time server; where it stood far in the"
        " future: docs/adr/0039-time-is-the-databases.md",
    )


def inspect_sync(cursor: Any) -> Inspection:
    """Batches of members' systems are done in their turn."""
    waits = query_value(cursor, f"SELECT {parts.SYNC_OLDEST}")
    if waits < SYNC_PATIENCE:
        return Inspection("sync", True, "no batch of a member's system has waited for long")
    return Inspection(
        "sync",
        False,
        f"a batch of a member's system has waited for {waits:.0f} s; nothing is lost",
        f"the log of the part courier says why (SYNC500, SYNC503); {RUNNING}",
    )


def inspect_partitions(cursor: Any) -> Inspection:
    lacks = sorted(
        {f"{low:%Y-%m}" for parent in PARENTS for low, _ in list_missing_spans(cursor, parent)}
    )
    full = [
        f"{parent}_rest"
        for parent in PARENTS
        if query_value(cursor, f"SELECT EXISTS (SELECT FROM {parent}_rest)")
    ]
    if not lacks and not full:
        return Inspection("partitions", True, f"of the audit log: this month and {AHEAD} more")
    says = [f"the audit log has no partition of {', '.join(lacks)}"] * bool(lacks) + [
        f"lines lie in {', '.join(full)}"
    ] * bool(full)
    return Inspection(
        "partitions",
        False,
        f"{'; '.join(says)}: nothing is lost, and the log grows into one table",
        f"{RUN_SETUP} at a quiet hour; it says what is in the way",
    )


def inspect_server_settings(cursor: Any) -> Inspection:
    """Of a new session, which has what `setup` could set."""
    lacks = server_settings.list_lacking_settings(cursor)
    if not lacks:
        return Inspection(
            "server",
            True,
            "it ends forgotten transactions, and writes no patient's data into its log",
        )
    database = server_settings.fetch_quoted_database(cursor)
    return Inspection(
        "server",
        False,
        f"the settings of the database server are others than the site needs: {', '.join(lacks)}",
        "as a superuser of the database:"
        f" {'; '.join(server_settings.alter_setting_sql(name, database) for name in lacks)};",
    )


def inspect_backup(cursor: Any) -> Inspection:
    from alliance.backup.backup_check import check_backups

    return Inspection("backup", *check_backups(cursor))
