"""A draft as the values of its rows: the resource's own row with its sealed body, and those of the side tables. Nothing is read or written."""

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from alliance.config.literals import moments, plain, texts
from records.fhir.hashes import named
from records.fhir.types import TYPES
from records.store.codec import Place, restored, seal
from records.store.rows import Draft

# The columns that a writer fills, and what PostgreSQL calls their kind; the time is PostgreSQL's own (records.store.clock).
COLUMNS = {"rid": "bigint", "hospital": "integer", "type": "smallint", "fhir_id": "text", "version": "integer", "deleted": "boolean", "patient": "bigint",
           "others": "bigint[]", "labels": "integer", "dated": "timestamptz", "dated_to": "timestamptz", "tokens": "bigint[]", "marks": "bigint[]", "named": "bigint", "present": "bigint",
           "body": "bytea"}
LISTS = tuple(c for c, kind in COLUMNS.items() if kind.endswith("[]"))


def columns(hospital: int, drafts: Sequence[Draft]) -> list[dict[str, Any]]:
    """The rows of record_resource."""
    sealed = seal([(d.body, place(hospital, d)) for d in drafts])
    return [column(hospital, d, body) for d, body in zip(drafts, sealed, strict=True)]


def stamp(hospital: int, d: Draft, rid: int, at: dt.datetime) -> None:
    """What PostgreSQL gave the row, into the draft and its body."""
    d.rid, d.last_updated = rid, at
    d.body = restored(d.body, place(hospital, d))


def place(hospital: int, d: Draft) -> Place:
    return Place(hospital, TYPES[d.type_name].number, d.fhir_id, d.version, d.last_updated)


def column(hospital: int, d: Draft, body: bytes) -> dict[str, Any]:
    return {"rid": d.rid, "hospital": hospital, "type": TYPES[d.type_name].number, "fhir_id": d.fhir_id, "version": d.version,
            "deleted": d.deleted, "patient": d.patient, "others": d.others, "labels": d.labels, **found_by(d), "body": body}


def across(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The rows as columns; a list in a column is written as text, for a list of lists would be a table."""
    def written(value: Any) -> str | None:
        return None if value is None else plain(value) if isinstance(value, list) else str(value)

    return {name: texts(written(row[name]) for row in rows) for name in COLUMNS if name != "body"} | {"body": [row["body"] for row in rows]}


def found_by(d: Draft) -> dict[str, Any]:
    """The columns of the row that searches look at."""
    spans = d.index.spans
    low, high = (min(s[0] for s in spans), max(s[1] for s in spans)) if spans else ("-infinity", "-infinity")
    return {"dated": low, "dated_to": high, "tokens": plain(sorted(d.index.tokens)), "marks": plain(sorted(d.index.marks)), "named": named(f"{d.type_name}/{d.fhir_id}"), "present": d.index.present}


def whole(hospital: int, drafts: Sequence[Draft]) -> list[dict[str, Any]]:
    """The rows, each with those of its index."""
    return [{**row, **sides(d)} for row, d in zip(columns(hospital, drafts), drafts, strict=True)]


def indexed(hospital: int, d: Draft) -> dict[str, Any]:
    """What an index written anew needs; the body stays."""
    return {"rid": d.rid, "labels": d.labels, **found_by(d), **sides(d)}


WRITTEN: dict[str, Callable[[Iterable[Any]], str]] = {"strings": texts, "lows": moments, "highs": moments}


def sides(d: Draft) -> dict[str, str]:
    """The rows of the side tables, as columns."""
    out: dict[str, str] = {}
    for rows, names in (
        (d.index.strings, ("string_parameters", "strings")), (d.index.dates, ("date_parameters", "lows", "highs")),
        (d.index.references, ("reference_parameters", "targets")),
        (d.index.quantities, ("quantity_parameters", "least", "most", "bases", "bases_to", "units", "unit_codes", "unit_labels")),
    ):
        out |= {name: WRITTEN.get(name, plain)(row[i] for row in rows) for i, name in enumerate(names)}
    return out
