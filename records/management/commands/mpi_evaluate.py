"""Run the matching rules on a file of registrations and compare with what is known: precision, recall, f1, links, reviews, seconds.

Nothing is stored: blocking, comparing, learning and grouping are the index's own functions, on this file alone."""

import csv
import json
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from records.mpi import evaluate
from records.mpi.model import load
from records.mpi.profile import Profile, of_row
from records.mpi.resolve import Resolved, resolve

ELDER = 1956
Rows = list[dict[str, str]]


class Command(BaseCommand):
    help = __doc__
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("records", help="CSV: record_id, and any of hospital, mrn, name, family_name, given_name, gender, birth_date, id_type, id_no, insurance_no, phone, "
                                            "address, ethnic, guardian_name, guardian_id, birth_order, registered_at")
        parser.add_argument("--truth", required=True, help="CSV: record_id, person_id, and linkable (0: left out)")
        parser.add_argument("--model", type=Path, help="a model file of mpi_train; the release's own where none is named")
        parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
        parser.add_argument("--links-out", help="write record_id,person: the persons found")
        parser.add_argument("--review-out", help="write record_id_a,record_id_b,score: the pairs for a human, the most probable first")

    def handle(self, *args: Any, **options: Any) -> None:
        rows = read(options["records"], "record_id")
        truth = {r["record_id"]: r for r in read(options["truth"], "record_id", "person_id")}
        if missing := [r["record_id"] for r in rows if r["record_id"] not in truth]:
            raise CommandError(f"{options['truth']} does not say who {missing[0]} is (and {len(missing) - 1} more of {options['records']}).")
        start = time.perf_counter()
        profiles = [of_row(r) for r in rows]
        done = resolve(profiles, load(options["model"]) if options["model"] else None)
        seconds = time.perf_counter() - start
        if path := options["links_out"]:
            write(path, ("record_id", "person"), ((r["record_id"], rows[g]["record_id"]) for r, g in zip(rows, done.clusters.of, strict=True)))
        if path := options["review_out"]:
            write(path, ("record_id_a", "record_id_b", "score"), ((rows[e.one]["record_id"], rows[e.two]["record_id"], f"{e.probability:.6f}") for e, _ in done.clusters.review))
        found = report(rows, profiles, truth, done, seconds)
        self.stdout.write(json.dumps(found, ensure_ascii=False) if options["json"] else table(found))


def read(path: str, *needs: str) -> Rows:
    try:
        with Path(path).open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            if lacking := [n for n in needs if n not in (reader.fieldnames or ())]:
                raise CommandError(f"{path} has no column {lacking[0]}; its first line names the columns.")
            return list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CommandError(f"{path} cannot be read as a CSV in UTF-8: {error}") from error


def write(path: str, columns: tuple[str, ...], rows: Any) -> None:
    with Path(path).open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(columns)
        out.writerows(rows)


def report(rows: Rows, profiles: list[Profile], truth: dict[str, dict[str, str]], done: Resolved, seconds: float) -> dict[str, Any]:
    known = [truth[r["record_id"]] for r in rows]
    counted = [k.get("linkable", "1") != "0" for k in known]
    person = [k["person_id"] for k in known]
    true = evaluate.pairs_of(evaluate.grouped(person, counted))
    found = evaluate.pairs_of(evaluate.grouped(done.clusters.of, counted))
    got = evaluate.measure(found, true)
    after, share = evaluate.reviewed(done.clusters.of, done.clusters.review, person)
    seen = evaluate.pairs_of(evaluate.grouped(after, counted))
    again, inside = evaluate.measure(seen, true), groups(rows, profiles)
    last, every = evaluate.reviewed(done.clusters.of, done.clusters.review, person, evaluate.EVERY)
    final = evaluate.pairs_of(evaluate.grouped(last, counted))
    return {
        "precision": round(got.precision, 6), "recall": round(got.recall, 6), "f1": round(got.f1, 6), "links": got.links, "reviews": len(done.clusters.review),
        "seconds": round(seconds, 2), "records": len(rows), "persons": len(set(done.clusters.of)), "pairs_compared": done.pairs, "threshold": round(done.threshold, 4),
        "model": done.model.version, "reviews_per_1000": round(1000 * len(done.clusters.review) / max(1, len(rows)), 2), "review_true": round(share, 4),
        "recall_after_review": round(again.recall, 6), "recall_after_every_review": round(evaluate.measure(final, true).recall, 6), "every_review_true": round(every, 4),
        "recall_by_group": {k: round(v, 4) for k, v in evaluate.recalls(found, true, inside).items()},
        "recall_by_group_after_review": {k: round(v, 4) for k, v in evaluate.recalls(seen, true, inside).items()},
        "recall_by_group_after_every_review": {k: round(v, 4) for k, v in evaluate.recalls(final, true, inside).items()}, "blocks_left_out": len(done.skipped),
    }


def groups(rows: Rows, profiles: list[Profile]) -> dict[str, list[bool]]:
    """Who might be served worse than others."""
    return {
        "minority": [r.get("ethnic", "") not in ("", "汉族", "汉") for r in rows],
        "newborn": [bool(p.spelling.base) for p in profiles],
        "elder": [p.birth is not None and p.birth.year < ELDER for p in profiles],
        "hong_kong_macau_taiwan": [r.get("id_type", "") in ("06", "07") or p.number[:2] in ("81", "82", "83") for r, p in zip(rows, profiles, strict=True)],
        "foreign": [r.get("id_type", "") == "03" for r in rows],
    }


def table(found: dict[str, Any]) -> str:
    lines = [f"{k:24} {v}" for k, v in found.items() if not isinstance(v, dict)]
    after, every = found["recall_by_group_after_review"], found["recall_by_group_after_every_review"]
    return "\n".join([*lines, *(f"  recall of {k:12} {v}, after review {after[k]}, after every review {every[k]}" for k, v in found["recall_by_group"].items())])
