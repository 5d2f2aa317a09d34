"""Index every resource anew, in batches, beside the running site. `setup` does it by itself after an upgrade that needs it."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from records.interactions.reindex import learn_patients, reindex
from records.store.reindex import due, name_types


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--if-due", action="store_true", help="only where this release keeps more than the last one did")

    def handle(self, *args: Any, if_due: bool, **options: Any) -> None:
        name_types()
        for done in learn_patients():
            self.stdout.write(f"{done} patients are in the index of matches …")
        if if_due and not due():
            return
        done = 0
        for done in reindex():
            if done % 10_000 < 500:
                self.stdout.write(f"{done} resources are indexed anew …")
        if done or not if_due:
            self.stdout.write(f"{done} resources are indexed anew")
