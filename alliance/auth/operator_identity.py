"""Who runs a command on the server, for the audit log."""

import getpass
import os

from alliance.auth.principal import Principal, operator_principal


def server_operator() -> Principal:
    """The operating system's account; its number where it has no name."""
    try:
        return operator_principal(getpass.getuser())
    except (KeyError, OSError):
        return operator_principal(f"uid-{os.getuid()}")
