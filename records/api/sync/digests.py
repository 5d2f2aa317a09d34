"""`POST /sync/<hospital>/digests`: counts and sums, down to the record numbers that differ
(docs/sync.md, Compare).
"""

import re
from typing import Any

from django.http import HttpRequest, HttpResponseBase

from records.api.sync.json_body import read_json_body
from records.api.sync.sync_view import SyncView, build_response
from records.requests.fhir_request import FhirRequest
from records.sync.compared_access import authorize_comparison
from records.sync.comparison import PRINT, Sums, find_differing, find_differing_records
from records.sync.digests import BucketLevel
from records.sync.sync_error import SyncError

HOLDS = 'source, level, sums: {"source": "his", "level": "year", "sums": {…}}'
SOURCE = re.compile(r"[a-z0-9]{1,16}")
TYPE = re.compile(r"[A-Z][A-Za-z]{1,63}")
BUCKETS = {
    BucketLevel.YEAR: re.compile(r"\d{4}|"),
    BucketLevel.MONTH: re.compile(r"\d{4}-\d\d|"),
    BucketLevel.DAY: re.compile(r"\d{4}-\d\d-\d\d|"),
}
SUM = re.compile(r"[0-9a-f]{32}")
MOST_BUCKETS = 5000
MOST_PRINTS = 200_000


class DigestsView(SyncView):
    work = "search"

    def post(self, request: HttpRequest, fhir_request: FhirRequest) -> HttpResponseBase:
        caller = fhir_request.principal
        asked = read_json_body(request, HOLDS)
        source, level, said = parse_question(asked)
        types = authorize_comparison(caller, source, level)
        if level is not BucketLevel.DAY:
            return build_response(
                {"differ": find_differing(caller.hospital_id, source, level, said, types)}
            )
        found = find_differing_records(
            caller.hospital_id, source, said, parse_prints(asked.get("prints", {})), types
        )
        return build_response(
            {
                "records": {
                    type_name: {
                        day: [
                            [r.record, r.version, r.fingerprint, r.state, r.changed_by]
                            for r in rows
                        ]
                        for day, rows in days.items()
                    }
                    for type_name, days in found.records.items()
                },
                "absent": found.absent,
            }
        )


def parse_question(asked: dict[str, Any]) -> tuple[str, BucketLevel, Sums]:
    """Raises SyncError."""
    source, level = asked.get("source"), asked.get("level")
    if not isinstance(source, str) or not SOURCE.fullmatch(source):
        raise SyncError("body", detail=f"source: 1 to 16 of a-z 0-9; {HOLDS}")
    if level not in list(BucketLevel):
        raise SyncError("body", detail="level: year, month, day")
    level = BucketLevel(level)
    said = asked.get("sums")
    if not isinstance(said, dict):
        raise SyncError("body", detail=HOLDS)
    sums: Sums = {}
    for type_name, buckets in said.items():
        if not TYPE.fullmatch(type_name) or not isinstance(buckets, dict):
            raise SyncError("body", detail=f"sums: FHIR types; {HOLDS}")
        sums[type_name] = {b: parse_sum(level, b, s) for b, s in buckets.items()}
    if sum(map(len, sums.values())) > MOST_BUCKETS:
        raise SyncError("buckets", most=MOST_BUCKETS)
    return source, level, sums


def parse_sum(level: BucketLevel, bucket: str, said: Any) -> tuple[int, str]:
    match said:
        case [int(count), str(total)] if (
            not isinstance(count, bool)
            and count >= 0
            and SUM.fullmatch(total)
            and BUCKETS[level].fullmatch(bucket)
        ):
            return count, total
    raise SyncError(
        "body",
        detail=f'sums of level {level}: {{"Observation": {{"2026-05-03": [1204, "32 hex"]}}}}',
    )


def parse_prints(said: Any) -> dict[str, dict[str, list[str]]]:
    """{type: {day: beginnings of fingerprints}}, of one long string each. Raises SyncError."""
    prints: dict[str, dict[str, list[str]]] = {}
    for type_name, days in (said if isinstance(said, dict) else {"": None}).items():
        if not isinstance(days, dict):
            raise SyncError("body", detail='prints: {"Observation": {"2026-05-03": "…"}}')
        for day, text in days.items():
            if (
                not isinstance(text, str)
                or len(text) % PRINT
                or not re.fullmatch(r"[0-9a-f]*", text)
            ):
                raise SyncError(
                    "body",
                    detail=f"prints: the first {PRINT} digits of each fingerprint, in one string",
                )
            prints.setdefault(type_name, {})[day] = [
                text[i : i + PRINT] for i in range(0, len(text), PRINT)
            ]
    if sum(len(p) for days in prints.values() for p in days.values()) > MOST_PRINTS:
        raise SyncError("buckets", most=MOST_PRINTS)
    return prints
