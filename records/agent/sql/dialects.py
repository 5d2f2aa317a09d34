"""TABLE of database kinds: how to connect (drivers are extras, imported late), page and ask the
clock.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any, Callable
from urllib.parse import parse_qsl, unquote, urlsplit

from ..settings import SettingsFault

SECONDS_TO_CONNECT = 15


@dataclass(frozen=True)
class Dialect:
    """clock: two columns, its time with and without a zone. page: appended to a statement that is
    ordered, {n} rows. drivers: (module, paramstyle, connect).
    """

    name: str
    port: int
    clock: str
    page: str
    drivers: tuple[tuple[str, str, Callable[[Any, Address], Any]], ...]

    def open(self, address: Address) -> tuple[Any, str]:
        """A connection and its paramstyle. Raises SettingsFault where no driver is installed."""
        for module_name, style, connect in self.drivers:
            try:
                module = importlib.import_module(module_name)
            except ImportError:
                continue
            return connect(module, address), style
        names = " / ".join(m for m, _, _ in self.drivers)
        raise SettingsFault(
            f"没有安装 {self.name} 的数据库驱动。"
            f"在这台机器上运行 pip install {self.drivers[0][0]}（或 {names} 之一）。",
            f"There is no driver for {self.name}: pip install one of {names}.",
        )


@dataclass(frozen=True)
class Address:
    """Of `dsn`: kind://user:password@host:port/database?option=value."""

    kind: str
    host: str
    port: int
    user: str
    password: str
    database: str
    options: dict[str, str]


def _psycopg(module: Any, a: Address) -> Any:
    parts = {
        "host": a.host or None, "port": a.port, "user": a.user, "password": a.password or None,
        "dbname": a.database, "connect_timeout": SECONDS_TO_CONNECT,
        "options": "-c default_transaction_read_only=on",
    }  # fmt: skip
    parts.update(a.options)
    return module.connect(**parts)


def _pg8000(module: Any, a: Address) -> Any:
    connection = module.connect(
        host=a.host, port=a.port, user=a.user, password=a.password, database=a.database,
        timeout=SECONDS_TO_CONNECT,
    )  # fmt: skip
    connection.cursor().execute("SET default_transaction_read_only = on")
    connection.commit()
    return connection


def _pymysql(module: Any, a: Address) -> Any:
    socket = {"unix_socket": a.options["socket"]} if "socket" in a.options else {}
    connection = module.connect(
        host=a.host or None, port=a.port, user=a.user, password=a.password, database=a.database,
        charset=a.options.get("charset", "utf8mb4"), connect_timeout=SECONDS_TO_CONNECT,
        init_command="SET SESSION TRANSACTION READ ONLY", **socket,
    )  # fmt: skip
    return connection


def _oracledb(module: Any, a: Address) -> Any:
    if a.options.get("thick"):  # Oracle before 12.1, with Instant Client
        module.init_oracle_client(lib_dir=a.options["thick"] if "/" in a.options["thick"] else None)
    connection = module.connect(
        user=a.user, password=a.password, dsn=f"{a.host}:{a.port}/{a.database}"
    )
    connection.cursor().execute("SET TRANSACTION READ ONLY")
    return connection


def _pymssql(module: Any, a: Address) -> Any:
    return module.connect(
        server=a.host, port=str(a.port), user=a.user, password=a.password, database=a.database,
        login_timeout=SECONDS_TO_CONNECT, charset="UTF-8",
    )  # fmt: skip


def _pyodbc(module: Any, a: Address) -> Any:
    driver = a.options.get("driver", "SQL Server")
    return module.connect(
        f"DRIVER={{{driver}}};SERVER={a.host},{a.port};DATABASE={a.database};"
        f"UID={a.user};PWD={a.password};ApplicationIntent=ReadOnly",
        timeout=SECONDS_TO_CONNECT, readonly=True,
    )  # fmt: skip


DIALECTS = {
    d.name: d
    for d in (
        Dialect(
            "postgresql", 5432, "SELECT now(), localtimestamp", " LIMIT {n}",
            (("psycopg", "format", _psycopg), ("psycopg2", "format", _psycopg),
             ("pg8000.dbapi", "format", _pg8000)),
        ),
        Dialect(
            "mysql", 3306, "SELECT now(6), now(6)", " LIMIT {n}",
            (("pymysql", "format", _pymysql),),
        ),
        Dialect(
            "oracle", 1521, "SELECT SYSTIMESTAMP, CAST(SYSTIMESTAMP AS TIMESTAMP) FROM dual",
            " FETCH FIRST {n} ROWS ONLY",
            (("oracledb", "numeric", _oracledb), ("cx_Oracle", "numeric", _oracledb)),
        ),
        Dialect(
            "sqlserver", 1433, "SELECT SYSDATETIME(), SYSDATETIME()",
            " OFFSET 0 ROWS FETCH NEXT {n} ROWS ONLY",
            (("pymssql", "format", _pymssql), ("pyodbc", "qmark", _pyodbc)),
        ),
    )
}  # fmt: skip
KINDS = {"mariadb": "mysql", "postgres": "postgresql", "mssql": "sqlserver"}


def parse_address(dsn: str) -> Address:
    """Raises SettingsFault."""
    try:
        parts = urlsplit(dsn.strip())
        kind = KINDS.get(parts.scheme, parts.scheme)
        dialect = DIALECTS[kind]
        port = parts.port or dialect.port
    except (KeyError, ValueError):
        raise SettingsFault(
            "数据库地址 dsn 写得不对：应为 种类://用户:密码@主机:端口/库名，"
            "种类是 oracle、sqlserver、mysql 或 postgresql；"
            "密码里的特殊字符要用 % 编码。",
            "The dsn is wrong: kind://user:password@host:port/database, kind one of oracle,"
            " sqlserver, mysql, postgresql; special characters of the password as %xx.",
        ) from None
    return Address(
        kind, parts.hostname or "", port, unquote(parts.username or ""),
        unquote(parts.password or ""), unquote(parts.path.lstrip("/")),
        dict(parse_qsl(parts.query)),
    )  # fmt: skip
