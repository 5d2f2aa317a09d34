"""Change keys beside the running site: those that records, second factors, scans and reasons are
encrypted with, the master key, or that of sessions.
"""

import os
from typing import Any

from django.core.management.base import CommandError, CommandParser

from alliance.auth.operator_identity import server_operator
from alliance.models import Hospital
from alliance.platform.operator_command import OperatorCommand
from records.maintenance import reencode


class Command(OperatorCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument(
            "--hospital",
            metavar="CODE",
            help="a new data key for this member; every body of it is written anew",
        )
        what.add_argument("--all", action="store_true", help="the same for every member")
        what.add_argument(
            "--columns",
            action="store_true",
            help=(
                "a new data key for second factors, scans and reasons of emergencies; all of them"
                " are written anew"
            ),
        )
        what.add_argument(
            "--secret",
            action="store_true",
            help=(
                "a new key for sessions, forms and patients' codes, all of which end when the site"
                " starts again"
            ),
        )
        what.add_argument(
            "--master",
            action="store_true",
            help="a new master key; no body is touched. Back up secrets/ afterwards",
        )

    def handle(
        self,
        *args: Any,
        hospital: str | None,
        all: bool,
        columns: bool,
        secret: bool,
        master: bool,
        **options: Any,
    ) -> None:
        by = server_operator().id
        if master:
            try:
                done = reencode.rotate_master_key(by)
            except reencode.KeyChangeRefused as error:
                raise CommandError(str(error)) from error
            where = (
                "is now to be made XINGLIN_BODY_KEY, for all processes"
                if os.environ.get("XINGLIN_BODY_KEY")
                else "is in secrets/body_key"
            )
            self.stdout.write(
                f"{done} keys and dictionaries are wrapped with the new master key, which {where}."
                " Back it up now."
            )
            return
        if columns:
            self.stdout.write(
                f"{reencode.rotate_column_key(by)} second factors, scans and reasons are under a"
                " new key"
            )
            return
        if secret:
            made = reencode.rotate_secret_key(by)
            where = (
                f"Set XINGLIN_SECRET_KEY for all processes to {made}"
                if made
                else "It is in secrets/secret_key: copy it to every machine of the installation"
            )
            self.stdout.write(
                f"A new key for sessions, forms and patients' codes. {where}, then start them"
                " again. Back it up now."
            )
            return
        stores = Hospital.with_sandboxes.order_by("pk")
        chosen = stores if all else stores.filter(code=hospital)
        if not chosen:
            raise CommandError(f"No member hospital has the code {hospital!r}.")
        for member in chosen:
            done, lost = 0, []  # type: int, list[str]
            self.stdout.write(f"{member.code}: a new key; waiting until every process uses it …")
            for done in reencode.rotate_body_key(member, by, lost=lost):
                if done % 100_000 < 1000:
                    self.stdout.write(f"{member.code}: {done} bodies …")
            self.stdout.write(f"{member.code}: {done} bodies are under the new key")
            for place in lost:
                self.stderr.write(
                    f"does not open, left as it is: {place} (hospital/type/id/version); restore it"
                    " from a backup"
                )
