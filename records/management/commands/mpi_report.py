"""All figures of the patient index for files of registrations whose persons are known: one
table, a column a file.

Each file is a folder with records.csv and truth.csv as for mpi_evaluate, and traps.csv (id_l, id_r,
kind) where pairs of different people who look alike are known: twins, a newborn and a parent, one
number but two persons. One fixed configuration for all; nothing is stored.
"""

import math
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from alliance.platform.operator_command import OperatorCommand
from records.management.commands.mpi_evaluate import Rows, build_evaluation_report, read_csv_file
from records.mpi.matching.linkage_model import load_model_file
from records.mpi.matching.profile import profile_from_row
from records.mpi.matching.resolution import resolve_registrations

TRAPS = {
    "twins": "twins joined",
    "newborn_vs_parent": "newborn and parent joined",
    "same_valid_id_other_person": "same number, other person joined",
    "namesake_same_birthdate": "namesakes of one birth date joined",
}
GROUPS = {
    "minority": "recall of minorities",
    "newborn": "recall of newborns",
    "elder": "recall of elders",
    "hong_kong_macau_taiwan": "recall of Hong Kong, Macau, Taiwan",
    "foreign": "recall of foreigners",
}
# measure -> what is wanted
GOALS = {
    "records": "",
    "precision": "≥ .9995",
    "recall": "≥ .86: one sign is for a human",
    "F1": "FEBRL 1 / 2 / 3 / 4: 1.000 / .999 / .999 / .9995",
    "pairs for humans in 1,000 registrations": "≤ 77",
    "of these one person": "≥ .50",
    "recall after review": "≥ .98",
    "recall after every review": "≥ .98",
    "twins joined": "≤ .001",
    "newborn and parent joined": "0",
    "same number, other person joined": "≤ .001",
    "namesakes of one birth date joined": "",
    **{
        name + when: "within .03 of the whole"
        for name in GROUPS.values()
        for when in ("", ", after review", ", after every review")
    },
    "precision lost for each tenfold size": "≤ .0005",
    "seconds": "",
}


class Command(OperatorCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "folders",
            nargs="+",
            type=Path,
            help="each with records.csv, truth.csv and perhaps traps.csv",
        )
        parser.add_argument(
            "--scaled",
            type=Path,
            help=(
                "a folder with a larger set like the first one: how much precision is lost with"
                " size"
            ),
        )
        parser.add_argument(
            "--model",
            type=Path,
            help="a model file of mpi_train; the release's own where none is named",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        columns = {
            str(folder): measure_folder(folder, options["model"]) for folder in options["folders"]
        }
        if options["scaled"]:
            small, large = (
                columns[str(options["folders"][0])],
                measure_folder(options["scaled"], options["model"]),
            )
            tenfold = math.log10(large["records"] / small["records"])
            columns[str(options["scaled"])] = large | {
                "precision lost for each tenfold size": (
                    (small["precision"] - large["precision"]) / tenfold
                )
            }
        self.stdout.write(
            "| measure | " + " | ".join(columns) + " | goal |\n|" + "---|" * (len(columns) + 2)
        )
        for name, goal in GOALS.items():
            if any(name in c for c in columns.values()):
                self.stdout.write(
                    f"| {name} | "
                    + " | ".join(format_figure(c.get(name)) for c in columns.values())
                    + f" | {goal} |"
                )


def measure_folder(folder: Path, model: Path | None) -> dict[str, Any]:
    rows = read_csv_file(str(folder / "records.csv"), "record_id")
    truth = {
        r["record_id"]: r
        for r in read_csv_file(str(folder / "truth.csv"), "record_id", "person_id")
    }
    if missing := [r["record_id"] for r in rows if r["record_id"] not in truth]:
        raise CommandError(
            f"{folder / 'truth.csv'} does not say who {missing[0]} is (and {len(missing) - 1}"
            " more)."
        )
    start = time.perf_counter()
    profiles = [profile_from_row(r) for r in rows]
    done = resolve_registrations(profiles, load_model_file(model) if model else None)
    found = build_evaluation_report(rows, profiles, truth, done, time.perf_counter() - start)
    out = {
        "records": found["records"],
        "precision": found["precision"],
        "recall": found["recall"],
        "F1": found["f1"],
        "pairs for humans in 1,000 registrations": found["reviews_per_1000"],
        "of these one person": found["review_true"],
        "recall after review": found["recall_after_review"],
        "recall after every review": found["recall_after_every_review"],
        "seconds": found["seconds"],
    }
    out |= {GROUPS[g]: v for g, v in found["recall_by_group"].items()}
    out |= {
        f"{GROUPS[g]}, after review": v for g, v in found["recall_by_group_after_review"].items()
    }
    out |= {
        f"{GROUPS[g]}, after every review": v
        for g, v in found["recall_by_group_after_every_review"].items()
    }
    if (folder / "traps.csv").exists():
        out |= count_traps(
            read_csv_file(str(folder / "traps.csv"), "id_l", "id_r", "kind"),
            {r["record_id"]: g for r, g in zip(rows, done.clusters.group_of, strict=True)},
        )
    return out


def count_traps(rows: Rows, of: dict[str, int]) -> dict[str, str]:
    """{kind: joined of how many}."""
    counts: dict[str, list[int]] = {}
    for r in rows:
        if r["id_l"] in of and r["id_r"] in of:
            count = counts.setdefault(TRAPS.get(r["kind"], r["kind"]), [0, 0])
            count[0] += of[r["id_l"]] == of[r["id_r"]]
            count[1] += 1
    return {kind: f"{joined} of {all_}" for kind, (joined, all_) in counts.items()}


def format_figure(value: Any) -> str:
    return (
        ""
        if value is None
        else (
            f"{value:.5f}".rstrip("0").rstrip(".")
            if isinstance(value, float)
            else f"{value:,}"
            if isinstance(value, int)
            else str(value)
        )
    )
