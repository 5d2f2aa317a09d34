"""Django's system checks of what keeps the records shut: files of keys, HTTPS, roles, row level
security. Each stands on a correct installation, tells what fell by its id and with the mend, and
what no site may start with stops the start in one line.
"""

from collections.abc import Iterator
from shutil import rmtree

import pytest

from tests.support.homes import Home, refused, went_through

BEHIND_TLS = {"XINGLIN_HTTPS": "1", "XINGLIN_PROXIES": "1"}


@pytest.fixture(scope="module")
def home() -> Iterator[Home]:
    made = Home()
    went_through(made.manage("setup"))
    yield made
    assert made.holder.stdin
    made.holder.stdin.close()
    made.holder.wait(60)
    rmtree(made.path, ignore_errors=True)


def find_ids(home: Home, **more: str) -> set[str]:
    """The ids of what `check` finds; each has a mend. Errors end it with 1."""
    done = home.manage("check", "--deploy", "--database", "default", **BEHIND_TLS | more)
    lines = done.stderr.splitlines()
    found = {part.split(")")[0] for line in lines for part in line.split("(")[1:2] if "?: " in line}
    assert "Traceback" not in done.stderr and done.stderr.count("HINT: ") == len(found), done.stderr
    assert done.returncode == int(any(".E" in one for one in found)), done.stderr
    return found


def test_a_correct_installation_passes_all_checks_without_a_warning(home: Home) -> None:
    assert find_ids(home) == set()
    done = home.manage("check", "--deploy", "--fail-level", "INFO", **BEHIND_TLS)
    assert done.returncode == 0 and "no issues" in done.stdout, done.stderr


def test_open_keys_stop_the_start(home: Home) -> None:
    for path, mode in ((home.path / "secrets/body_key", 0o600), (home.path / "secrets", 0o700)):
        path.chmod(mode | 0o040)
        assert find_ids(home) == {"xinglin.E001"}
        for done in (home.site(), home.manage("setup"), home.manage("serve", PORT="18976")):
            refused(done, "The keys lie open", path.name, f"chmod -R go= {home.path}/secrets")
        refused(home.manage("audit_seal", "--once", XINGLIN_PROCESS="sealer"), "The keys lie open")
        assert "WRONG  files" in home.manage("doctor").stdout, "who looks for the fault is let in"
        path.chmod(mode)
        went_through(home.site())
    assert find_ids(home) == set()


def test_the_owner_is_no_role_of_the_site(home: Home) -> None:
    assert find_ids(home, DATABASE_WEB_URL=home.owner) == {"xinglin.E002"}
    done = home.manage("check", "--database", "default", DATABASE_WEB_URL=home.owner)
    assert "ALTER ROLE xinglin_web LOGIN PASSWORD" in done.stderr
    home.sql("ALTER ROLE xinglin_web NOLOGIN")
    assert find_ids(home, DATABASE_URL=home.owner) == {"xinglin.E002"}, "with DATABASE_URL alone"
    refused(home.site(DATABASE_URL=home.owner), "lets its owner in, and not the role of the site")
    home.sql("ALTER ROLE xinglin_web LOGIN")
    assert find_ids(home, DATABASE_URL=home.owner) == set()


def test_what_the_site_could_change_of_the_log_is_told(home: Home) -> None:
    home.sql("GRANT DELETE ON consent_audit_event TO xinglin_web")
    assert find_ids(home) == {"xinglin.E003"}
    went_through(home.manage("setup"))
    assert find_ids(home) == set()


def test_the_site_does_not_start_without_row_security_unless_that_is_named(home: Home) -> None:
    for fall in (
        "ALTER TABLE record_history DISABLE ROW LEVEL SECURITY",
        "DROP POLICY xinglin_web_reach ON record_resource",
    ):
        home.sql(fall)
        assert find_ids(home) == {"xinglin.E004"}
        refused(
            home.site(), "Row level security does not stand", "manage.py setup", "XINGLIN_ROW_SEC"
        )
        assert find_ids(home, XINGLIN_ROW_SECURITY="0") == {"xinglin.W004"}
        went_through(home.site(XINGLIN_ROW_SECURITY="0"))
        went_through(home.manage("setup"))
        went_through(home.site())
    assert find_ids(home) == set()


def test_a_server_without_a_superuser_starts_when_that_is_named(home: Home) -> None:
    home.sql("CREATE ROLE hosted_owner LOGIN")
    home.sql("CREATE DATABASE hosted OWNER hosted_owner")
    url = f"postgresql://hosted_owner@/hosted?host={home.path}/socket"
    assert find_ids(home, DATABASE_URL=url) == {"xinglin.W003"}, "it is empty"
    done = home.manage("setup", DATABASE_URL=url)
    went_through(done)
    assert "no superuser" in done.stderr and "XINGLIN_ROW_SECURITY=0" in done.stderr
    refused(home.site(DATABASE_URL=url), "Row level security does not stand")
    done = home.manage("serve", DATABASE_URL=url, PORT="18975")
    assert done.returncode == 1, done.stderr
    assert "Xinglin does not start. Row level security does not stand" in done.stderr
    went_through(home.site(DATABASE_URL=url, XINGLIN_ROW_SECURITY="0"))
    as_superuser = url.replace("hosted_owner", "postgres")
    went_through(home.manage("setup", DATABASE_URL=as_superuser))
    went_through(home.site(DATABASE_URL=url))


def test_without_tls_a_deployment_is_told_once_and_an_address_for_others_stops(home: Home) -> None:
    assert find_ids(home, XINGLIN_HTTPS="0", XINGLIN_PROXIES="0") == {"xinglin.W001"}
    assert find_ids(home, XINGLIN_PROXIES="0") == {"xinglin.W002"}
    public = {"XINGLIN_PUBLIC_URL": "https://records.example"}
    for done in (home.site(**public), home.manage("check", **public)):
        refused(done, "XINGLIN_PUBLIC_URL", "XINGLIN_HTTPS=1, XINGLIN_PROXIES=1")
    went_through(home.site(**public | BEHIND_TLS))
