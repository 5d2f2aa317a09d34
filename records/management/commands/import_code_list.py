"""Import a standard code list that local codes are mapped to: a CSV, an XLSX or a FHIR CodeSystem
(JSON) that the alliance has got for itself. Import a newer one the same way.
"""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from alliance.auth.operator_identity import server_operator
from alliance.platform.operator_command import OperatorCommand
from records.mapping.import_list import (
    BadList,
    import_code_list,
    targets_from_code_system,
    targets_from_rows,
)
from records.mapping.kinds import KINDS, MappingKind
from records.mapping.sheet_reader import BadTable, read_table


class Command(OperatorCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="CSV, XLSX or a CodeSystem as JSON")
        parser.add_argument("--kind", required=True, choices=[k.value for k in MappingKind])
        parser.add_argument("--system", default="", help="address of the code system")
        parser.add_argument("--title", default="", help="what pages call it")
        parser.add_argument("--edition", default="", help="which edition it is")
        parser.add_argument(
            "--licence", required=True, help="what allows the alliance to use it, and its source"
        )

    def handle(self, *args: Any, file: Path, kind: str, **given: Any) -> None:
        wanted = MappingKind(kind)
        content = file.read_bytes()
        try:
            if file.suffix.lower() == ".json":
                resource = json.loads(content)
                system = given["system"] or str(resource.get("url") or "")
                found = targets_from_code_system({**resource, "url": system})
                edition = given["edition"] or str(resource.get("version") or "")
            else:
                system, edition = given["system"], given["edition"]
                found = targets_from_rows(
                    system, read_table(content, most_bytes=200_000_000, most_rows=500_000)
                )
            if not system:
                raise BadList("Say which code system it is (--system).")
            count = import_code_list(
                wanted,
                system,
                found,
                title=given["title"] or dict(KINDS[wanted].targets).get(system, system),
                version=edition,
                licence=given["licence"],
                acting=server_operator(),
            )
        except (BadList, BadTable, json.JSONDecodeError) as error:
            raise CommandError(f"{file.name}: {error}") from error
        self.stdout.write(f"{count} codes of {system}")
