"""Index every resource anew, in batches, beside the running site. `setup` does it by itself after an upgrade that needs it."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from records.interactions.reindex import kept_old_keys, learn_patients, reindex, rekey_patients
from records.store.reindex import due, name_types


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--if-due", action="store_true", help="only where this release keeps more than the last one did")

    def handle(self, *args: Any, if_due: bool, **options: Any) -> None:
        name_types()
        for done in learn_patients():
            self.stdout.write(f"{done} patients are in the index of matches …")
        twice = 0
        for done, found in rekey_patients(every=not if_due):
            twice += found
            self.stdout.write(f"{done} patients have this release's keys for finding and comparing …")
        if twice:
            self.stderr.write(f"{twice} hospital numbers belong to two patients of one hospital each and differ in nothing that anybody sees; the older patient keeps the number.")
        deleted, busy = kept_old_keys()
        if deleted:
            self.stdout.write(f"{deleted} deleted patients keep older rules' keys: nothing is stored of them that new ones could be made from.")
        if busy:
            self.stderr.write(f"{busy} patients keep older rules' keys, for somebody was writing them all the time, and may not be found by this release's: run manage.py reindex --if-due again.")
        if if_due and not due():
            return
        done = 0
        for done in reindex():
            if done % 10_000 < 500:
                self.stdout.write(f"{done} resources are indexed anew …")
        if done or not if_due:
            self.stdout.write(f"{done} resources are indexed anew")
