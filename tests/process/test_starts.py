"""Starts that must stop, in one line that says why and what to do, and beside each the start
that goes through: settings, keys, and the role of the site.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from shutil import rmtree

import pytest

from alliance.database.index_version import VERSION
from alliance.database.release import NUMBER
from tests import draws
from tests.support.homes import Home, refused, went_through


def put(file: Path, text: str) -> None:
    file.touch(0o600)
    file.write_text(text)


@pytest.fixture(scope="module")
def home() -> Iterator[Home]:
    made = Home()
    done = made.manage("setup")
    assert (
        done.returncode == 0
        and "keys made: secret_key, index_key, audit_key, body_key" in done.stdout
    ), done.stderr
    yield made
    assert made.holder.stdin
    made.holder.stdin.close()
    made.holder.wait(60)
    rmtree(made.path, ignore_errors=True)


def test_settings_stop_commands_and_the_site(home: Home) -> None:
    went_through(home.manage("check", XINGLIN_HTTPS="1"))
    refused(home.manage("check", XINGLIN_HTTPS="true"), "XINGLIN_HTTPS: 'true'", "Allowed: 0 or 1")
    refused(home.site(XINGLIN_PROXY="1"), "XINGLIN_PROXY is no setting")
    refused(
        home.manage("serve", XINGLIN_BIND="0.0.0.0"),
        "XINGLIN_BIND=0.0.0.0",
        "XINGLIN_HTTPS=1 and XINGLIN_PROXIES=1",
    )
    refused(
        home.manage(
            "serve",
            XINGLIN_BIND="0.0.0.0",
            XINGLIN_HTTPS="1",
            XINGLIN_PROXIES="1",
            XINGLIN_DEMO="1",
        ),
        "published",
    )
    refused(home.site(XINGLIN_INDEX_KEY="00"), "XINGLIN_INDEX_KEY", "64 hexadecimal digits")


def test_a_lost_or_foreign_key_serves_nobody(home: Home) -> None:
    index, audit, body = (
        home.path / "secrets" / f"{name}_key" for name in ("index", "audit", "body")
    )
    kept = {file: file.read_text() for file in (index, audit, body)}
    index.unlink()
    refused(home.site(), "its key is missing", str(index))
    refused(home.manage("setup"), "its key is missing", str(index))
    assert not index.exists(), "none is made in its place"
    went_through(home.site(XINGLIN_INDEX_KEY=kept[index]))
    put(index, kept[index] + "\n")
    put(audit, draws.token_hex(32))
    refused(home.site(), "Not the key that this database was written with: audit_key")
    refused(
        home.manage("audit_seal", "--once"),
        "Not the key that this database was written with: audit_key",
    )
    put(audit, kept[audit])
    put(body, kept[body][:-2])
    refused(home.site(), str(body), "no key")
    put(body, kept[body])
    went_through(home.site())


def test_a_database_of_another_release_is_served_by_nobody_whom_it_does_not_let(home: Home) -> None:
    said = "UPDATE alliance_release SET number = {}, served_since = {}".format
    went_through(home.site())
    home.sql(said(NUMBER + 2, NUMBER + 1))
    for done in (home.site(), home.manage("audit_seal", "--once", XINGLIN_PROCESS="sealer")):
        refused(
            done,
            f"this one (number {NUMBER}, index {VERSION}) would answer wrongly",
            "restore the backup",
        )
    done = home.manage("setup")
    assert done.returncode == 1 and "would answer wrongly" in done.stderr, done.stderr
    home.sql(said(NUMBER + 2, NUMBER))
    went_through(home.site())
    done = home.manage("setup")
    assert done.returncode == 0 and "nothing was changed" in done.stdout, done.stderr
    home.sql(said(NUMBER - 1, NUMBER - 1))
    refused(home.site(), "run `manage.py setup` first")
    went_through(home.manage("setup"))
    went_through(home.site())


def test_the_site_is_no_owner_whoever_it_is_told_to_be(home: Home) -> None:
    went_through(home.site(DATABASE_URL=home.owner))  # it connects as xinglin_web by itself
    refused(
        home.site(DATABASE_WEB_URL=home.owner),
        "'postgres' is a superuser",
        "ALTER ROLE xinglin_web LOGIN PASSWORD",
        "DATABASE_WEB_URL=",
    )
    as_ = home.owner.replace("postgres@", "{}@")
    home.sql(
        "CREATE ROLE passer LOGIN BYPASSRLS; CREATE ROLE maker LOGIN CREATEROLE; CREATE ROLE"
        " hosted; ALTER TABLE records_person OWNER TO hosted; CREATE ROLE member LOGIN; GRANT"
        " hosted TO member; CREATE ROLE second LOGIN; GRANT xinglin_web TO second; CREATE ROLE"
        " stranger LOGIN"
    )
    for role, says in (
        ("passer", "may pass row level security"),
        ("maker", "make roles"),
        ("member", "owns the tables or their schema"),
    ):
        refused(home.site(DATABASE_WEB_URL=as_.format(role)), f"'{role}' ", says)
    refused(home.site(DATABASE_WEB_URL=as_.format("stranger")), "has not been given its privileges")
    went_through(home.site(DATABASE_WEB_URL=as_.format("second")))
    home.sql("ALTER TABLE records_person OWNER TO postgres; ALTER ROLE xinglin_web NOLOGIN")
    refused(
        home.site(),
        "lets its owner in, and not the role of the site",
        "ALTER ROLE xinglin_web LOGIN",
    )
    refused(home.manage("serve", PORT="18977"), "lets its owner in, and not the role of the site")
    home.sql("ALTER ROLE xinglin_web LOGIN")
    went_through(home.site())


def test_the_doctor_finds_each_wall_that_is_down(home: Home) -> None:
    def walls(**more: str) -> tuple[int, dict[str, str]]:
        done = home.manage("doctor", "--json", **more)
        told = json.loads(done.stdout)
        names = [w["wall"] for w in told["walls"]]
        assert len(names) == len(set(names)), "each wall has a name of its own"
        assert told["ok"] is (done.returncode == 0) and all(
            w["mend"] for w in told["walls"] if not w["ok"]
        )
        down = {
            w["wall"]: w["says"] for w in told["walls"] if not w["ok"] and w["wall"] != "account"
        }  # root runs these tests where there is nobody else
        return int(bool(down)), down

    went_through(home.manage("audit_seal", "--once"))
    assert "there is no backup" in walls()[1]["backup"]
    home.sql(
        "INSERT INTO alliance_backup (kind, name, began, ended, bytes, verified, wrong) VALUES"
        " ('full', 'a', now(), now(), 1, true, '')"
    )
    assert walls() == (0, {}), "the control"
    assert "mount it" in str(home.manage("doctor", XINGLIN_BACKUP_DIR="/nowhere").stdout)
    assert walls(XINGLIN_HTTPS="yes")[1].keys() == {"settings"}
    assert walls(XINGLIN_AUDIT_KEY=draws.token_hex(32))[1].keys() == {"keys"}
    assert walls(DATABASE_WEB_URL=home.owner)[1].keys() == {"database role"}
    for spoil, mend, wall in (
        ("GRANT DELETE ON consent_audit_event TO xinglin_web", "", "log grants"),
        ("ALTER TABLE record_history DISABLE ROW LEVEL SECURITY", "", "row security"),
        ("DELETE FROM alliance_keyprint WHERE name = 'body_key'", "", "keys"),
        (
            "DELETE FROM django_migrations WHERE name = '0011_demo_accounts'",
            (
                "INSERT INTO django_migrations (app, name, applied) VALUES ('alliance',"
                " '0011_demo_accounts', now())"
            ),
            "migrations",
        ),
        (
            (
                "ALTER DATABASE xinglin SET idle_in_transaction_session_timeout = 0; ALTER DATABASE"
                " xinglin SET log_min_error_statement = error"
            ),
            "",
            "server",
        ),
        (
            "UPDATE alliance_backup SET ended = now() - interval '3 days'",
            "UPDATE alliance_backup SET ended = now()",
            ("backup", "backup age"),
        ),
        (
            "UPDATE consent_audit_sealer SET checked_at = now() - interval '2 hours'",
            "UPDATE consent_audit_sealer SET checked_at = now()",
            "sealer",
        ),
    ):
        home.sql(
            f"UPDATE consent_audit_sealer SET checked_at = now(); {spoil}"
        )  # on a slow machine it would have grown old
        code, down = walls()
        assert code == 1 and down.keys() == ({wall} if isinstance(wall, str) else set(wall)), (
            spoil,
            down,
        )
        if mend:
            home.sql(mend)
        else:
            went_through(home.manage("setup"))
    (home.path / "secrets" / "body_key").chmod(0o644)
    assert "files" in walls()[1]
    (home.path / "secrets" / "body_key").chmod(0o600)
    home.sql("UPDATE consent_audit_sealer SET checked_at = now()")
    assert walls() == (0, {})


def test_the_doctor_tells_what_is_to_be_looked_at_from_what_is_wrong(home: Home) -> None:
    done = home.manage(
        "doctor",
        XINGLIN_WORKERS="32",
        XINGLIN_THREADS="8",
        XINGLIN_CERTIFICATE=str(home.path / "nothing"),
    )
    assert (
        "look   connections" in done.stdout
        and "may need 284" in done.stdout
        and "look: Raise max_connections" in done.stdout
    )
    assert done.returncode == 1 and "WRONG  certificate" in done.stdout


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be told that it is root")
def test_root_is_told_that_it_is_root(home: Home) -> None:
    def account(**more: str) -> dict[str, object]:
        return next(
            w
            for w in json.loads(home.manage("doctor", "--json", **more).stdout)["walls"]
            if w["wall"] == "account"
        )

    assert not account()["ok"] and "service.md" in str(account()["mend"])
    assert account(XINGLIN_DEMO="1")["ok"]
    os.chown(home.path / "secrets", 65534, 65534)
    try:
        assert account()["ok"], "asked by root of a site that another account runs"
    finally:
        os.chown(home.path / "secrets", 0, 0)


def test_nobody_else_reads_what_it_writes(home: Home) -> None:
    out = home.path / "log.ndjson"
    went_through(home.manage("body_keys", "--columns"))  # leaves a line
    went_through(home.manage("audit_seal", "--once"))
    went_through(
        home.manage(
            "audit_export",
            "--from",
            "2020-01-01",
            "--to",
            "2099-01-01",
            "--format",
            "ndjson",
            "--out",
            str(out),
        )
    )
    assert out.stat().st_mode & 0o077 == 0
    assert [p.name for p in (home.path / "secrets").iterdir() if p.stat().st_mode & 0o077] == []


def test_a_command_that_only_looks_leaves_nothing_where_nobody_has_installed_anything(
    home: Home, tmp_path: Path
) -> None:
    there = {"XINGLIN_HOME": str(tmp_path / "elsewhere")}
    log, file = (
        home.manage("audit_verify", **there),
        home.manage("audit_verify", "--package", str(tmp_path / "none.csv"), **there),
    )
    assert log.returncode == 1 and "there is no database here" in log.stderr, log.stderr
    assert file.returncode == 1 and "holds no key of a log" in file.stderr, file.stderr
    assert not (tmp_path / "elsewhere").exists()
    before = sorted(
        p.relative_to(home.path) for p in home.path.rglob("*") if "postgres" not in p.parts
    )
    done = home.manage("audit_verify", "--keep", str(tmp_path / "head.json"))
    assert done.returncode == 0 and done.stdout.startswith("intact: "), done.stdout + done.stderr
    assert before == sorted(
        p.relative_to(home.path) for p in home.path.rglob("*") if "postgres" not in p.parts
    ), "the control: what is there is looked at, and left as it was"


def test_the_demo_is_not_put_beside_real_people(home: Home) -> None:
    """A shell without XINGLIN_DEMO=0, after a restore say."""
    went_through(
        home.manage(
            "enrol_administrator",
            "--username",
            "luo",
            "--name",
            "罗毅",
            "--hospital",
            "first",
            "--hospital-name",
            "第一人民医院",
        )
    )
    refused(
        home.manage("serve", PORT="18978", XINGLIN_DEMO="1"),
        "was never the demo's",
        "XINGLIN_DEMO=0",
    )
    assert "12 accounts" not in home.manage("doctor").stdout, "nothing of it was loaded"
