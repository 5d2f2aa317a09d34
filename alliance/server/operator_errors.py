"""Print in one line what a person at the server can mend, whichever command met it; everything
else keeps its traceback, for it is a fault of the software.
"""

from alliance.database.connection_settings import format_owner_string
from alliance.database.embedded_postgres import PostgresFailed
from alliance.database.unreachable import describe_away
from alliance.platform.state_files import state_folder


def explain_operator_error(error: Exception) -> str:
    """Why the command ended and the mend; "" where nobody at the server can have caused it."""
    from alliance.encryption import (
        master_key,  # these rooms need Django, which a mistake may have kept from starting
    )
    from consent.audit import signing_keys

    if isinstance(error, master_key.KeyNotFound | signing_keys.NoAuditKey):
        return str(error)
    if isinstance(error, PostgresFailed):
        return f"The embedded PostgreSQL of XINGLIN_HOME={state_folder()} does not start: {error}"
    if (
        isinstance(error, OSError)
        and error.filename
        and str(error.filename).startswith(str(state_folder()))
    ):
        return (
            f"{error.filename}: {error.strerror}. Run this as the account that owns"
            f" XINGLIN_HOME={state_folder()}, and see that its disk has room and can be written to."
        )
    return describe_away(error, format_owner_string())
