"""History of a resource and of a type, and the change feed of a store (FHIR R4
http.html#history).
"""

import datetime as dt

from alliance.auth.scopes import ScopeNeed
from alliance.platform.dates import TimeRange, parse_date_range
from consent import gate
from consent.audit.event import EventCode
from consent.terms import Scope
from records.fhir import bundle
from records.fhir.issues import Issue, NotFound, NotSupported
from records.fhir.operation_outcome import ABSENT
from records.fhir.query_string import build_link
from records.identity import identity_feed
from records.requests.feed_resume import resume_feed
from records.requests.fhir_request import (
    FhirRequest,
    FhirResponse,
    check_hosted_type,
    join_parameter_names,
    request_own_access,
)
from records.search import cursors
from records.search.cursors import BadCursor
from records.search.search_request import MAX_COUNT, USUAL_COUNT
from records.store import version_query
from records.store.rows import Row
from records.store.version_query import VersionPosition

Pairs = list[tuple[str, str]]
HISTORY_PARAMETERS = ("_count", "_since", "_at", "_format", "_pretty", "_cursor")


def parse_history_parameters(pairs: Pairs) -> tuple[int, dt.datetime | None, TimeRange | None, str]:
    """(count, since, at, cursor). Raises Problem for unknown parameters."""
    count, since, at, cursor = USUAL_COUNT, None, None, ""
    for name, value in pairs:
        if name not in HISTORY_PARAMETERS:
            raise NotSupported(
                Issue(
                    "not-supported",
                    f"History has no parameter {name!r}; it has"
                    f" {', '.join(HISTORY_PARAMETERS[:3])}.",
                )
            )
        if name == "_count":
            if not (value.isascii() and value.isdecimal() and len(value) < 10) or int(value) < 1:
                raise BadCursor(Issue("invalid", "Parameter _count: it is a whole number above 0."))
            count = min(int(value), MAX_COUNT)
        elif name in ("_since", "_at"):
            try:
                time_range = parse_date_range(value.replace(" ", "+"))
            except ValueError as error:
                raise BadCursor(Issue("invalid", f"Parameter {name}: {error}.")) from error
            since, at = (time_range[0], at) if name == "_since" else (since, time_range)
        elif name == "_cursor":
            cursor = value
    return count, since, at, cursor


def read_history(
    fhir_request: FhirRequest, type_name: str, fhir_id: str | None, pairs: Pairs
) -> FhirResponse:
    """Newest first, of one resource or of a whole type; only in the base's own store."""
    check_hosted_type(type_name)
    count, since, at, cursor = parse_history_parameters(pairs)
    target = f"{type_name}/{fhir_id}" if fhir_id else type_name
    if (
        fhir_request.hospital_id is None
        and type_name == "Patient"
        and fhir_id is None
        and at is None
    ):
        return identity_feed.read_identity_feed(fhir_request, count, since, cursor, pairs)
    if fhir_request.hospital_id is None:
        raise NotFound(
            Issue(
                "not-found",
                "The shared base has no history but that of identities, Patient/_history; ask the"
                " owning store.",
            )
        )
    scope = gate.authorize_access(
        request_own_access(
            fhir_request,
            EventCode.RECORD_HISTORY,
            target,
            detail=join_parameter_names([k for k, _ in pairs]),
            need=ScopeNeed("r" if fhir_id else "s", (type_name,)),
        )
    )
    history_url = f"{fhir_request.root}/{fhir_request.base}/{target}/_history"
    position = (
        VersionPosition(*cursors.read_cursor(scope, history_url, cursor))
        if cursor
        else VersionPosition()
    )
    rows = version_query.fetch_versions(
        scope, fhir_request.hospital_id, type_name, fhir_id, since, at, position, count + 1
    )
    if fhir_id and not rows and not cursor and since is None and at is None:
        raise NotFound(ABSENT)
    links = [("self", build_link(history_url, pairs))]
    if len(rows) > count:
        rows = rows[:count]
        links.append(("next", build_next_link(scope, history_url, history_url, pairs, rows[-1])))
    return FhirResponse(
        200,
        bundle.build_bundle("history", [build_history_entry(fhir_request, r) for r in rows], links),
    )


def read_change_feed(fhir_request: FhirRequest, pairs: Pairs) -> FhirResponse:
    """What changed in the own store, oldest first; `next` is always there: ask it again later
    for what comes.
    """
    count, since, at, cursor = parse_history_parameters(pairs)
    if fhir_request.hospital_id is None:
        raise NotFound(Issue("not-found", "The shared base has no change feed."))
    scope = gate.authorize_access(
        request_own_access(
            fhir_request,
            EventCode.RECORD_FEED,
            "_history",
            detail=join_parameter_names([k for k, _ in pairs]),
            need=ScopeNeed("s"),
        )
    )
    history_url = f"{fhir_request.root}/{fhir_request.base}/_history"
    start, epoch = resume_feed(scope, history_url, cursor, ["0", 0, 0])
    position = VersionPosition(*start)
    rows = version_query.fetch_change_feed(
        scope, fhir_request.hospital_id, since, at, position, count + 1
    )[:count]
    links = [("self", build_link(history_url, pairs))]
    reached = [rows[-1].position, rows[-1].resource_id, rows[-1].version] if rows else start
    links.append(
        (
            "next",
            build_link(
                history_url,
                pairs,
                _cursor=cursors.write_feed_cursor(
                    scope, history_url, reached, epoch.number, epoch.began
                ),
            ),
        )
    )
    return FhirResponse(
        200,
        bundle.build_bundle("history", [build_history_entry(fhir_request, r) for r in rows], links),
    )


def build_next_link(scope: Scope, address: str, query: str, pairs: Pairs, last_row: Row) -> str:
    cursor = cursors.write_cursor(
        scope, query, [last_row.position, last_row.resource_id, last_row.version]
    )
    return build_link(address, pairs, _cursor=cursor)


def build_history_entry(fhir_request: FhirRequest, row: Row) -> bytes:
    method = "DELETE" if row.deleted else "POST" if row.version == 1 else "PUT"
    path = row.type_name if method == "POST" else f"{row.type_name}/{row.fhir_id}"
    status = {"DELETE": "204", "POST": "201", "PUT": "200"}[method]
    return bundle.build_entry(
        fhir_request.full_url(row),
        None if row.deleted else row.body,
        request={"method": method, "url": path},
        response={
            "status": status,
            "etag": f'W/"{row.version}"',
            "lastModified": row.last_updated.isoformat(timespec="milliseconds"),
        },
    )
