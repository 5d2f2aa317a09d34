"""Learn a model of the patient index from a file of registrations, without labels, and write it
as a versioned file.

The same file and the same first model give the same model, to the last digit.
"""

from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path
from typing import Any

from alliance.platform.operator_command import OperatorCommand
from records.management.commands.mpi_evaluate import read_csv_file
from records.mpi.matching.linkage_model import load_model_file, write_model_file
from records.mpi.matching.profile import profile_from_row
from records.mpi.matching.resolution import resolve_registrations


class Command(OperatorCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "records", help="CSV of registrations, with the columns of mpi_evaluate"
        )
        parser.add_argument("--out", type=Path, required=True, help="the model file to write")
        parser.add_argument(
            "--name", required=True, help="its version, which every decision will carry"
        )
        parser.add_argument(
            "--model",
            type=Path,
            help="the model to begin with; the release's own where none is named",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        done = resolve_registrations(
            [profile_from_row(r) for r in read_csv_file(options["records"], "record_id")],
            load_model_file(options["model"]) if options["model"] else None,
        )
        write_model_file(replace(done.model, version=options["name"]), options["out"])
        self.stdout.write(
            f"{options['out']}: learnt from {done.pairs} pairs; joined from probability"
            f" {done.threshold:.4f} on."
        )
