"""The database roles of the web process: they may add to the evidence, and never change it (GB/T 22239-2019 8.1.4.3 c)."""

from django.db import DatabaseError, connection, transaction

from alliance.config.database import SHARED_ROLE, WEB_ROLE

# Tables that the web role may read and add to, but not change.
APPEND_ONLY = ("consent_audit_event", "record_history", "records_claim", "records_opinion", "record_key", "record_vocabulary")
# Tables that it may only read: the sealer, another process, writes them.
READ_ONLY = ("consent_audit_leaf", "consent_audit_head", "consent_audit_sealer", "record_dictionary", "django_migrations")
# Tables of which it may change only these columns.
PARTLY = {"records_decision": ("undone_by_id", "moved", "told")}
UNERASABLE = ("record_resource", "records_person", "consent_directive", "alliance_hospital", "alliance_staff")
ROLES = {WEB_ROLE: "LOGIN", SHARED_ROLE: "NOLOGIN"}


def made(role: str) -> bool:
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


def grant() -> bool:
    """Make the roles and their privileges; False where there is no web role, and this database account may not create one. Without the role of
    shared reads there is no second wall (alliance.config.wall), and the web role works on."""
    roles = [r for r in ROLES if made(r)]
    if WEB_ROLE not in roles:
        return False
    to = ", ".join(roles)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"GRANT USAGE ON SCHEMA public TO {to}")
        cursor.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {to}")
        cursor.execute(f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {to}")
        cursor.execute(f"GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO {to}")
        cursor.execute("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'consent_audit_event'::regclass")
        partitions = [r[0] for r in cursor.fetchall()]
        for table in (*APPEND_ONLY, *partitions):
            cursor.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {to}")
        for table in READ_ONLY:
            cursor.execute(f"REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON {table} FROM {to}")
        for table, columns in PARTLY.items():
            cursor.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {to}")
            cursor.execute(f"GRANT UPDATE ({', '.join(columns)}) ON {table} TO {to}")
        for table in UNERASABLE:
            cursor.execute(f"REVOKE DELETE, TRUNCATE ON {table} FROM {to}")
    return True
