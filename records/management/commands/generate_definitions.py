"""Write the compact FHIR tables (hosted types, elements, search parameters) from the official R4
and R4B packages.

Source: the packages hl7.fhir.r4.examples 4.0.1 and hl7.fhir.r4b.core 4.3.0 (CC0), unpacked. A type
is hosted when every element of its R4 and R4B definition agrees in cardinality, types and required
binding (ADR 0003). A type keeps its number for ever: stored rows carry it.
"""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from alliance.platform.operator_command import OperatorCommand
from records.management.definitions.element_tables import (
    build_element_rules,
    build_element_shapes,
    build_reference_targets,
    find_modifier_elements,
)
from records.management.definitions.package_files import (
    load_structure_definitions,
    summarize_definition,
)
from records.management.definitions.package_terminology import Terminology
from records.management.definitions.search_expressions import Paths
from records.management.definitions.search_tables import (
    build_compartment_table,
    build_search_parameters,
    find_subject_parameters,
)
from records.management.definitions.unit_table import build_unit_table

OUT = Path(__file__).resolve().parents[2] / "fhir" / "definitions"

# What a record "is about" in time: the first of these parameters that a type has becomes its
# clinical date.
CLINICAL_DATE = (
    "onset-date",
    "authoredon",
    "started",
    "whenhandedover",
    "effective-time",
    "date",
    "authored",
    "effective",
    "issued",
    "created",
    "period",
    "recorded",
    "sent",
    "occurrence",
    "start-date",
    "event-date",
    "collected",
    "datewritten",
)

# StructureDefinition contains ElementDefinition, whose definitions differ; the other two are
# messages, never stored.
NOT_HOSTED = {"StructureDefinition", "OperationOutcome", "Parameters"}


class Command(OperatorCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("r4", type=Path)
        parser.add_argument("r4b", type=Path)

    def handle(self, *args: Any, r4: Path, r4b: Path, **options: Any) -> None:
        ours, theirs = load_structure_definitions(r4), load_structure_definitions(r4b)
        hosted = [
            n
            for n, d in sorted(ours.items())
            if d["kind"] == "resource"
            and not d.get("abstract")
            and n not in NOT_HOSTED
            and n in theirs
            and summarize_definition(d) == summarize_definition(theirs[n])
        ]
        paths = Paths(ours, Terminology(r4))
        table = build_search_parameters(r4, hosted, paths)
        numbers = {
            n: t["number"]
            for n, t in json.loads((OUT / "types.json").read_text()).items()
            if "number" in t
        }
        types = {}
        for name in hosted:
            dated = [c for c in CLINICAL_DATE if table[name].get(c, {}).get("kind") == "date"]
            about = find_subject_parameters(name, table, paths)
            single = bool(about) and paths.elements[f"{name}.{about[0]}"]["max"] == "1"
            same = [
                c
                for c, p in table[name].items()
                if about
                and p["kind"] == "reference"
                and all(x["path"] == about for x in p["paths"])
            ]
            summary = [
                e["path"].split(".")[1]
                for e in ours[name]["snapshot"]["element"]
                if e.get("isSummary") and e["path"].count(".") == 1
            ]
            required = [
                e["path"].split(".")[1]
                for e in ours[name]["snapshot"]["element"]
                if e["min"] and e["path"].count(".") == 1
            ]
            numbers.setdefault(name, 1 + max(numbers.values(), default=0))
            types[name] = {
                "number": numbers[name],
                "summary": summary,
                "required": required,
                "subject": about and about[0],
                "subject_params": same if single else [],
                "date": dated[0] if dated else None,
            }
        for file, data in (
            ("types", types),
            ("elements", build_element_rules(ours, Terminology(r4))),
            ("parameters", table),
            ("units", build_unit_table(r4)),
            ("compartments", build_compartment_table(r4, table)),
            ("shapes", build_element_shapes(ours, hosted)),
            ("modifiers", find_modifier_elements(ours, build_element_shapes(ours, hosted))),
            ("targets", build_reference_targets(ours, hosted)),
        ):
            rows = ",\n".join(
                f"{json.dumps(k)}: {json.dumps(v, separators=(',', ':'))}" for k, v in data.items()
            )
            (OUT / f"{file}.json").write_text("{\n" + rows + "\n}\n")
        self.stdout.write(f"{len(hosted)} types, {sum(map(len, table.values()))} search parameters")
