"""Who runs a command on the server, for the audit log."""

import getpass
import os

from alliance.auth.principal import Principal, operator


def server_operator() -> Principal:
    """The operating system's account; its number where it has no name."""
    try:
        return operator(getpass.getuser())
    except (KeyError, OSError):
        return operator(f"uid-{os.getuid()}")
