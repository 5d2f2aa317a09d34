"""Migrations beside the running site: none of them queues long for a table
(alliance/management/commands/migrate.py), and each is tried again (docs/adr/0039).
"""

from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from alliance.database.locks import retry_on_lock

TRIES = 30


def has_pending_migrations() -> bool:
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def migrate_online() -> bool:
    """Whether there was anything to do. Raises OperationalError, caused by LockNotAvailable,
    where somebody holds a table for too long; what was done by then stays, and the next run goes on
    from there.
    """
    if not has_pending_migrations():
        return False
    try:
        retry_on_lock(lambda: call_command("migrate", verbosity=0, interactive=False), TRIES)
    finally:
        connection.close()  # with its limit
    return True
