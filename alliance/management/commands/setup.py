"""Bring the database to this release: migrations, the web role's privileges, the second wall, the cache table. Changes nothing when nothing is new."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from alliance.config.grants import grant
from alliance.config.wall import raise_wall


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            call_command("migrate", verbosity=0, interactive=False)
            self.stdout.write("database migrated")
        call_command("createcachetable", verbosity=0)
        call_command("reindex", if_due=True)
        if not grant():
            self.stderr.write("This database account may not create roles: give the web process an account of its own, "
                              "$DATABASE_WEB_URL (docs/how-to/configure.md). Until then privileges do not guard the audit log.")
        elif not raise_wall():
            self.stderr.write("This database account is no superuser: row level security does not stand behind the gate's own tests (docs/adr/0022). "
                              "Where the server is your own, run setup once as a superuser.")
