"""New rules for the patient index: shows which persons would be split or merged and which pairs
humans would be asked about, and with --apply puts the rules into force. What humans have decided
stands, and the whole change can be undone at /reviews/ by a curator of the alliance.
"""

import csv
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from alliance.auth.principal import operator_principal
from alliance.platform.operator_command import OperatorCommand
from records.models import SourcePatient
from records.mpi.index import rule_change
from records.mpi.matching.linkage_model import load_model_file, release_model


class Command(OperatorCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--model",
            type=Path,
            help="a model file of mpi_train; the release's own where none is named",
        )
        parser.add_argument(
            "--out",
            type=Path,
            help=(
                "write change,group,part,hospital,patient: each registration of a person that would"
                " be split or merged"
            ),
        )
        parser.add_argument(
            "--apply", action="store_true", help="make it so; without it nothing is changed"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            model = load_model_file(options["model"]) if options["model"] else release_model()
        except (OSError, ValueError) as error:
            raise CommandError(str(error)) from error
        if options["apply"]:
            rule_change.activate_model(model)
            for done in rule_change.rekey_blocks():
                self.stdout.write(f"{done} registrations have their blocks …")
        found = rule_change.plan_rule_change(model)
        self.stdout.write(
            f"{found.registrations} registrations, {found.persons} persons; by {model.version}:"
            f" {len(found.splits)} persons would be split, {len(found.merges)} made of several,"
            f" {len(found.reviews)} pairs are for humans"
        )
        if options["out"]:
            self.write(options["out"], found)
        if options["apply"]:
            decision = rule_change.do_apply_rule_change(
                found, model, acting=operator_principal("mpi_rules")
            )
            self.stdout.write(
                f"done: {len(decision.moved)} registrations have another person now (decision"
                f" {decision.pk})"
            )
        else:
            self.stdout.write("nothing was changed; --apply makes it so")

    def write(self, path: Path, found: rule_change.RuleChangePlan) -> None:
        rows = [
            i
            for groups in (found.splits, found.merges)
            for parts in groups
            for part in parts
            for i in part
        ]
        names = {
            i: (code, fhir_id)
            for i, code, fhir_id in SourcePatient.objects.filter(pk__in=rows).values_list(
                "pk", "hospital__code", "fhir_id"
            )
        }
        with path.open("w", newline="", encoding="utf-8") as file:
            out = csv.writer(file)
            out.writerow(("change", "group", "part", "hospital", "patient"))
            for change, groups in (("split", found.splits), ("merge", found.merges)):
                for n, parts in enumerate(groups, 1):
                    out.writerows(
                        (change, n, m, *names[i]) for m, part in enumerate(parts, 1) for i in part
                    )
