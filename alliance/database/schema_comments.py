"""What each table and column means, in the database itself: each app's sql/comments.sql, applied
by `setup` where the database says something else. A DBA reads it with \\d+, everybody in
docs/schema.sql.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from django.db import connection

from alliance.database.locks import brief_lock_timeout
from alliance.database.release import APPS
from alliance.platform.state_files import ROOT

FILES = tuple(ROOT / app / "sql" / "comments.sql" for app in APPS)
STATEMENT = re.compile(r"COMMENT ON (TABLE|COLUMN) ([a-z_]+(?:\.[a-z_]+)?) IS '((?:[^']|'')+)';")
# (table, column or "" for the table itself, its comment).
CURRENT_COMMENTS_SQL = """
SELECT c.relname, a.attname, d.description FROM pg_class c
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_description d ON d.objoid = c.oid AND d.classoid = 'pg_class'::regclass
  AND d.objsubid = a.attnum
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
UNION ALL SELECT c.relname, '', obj_description(c.oid, 'pg_class') FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
"""


def read_comments(path: Path) -> Iterator[tuple[str, str, str]]:
    """(table or table.column, what it means, the statement) of each line. Raises ValueError,
    which names file and line, for one that is no COMMENT ON.
    """
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if not line or line.startswith("--"):
            continue
        found = STATEMENT.fullmatch(line)
        if found is None or (found[1] == "COLUMN") != ("." in found[2]):
            raise ValueError(
                f"{path}:{number}: write COMMENT ON TABLE name IS 'text'; or COMMENT ON COLUMN"
                f" table.column IS 'text'; in one line, not: {line[:80]}"
            )
        yield found[2], found[3].replace("''", "'"), line


def apply_comments() -> int:
    """How many were not as the files say. Keeps neither readers nor writers out: only who
    changes or vacuums the table just then is waited for, and briefly.
    """
    with brief_lock_timeout(), connection.cursor() as cursor:
        cursor.execute(CURRENT_COMMENTS_SQL)
        there = {
            f"{table}.{column}" if column else table: text
            for table, column, text in cursor.fetchall()
        }
        differing = [
            statement
            for path in FILES
            for name, text, statement in read_comments(path)
            if there.get(name) != text
        ]
        if differing:
            cursor.execute("\n".join(differing))
    return len(differing)
