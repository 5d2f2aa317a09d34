"""Migrations beside the running site: none of them queues long for a table, and each is tried again (docs/adr/0039)."""

from typing import Any

from django.core.management import call_command
from django.core.management.commands.migrate import Command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from alliance.config.locks import WAIT, again


class Briefly(Command):
    """Django's own, but for how long a migration waits. One that is no transaction builds an index beside the site: that waits for whoever reads, and lets everybody pass meanwhile."""

    def migration_progress_callback(self, action: str, migration: Any = None, fake: bool = False) -> None:
        if action == "apply_start":
            with connection.cursor() as cursor:
                cursor.execute(f"SET lock_timeout = '{WAIT if migration.atomic else 0}'")
        super().migration_progress_callback(action, migration, fake)


def migrate() -> bool:
    """Whether there was anything to do. Raises OperationalError, caused by LockNotAvailable, where somebody holds a table for too long; what was done by then stays, and the next run goes on from
    there."""
    executor = MigrationExecutor(connection)
    if not executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return False
    try:
        again(lambda: call_command(Briefly(), verbosity=0, interactive=False))
    finally:
        connection.close()  # with its limit
    return True
