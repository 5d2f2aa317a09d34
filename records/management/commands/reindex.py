"""Index every resource anew, in batches, beside the running site. `setup` does it by itself
after an upgrade that needs it.
"""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from alliance.platform.operator_command import OperatorCommand
from records.maintenance.index_fill import needs_index_fill
from records.maintenance.reindex import (
    count_old_keys,
    learn_patient_words,
    reindex_resources,
    rekey_patients,
)
from records.store.maintenance.reindex_rows import name_types, needs_reindex


class Command(OperatorCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--if-due",
            action="store_true",
            help="only where this release keeps more than the last one did",
        )

    def handle(self, *args: Any, if_due: bool, **options: Any) -> None:
        if not if_due and needs_index_fill():
            raise CommandError(
                "The database is searched by an earlier release's index, and goes on so until"
                " `manage.py setup` of this one has switched it: run that first."
            )
        name_types()
        for done in learn_patient_words():
            self.stdout.write(f"{done} patients are in the index of matches …")
        twice = 0
        for done, found in rekey_patients(every=not if_due):
            twice += found
            self.stdout.write(
                f"{done} patients have this release's keys for finding and comparing …"
            )
        if twice:
            self.stderr.write(
                f"{twice} hospital numbers belong to two patients of one hospital each and differ"
                " in nothing that anybody sees; the older patient keeps the number."
            )
        deleted, busy = count_old_keys()
        if deleted:
            self.stdout.write(
                f"{deleted} deleted patients keep older rules' keys: nothing is stored of them that"
                " new ones could be made from."
            )
        if busy:
            self.stderr.write(
                f"{busy} patients keep older rules' keys, for somebody was writing them all the"
                " time, and may not be found by this release's: run manage.py reindex --if-due"
                " again."
            )
        if if_due and not needs_reindex():
            return
        done = 0
        for done in reindex_resources():
            if done % 10_000 < 500:
                self.stdout.write(f"{done} resources are indexed anew …")
        if done or not if_due:
            self.stdout.write(f"{done} resources are indexed anew")
