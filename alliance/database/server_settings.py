"""What the database's server does for every session of ours, an operator's psql among them: it
ends a forgotten transaction, for feed and sealer wait for the oldest one, and writes nothing about
a patient into its own log.
"""

from typing import Any

from django.db import ProgrammingError, connection, transaction
from psycopg.errors import InsufficientPrivilege

IDLE = "idle_in_transaction_session_timeout"
WANTED = {
    IDLE: "60s",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_error_verbosity": "terse",  # the detail of a broken constraint names values
    "log_min_error_statement": "panic",
}
LONGEST_IDLE = 600_000  # milliseconds; an operator may choose less than ours, or up to this
SETTINGS = "SELECT name, setting FROM pg_settings WHERE name = ANY(%s)"


def list_lacking_settings(cursor: Any) -> list[str]:
    """Names of the settings that this session does not have."""
    cursor.execute(SETTINGS, [list(WANTED)])
    return sorted(
        name
        for name, setting in cursor.fetchall()
        if not (0 < int(setting) <= LONGEST_IDLE if name == IDLE else setting == WANTED[name])
    )


def alter_setting_sql(name: str, database: str) -> str:
    """The SQL that gives a setting to every later session. database: quoted."""
    return f"ALTER DATABASE {database} SET {name} = '{WANTED[name]}'"


def apply_server_settings() -> None:
    """Set what is lacking and this account may set; a later session has it. What only a
    superuser may, `manage.py doctor` tells.
    """
    with connection.cursor() as cursor:
        database = fetch_quoted_database(cursor)
        for name in list_lacking_settings(cursor):
            try:
                with transaction.atomic():
                    cursor.execute(alter_setting_sql(name, database))
            except ProgrammingError as error:
                if not isinstance(error.__cause__, InsufficientPrivilege):
                    raise


def fetch_quoted_database(cursor: Any) -> str:
    cursor.execute("SELECT quote_ident(current_database())")
    return str(cursor.fetchone()[0])
