"""The server under test is what an installation is, on whatever PostgreSQL the tests run: it
connects as the web role and stands behind row level security, so that what the other tests find
open or shut is what a site would.
"""

import json

import requests
from django.db import connection, transaction
from django.test import RequestFactory

from alliance.database.connection_settings import WEB_ROLE
from alliance.database.row_policies import PROTECTED_TABLES
from alliance.operations import health
from tests.environment import METRICS
from tests.factories.fhir import Api, make_patient
from tests.factories.web_role import acting_as_web_role

PROTECTION = ("database role", "row security", "log grants", "keys")
# Who asked last of the tables of records, in sessions that have worked since.
ASKED = """SELECT array_agg(DISTINCT usename::text) FROM pg_stat_activity
  WHERE datname = current_database() AND pid <> pg_backend_pid() AND state_change >= %s
  AND query LIKE '%%r.body%%'"""  # the beginning of a read: the server keeps 1,023 characters
UNDER_ROW_SECURITY = (
    "SELECT bool_and(row_security_active(t)), current_user FROM unnest(%s::text[]) t"
)


def test_the_server_is_no_owner_and_says_so(server: str) -> None:
    checks = requests.get(server + "/readyz", timeout=10).json()["checks"]
    assert {name: checks[name] for name in PROTECTION} == dict.fromkeys(PROTECTION, "ok")
    told = requests.get(
        server + "/status", headers={"Authorization": f"Bearer {METRICS}"}, timeout=30
    ).json()["numbers"]["wall_standing"]
    standing = (*(p.replace(" ", "_") for p in PROTECTION), "sm2_signature")
    assert told == dict.fromkeys(standing, 1.0)


def read_checks() -> dict[str, str]:
    """Of this process, asked anew."""
    health.last_inspections = (0.0, {})
    told = json.loads(health.report_readiness(RequestFactory().get("/readyz")).content)["checks"]
    health.last_inspections = (0.0, {})
    return dict(told)


def test_the_owner_of_the_tables_is_told_from_it(world: None) -> None:
    """The control: this process connects as the owner, and readiness says so."""
    checks = read_checks()
    assert checks["database role"] == "failing" and checks["row security"] == "ok"


def test_row_security_that_falls_is_told(world: None) -> None:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE record_history DISABLE ROW LEVEL SECURITY")
        assert read_checks()["row security"] == "failing"
        transaction.set_rollback(True)
    assert read_checks()["row security"] == "ok"


def test_its_reads_are_those_of_the_web_role(api: Api) -> None:
    made = api.create(make_patient())
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (before,) = cursor.fetchone()
        assert api("GET", made).status == 200
        cursor.execute(ASKED, [before])
        assert cursor.fetchone() == ([WEB_ROLE],)


def test_that_role_is_under_row_security_on_every_protected_table(world: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(UNDER_ROW_SECURITY, [list(PROTECTED_TABLES)])
        assert cursor.fetchone()[0] is False, "the control: the owner is not"
        with acting_as_web_role():
            cursor.execute(UNDER_ROW_SECURITY, [list(PROTECTED_TABLES)])
            assert cursor.fetchone() == (True, WEB_ROLE)
