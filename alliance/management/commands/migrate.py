"""Django's `migrate`, whoever runs it: each migration waits for a table for less than a second,
for who waits for it keeps out all who come after (docs/adr/0039). `setup` runs it, tries it again,
and does the rest of an upgrade.
"""

from typing import Any

from django.core.management.commands import migrate
from django.db import connection

WAIT = "900ms"


class Command(migrate.Command):
    def check(self, **options: Any) -> None:
        """Without the checks of the database: what they ask for, `setup` makes after this."""
        super().check(**options | {"databases": None})

    def migration_progress_callback(
        self, action: str, migration: Any = None, fake: bool = False
    ) -> None:
        """Of a migration that is no transaction the limit is none: it builds an index beside the
        site, which waits for whoever reads and lets everybody pass meanwhile.
        """
        if action == "apply_start":
            with connection.cursor() as cursor:
                cursor.execute(f"SET lock_timeout = '{WAIT if migration.atomic else 0}'")
        super().migration_progress_callback(action, migration, fake)
