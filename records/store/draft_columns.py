"""Turn a draft into the values of its rows: the resource's own row with its sealed body, and those
of the side tables. Nothing is read or written.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from alliance.database.index_version import VERSION
from alliance.platform.array_literals import (
    text_array_literal,
    timestamp_array_literal,
    unquoted_array_literal,
)
from records.fhir.hashes import reference_hash
from records.fhir.resource_types import TYPES
from records.store.codec import RowIdentity, encrypt_bodies, restore_row_columns
from records.store.rows import Draft

# The columns that a writer fills, and what PostgreSQL calls their kind; the time is PostgreSQL's
# own (records.store.clock).
RESOURCE_COLUMNS = {
    "rid": "bigint",
    "hospital": "integer",
    "type": "smallint",
    "fhir_id": "text",
    "version": "integer",
    "deleted": "boolean",
    "patient": "bigint",
    "others": "bigint[]",
    "labels": "integer",
    "dated": "timestamptz",
    "dated_to": "timestamptz",
    "tokens": "bigint[]",
    "marks": "bigint[]",
    "named": "bigint",
    "present": "bigint",
    "index_version": "smallint",
    "body": "bytea",
}
LIST_COLUMNS = tuple(c for c, kind in RESOURCE_COLUMNS.items() if kind.endswith("[]"))


def build_resource_rows(hospital_id: int, drafts: Sequence[Draft]) -> list[dict[str, Any]]:
    """The rows of record_resource."""
    encrypted_bodies = encrypt_bodies(
        [(draft.body, build_row_identity(hospital_id, draft)) for draft in drafts]
    )
    return [
        build_resource_row(hospital_id, draft, body)
        for draft, body in zip(drafts, encrypted_bodies, strict=True)
    ]


def stamp_draft(
    hospital_id: int, draft: Draft, resource_id: int, last_updated: dt.datetime
) -> None:
    """What PostgreSQL gave the row, into the draft and its body."""
    draft.resource_id, draft.last_updated = resource_id, last_updated
    draft.body = restore_row_columns(draft.body, build_row_identity(hospital_id, draft))


def build_row_identity(hospital_id: int, draft: Draft) -> RowIdentity:
    return RowIdentity(
        hospital_id, TYPES[draft.type_name].number, draft.fhir_id, draft.version, draft.last_updated
    )


def build_resource_row(hospital_id: int, draft: Draft, body: bytes) -> dict[str, Any]:
    return {
        "rid": draft.resource_id,
        "hospital": hospital_id,
        "type": TYPES[draft.type_name].number,
        "fhir_id": draft.fhir_id,
        "version": draft.version,
        "deleted": draft.deleted,
        "patient": draft.source_patient_id,
        "others": draft.other_source_patient_ids,
        "labels": draft.labels,
        **build_search_columns(draft),
        "body": body,
    }


def transpose_rows(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The rows as columns; a list in a column is written as text, for a list of lists would be a
    table.
    """

    def written(value: Any) -> str | None:
        return (
            None
            if value is None
            else unquoted_array_literal(value)
            if isinstance(value, list)
            else str(value)
        )

    return {
        name: text_array_literal(written(row[name]) for row in rows)
        for name in RESOURCE_COLUMNS
        if name != "body"
    } | {"body": [row["body"] for row in rows]}


def build_search_columns(draft: Draft) -> dict[str, Any]:
    """The columns of the row that searches look at."""
    spans = draft.index.spans
    low, high = (
        (min(s[0] for s in spans), max(s[1] for s in spans))
        if spans
        else ("-infinity", "-infinity")
    )
    return {
        "dated": low,
        "dated_to": high,
        "tokens": unquoted_array_literal(sorted(draft.index.tokens)),
        "marks": unquoted_array_literal(sorted(draft.index.marks)),
        "named": reference_hash(f"{draft.type_name}/{draft.fhir_id}"),
        "present": draft.index.present,
        "index_version": VERSION,
    }


def build_rows_with_index(hospital_id: int, drafts: Sequence[Draft]) -> list[dict[str, Any]]:
    """The rows, each with those of its index."""
    return [
        {**row, **build_side_columns(draft)}
        for row, draft in zip(build_resource_rows(hospital_id, drafts), drafts, strict=True)
    ]


def build_index_columns(hospital_id: int, draft: Draft) -> dict[str, Any]:
    """What an index written anew needs; the body stays."""
    return {
        "rid": draft.resource_id,
        "labels": draft.labels,
        **build_search_columns(draft),
        **build_side_columns(draft),
    }


ARRAY_WRITERS: dict[str, Callable[[Iterable[Any]], str]] = {
    "strings": text_array_literal,
    "lows": timestamp_array_literal,
    "highs": timestamp_array_literal,
}


def build_side_columns(draft: Draft) -> dict[str, str]:
    """The rows of the side tables, as columns."""
    columns: dict[str, str] = {}
    for rows, names in (
        (draft.index.strings, ("string_parameters", "strings")),
        (draft.index.dates, ("date_parameters", "lows", "highs")),
        (draft.index.references, ("reference_parameters", "targets")),
        (
            draft.index.quantities,
            (
                "quantity_parameters",
                "least",
                "most",
                "bases",
                "bases_to",
                "units",
                "unit_codes",
                "unit_labels",
            ),
        ),
    ):
        columns |= {
            name: ARRAY_WRITERS.get(name, unquoted_array_literal)(row[i] for row in rows)
            for i, name in enumerate(names)
        }
    return columns
