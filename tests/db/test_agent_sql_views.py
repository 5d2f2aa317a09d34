"""The agent reads a hospital's views: PostgreSQL and MariaDB, both real, by a login that may only
read.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from records.agent.context import AgentContext, open_context
from records.agent.notices import list_notices
from records.agent.sql.dialects import parse_address
from records.agent.sql.poll_view import ViewPoller
from records.agent.sql.poll_views import poll_database
from records.agent.sql.row_ledger import RowLedger
from records.agent.sql.source_database import SourceDatabase
from records.agent.sql.view_settings import list_view_settings
from tests import draws
from tests.wait_until import wait_until

TEMPLATES = Path(__file__).resolve().parents[2] / "distribution/agent/views"


@dataclass
class Hospital:
    """A HIS: `run` as its owner; dsn for the agent, whose login may only read."""

    kind: str
    run: Callable[..., Any]
    dsn: str
    moment: str  # its type of a time of change


@pytest.fixture(scope="module")
def postgresql(django_db_setup: None) -> Iterator[Hospital]:
    import psycopg
    from django.conf import settings

    url = settings.DATABASES["default"]
    name, login = f"his_{draws.token_hex(4)}", f"reader_{draws.token_hex(4)}"
    where = {k: url[u] for k, u in (("host", "HOST"), ("port", "PORT")) if url.get(u)}
    owner = {**where, "user": url["USER"], "password": url["PASSWORD"] or None}
    with psycopg.connect(dbname=url["NAME"], autocommit=True, **owner) as admin:
        admin.execute(f"CREATE DATABASE {name}")
        admin.execute(f"CREATE ROLE {login} LOGIN PASSWORD 'only-read'")
        connection = psycopg.connect(dbname=name, autocommit=True, **owner)
        connection.execute(
            f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO {login}"
        )
        port = url.get("PORT") or 5432
        options = urlencode({"host": url["HOST"]})
        dsn = f"postgresql://{login}:only-read@/{name}?{options}&port={port}"
        try:
            yield Hospital("postgresql", connection.execute, dsn, "timestamp(6)")
        finally:
            connection.close()
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
            admin.execute(f"DROP ROLE {login}")


@pytest.fixture(scope="module")
def mysql() -> Iterator[Hospital]:
    pymysql = pytest.importorskip("pymysql", reason="PyMySQL is not installed")
    server = shutil.which("mariadbd") or shutil.which("mysqld", path="/usr/sbin")
    install = shutil.which("mariadb-install-db")
    if not server or not install:
        pytest.skip("MariaDB is not installed (apt install mariadb-server)")
    home = Path(tempfile.mkdtemp(prefix="his-"))
    user = [] if os.geteuid() else ["--user=root"]
    data, socket = home / "data", home / "s"
    subprocess.run(
        [install, "--no-defaults", f"--datadir={data}", "--auth-root-authentication-method=normal",
         "--skip-test-db", *user],
        check=True, capture_output=True,
    )  # fmt: skip
    process = subprocess.Popen(
        [server, "--no-defaults", f"--datadir={data}", f"--socket={socket}", "--skip-networking",
         "--innodb-flush-log-at-trx-commit=0", f"--pid-file={home}/pid", *user],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        wait_until(socket.exists, "MariaDB answers")
        connection = pymysql.connect(unix_socket=str(socket), user="root", autocommit=True)

        def run(statement: str, values: tuple[Any, ...] = ()) -> None:
            with connection.cursor() as cursor:
                cursor.execute(statement, values or None)

        run("CREATE DATABASE his CHARACTER SET gbk")
        run("USE his")
        run("CREATE USER reader@localhost IDENTIFIED BY 'only-read'")
        run("GRANT SELECT ON his.* TO reader@localhost")
        dsn = f"mysql://reader:only-read@/his?socket={quote(str(socket))}"
        yield Hospital("mysql", run, dsn, "datetime(6)")
        connection.close()
    finally:
        process.terminate()
        process.wait(60)
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(params=["postgresql", "mysql"])
def his(request: pytest.FixtureRequest) -> Iterator[Hospital]:
    """With its tables, old style, and views upon them."""
    found: Hospital = request.getfixturevalue(request.param)
    run, moment = found.run, found.moment
    run(
        "CREATE TABLE brxx (brid varchar(20) PRIMARY KEY, xm varchar(40), xb varchar(4),"
        f" csrq date, xgsj {moment})"
    )
    run(
        "CREATE TABLE jyjg (id int PRIMARY KEY, bgdh varchar(20), brid varchar(20),"
        " xmdm varchar(20), xmmc varchar(40), jg varchar(40), dw varchar(20), ck varchar(20),"
        f" cysj timestamp NULL, xgsj {moment})"
    )
    run(
        "CREATE VIEW xinglin_patient AS SELECT brid AS record_key, xgsj AS changed_at,"
        " brid AS patient, xm AS name, xb AS gender, csrq AS born FROM brxx"
    )
    run(
        "CREATE VIEW xinglin_laboratory AS SELECT id AS record_key, xgsj AS changed_at,"
        " bgdh AS report, brid AS patient, xmdm AS code, xmmc AS item, jg AS result, dw AS unit,"
        f" ck AS {'`range`' if found.kind == 'mysql' else 'range'}, cysj AS collected FROM jyjg"
    )
    try:
        yield found
    finally:
        for name in ("xinglin_patient", "xinglin_laboratory", "untimed"):
            run(f"DROP VIEW IF EXISTS {name}")
        run("DROP TABLE brxx")
        run("DROP TABLE jyjg")


@dataclass
class Agent:
    context: AgentContext
    ledger: RowLedger

    def poll(self, retry: bool = False) -> bool:
        (settings,) = list_view_settings(self.context.settings)
        return poll_database(self.context, settings, self.ledger, retry)

    def records(self) -> dict[str, str]:
        """type/record → the newest that is to be sent: its action, or its text."""
        rows = self.context.outbox.read("SELECT line, body FROM items ORDER BY seq").fetchall()
        found = {}
        for line, body in rows:
            said = json.loads(line)
            resource = json.loads(body) if body else {}
            found[f"{said['type']}/{said['record']}"] = said.get("action") or str(
                resource.get("name", [{}])[0].get("text")
                or resource.get("valueQuantity", {}).get("value")
                or len(resource.get("result", ()))
            )
        return found

    def notice(self, name: str) -> tuple[bool, str]:
        (found,) = (n for n in list_notices(self.context.outbox) if n.name == name)
        return found.ok, found.zh


@pytest.fixture
def agent(his: Hospital, tmp_path: Path) -> Iterator[Callable[[str], Agent]]:
    with contextlib.ExitStack() as stack:

        def begin(lines: str) -> Agent:
            (tmp_path / "agent.ini").write_text(
                "[platform]\nurl = http://127.0.0.1:1/\nhospital = nanqiao\nclient_id = x\n"
                f"[sql.his]\ndsn = {his.dsn}\n{lines}\n",
                encoding="utf-8",
            )
            context = open_context(tmp_path)
            stack.callback(context.close)
            ledger = RowLedger(tmp_path / "sql.db")
            stack.callback(ledger.close)
            return Agent(context, ledger)

        yield begin


def add_patient(his: Hospital, number: str, name: str, changed: str = "now()") -> None:
    his.run(f"INSERT INTO brxx VALUES ('{number}', '{name}', '女', '1968-03-07', {changed})")


def add_result(his: Hospital, id: int, report: str, code: str, value: str) -> None:
    his.run(
        f"INSERT INTO jyjg VALUES ({id}, '{report}', '1', '{code}', '{code}', '{value}', 'mmol/L',"
        " '3.5~5.3', '2026-05-03 08:15:00', now())"
    )


def test_the_watermark_reads_what_changed_and_the_overlap_finds_what_came_late(
    his: Hospital, agent: Callable[[str], Agent]
) -> None:
    add_patient(his, "1", "王芳")
    add_patient(his, "2", "张伟")
    reader = agent("views = patient")
    assert reader.poll()
    assert reader.records() == {"Patient/1": "王芳", "Patient/2": "张伟"}
    assert reader.notice("sql.his") == (True, "数据库 his 读取正常。")
    before = reader.context.outbox.read("SELECT count(*) FROM items").fetchone()
    assert reader.poll()
    again = reader.context.outbox.read("SELECT count(*) FROM items").fetchone()
    assert again == before, "what the overlap reads again is not sent again"
    his.run("UPDATE brxx SET xm = '王芳芳', xgsj = now() WHERE brid = '1'")
    minus = "now() - INTERVAL '5' MINUTE" if his.kind == "mysql" else "now() - interval '5 minutes'"
    add_patient(his, "3", "李娜", minus)  # its transaction was open for five minutes
    assert reader.poll()
    assert reader.records() == {"Patient/1": "王芳芳", "Patient/2": "张伟", "Patient/3": "李娜"}


def test_many_rows_of_one_moment_and_a_row_of_tomorrow(
    his: Hospital, agent: Callable[[str], Agent]
) -> None:
    for number in range(2_300):
        add_patient(his, f"{number:05}", "王芳", "'2026-05-03 08:15:00'")
    plus = "now() + INTERVAL '9' DAY" if his.kind == "mysql" else "now() + interval '9 days'"
    add_patient(his, "ahead", "张伟", plus)
    reader = agent("views = patient")
    assert reader.poll()
    assert len(reader.records()) == 2_301
    add_patient(his, "later", "李娜")
    assert reader.poll()
    assert reader.records()["Patient/later"] == "李娜", "tomorrow's row does not hide today's"


def test_a_report_is_made_of_all_its_rows_whichever_changed(
    his: Hospital, agent: Callable[[str], Agent]
) -> None:
    add_patient(his, "1", "王芳")
    add_result(his, 1, "R1", "K", "4.10")
    add_result(his, 2, "R1", "NA", "140")
    reader = agent("views = patient, laboratory")
    assert reader.poll()
    assert reader.records() == {
        "Patient/1": "王芳", "Observation/R1/K": "4.1", "Observation/R1/NA": "140",
        "DiagnosticReport/R1": "2",
    }  # fmt: skip
    his.run("UPDATE jyjg SET xgsj = '2020-01-01 00:00:00' WHERE id = 1")
    his.run("UPDATE jyjg SET jg = '141', xgsj = now() WHERE id = 2")
    assert reader.poll()
    assert reader.records()["Observation/R1/NA"] == "141"
    assert reader.records()["DiagnosticReport/R1"] == "2"


def test_a_refused_row_is_told_until_it_is_mended_and_its_neighbours_are_taken(
    his: Hospital, agent: Callable[[str], Agent]
) -> None:
    add_patient(his, "1", "王芳")
    his.run("INSERT INTO brxx VALUES ('2', '张伟', '？？', '1968-03-07', now())")
    his.run("INSERT INTO brxx VALUES ('3', NULL, '女', '1968-03-07', now())")
    reader = agent("views = patient")
    assert reader.poll()
    assert "Patient/1" in reader.records()
    assert "Patient/3" not in reader.records()
    ok, words = reader.notice("sql.his.patient")
    assert not ok
    assert "sql-refused" in words
    report = reader.context.home / "sql-refused/his.patient.csv"
    assert "患者姓名" in report.read_text(encoding="utf-8-sig")
    his.run("UPDATE brxx SET xm = '李娜' WHERE brid = '3'")  # and nobody touched xgsj
    his.run("UPDATE brxx SET xb = '男' WHERE brid = '2'")
    assert reader.poll(retry=True)
    assert reader.records()["Patient/3"] == "李娜"
    assert not report.exists()
    assert reader.notice("sql.his.patient")[0]


def untimed(his: Hospital) -> None:
    his.run(
        "CREATE VIEW untimed AS SELECT brid AS record_key, brid AS patient, xm AS name,"
        " xb AS gender, csrq AS born FROM brxx"
    )


def read_daily(his: Hospital, reader: Agent) -> Any:
    """A reading of another day."""
    (settings,) = list_view_settings(reader.context.settings)
    database = SourceDatabase(settings.address)
    reader.context.outbox.keep("sql.his.patient", "2000-01-01")
    try:
        poller = ViewPoller(
            settings, "patient", database, reader.context.outbox, reader.ledger, reader.context.home
        )
        return poller.poll()
    finally:
        database.close()


def test_without_a_time_of_change_the_view_is_read_once_a_day_and_what_vanished_is_told(
    his: Hospital, agent: Callable[[str], Agent]
) -> None:
    untimed(his)
    for number in range(1, 31):
        add_patient(his, str(number), "王芳")
    reader = agent("views = patient: untimed")
    assert reader.poll()
    assert len(reader.records()) == 30
    his.run("UPDATE brxx SET xm = '王芳芳' WHERE brid = '7'")
    his.run("DELETE FROM brxx WHERE brid = '8'")
    assert reader.poll()
    assert reader.records()["Patient/7"] == "王芳", "not twice on one day"
    polled = read_daily(his, reader)
    assert (polled.rows, polled.added.added, polled.vanished, polled.deleted) == (29, 1, ["8"], 0)
    assert reader.records()["Patient/7"] == "王芳芳"
    assert reader.records()["Patient/8"] == "王芳", "told, and deleted nowhere"


def test_what_vanished_is_deleted_where_the_settings_say_so_but_never_much_at_once(
    his: Hospital, agent: Callable[[str], Agent]
) -> None:
    untimed(his)
    for number in range(1, 41):
        add_patient(his, str(number), "王芳")
    reader = agent("views = patient: untimed\ndeletions = yes")
    assert reader.poll()
    his.run("DELETE FROM brxx WHERE brid = '8'")
    assert read_daily(his, reader).deleted == 1
    assert reader.records()["Patient/8"] == "delete"
    assert read_daily(his, reader).vanished == []
    his.run("DELETE FROM brxx WHERE brid <> '1'")
    with pytest.raises(Exception, match="nothing was deleted"):
        read_daily(his, reader)
    assert list(reader.records().values()).count("delete") == 1


def test_the_login_may_only_read_and_so_does_the_session(his: Hospital) -> None:
    database = SourceDatabase(parse_address(his.dsn))
    cursor = database.connection.cursor()
    cursor.execute("SELECT count(*) FROM brxx")
    assert cursor.fetchone() == (0,), "the control"
    with pytest.raises(Exception, match=r"(?i)read.only|denied"):
        cursor.execute("DELETE FROM brxx")
    database.close()


def test_views_and_databases_that_are_not_there_are_told(
    his: Hospital, agent: Callable[[str], Agent]
) -> None:
    reader = agent("views = patient: nowhere, visit: xinglin_patient")
    assert not reader.poll()
    assert "核对视图是否存在" in reader.notice("sql.his.patient")[1]
    assert "缺少列" in reader.notice("sql.his.visit")[1]
    reader.context.settings["sql.his"]["dsn"] = "postgresql://x:secret@127.0.0.1:1/his"
    assert not reader.poll()
    ok, words = reader.notice("sql.his")
    assert not ok
    assert "连不上数据库" in words
    assert "secret" not in words


def test_the_templates_make_views_that_have_all_columns_of_their_sets(his: Hospital) -> None:
    from records.agent.sets.all_sets import SETS
    from records.agent.sql.build_rows import missing_columns, unknown_columns

    for name in ("xinglin_patient", "xinglin_laboratory"):
        his.run(f"DROP VIEW {name}")
    text = (TEMPLATES / f"{his.kind}.sql").read_text()
    for part in text.split("CREATE OR REPLACE VIEW")[1:]:
        statement, _, _ = part.partition(";")
        his.run("CREATE OR REPLACE VIEW" + statement)
    database = SourceDatabase(parse_address(his.dsn))
    for column_set in SETS:
        columns = database.columns(f"xinglin_{column_set.name}")
        assert not missing_columns(column_set, columns)
        assert not unknown_columns(column_set, columns)
        assert list(database.changed(f"xinglin_{column_set.name}", None)) == []
        assert len(columns) == len(column_set.columns) + 2
    database.close()
    for column_set in SETS:
        his.run(f"DROP VIEW xinglin_{column_set.name}")
