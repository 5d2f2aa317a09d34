"""Learn a model of the patient index from a file of registrations, without labels, and write it as a versioned file.

The same file and the same first model give the same model, to the last digit."""

from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from records.management.commands.mpi_evaluate import read
from records.mpi.model import dump, load
from records.mpi.profile import of_row
from records.mpi.resolve import resolve


class Command(BaseCommand):
    help = __doc__
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("records", help="CSV of registrations, with the columns of mpi_evaluate")
        parser.add_argument("--out", type=Path, required=True, help="the model file to write")
        parser.add_argument("--name", required=True, help="its version, which every decision will carry")
        parser.add_argument("--model", type=Path, help="the model to begin with; the release's own where none is named")

    def handle(self, *args: Any, **options: Any) -> None:
        done = resolve([of_row(r) for r in read(options["records"], "record_id")], load(options["model"]) if options["model"] else None)
        dump(replace(done.model, version=options["name"]), options["out"])
        self.stdout.write(f"{options['out']}: learnt from {done.pairs} pairs; joined from probability {done.threshold:.4f} on.")
