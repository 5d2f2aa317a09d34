"""Commands that read or change data past every page and role leave a line in the audit log
before they run: who ran which on the server.
"""

import sys
from collections.abc import Sequence

# What Django and its apps bring; commands of Xinglin's own write lines that say more.
LOGGED_COMMANDS = frozenset(
    {
        "changepassword",
        "createsuperuser",
        "dbshell",
        "dumpdata",
        "flush",
        "loaddata",
        "shell",
        "testserver",
        "remove_stale_contenttypes",
        "clean_orphan_obj_perms",
        "allauth_unsetprimaryemails",
    }
)
COMMANDS_WITH_TARGET = frozenset(
    {"changepassword", "dumpdata"}
)  # whose arguments name an account or a table, and nothing of a patient


def log_command(argv: Sequence[str]) -> None:
    """Write the line of a watched command. Where the log cannot be written, nothing is run."""
    name = argv[1] if len(argv) > 1 else ""
    if name not in LOGGED_COMMANDS or {"-h", "--help"} & set(argv):
        return
    import django

    django.setup()
    from django.db import DatabaseError, connection

    from alliance.auth.operator_identity import server_operator
    from alliance.platform.database_away import NoDatabaseHere
    from consent.audit.append import append_event
    from consent.audit.event import AuditEvent, EventCode
    from consent.sql.log import MISSING

    said = (
        " ".join(a for a in argv[2:] if not a.startswith("-"))[:200]
        if name in COMMANDS_WITH_TARGET
        else ""
    )
    try:
        with connection.cursor() as cursor:
            cursor.execute(MISSING)
            if cursor.fetchone()[0]:
                return  # no installation yet: there is nothing that could be read
        append_event(
            AuditEvent.from_principal(
                server_operator(),
                EventCode.COMMAND,
                target=f"command/{name}",
                detail=said,
            )
        )
    except NoDatabaseHere:
        raise
    except DatabaseError as error:
        sys.exit(
            f"{name} was not run: the audit log cannot be written ({type(error).__name__}). Start"
            " the database, then run `manage.py setup`."
        )
