"""Write the templates of the views (`distribution/agent/views`): a view for each column set, with
its own tables left to the hospital.

    python -m records.agent.sql.write_views distribution/agent/views
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from ..sets.all_sets import SETS
from ..sets.column_set import Column, ColumnSet


@dataclass(frozen=True)
class Writing:
    """quote: around names. text, long, moment: its types. none: FROM of a view without rows."""

    name: str
    title: str
    begin: str
    quote: tuple[str, str]
    text: str
    long: str
    moment: str
    none: str
    login: tuple[str, ...]


WRITINGS = (
    Writing(
        "postgresql", "PostgreSQL", "CREATE OR REPLACE VIEW", ('"', '"'), "text", "text",
        "timestamp", " WHERE 1 = 0",
        (
            "CREATE ROLE xinglin_agent LOGIN PASSWORD '请换成自己的密码';",
            "GRANT SELECT ON {views} TO xinglin_agent;",
        ),
    ),
    Writing(
        "mysql", "MySQL、MariaDB", "CREATE OR REPLACE VIEW", ("`", "`"), "char(500)", "char",
        "datetime", " FROM dual WHERE 1 = 0",
        (
            "CREATE USER 'xinglin_agent'@'%' IDENTIFIED BY '请换成自己的密码';",
            "GRANT SELECT ON {view} TO 'xinglin_agent'@'%';  -- 每个视图一行",
        ),
    ),
    Writing(
        "oracle", "Oracle", "CREATE OR REPLACE VIEW", ('"', '"'), "varchar2(500)",
        "varchar2(4000)", "timestamp", " FROM dual WHERE 1 = 0",
        (
            'CREATE USER xinglin_agent IDENTIFIED BY "请换成自己的密码";',
            "GRANT CREATE SESSION TO xinglin_agent;",
            "GRANT SELECT ON {view} TO xinglin_agent;  -- 每个视图一行",
        ),
    ),
    Writing(
        "sqlserver", "SQL Server", "CREATE VIEW", ("[", "]"), "nvarchar(500)", "nvarchar(max)",
        "datetime2", " WHERE 1 = 0",
        (
            "CREATE LOGIN xinglin_agent WITH PASSWORD = '请换成自己的密码';",
            "CREATE USER xinglin_agent FOR LOGIN xinglin_agent;",
            "GRANT SELECT ON {view} TO xinglin_agent;  -- 每个视图一行",
        ),
    ),
)  # fmt: skip
MOMENTS = ("moment", "date")
INTRODUCTION = """\
-- 杏林上传程序：{title} 视图模板 (templates of the agent's views)
--
-- 怎么用：
-- 1. 只建用得上的视图。把每一行的 CAST(NULL AS …) 换成本院表里的列，把最后一行换成 FROM 本院的表。
-- 2. record_key：这一行的唯一编号，不变、不重复，一般就是主键。必填。
-- 3. changed_at：这一行最后修改的时间，由数据库或 HIS 写入，改一次变一次；多表联接时取最晚的一个。
--    没有修改时间的，删掉这一列：程序改为每天整表核对一次，只发变化的行。
-- 4. 列名不要改；用不上的列整行删掉。（必填）的列不能删；（几选一）的列至少留一个。
-- 5. 建一个只读账号，只给这些视图的查询权限：见文末。
"""


def write_views(writing: Writing) -> str:
    parts = [INTRODUCTION.format(title=writing.title)]
    parts += [write_view(writing, column_set) for column_set in SETS]
    views = ", ".join(f"xinglin_{s.name}" for s in SETS)
    first = f"xinglin_{SETS[0].name}"
    parts.append(
        "-- 只读账号 (a login that may only read)\n"
        + "".join(f"-- {line.format(views=views, view=first)}\n" for line in writing.login)
    )
    return "\n".join(parts)


def write_view(writing: Writing, column_set: ColumnSet) -> str:
    choices = {name for group in column_set.one_of for name in group}
    rows = [
        ("record_key", writing.text, "这一行的唯一编号（必填）"),
        ("changed_at", writing.moment, "最后修改的时间；没有就删掉这一行"),
        *((c.name, type_of(writing, c), about(c, choices)) for c in column_set.columns),
    ]
    lines = []
    for number, (name, type, words) in enumerate(rows):
        comma = "," if number < len(rows) - 1 else ""
        said = name if name in ("record_key", "changed_at") else quoted(writing, name)
        lines.append(f"  CAST(NULL AS {type}) AS {said}{comma}  -- {words}")
    go = "\nGO" if writing.name == "sqlserver" else ""
    return (
        f"-- {column_set.zh} ({column_set.en})\n"
        f"{writing.begin} xinglin_{column_set.name} AS\nSELECT\n"
        + "\n".join(lines)
        + f"\n{writing.none.strip()};  -- 换成：FROM 本院的表{go}\n"
    )


def quoted(writing: Writing, name: str) -> str:
    """In quotes, as some names are words of SQL; of Oracle in capitals, as it says them itself."""
    before, after = writing.quote
    return f"{before}{name.upper() if writing.name == 'oracle' else name}{after}"


def type_of(writing: Writing, column: Column) -> str:
    if column.kind in MOMENTS:
        return writing.moment
    return writing.long if column.kind == "long" else writing.text


def about(column: Column, choices: set[str]) -> str:
    need = "（必填）" if column.required else "（几选一）" if column.name in choices else ""
    return f"{column.zh}{need}{' ' + column.about_zh if column.about_zh else ''}"


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for one in WRITINGS:
        (folder / f"{one.name}.sql").write_text(write_views(one), encoding="utf-8")
