"""What DATABASE_URL may say: each form of libpq, what is added to it, and what libpq refuses."""

from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict

from alliance.database.connection_settings import django_database_settings
from alliance.platform.connection_string import (
    SEVERAL,
    TIMES,
    InvalidConnectionString,
    check_connection_string,
    complete_connection_string,
)

TAKEN = [
    (
        "postgresql://u:p@h:5432/n",
        {"user": "u", "password": "p", "host": "h", "port": "5432", "dbname": "n"},
    ),
    ("postgres://u@h", {"user": "u", "host": "h", "dbname": "xinglin"}),
    (
        "postgresql://u@/xinglin?host=/var/run/pg",
        {"user": "u", "host": "/var/run/pg", "dbname": "xinglin"},
    ),
    ("postgresql://u@%2Fvar%2Frun/n", {"user": "u", "host": "/var/run", "dbname": "n"}),
    (
        "postgresql://u:p%40ss%2F@[::1]:5433/n",
        {"user": "u", "password": "p@ss/", "host": "::1", "port": "5433", "dbname": "n"},
    ),
    (
        "postgresql://u@h1:5432,h2:5433/n",
        {"user": "u", "host": "h1,h2", "port": "5432,5433", "dbname": "n"} | SEVERAL,
    ),
    (
        "postgresql://u@/n?host=h1,h2&port=5432,5433&connect_timeout=9",
        {"user": "u", "host": "h1,h2", "port": "5432,5433", "dbname": "n", "connect_timeout": "9"}
        | SEVERAL,
    ),
    (
        "postgresql://u@h1,h2/n?target_session_attrs=any",
        {"user": "u", "host": "h1,h2", "port": ",", "dbname": "n", "target_session_attrs": "any"},
    ),
    (
        "host=a,b port=5433 dbname=n user=u tcp_user_timeout=0",
        {"user": "u", "host": "a,b", "port": "5433", "dbname": "n", "tcp_user_timeout": "0"}
        | SEVERAL,
    ),
    (
        "host=h user=u sslmode=verify-full sslrootcert=/etc/ca.pem",
        {
            "user": "u",
            "host": "h",
            "dbname": "xinglin",
            "sslmode": "verify-full",
            "sslrootcert": "/etc/ca.pem",
        },
    ),
    (
        "hostaddr=10.0.0.1,10.0.0.2 user=u",
        {"user": "u", "hostaddr": "10.0.0.1,10.0.0.2", "dbname": "xinglin"} | SEVERAL,
    ),
]
REFUSED = [
    "h",
    "mysql://h/d",
    "sqlite:///x",
    "postgresql://h/d?colour=red",
    "host=h colour=red",
    "host=a,b port=1,2,3",
    "postgresql://h:0/d",
    "postgresql://h:65536/d",
    "postgresql://h:x/d",
    "host=h target_session_attrs=best",
    "host=h sslmode=perhaps",
    "host=h connect_timeout=soon",
    "host=h tcp_user_timeout=6s",
    "host=a hostaddr=10.0.0.1,10.0.0.2",
    "service=nobody",
    "host='h",
]


@pytest.mark.parametrize(("said", "means"), TAKEN)
def test_each_form_means_what_libpq_means_and_gets_time_outs(
    said: str, means: dict[str, str]
) -> None:
    assert conninfo_to_dict(complete_connection_string(check_connection_string(said))) == {
        k: type(v)(v) for k, v in conninfo_to_dict("", **(TIMES | means)).items()
    }


@pytest.mark.parametrize(("said", "means"), TAKEN)
def test_the_web_role_goes_the_same_way(said: str, means: dict[str, str]) -> None:
    found = conninfo_to_dict(complete_connection_string(said, user="xinglin_web", password=None))
    assert found == conninfo_to_dict(
        "",
        **({k: v for k, v in (TIMES | means).items() if k != "password"} | {"user": "xinglin_web"}),
    )


@pytest.mark.parametrize("said", REFUSED)
def test_what_libpq_refuses_is_refused(said: str) -> None:
    with pytest.raises(InvalidConnectionString):
        check_connection_string(said)


def test_a_service_is_looked_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "services").write_text(
        "[records]\nhost=h1,h2\nport=5432,5433\ndbname=n\nuser=u\npassword=p\nkeepalives_idle=30\n"
    )
    monkeypatch.setenv("PGSERVICEFILE", str(tmp_path / "services"))
    found = conninfo_to_dict(
        complete_connection_string("service=records user=xinglin_web", password=None)
    )
    assert found == conninfo_to_dict(
        "", **(TIMES | SEVERAL), host="h1,h2", port="5432,5433", dbname="n", user="xinglin_web"
    ) | {"keepalives_idle": "30"}


def test_django_is_told_all_of_it() -> None:
    told = django_database_settings(
        complete_connection_string(
            "host=a,b dbname=n user=u password=p options='-c lock_timeout=9s'"
        ),
        kept=True,
    )
    assert (told["HOST"], told["NAME"], told["USER"], told["PASSWORD"], told["PORT"]) == (
        "a,b",
        "n",
        "u",
        "p",
        "",
    )
    options = told["OPTIONS"]
    assert (
        options["tcp_user_timeout"] in ("6000", 6000)
        and options["target_session_attrs"] == "read-write"
    )
    assert "statement_timeout" in options["options"] and options["options"].endswith(
        "-c lock_timeout=9s"
    )
