"""Build the exact bytes and hash of an audit line, by version; all that sealing and verifying
share (RFC 6962 2.1 leaf hash).

Version 2 is a line that is about several persons and names them, sorted; all other lines are
version 1, as they have always been. A row added to consent_audit_person or taken from it makes
another line.
"""

import hashlib
import json
from typing import Any

import orjson

VERSION, WITH_PERSONS = 1, 2
# The order of the columns as they are selected for hashing and exporting; the name of the first is
# the line's number.
FIELDS = (
    "id",
    "recorded",
    "code",
    "actor_kind",
    "actor",
    "actor_hospital",
    "role",
    "purpose",
    "outcome",
    "reason",
    "person",
    "target",
    "detail",
    "refs",
    "address",
    "request_id",
)
COLUMNS = (
    "id, to_char(recorded AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'), code,"
    " actor_kind, actor, actor_hospital, role, purpose, outcome, reason, person::text, target,"
    " detail, refs, address, request_id"
)
# index: consent_audit_person_pkey; `id` and `recorded` are the line's
SELECT = (
    f"{COLUMNS}, ARRAY(SELECT p.person::text FROM consent_audit_person p WHERE p.event = id AND"
    " p.written = recorded ORDER BY p.person) AS persons"
)


def line_from_row(row: tuple[Any, ...]) -> dict[str, Any]:
    """A row of SELECT as the JSON object that is hashed and exported."""
    *fields, persons = row
    line = dict(zip(FIELDS, fields, strict=True))
    return {"v": WITH_PERSONS, **line, "persons": persons} if persons else {"v": VERSION, **line}


def encode_canonical_json(line: dict[str, Any]) -> bytes:
    """Sorted keys, no spaces, UTF-8 (RFC 8785 for strings, integers and lists)."""
    return json.dumps(line, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def encode_canonical_line(line: dict[str, Any]) -> bytes:
    """The same bytes of a line, whose values are texts, lists of texts and numbers of 64 bits, in a
    fraction of the time.
    """
    return orjson.dumps(line, option=orjson.OPT_SORT_KEYS)


def leaf_hash(data: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()
