"""The schema can be read: docs/schema.sql is what the database is, and every table and column of
ours says in the database what it means.
"""

import difflib
from pathlib import Path

import pytest
from django.db import connection

from alliance.database import schema_comments
from tests.factories.database_copies import find_pg_tools
from tests.schema import FILE, FOREIGN, arranged, dumped, owner

pytestmark = pytest.mark.usefixtures("world")


def there() -> dict[str, str | None]:
    """{table or table.column: its comment}, without the partitions: they are reached through
    their table, whose words are theirs.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relispartition")
        partitions = {name for (name,) in cursor.fetchall()}
        cursor.execute(schema_comments.CURRENT_COMMENTS_SQL)
        return {
            f"{table}.{column}" if column else table: text
            for table, column, text in cursor.fetchall()
            if table not in partitions
        }


def test_the_file_is_the_schema() -> None:
    if connection.cursor().connection.info.server_version // 10000 != 18:
        pytest.skip(
            "docs/schema.sql is PostgreSQL 18's: pg_dump of another version writes the same in"
            " other words"
        )
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('is_superuser') = 'on'")
        if not cursor.fetchone()[0]:
            pytest.skip("row security is part of docs/schema.sql, and only a superuser sets it up")
    made = arranged(dumped(find_pg_tools(), connection.settings_dict))
    differing = list(
        difflib.unified_diff(
            FILE.read_text().splitlines(),
            made.splitlines(),
            "docs/schema.sql",
            "the database",
            lineterm="",
            n=1,
        )
    )
    assert not differing, (
        "docs/schema.sql is not what `setup` makes: run `make schema`, and commit it with the"
        " migration\n" + "\n".join(differing[:60])
    )


def test_every_table_and_column_says_what_it_means() -> None:
    lacking = sorted(
        name for name, text in there().items() if not text and not name.startswith(tuple(FOREIGN))
    )
    assert not lacking, (
        f"{len(lacking)} without COMMENT ON, the first {', '.join(lacking[:10])}: write them in"
        " <app>/sql/comments.sql"
    )


def test_each_table_is_an_apps_or_a_librarys() -> None:
    assert {
        name
        for name in there()
        if "." not in name and not owner(name) and not name.startswith(tuple(FOREIGN))
    } == set()


def test_the_files_speak_of_what_is_there() -> None:
    known = there()
    for path in schema_comments.FILES:
        named = [name for name, _, _ in schema_comments.read_comments(path)]
        assert len(named) == len(set(named)), f"{path}: something is said twice"
        assert not (gone := [n for n in named if n not in known]), (
            f"{path} speaks of what is not there: {gone}"
        )
        assert not (others := [n for n in named if owner(n) != path.parts[-3]]), (
            f"{path} speaks of tables of another app: {others}"
        )


def test_setup_writes_what_differs_and_nothing_else() -> None:
    assert schema_comments.apply_comments() == 0
    with connection.cursor() as cursor:
        cursor.execute(
            "COMMENT ON COLUMN records_decision.by IS 'something else'; COMMENT ON TABLE"
            " record_clock IS NULL"
        )
    assert schema_comments.apply_comments() == 2
    assert there()["records_decision.by"] == "Who decided: rule/<version> or staff/<id>."


@pytest.mark.parametrize(
    "line",
    [
        "COMMENT ON COLUMN record_resource.rid IS 'a' 'b';",
        "COMMENT ON COLUMN record_resource IS 'no column is named';",
        "COMMENT ON TABLE a.b IS 'a column';",
        "COMMENT ON TABLE record_resource IS '';",
        "DROP TABLE record_resource;",
        "COMMENT ON TABLE a IS 'x'; DROP TABLE a; --';",
    ],
)
def test_a_line_that_says_something_else_is_refused(tmp_path: Path, line: str) -> None:
    path = tmp_path / "comments.sql"
    path.write_text(
        f"-- all of it\n\nCOMMENT ON TABLE record_clock IS 'one row''s time';\n{line}\n"
    )
    lines = schema_comments.read_comments(path)
    assert next(lines) == (
        "record_clock",
        "one row's time",
        "COMMENT ON TABLE record_clock IS 'one row''s time';",
    )
    with pytest.raises(ValueError, match=r"comments\.sql:4: write COMMENT ON"):
        list(lines)
