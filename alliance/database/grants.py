"""The database roles of the web process: they may add to the evidence, and never change it (GB/T
22239-2019 8.1.4.3 c).
"""

from django.db import DatabaseError, connection, transaction

from alliance.database.connection_settings import SHARED_ROLE, WEB_ROLE
from alliance.database.locks import brief_lock_timeout
from alliance.sql import privileges as of_alliance
from consent.sql import privileges as of_consent
from consent.sql.privileges import LINE_COLUMNS, LINES
from records.sql import privileges as of_records

# Tables that the web role may read and add to, but not change.
APPEND_ONLY = (*of_consent.APPEND_ONLY, *of_records.APPEND_ONLY)
# Tables that it may only read.
READ_ONLY = (
    *of_consent.READ_ONLY,
    *of_records.READ_ONLY,
    "django_migrations",
    *of_alliance.READ_ONLY,
)
# Tables of which it may change only these columns.
PARTLY = of_alliance.PARTLY | of_records.PARTLY | of_consent.PARTLY
# Tables of which it may delete: what lasts for a time, and what is derived from records. From all
# others nothing goes by the web, whatever tables are to come: emergencies, seals, relationships,
# confirmations, decisions of patients, their codes. Second factors go by alliance_forget_factors
# alone.
ERASABLE = (
    *of_alliance.ERASABLE,
    "django_session",
    *of_consent.ERASABLE,
    *of_records.ERASABLE,
)
ROLES = {WEB_ROLE: "LOGIN", SHARED_ROLE: "NOLOGIN"}


def ensure_role(role: str) -> bool:
    """Whether the role is there, or could be made."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM pg_roles WHERE rolname = %s", [role])
        if cursor.fetchone() is None:
            try:
                with transaction.atomic():
                    cursor.execute(f"CREATE ROLE {role} {ROLES[role]}")
            except DatabaseError:
                return False
    return True


def grant_privileges() -> bool:
    """Make the roles and their privileges; False where there is no web role, and this database
    account may not create one. Without the role of shared reads there is no second wall
    (alliance.database.row_policies), and the web role works on.
    """
    roles = [r for r in ROLES if ensure_role(r)]
    if WEB_ROLE not in roles:
        return False
    to = ", ".join(roles)
    with brief_lock_timeout(), connection.cursor() as cursor:
        cursor.execute(f"GRANT USAGE ON SCHEMA public TO {to}")
        cursor.execute(f"GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO {to}")
        cursor.execute(f"REVOKE DELETE, TRUNCATE ON ALL TABLES IN SCHEMA public FROM {to}")
        cursor.execute(
            "SELECT c.oid::regclass::text FROM pg_class c WHERE relnamespace ="
            " 'public'::regnamespace AND relkind IN ('r', 'p') AND relname = ANY(%s)",
            [list(ERASABLE)],
        )
        erasable = [r[0] for r in cursor.fetchall()]
        cursor.execute(f"GRANT DELETE ON {', '.join(erasable)} TO {to}")
        cursor.execute(f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {to}")
        cursor.execute(f"GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO {to}")
        for table in APPEND_ONLY:
            cursor.execute(f"REVOKE UPDATE ON {table} FROM {to}")
        cursor.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent ="
            " ANY(%s::regclass[])",
            [list(APPEND_ONLY)],
        )
        for partition in cursor.fetchall():  # they are reached through their table alone
            cursor.execute(f"REVOKE INSERT, UPDATE ON {partition[0]} FROM {to}")
        cursor.execute(f"REVOKE INSERT ON {LINES} FROM {to}")
        cursor.execute(f"GRANT INSERT ({', '.join(LINE_COLUMNS)}) ON {LINES} TO {to}")
        cursor.execute(f"SELECT pg_get_serial_sequence('{LINES}', 'id')")
        cursor.execute(
            f"REVOKE USAGE ON SEQUENCE {cursor.fetchone()[0]} FROM {to}"
        )  # numbers come with lines
        for table in READ_ONLY:
            cursor.execute(f"REVOKE INSERT, UPDATE ON {table} FROM {to}")
        for table, columns in PARTLY.items():
            cursor.execute(f"REVOKE UPDATE ON {table} FROM {to}")
            cursor.execute(f"GRANT UPDATE ({', '.join(columns)}) ON {table} TO {to}")
    return True
