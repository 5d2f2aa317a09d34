"""Run the matching rules on a file of registrations and compare with what is known: precision,
recall, f1, links, reviews, seconds.

Nothing is stored: blocking, comparing, learning and grouping are the index's own functions, on this
file alone.
"""

import csv
import json
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from alliance.platform.operator_command import OperatorCommand
from records.mpi.matching import evaluation
from records.mpi.matching.linkage_model import load_model_file
from records.mpi.matching.profile import Profile, profile_from_row
from records.mpi.matching.resolution import Resolution, resolve_registrations

ELDER_BORN_BEFORE = 1956
Rows = list[dict[str, str]]


class Command(OperatorCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "records",
            help=(
                "CSV: record_id, and any of hospital, mrn, name, family_name, given_name, gender,"
                " birth_date, id_type, id_no, insurance_no, phone, address, ethnic, guardian_name,"
                " guardian_id, birth_order, registered_at"
            ),
        )
        parser.add_argument(
            "--truth", required=True, help="CSV: record_id, person_id, and linkable (0: left out)"
        )
        parser.add_argument(
            "--model",
            type=Path,
            help="a model file of mpi_train; the release's own where none is named",
        )
        parser.add_argument(
            "--json", action="store_true", help="one JSON object instead of a table"
        )
        parser.add_argument("--links-out", help="write record_id,person: the persons found")
        parser.add_argument(
            "--review-out",
            help=(
                "write record_id_a,record_id_b,score: the pairs for a human, the most probable"
                " first"
            ),
        )

    def handle(self, *args: Any, **options: Any) -> None:
        rows = read_csv_file(options["records"], "record_id")
        truth = {
            r["record_id"]: r for r in read_csv_file(options["truth"], "record_id", "person_id")
        }
        if missing := [r["record_id"] for r in rows if r["record_id"] not in truth]:
            raise CommandError(
                f"{options['truth']} does not say who {missing[0]} is (and {len(missing) - 1} more"
                f" of {options['records']})."
            )
        start = time.perf_counter()
        profiles = [profile_from_row(r) for r in rows]
        done = resolve_registrations(
            profiles, load_model_file(options["model"]) if options["model"] else None
        )
        seconds = time.perf_counter() - start
        if path := options["links_out"]:
            write_csv_file(
                path,
                ("record_id", "person"),
                (
                    (r["record_id"], rows[g]["record_id"])
                    for r, g in zip(rows, done.clusters.group_of, strict=True)
                ),
            )
        if path := options["review_out"]:
            write_csv_file(
                path,
                ("record_id_a", "record_id_b", "score"),
                (
                    (rows[e.one]["record_id"], rows[e.two]["record_id"], f"{e.probability:.6f}")
                    for e, _ in done.clusters.review
                ),
            )
        found = build_evaluation_report(rows, profiles, truth, done, seconds)
        self.stdout.write(
            json.dumps(found, ensure_ascii=False) if options["json"] else format_report(found)
        )


def read_csv_file(path: str, *needs: str) -> Rows:
    try:
        with Path(path).open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            if lacking := [n for n in needs if n not in (reader.fieldnames or ())]:
                raise CommandError(
                    f"{path} has no column {lacking[0]}; its first line names the columns."
                )
            return list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CommandError(f"{path} cannot be read as a CSV in UTF-8: {error}") from error


def write_csv_file(path: str, columns: tuple[str, ...], rows: Any) -> None:
    with Path(path).open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(columns)
        out.writerows(rows)


def build_evaluation_report(
    rows: Rows,
    profiles: list[Profile],
    truth: dict[str, dict[str, str]],
    done: Resolution,
    seconds: float,
) -> dict[str, Any]:
    known = [truth[r["record_id"]] for r in rows]
    counted = [k.get("linkable", "1") != "0" for k in known]
    person = [k["person_id"] for k in known]
    true = evaluation.pairs_within_groups(evaluation.group_by_key(person, counted))
    found = evaluation.pairs_within_groups(evaluation.group_by_key(done.clusters.group_of, counted))
    got = evaluation.measure_pairs(found, true)
    after, share = evaluation.groups_after_review(
        done.clusters.group_of, done.clusters.review, person
    )
    seen = evaluation.pairs_within_groups(evaluation.group_by_key(after, counted))
    again, inside = evaluation.measure_pairs(seen, true), mark_fairness_groups(rows, profiles)
    last, every = evaluation.groups_after_review(
        done.clusters.group_of, done.clusters.review, person, evaluation.EVERY
    )
    final = evaluation.pairs_within_groups(evaluation.group_by_key(last, counted))
    return {
        "precision": round(got.precision, 6),
        "recall": round(got.recall, 6),
        "f1": round(got.f1, 6),
        "links": got.links,
        "reviews": len(done.clusters.review),
        "seconds": round(seconds, 2),
        "records": len(rows),
        "persons": len(set(done.clusters.group_of)),
        "pairs_compared": done.pairs,
        "threshold": round(done.threshold, 4),
        "model": done.model.version,
        "reviews_per_1000": round(1000 * len(done.clusters.review) / max(1, len(rows)), 2),
        "review_true": round(share, 4),
        "recall_after_review": round(again.recall, 6),
        "recall_after_every_review": round(evaluation.measure_pairs(final, true).recall, 6),
        "every_review_true": round(every, 4),
        "recall_by_group": {
            k: round(v, 4) for k, v in evaluation.recall_by_group(found, true, inside).items()
        },
        "recall_by_group_after_review": {
            k: round(v, 4) for k, v in evaluation.recall_by_group(seen, true, inside).items()
        },
        "recall_by_group_after_every_review": {
            k: round(v, 4) for k, v in evaluation.recall_by_group(final, true, inside).items()
        },
        "blocks_left_out": len(done.skipped),
    }


def mark_fairness_groups(rows: Rows, profiles: list[Profile]) -> dict[str, list[bool]]:
    """Who might be served worse than others."""
    return {
        "minority": [r.get("ethnic", "") not in ("", "汉族", "汉") for r in rows],
        "newborn": [bool(p.spelling.base) for p in profiles],
        "elder": [p.birth is not None and p.birth.year < ELDER_BORN_BEFORE for p in profiles],
        "hong_kong_macau_taiwan": [
            r.get("id_type", "") in ("06", "07") or p.number[:2] in ("81", "82", "83")
            for r, p in zip(rows, profiles, strict=True)
        ],
        "foreign": [r.get("id_type", "") == "03" for r in rows],
    }


def format_report(found: dict[str, Any]) -> str:
    lines = [f"{k:24} {v}" for k, v in found.items() if not isinstance(v, dict)]
    after, every = (
        found["recall_by_group_after_review"],
        found["recall_by_group_after_every_review"],
    )
    return "\n".join(
        [
            *lines,
            *(
                f"  recall of {k:12} {v}, after review {after[k]}, after every review {every[k]}"
                for k, v in found["recall_by_group"].items()
            ),
        ]
    )
