"""Train a compression dictionary on this installation's own records; it is kept where it makes
them smaller by 3 % at least.
"""

from typing import Any

from django.core.management.base import CommandParser

from alliance.auth.operator_identity import server_operator
from alliance.platform.operator_command import OperatorCommand
from records.maintenance import reencode


class Command(OperatorCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--samples", type=int, default=20_000, help="records to learn from (default 20000)"
        )
        parser.add_argument(
            "--rewrite",
            action="store_true",
            help="then write every body anew with it; without, new bodies only",
        )

    def handle(self, *args: Any, samples: int, rewrite: bool, **options: Any) -> None:
        found = reencode.train_dictionary(server_operator().id, samples)
        if found is None:
            self.stdout.write("too few records to learn from: nothing is changed")
        elif found.version is None:
            self.stdout.write(
                f"not worth it: {found.before:.0f} bytes a record before, {found.after:.0f} after;"
                " nothing is changed"
            )
        else:
            self.stdout.write(
                f"dictionary {found.version} is in use: {found.before:.0f} bytes a record before,"
                f" {found.after:.0f} after, learnt from {found.samples}"
            )
        done, lost = 0, []  # type: int, list[str]
        for done in reencode.reencode_all_bodies(lost) if rewrite else ():
            if done % 100_000 < 1000:
                self.stdout.write(f"{done} bodies …")
        if rewrite:
            self.stdout.write(f"{done} bodies were looked at")
        for place in lost:
            self.stderr.write(
                f"does not open, left as it is: {place} (hospital/type/id/version); restore it from"
                " a backup"
            )
