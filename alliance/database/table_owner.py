"""Whose the tables are: the owner's of the database, also where `setup` ran as a superuser,
first or later, to raise the second wall (docs/how-to/configure.md).
"""

from django.db import connection

from alliance.database.locks import brief_lock_timeout

# The owner of this database, where this account is a superuser and that one is another and none.
OWNER = """SELECT o.rolname FROM pg_database d JOIN pg_roles o ON o.oid = d.datdba
WHERE d.datname = current_database() AND current_setting('is_superuser') = 'on'
  AND o.rolname <> current_user AND NOT o.rolsuper"""
# What this account owns of the schema. Sequences of columns follow their tables, what belongs to an
# extension stays with it, and a table's row type goes with it.
OWN = """
SELECT
  CASE c.relkind
    WHEN 'S' THEN 'SEQUENCE'
    WHEN 'v' THEN 'VIEW'
    WHEN 'm' THEN 'MATERIALIZED VIEW'
    ELSE 'TABLE'
  END,
  c.oid::regclass::text
FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'S', 'v', 'm')
  AND c.relowner = current_user::regrole
  AND NOT EXISTS (SELECT FROM pg_depend d
    WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
      AND (d.deptype = 'e' OR c.relkind = 'S' AND d.deptype IN ('a', 'i')))
UNION ALL
SELECT
  CASE p.prokind WHEN 'p' THEN 'PROCEDURE' WHEN 'a' THEN 'AGGREGATE' ELSE 'FUNCTION' END,
  p.oid::regprocedure::text
FROM pg_proc p
WHERE p.pronamespace = 'public'::regnamespace AND p.proowner = current_user::regrole
  AND NOT EXISTS (SELECT FROM pg_depend d
    WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
UNION ALL
SELECT 'TYPE', t.oid::regtype::text FROM pg_type t
WHERE t.typnamespace = 'public'::regnamespace AND t.typowner = current_user::regrole
  AND (t.typtype IN ('e', 'd')
    OR EXISTS (SELECT FROM pg_class c WHERE c.oid = t.typrelid AND c.relkind = 'c'))
  AND NOT EXISTS (SELECT FROM pg_depend d
    WHERE d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e')
UNION ALL
SELECT 'STATISTICS', quote_ident(s.stxname) FROM pg_statistic_ext s
WHERE s.stxnamespace = 'public'::regnamespace AND s.stxowner = current_user::regrole
"""


def hand_over_tables() -> str:
    """Give what this superuser made to the owner of the database; its name where anything was
    given.
    """
    with brief_lock_timeout(), connection.cursor() as cursor:
        cursor.execute(OWNER)
        if (owner := cursor.fetchone()) is None:
            return ""
        cursor.execute(OWN)
        found = cursor.fetchall()
        cursor.execute("SELECT quote_ident(%s)", [owner[0]])
        to = cursor.fetchone()[0]
        for kind, name in found:
            cursor.execute(f"ALTER {kind} {name} OWNER TO {to}")
    return owner[0] if found else ""
