"""Bring database and files to this release: the keys of a new installation, migrations, what
tables and columns mean, encrypted columns, the web role's privileges, the second wall, the cache
table, static files, the next months of the audit log. One at a time; changes nothing when nothing
is new. --beside: all that can be done while the last release serves, and the site goes on with it;
what is left, the reload of the site does (docs/how-to/upgrade.md).
"""

from functools import partial
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError, connection
from psycopg.errors import DeadlockDetected, LockNotAvailable

from alliance.backup.key_proof import prove_keys
from alliance.database import epoch, release
from alliance.database.connection_guard import record_key_fingerprints, role_mend_sql
from alliance.database.grants import grant_privileges
from alliance.database.locks import retry_on_lock, single_setup_lock
from alliance.database.online_migrations import has_pending_migrations, migrate_online
from alliance.database.row_policies import install_row_security
from alliance.database.schema_comments import apply_comments
from alliance.database.server_settings import apply_server_settings
from alliance.database.table_owner import hand_over_tables
from alliance.encryption.reencrypt import ensure_first_key, reencrypt_all
from alliance.models import KeyPrint
from alliance.operations.transaction_numbers import fetch_newest_number
from alliance.platform.state_files import save_drawn_keys, state_folder
from alliance.server import start_barrier
from consent.audit.partition_indexes import build_partition_indexes
from consent.audit.partitions import prepare_partitions
from records.fhir.resource_types import DIRECTORY_NUMBERS
from records.maintenance import index_fill

FEW = 3  # tries of what may wait until the next setup


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--switch",
            action="store_true",
            help=(
                "only what is left after --beside; the reload of the site runs it while nobody"
                " serves"
            ),
        )
        parser.add_argument(
            "--beside", action="store_true", help="only what leaves the last release serving"
        )

    def handle(self, *args: Any, beside: bool, switch: bool, **options: Any) -> None:
        start_barrier.wait_for_start()
        with single_setup_lock(self.say):
            try:
                if switch:
                    self.switch_release()
                else:
                    self.bring_up(beside)
            except OperationalError as error:
                if not isinstance(error.__cause__, LockNotAvailable):
                    raise
                raise CommandError(
                    "A table that a long transaction holds was waited for too long: this gave up"
                    f" so that the site goes on. Run setup again. ({error})"
                ) from error

    def say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()

    def bring_up(self, beside: bool) -> None:
        with (
            connection.cursor()
        ):  # alliance.database.connection_guard: keys are missing beside an empty database alone
            made = save_drawn_keys()
        if made:
            self.stdout.write(
                f"keys made: {', '.join(made)} in {state_folder() / 'secrets'}. Back them up apart"
                " from the database (docs/how-to/keys.md)."
            )
        if self.is_of_newer_release() or (beside and self.must_close()):
            return
        release.close_to_older_code()
        if migrate_online():
            self.stdout.write("database migrated")
        if not KeyPrint.objects.exists():
            prove_keys()
        record_key_fingerprints()
        ensure_first_key()
        call_command("createcachetable", verbosity=0)
        self.comment()
        call_command("collectstatic", verbosity=0, interactive=False)
        if not beside:
            call_command("reindex", if_due=True)
        if done := reencrypt_all():
            self.stdout.write(f"encrypted: {done} second factors, scans and reasons of emergencies")
        for fault in [*prepare_partitions(large=True), *build_partition_indexes()]:
            self.stderr.write(
                "A partition of the audit log waits; nothing is lost meanwhile, and the worker"
                f" tries again each hour. {fault}"
            )
        if not retry_on_lock(grant_privileges):
            with connection.cursor() as cursor:
                self.stderr.write(
                    "This database account may not create roles, and the site does not run as the"
                    f" owner of the tables. {role_mend_sql(cursor)}"
                )
        elif not retry_on_lock(partial(install_row_security, DIRECTORY_NUMBERS)):
            self.stderr.write(
                "This database account is no superuser: row level security does not stand behind"
                " the gate's own tests (docs/adr/0022), and the site does not start. Where the"
                " server is your own, run setup once as a superuser; where nobody may be one, set"
                " XINGLIN_ROW_SECURITY=0."
            )
        apply_server_settings()
        if owner := retry_on_lock(hand_over_tables):
            self.stdout.write(
                f"the tables belong to {owner!r}, the owner of the database: name it in"
                " DATABASE_URL from now on"
            )
        epoch.record_first_epoch(fetch_newest_number)
        with connection.cursor() as cursor:
            if refusal := epoch.find_epoch_fault(cursor):
                self.stderr.write(refusal)
        if beside:
            self.fill_index(beside=True)
            self.say(
                "Prepared. The site goes on with the last release until it is reloaded"
                " (docs/how-to/upgrade.md)."
            )
            return
        if index_fill.needs_index_fill():
            self.fill_index(beside=False)
            release.close_for_switch()
            index_fill.finish_index_fill()
        release.record_release()

    def switch_release(self) -> None:
        """Raises CommandError where more is left than the last rows."""
        if has_pending_migrations():
            raise CommandError(
                "Migrations of this release are left: run `manage.py setup --beside` first."
            )
        release.close_for_switch()
        call_command("reindex", if_due=True)
        if index_fill.needs_index_fill():
            index_fill.finish_index_fill()
        release.record_release()

    def fill_index(self, beside: bool) -> None:
        """This release's entries of the index into all rows, as far as the last release does not
        have to stop for it.
        """
        done = 0
        for done in index_fill.fill_index(beside) if index_fill.needs_index_fill() else ():
            if done % 10_000 < index_fill.BATCH:
                self.say(
                    f"{done} resources have this release's entries of the index beside the last"
                    " one's …"
                )
        if done:
            self.say(
                f"{done} resources have this release's entries of the index beside the last one's"
            )

    def comment(self) -> None:
        """What tables and columns mean, in the database: no upgrade fails for it."""
        try:
            retry_on_lock(apply_comments, FEW)
        except OperationalError as error:
            if not isinstance(error.__cause__, LockNotAvailable | DeadlockDetected):
                raise
            self.stderr.write(
                "What its tables mean was not written into the database, for one of them is being"
                f" vacuumed or changed; the next setup does it. ({error})"
            )

    def must_close(self) -> bool:
        """Whether nothing can be done beside the release that serves."""
        with connection.cursor() as cursor:
            row = release.fetch_recorded_release(cursor)
        if not release.removes_served_schema(row):
            return False
        self.say(
            "This release changes what the last one reads, so nothing can be prepared: the site is"
            " closed while its reload, or `manage.py setup`, changes it (docs/how-to/upgrade.md)."
        )
        return True

    def is_of_newer_release(self) -> bool:
        """Whether a newer release has been here, which lets this one serve on: then nothing of
        the database is changed. Raises CommandError where it does not.
        """
        with connection.cursor() as cursor:
            row = release.fetch_recorded_release(cursor)
        if row is None:
            return False
        if refusal := release.find_newer_release_fault(row):
            raise CommandError(refusal)
        if row.number <= release.NUMBER:
            return False
        call_command("collectstatic", verbosity=0, interactive=False)
        self.stdout.write(
            f"The database is of a newer release (number {row.number}, this is {release.NUMBER}),"
            " which lets this one serve: nothing was changed."
        )
        return True
