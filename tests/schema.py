"""docs/schema.sql: the whole schema as `setup` leaves it, in an order to read it in. `python -m
tests.schema` (make schema) writes it anew from a database of its own; tests/db/test_schema.py holds
it against the tests' database.
"""

import os
import re
import subprocess
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
FILE = ROOT / "docs" / "schema.sql"
# Tables that are not ours: their libraries make them, and say what they mean.
FOREIGN = {
    "account_": "django-allauth: e-mail addresses of accounts",
    "mfa_": "django-allauth: second factors (data is encrypted: alliance/encryption/columns.py)",
    "auth_": "Django: groups and permissions, unused but for django-guardian's",
    "guardian_": "django-guardian's generic tables, empty: ours are alliance_…objectpermission",
    "django_": "Django: sessions, migrations, content types",
    "procrastinate_": "procrastinate: the worker's jobs",
}
HEAD = (
    "-- The whole schema of a database as `manage.py setup` of this release leaves it, on "
    "PostgreSQL 18. Made by `make schema`, never by hand; tests/db/test_schema.py holds it to"
    " the database.\n"
    "-- Not to be run: `setup` makes the tables (migrations) and grants "
    "(alliance/database/grants.py). What tables and columns mean is written in "
    "<app>/sql/comments.sql.\n"
    "-- Left out are the months of partitioned tables (consent_audit_partition() makes them; "
    "what lies in no month lies in …_rest), and the tables of libraries:\n"
)
ENTRY = re.compile(
    r"^--\n-- Name: (?P<name>.*); Type: (?P<kind>[A-Z ]+); Schema: public; Owner: -\n--\n\n", re.M
)
END = re.compile(r"^--\n-- PostgreSQL database dump complete", re.M)
OF_TABLE = re.compile(r"\b(?:TABLE|ONLY|ON|COLUMN|FROM) public\.(\w+)")
COUNTED = re.compile(
    r" \(\n    SEQUENCE NAME \S+\n    START WITH 1\n    INCREMENT BY 1\n    NO MINVALUE\n    NO"
    r" MAXVALUE\n    CACHE 1\n\)"
)
ORDER = (
    "TABLE",
    "COMMENT",
    "SEQUENCE",
    "DEFAULT",
    "CONSTRAINT",
    "FK CONSTRAINT",
    "INDEX",
    "STATISTICS",
    "TRIGGER",
    "ROW SECURITY",
    "POLICY",
)


class Entry(NamedTuple):
    """One thing of the schema. table: to which it belongs; "" for a function, a type, a sequence
    of a library.
    """

    kind: str
    name: str
    table: str
    sql: str


def dumped(tools: Path, settings: dict[str, str]) -> str:
    """What pg_dump says of the database. settings: Django's."""
    where = [
        "-h",
        settings["HOST"],
        *(["-p", settings["PORT"]] if settings["PORT"] else []),
        "-U",
        settings["USER"],
        settings["NAME"],
    ]
    environment = {
        **os.environ,
        **({"PGPASSWORD": settings["PASSWORD"]} if settings["PASSWORD"] else {}),
    }
    done = subprocess.run(
        [tools / "pg_dump", "--schema-only", "--no-owner", "--no-privileges", *where],
        check=True,
        capture_output=True,
        text=True,
        env=environment,
    )
    return done.stdout


def entries(dump: str) -> list[Entry]:
    heads = list(ENTRY.finditer(dump))
    ends = [h.start() for h in heads[1:]] + [(END.search(dump) or heads[-1]).start()]
    found = []
    for head, end in zip(heads, ends, strict=True):
        kind, sql = head["kind"], dump[head.end() : end].strip()
        of = None if kind in ("FUNCTION", "TYPE") else OF_TABLE.search(sql)
        found.append(
            Entry(
                kind,
                head["name"],
                of[1] if of else "",
                (
                    sql
                    if kind == "FUNCTION"
                    else COUNTED.sub("", sql.replace("public.", "")).replace("\n    ADD ", " ADD ")
                ),
            )
        )
    return found


def owner(name: str) -> str:
    """The app of a table or function; "" for a library's."""
    return next(
        (
            app
            for app, prefixes in (
                ("alliance", ("alliance_",)),
                ("consent", ("consent_",)),
                ("records", ("record_", "records_")),
            )
            if name.startswith(prefixes)
        ),
        "",
    )


def tables_in_order() -> list[str]:
    """As the files of comments name them, which go from what others lean on to what leans on
    them.
    """
    from alliance.database.schema_comments import FILES, read_comments

    return [name for path in FILES for name, _, _ in read_comments(path) if "." not in name]


def arranged(dump: str) -> str:
    """The dump by app and table: all that belongs to a table stands with it."""
    found = entries(dump)
    partitions = {e.name for e in found if e.kind == "TABLE ATTACH"}
    said = (
        "TABLE ATTACH",
        "INDEX ATTACH",
        # of partitions; and a policy's comment is its own test once more
        # (alliance/database/row_policies.py)
    )
    kept = [
        e
        for e in found
        if e.table not in partitions
        and e.kind not in said
        and not (e.kind == "COMMENT" and e.name.startswith("POLICY"))
    ]
    known = tables_in_order()
    tables = sorted(
        {e.table for e in kept if e.table},
        key=lambda t: (known.index(t) if t in known else len(known), t),
    )
    out = [HEAD + "".join(f"--   {prefix}…: {why}\n" for prefix, why in FOREIGN.items())]
    for app in ("alliance", "consent", "records"):
        out.append(f"\n-- {'=' * 20} {app} {'=' * 20}\n")
        for table in (t for t in tables if owner(t) == app):
            of_table = sorted(
                (e for e in kept if e.table == table),
                key=lambda e: (ORDER.index(e.kind), e.name if e.kind == "INDEX" else ""),
            )  # what is alike in pg_dump's order: by name, columns by place; indexes of the log's
            # months come when they are built
            out.append(f"\n-- {table}\n" + "\n".join(e.sql for e in of_table) + "\n")
        loose = [e for e in kept if owner(e.name) == app and not e.table] + [
            e
            for e in kept
            if e.kind == "TRIGGER" and not owner(e.table) and owner(e.name.split()[-1]) == app
        ]
        out += [f"\n-- {e.kind.lower()} {e.name}\n{e.sql}\n" for e in loose]
    return re.sub(r"\n{3,}", "\n\n", "".join(out))


def main() -> None:
    import tests.environment  # noqa: F401

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "alliance.config.settings")
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    from alliance.database.embedded_postgres import EmbeddedCluster

    call_command("setup")
    FILE.write_text(arranged(dumped(EmbeddedCluster.binaries_folder(), connection.settings_dict)))


if __name__ == "__main__":
    main()
