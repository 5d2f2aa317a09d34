"""History of a resource and of a type, and the change feed of a store (FHIR R4 http.html#history)."""

import datetime as dt

from alliance.auth.scopes import Need
from alliance.config.dates import Range, span
from consent import gate
from consent.audit.event import EventCode
from consent.terms import Scope
from records.fhir import bundle
from records.fhir.issues import Issue, NotFound, NotSupported
from records.fhir.outcome import ABSENT
from records.fhir.query import link
from records.interactions import identities
from records.interactions.ask import Answer, Ask, known_type, own_request, summary
from records.search import page
from records.search.page import BadCursor
from records.search.parse import MOST, USUAL
from records.store import history as store
from records.store.history import Position
from records.store.rows import Row

Pairs = list[tuple[str, str]]
SERVED = ("_count", "_since", "_at", "_format", "_pretty", "_cursor")


def options(pairs: Pairs) -> tuple[int, dt.datetime | None, Range | None, str]:
    """(count, since, at, cursor). Raises Problem for unknown parameters."""
    count, since, current, cursor = USUAL, None, None, ""
    for name, value in pairs:
        if name not in SERVED:
            raise NotSupported(Issue("not-supported", f"History has no parameter {name!r}; it has {', '.join(SERVED[:3])}."))
        if name == "_count":
            if not (value.isascii() and value.isdecimal() and len(value) < 10) or int(value) < 1:
                raise BadCursor(Issue("invalid", "Parameter _count: it is a whole number above 0."))
            count = min(int(value), MOST)
        elif name in ("_since", "_at"):
            try:
                found = span(value.replace(" ", "+"))
            except ValueError as error:
                raise BadCursor(Issue("invalid", f"Parameter {name}: {error}.")) from error
            since, current = (found[0], current) if name == "_since" else (since, found)
        elif name == "_cursor":
            cursor = value
    return count, since, current, cursor


def versions(ask: Ask, type_name: str, fhir_id: str | None, pairs: Pairs) -> Answer:
    """Newest first, of one resource or of a whole type; only in the base's own store."""
    known_type(type_name)
    count, since, current, cursor = options(pairs)
    target = f"{type_name}/{fhir_id}" if fhir_id else type_name
    if ask.hospital_id is None and type_name == "Patient" and fhir_id is None and current is None:
        return identities.feed(ask, count, since, cursor, pairs)
    if ask.hospital_id is None:
        raise NotFound(Issue("not-found", "The shared base has no history but that of identities, Patient/_history; ask the owning store."))
    scope = gate.enter(own_request(ask, EventCode.RECORD_HISTORY, target, detail=summary([k for k, _ in pairs]), need=Need("r" if fhir_id else "s", (type_name,))))
    here = f"{ask.root}/{ask.base}/{target}/_history"
    at = Position(*page.read(scope, here, cursor)) if cursor else Position()
    rows = store.versions(scope, ask.hospital_id, type_name, fhir_id, since, current, at, count + 1)
    if fhir_id and not rows and not cursor and since is None and current is None:
        raise NotFound(ABSENT)
    links = [("self", link(here, pairs))]
    if len(rows) > count:
        rows = rows[:count]
        links.append(("next", follow(scope, here, here, pairs, rows[-1])))
    return Answer(200, bundle.bundle("history", [entry(ask, r) for r in rows], links))


def feed(ask: Ask, pairs: Pairs) -> Answer:
    """What changed in the own store, oldest first; `next` is always there: ask it again later for what comes."""
    count, since, current, cursor = options(pairs)
    if ask.hospital_id is None:
        raise NotFound(Issue("not-found", "The shared base has no change feed."))
    scope = gate.enter(own_request(ask, EventCode.RECORD_FEED, "_history", detail=summary([k for k, _ in pairs]), need=Need("s")))
    here = f"{ask.root}/{ask.base}/_history"
    at = Position(*page.read_forever(scope, here, cursor)) if cursor else Position()
    rows = store.feed(scope, ask.hospital_id, since, current, at, count + 1)[:count]
    links = [("self", link(here, pairs))]
    if rows:
        links.append(("next", follow(scope, here, here, pairs, rows[-1])))
    else:
        token = cursor or page.write(scope, here, ["0", 0, 0])
        links.append(("next", link(here, pairs, _cursor=token)))
    return Answer(200, bundle.bundle("history", [entry(ask, r) for r in rows], links))


def follow(scope: Scope, here: str, query: str, pairs: Pairs, last: Row) -> str:
    token = page.write(scope, query, [last.key, last.rid, last.version])
    return link(here, pairs, _cursor=token)


def entry(ask: Ask, row: Row) -> bytes:
    method = "DELETE" if row.deleted else "POST" if row.version == 1 else "PUT"
    path = row.type_name if method == "POST" else f"{row.type_name}/{row.fhir_id}"
    status = {"DELETE": "204", "POST": "201", "PUT": "200"}[method]
    return bundle.entry(
        ask.url(row), None if row.deleted else row.body, request={"method": method, "url": path},
        response={"status": status, "etag": f'W/"{row.version}"', "lastModified": row.last_updated.isoformat(timespec="milliseconds")})
