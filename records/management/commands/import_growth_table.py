"""Take over a table of the standard WS/T 423 for growth charts, as a CSV file: columns measure
(weight, height, bmi, head, weight-for-length, weight-for-height), sex (male, female), months (or x:
days, or cm), and l, m, s or sd-3 to sd3.
"""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from alliance.platform.operator_command import OperatorCommand
from records.meaning.growth import BadTable
from records.operations.growth_standards import import_standard, imported_file


class Command(OperatorCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        try:
            found = import_standard(file)
        except (BadTable, OSError) as error:
            raise CommandError(f"{file} is not taken over: {error}") from error
        for (measure, sex), table in sorted(found.items()):
            first, last = table.reach
            self.stdout.write(
                f"{measure}, {sex}: {len(table.rows)} rows from {first:g} to {last:g}"
            )
        self.stdout.write(f"Charts offer WS/T 423 now: {imported_file()}")
