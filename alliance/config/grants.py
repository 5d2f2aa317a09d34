"""The database roles of the web process: they may add to the evidence, and never change it (GB/T 22239-2019 8.1.4.3 c)."""

from django.db import DatabaseError, connection, transaction

from alliance.config.database import SHARED_ROLE, WEB_ROLE
from alliance.config.locks import waiting_briefly
from consent.audit.append import COLUMNS

# Of an audit line it writes what happened: number, moment and transaction are PostgreSQL's own.
LINES = "consent_audit_event"
# Tables that the web role may read and add to, but not change.
APPEND_ONLY = (LINES, "consent_audit_person", "record_history", "records_claim", "records_opinion", "record_key", "record_vocabulary")
# Tables that it may only read: the sealer, another process, writes them.
READ_ONLY = ("consent_audit_leaf", "consent_audit_head", "consent_audit_sealer", "record_clock", "record_dictionary", "django_migrations", "alliance_keyprint", "alliance_columnkey",
             "alliance_release")
# Tables of which it may change only these columns.
PARTLY = {"records_decision": ("undone_by_id", "moved", "told"), "consent_confirmation": ("ended_at", "ended_by_id", "ended_reason")}
# Tables of which it may delete: what lasts for a time, and what is derived from records. From all others nothing goes by the web, whatever tables are to
# come: emergencies, seals, relationships, confirmations, decisions of patients, their codes. Second factors go by alliance_forget_factors alone.
ERASABLE = (
    "alliance_accesstoken", "alliance_cache", "alliance_formuse", "alliance_guesscount", "alliance_handover", "alliance_knownplace", "django_session",
    "alliance_hospitaluserobjectpermission", "alliance_departmentuserobjectpermission",
    "record_bulk_chunk", "record_date", "record_quantity", "record_reference", "record_string",
    "records_bulkjob", "records_matchkey", "records_namekey", "records_notification", "records_patientidentifier", "records_subscriptionstate",
)
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
    with waiting_briefly(), connection.cursor() as cursor:
        cursor.execute(f"GRANT USAGE ON SCHEMA public TO {to}")
        cursor.execute(f"GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO {to}")
        cursor.execute(f"REVOKE DELETE, TRUNCATE ON ALL TABLES IN SCHEMA public FROM {to}")
        cursor.execute("SELECT c.oid::regclass::text FROM pg_class c WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND relname = ANY(%s)",
                       [list(ERASABLE)])
        erasable = [r[0] for r in cursor.fetchall()]
        cursor.execute(f"GRANT DELETE ON {', '.join(erasable)} TO {to}")
        cursor.execute(f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {to}")
        cursor.execute(f"GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO {to}")
        for table in APPEND_ONLY:
            cursor.execute(f"REVOKE UPDATE ON {table} FROM {to}")
        cursor.execute("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = ANY(%s::regclass[])", [list(APPEND_ONLY)])
        for partition in cursor.fetchall():  # they are reached through their table alone
            cursor.execute(f"REVOKE INSERT, UPDATE ON {partition[0]} FROM {to}")
        cursor.execute(f"REVOKE INSERT ON {LINES} FROM {to}")
        cursor.execute(f"GRANT INSERT ({', '.join(COLUMNS)}) ON {LINES} TO {to}")
        cursor.execute(f"SELECT pg_get_serial_sequence('{LINES}', 'id')")
        cursor.execute(f"REVOKE USAGE ON SEQUENCE {cursor.fetchone()[0]} FROM {to}")  # numbers come with lines
        for table in READ_ONLY:
            cursor.execute(f"REVOKE INSERT, UPDATE ON {table} FROM {to}")
        for table, columns in PARTLY.items():
            cursor.execute(f"REVOKE UPDATE ON {table} FROM {to}")
            cursor.execute(f"GRANT UPDATE ({', '.join(columns)}) ON {table} TO {to}")
    return True
