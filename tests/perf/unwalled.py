"""The site as the tables' owner, for whom there is no row level security: what the bench
compares with, and what no installation starts with.
"""

from alliance.database import connection_guard

connection_guard.find_role_fault = lambda cursor: ""

from alliance.config.wsgi import application  # noqa: E402

__all__ = ["application"]
