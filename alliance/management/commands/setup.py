"""Bring database and files to this release: the keys of a new installation, migrations, encrypted columns, the web role's privileges, the second wall, the cache
table, static files, the next months of the audit log. One at a time; changes nothing when nothing is new."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, connection
from psycopg.errors import LockNotAvailable

from alliance.config import release
from alliance.config.grants import grant
from alliance.config.guard import mend, record_prints
from alliance.config.home import home, keep_keys
from alliance.config.locks import again, one_setup
from alliance.config.migrating import migrate
from alliance.config.owner import hand_over
from alliance.config.proof import prove_keys
from alliance.config.wall import raise_wall
from alliance.encryption.reencrypt import first_key, reencrypt
from alliance.models import KeyPrint
from consent.audit.partitions import prepare


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        with one_setup(self.say):
            try:
                self.bring_up()
            except OperationalError as error:
                if not isinstance(error.__cause__, LockNotAvailable):
                    raise
                raise CommandError(f"A table that a long transaction holds was waited for too long: this gave up so that the site goes on. Run setup again. ({error})") from error

    def say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()

    def bring_up(self) -> None:
        with connection.cursor():  # alliance.config.guard: keys are missing beside an empty database alone
            made = keep_keys()
        if made:
            self.stdout.write(f"keys made: {', '.join(made)} in {home() / 'secrets'}. Back them up apart from the database (docs/how-to/keys.md).")
        if self.of_a_newer_release():
            return
        release.close_to_older()
        if migrate():
            self.stdout.write("database migrated")
        if not KeyPrint.objects.exists():
            prove_keys()
        record_prints()
        first_key()
        call_command("createcachetable", verbosity=0)
        call_command("collectstatic", verbosity=0, interactive=False)
        call_command("reindex", if_due=True)
        if done := reencrypt():
            self.stdout.write(f"encrypted: {done} second factors, scans and reasons of emergencies")
        for fault in prepare(large=True):
            self.stderr.write(f"A partition of the audit log waits; nothing is lost meanwhile, and the worker tries again each hour. {fault}")
        if not again(grant):
            with connection.cursor() as cursor:
                self.stderr.write(f"This database account may not create roles, and the site does not run as the owner of the tables. {mend(cursor)}")
        elif not again(raise_wall):
            self.stderr.write("This database account is no superuser: row level security does not stand behind the gate's own tests (docs/adr/0022). "
                              "Where the server is your own, run setup once as a superuser.")
        if owner := again(hand_over):
            self.stdout.write(f"the tables belong to {owner!r}, the owner of the database: name it in DATABASE_URL from now on")
        release.record()

    def of_a_newer_release(self) -> bool:
        """Whether a newer release has been here, which lets this one serve on: then nothing of the database is changed. Raises CommandError where it does not."""
        with connection.cursor() as cursor:
            row = release.recorded(cursor)
        if row is None or row[0] <= release.NUMBER:
            return False
        if refusal := release.unfit(row):
            raise CommandError(refusal)
        call_command("collectstatic", verbosity=0, interactive=False)
        self.stdout.write(f"The database is of a newer release (number {row[0]}, this is {release.NUMBER}), which lets this one serve: nothing was changed.")
        return True
