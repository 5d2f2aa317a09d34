"""Commands that read or change data past every page and role leave a line in the audit log before they run: who ran which on the server."""

import sys
from collections.abc import Sequence

# What Django and its apps bring; commands of Xinglin's own write lines that say more.
WATCHED = frozenset({"changepassword", "createsuperuser", "dbshell", "dumpdata", "flush", "loaddata", "shell", "testserver", "remove_stale_contenttypes",
                     "clean_orphan_obj_perms", "allauth_unsetprimaryemails"})
NAMING = frozenset({"changepassword", "dumpdata"})  # whose arguments name an account or a table, and nothing of a patient


def note(argv: Sequence[str]) -> None:
    """Write the line of a watched command. Where the log cannot be written, nothing is run."""
    name = argv[1] if len(argv) > 1 else ""
    if name not in WATCHED or {"-h", "--help"} & set(argv):
        return
    import django

    django.setup()
    from django.db import DatabaseError, connection

    from alliance.management.acting import server_operator
    from consent.audit.append import append
    from consent.audit.event import Event, EventCode

    said = " ".join(a for a in argv[2:] if not a.startswith("-"))[:200] if name in NAMING else ""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT to_regclass('consent_audit_event') IS NULL")
            if cursor.fetchone()[0]:
                return  # no installation yet: there is nothing that could be read
        append(Event.of(server_operator(), EventCode.COMMAND, purpose="", target=f"command/{name}", detail=said))
    except DatabaseError as error:
        sys.exit(f"{name} was not run: the audit log cannot be written ({type(error).__name__}). Start the database, then run `manage.py setup`.")
