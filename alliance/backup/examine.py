"""Look into the database that this process serves, a copy as a rule: whether the keys open its
records, whether its log re-derives, what it counts. Runs in a process of its own, for keys and
database belong to a process (`manage.py examine_copy`); `ask` is the other end.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from django.db import ProgrammingError, connection

from alliance.backup.errors import BackupRefused
from alliance.backup.key_proof import is_audit_key_right, is_index_key_right
from alliance.backup.postgres_programs import last_lines
from alliance.database import connection_guard, release
from alliance.encryption.master_key import KeyNotFound
from alliance.platform.state_files import ROOT
from consent.audit.verify import verify_log
from consent.sql.log import NEWEST_LINE
from records.sql.versions import TABLES
from records.store.codec import RowIdentity, UnreadableBody, decrypt_bodies

BODY_SAMPLE = 200  # bodies of each hospital, unless all are asked for
BATCH = 2000
SITE_ONLY_SETTINGS = (
    "DATABASE_WEB_URL",
    "DATABASE_BACKUP_URL",
    "XINGLIN_BACKUP_DIR",
    "XINGLIN_RECOVERY_CERTIFICATE",
    "XINGLIN_PROCESS",
    "NOTIFY_SOCKET",
)  # settings that are not the copy's
MAX_SHOWN_FAULTS = 20  # faults of one kind that are named
COLUMNS = "hospital, type, fhir_id, version, last_updated, body"
# index: record_resource_pkey, record_history_pkey
NEXT_BODIES_SQL = (
    "SELECT rid, {columns} FROM {table} WHERE (rid, version) > (%s, %s) AND octet_length(body) > 1"
    " {some} ORDER BY rid, version LIMIT %s"
)
BODY_COUNTS_SQL = (
    "SELECT hospital, type, count(*) FROM"
    f" ({' UNION ALL '.join(f'SELECT hospital, type FROM {t}' for t in TABLES)}) v GROUP BY 1, 2"
)
HORIZON_SQL = "SELECT alliance_next()::text::bigint"
NEWEST_MOMENT_SQL = (
    "SELECT to_char(recorded AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"+00:00\"') FROM"
    f" (SELECT {NEWEST_LINE}) l(recorded)"
)


def examine_database(sample: int) -> dict[str, Any]:
    """sample: bodies of each hospital; 0: all. Keys of the answer: faults, bodies (looked at),
    all_bodies, counts ({"hospital/type": versions}), lines, head ({size, root}), newest (moment of
    the last line), horizon (first transaction number that was not given), release, migrations,
    prints.
    """
    found: dict[str, Any] = {"faults": []}
    with connection.cursor() as cursor:
        cursor.execute(HORIZON_SQL)
        found["horizon"] = cursor.fetchone()[0]
        found["release"] = release.fetch_recorded_release(cursor)
        cursor.execute("SELECT app || '.' || name FROM django_migrations ORDER BY 1")
        found["migrations"] = [r[0] for r in cursor.fetchall()]
        cursor.execute(connection_guard.PRINTS)
        found["prints"] = dict(cursor.fetchall())
    if refusal := connection_guard.find_lost_key_fault() or connection_guard.find_wrong_key_fault(
        found["prints"]
    ):
        found["faults"].append(refusal)
    try:
        examine_contents(found, sample)
    except ProgrammingError as error:
        if not found["release"] or found["release"][0] >= release.NUMBER:
            raise
        found["faults"].append(
            f"it is of an earlier release (number {found['release'][0]}, this is {release.NUMBER}),"
            f" which keeps its records otherwise ({type(error.__cause__).__name__}): use that"
            " release, or say --quick and run `manage.py setup` and `audit_verify` afterwards"
        )
    return found


def examine_contents(found: dict[str, Any], sample: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(BODY_COUNTS_SQL)
        counted = cursor.fetchall()
        cursor.execute(NEWEST_MOMENT_SQL)
        found["newest"] = cursor.fetchone()[0]
    found["counts"] = {f"{h}/{t}": n for h, t, n in counted}
    found["all_bodies"] = sum(n for _, _, n in counted)
    for name, holds in (("audit_key", is_audit_key_right), ("index_key", is_index_key_right)):
        if not holds():
            found["faults"].append(f"{name} is not the one that this database was written with")
    found["bodies"] = open_bodies(sorted({h for h, _, _ in counted}), sample, found["faults"])
    report = verify_log()
    found["lines"], found["head"] = (
        report.lines,
        {"size": report.newest.size, "root": report.newest.root.hex()} if report.newest else None,
    )
    found["faults"] += [f"audit log: {fault}" for fault in report.faults[:MAX_SHOWN_FAULTS]]


def open_bodies(hospitals: list[int], sample: int, faults: list[str]) -> int:
    """How many were opened; what does not open is named in `faults`."""
    done = 0
    for table in TABLES:
        for hospital in hospitals:
            with connection.cursor() as cursor:
                cursor.execute(f"SELECT count(*) FROM {table} WHERE hospital = %s", [hospital])
                there = cursor.fetchone()[0]
                step = max(1, there // sample) if sample else 1
                some = (
                    f"AND hospital = {int(hospital)} AND mod(hashint8(rid)::bigint, {step}) = 0"
                    if sample
                    else f"AND hospital = {int(hospital)}"
                )
                at, left = (0, 0), sample or there
                while left > 0:
                    cursor.execute(
                        NEXT_BODIES_SQL.format(
                            columns=f"version, {COLUMNS}", table=table, some=some
                        ),
                        [*at, min(BATCH, left)],
                    )
                    rows = cursor.fetchall()
                    if not rows:
                        break
                    at, left = rows[-1][:2], left - len(rows)
                    done += count_openable_bodies(
                        [(bytes(r[7]), RowIdentity(*r[2:7])) for r in rows], faults
                    )
    return done


def count_openable_bodies(stored: list[tuple[bytes, RowIdentity]], faults: list[str]) -> int:
    try:
        return len(decrypt_bodies(stored))
    except (UnreadableBody, KeyNotFound):
        pass
    good = 0
    for one in stored:
        try:
            decrypt_bodies([one])
            good += 1
        except (UnreadableBody, KeyNotFound) as error:
            if len(faults) < MAX_SHOWN_FAULTS:
                faults.append(f"a record does not open: {error}")
    return good


def examine_in_subprocess(line: str, home: Path, sample: int, *more: str) -> dict[str, Any]:
    """What examine finds in the database of `line`, with the keys of `home`. Raises Refused
    where it could not be looked at.
    """
    environment = {k: v for k, v in os.environ.items() if k not in SITE_ONLY_SETTINGS}
    environment |= {"DATABASE_URL": line, "XINGLIN_HOME": str(home), "XINGLIN_DEMO": "0"}
    done = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "examine_copy", "--sample", str(sample), *more],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BackupRefused(
            f"The copy cannot be examined: {last_lines(done.stderr or done.stdout)}"
        )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def lend_keys(home: Path, to: Path) -> None:
    """A home of its own for an examination: the keys are those of this installation, where they
    lie; its memory of the log is not, for a copy ends earlier.
    """
    (to / "secrets").symlink_to(home / "secrets")
    if (home / "audit_keys.pem").exists():
        (to / "audit_keys.pem").symlink_to(home / "audit_keys.pem")
