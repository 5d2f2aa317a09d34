"""The walls that doctor takes from the state of the installation, each in both states; what is
only to be looked at is no fault.
"""

import datetime as dt
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from alliance.database.connection_settings import owner_connection_string
from alliance.operations import disk_space, supervisor_watch
from alliance.operations.state_inspections import inspect_state, inspect_supervisor

GOOD, LOOK, WRONG = (True, False), (True, True), (False, False)


@pytest.fixture
def cursor(world: None) -> Iterator[Any]:
    with (
        psycopg.connect(owner_connection_string(), autocommit=True) as link,
        link.cursor() as cursor,
    ):
        yield cursor


def wall(cursor: Any, name: str) -> tuple[tuple[bool, bool], str]:
    """The worst of this name."""
    found = [w for w in inspect_state(cursor) if w.wall == name]
    if not found:
        return GOOD, ""
    one = min(found, key=lambda w: (w.ok, not w.look))
    assert bool(one.mend) is (one.look or not one.ok)
    return (one.ok, one.look), one.says


def certificate(file: Path, days: int) -> str:
    key, name, now = (
        ec.generate_private_key(ec.SECP256R1()),
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "x")]),
        dt.datetime.now(dt.UTC),
    )
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
    )
    signed = (
        made.not_valid_before(now - dt.timedelta(days=400))
        .not_valid_after(now + dt.timedelta(days=days))
        .sign(key, hashes.SHA256())
    )
    file.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    return str(file)


def test_connections(cursor: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XINGLIN_WORKERS", "2")
    assert wall(cursor, "connections")[0] == GOOD
    monkeypatch.setenv("XINGLIN_WORKERS", "32")
    state, says = wall(cursor, "connections")
    assert state == LOOK and "may need 284" in says


def test_certificate(cursor: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert wall(cursor, "certificate")[0] == GOOD, "none is named"
    for days, state in ((90, GOOD), (20, LOOK), (2, WRONG), (-1, WRONG)):
        monkeypatch.setenv("XINGLIN_CERTIFICATE", certificate(tmp_path / "site.crt", days))
        assert wall(cursor, "certificate")[0] == state, days
    monkeypatch.setenv("XINGLIN_CERTIFICATE", str(tmp_path / "nothing"))
    assert wall(cursor, "certificate")[0] == WRONG, "what cannot be read"


def test_forecast_of_a_disk(cursor: Any) -> None:
    cursor.execute("DELETE FROM alliance_disksample WHERE node = %s", [disk_space.node_name()])
    assert "full in about" not in wall(cursor, "disk of the site")[1]
    cursor.execute(
        "INSERT INTO alliance_disksample SELECT %s, 'home', date_trunc('hour', now()) -"
        " make_interval(hours => i), (5 + i)::bigint * 100000000000, 1000000000000000 FROM"
        " generate_series(1, 60) i",
        [disk_space.node_name()],
    )
    state, says = wall(cursor, "disk of the site")
    cursor.execute("DELETE FROM alliance_disksample WHERE node = %s", [disk_space.node_name()])
    assert state != GOOD and "full in about" in says


def test_a_transaction_that_stays_open_holds_up_feed_and_seal(cursor: Any, world: None) -> None:
    """It is seen, and how old it is: the bounds are those of the verdicts."""
    with psycopg.connect(owner_connection_string()) as other:
        other.execute("SELECT pg_current_xact_id(), pg_sleep(1.1)")
        cursor.execute("SELECT writer_seconds, sees FROM alliance_server_state()")
        age, sees = cursor.fetchone()
        assert sees and age > 1
        other.rollback()


def test_whoever_has_no_right_is_told_so(cursor: Any) -> None:
    """The site's role may ask the function and not the views; others may not even ask."""
    cursor.execute("SET ROLE xinglin_web")
    try:
        cursor.execute("SELECT sees, standbys FROM alliance_server_state()")
        assert cursor.fetchone() == (True, [])
        cursor.execute(
            "SELECT count(backend_xid), count(query) FILTER (WHERE query NOT LIKE"
            " '<insufficient%%') FROM pg_stat_activity WHERE usename = 'postgres'",
            prepare=False,
        )
        assert cursor.fetchone() == (0, 0)
    finally:
        cursor.execute("RESET ROLE")
    cursor.execute(
        "SELECT has_function_privilege('pg_read_all_data', 'alliance_server_state()', 'EXECUTE')"
    )
    assert cursor.fetchone() == (False,)


def test_who_watches_the_supervisor(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XINGLIN_HOME", str(tmp_path))
    assert not inspect_supervisor().look, "none runs here"
    monkeypatch.delenv("INVOCATION_ID", raising=False)
    supervisor_watch.record_supervisor("")
    assert inspect_supervisor().look and "starts the supervisor again" in inspect_supervisor().says
    monkeypatch.setenv("INVOCATION_ID", "x")
    supervisor_watch.record_supervisor("")
    assert inspect_supervisor().look and "hangs" in inspect_supervisor().says
    supervisor_watch.record_supervisor("/run/notify")
    assert not inspect_supervisor().look and not inspect_supervisor().mend
    supervisor_watch.supervisor_file().write_text(
        json.dumps({"pid": 2**22 + 1, "restarted": False, "watched": False})
    )
    assert not inspect_supervisor().look and os.path.exists(supervisor_watch.supervisor_file()), (
        "it has ended"
    )
