"""Preconditions: only if it is still what the client saw, only if there is none yet, only if it has changed since (RFC 9110 13; FHIR R4 http.html#concurrency, #cread)."""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.http import parse_http_date_safe

from records.fhir.issues import Issue, Malformed, PreconditionFailed
from records.store.rows import Current

TAG = re.compile(r'(?:W/)?"([\x21\x23-\x7e\x80-\xff]*)"[ \t]*(?:,[ \t,]*|$)')
ANY = frozenset("*")
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)")
CHANGED = Issue("conflict", "The resource has changed since you read it: read it again, then update.")
UNNAMED = Issue("required", 'Changes here name the version that they change: send If-Match with the ETag that a read gave, such as W/"3" (in a Bundle: request.ifMatch).')
SECOND = dt.timedelta(microseconds=999_999)  # a date of HTTP means the whole second


@dataclass(frozen=True, slots=True)
class Preconditions:
    """match, none_match: versions, or ANY; None where nothing is asked."""

    match: frozenset[str] | None = None
    none_match: frozenset[str] | None = None
    modified_since: dt.datetime | None = None
    unmodified_since: dt.datetime | None = None


NONE = Preconditions()
WHATEVER = Preconditions(match=ANY)  # of a change that overwrites nothing


def tags(name: str, text: Any) -> frozenset[str] | None:
    """The versions that a list of entity tags names, weak or strong: those of FHIR are weak, and stand in If-Match all the same. Raises Malformed."""
    if text is None:
        return None
    rest = text.strip(" \t,") if isinstance(text, str) else ""
    if rest == "*":
        return ANY
    found = set()
    while rest and (m := TAG.match(rest)):
        found.add(m.group(1))
        rest = rest[m.end() :]
    if rest or not found:
        raise Malformed(Issue("value", f'{name} holds ETags that reads gave, such as W/"3", with commas between them, or *.', name))
    return frozenset(found)


def day(text: str | None) -> dt.datetime | None:
    seconds = parse_http_date_safe(text or "")
    return None if seconds is None else dt.datetime.fromtimestamp(seconds, dt.UTC) + SECOND


def of_headers(headers: Mapping[str, str]) -> Preconditions:
    """Raises Malformed. A date of If-Modified-Since that is none is passed over (RFC 9110 13.1.3); one of If-Unmodified-Since is not, though 13.1.4 says so:
    a write must not lose its guard in silence."""
    unmodified = headers.get("If-Unmodified-Since")
    if unmodified is not None and day(unmodified) is None:
        raise Malformed(Issue("value", "If-Unmodified-Since holds a date of HTTP, such as Sat, 03 Jan 2026 08:00:00 GMT.", "If-Unmodified-Since"))
    return Preconditions(tags("If-Match", headers.get("If-Match")), tags("If-None-Match", headers.get("If-None-Match")), day(headers.get("If-Modified-Since")), day(unmodified))


def of_entry(asked: Mapping[str, Any]) -> Preconditions:
    """Of Bundle.entry.request. Raises Malformed."""
    return Preconditions(tags("ifMatch", asked.get("ifMatch")), tags("ifNoneMatch", asked.get("ifNoneMatch")), instant(asked.get("ifModifiedSince")))


def instant(text: Any) -> dt.datetime | None:
    if text is None:
        return None
    try:
        if isinstance(text, str) and INSTANT.fullmatch(text):
            return dt.datetime.fromisoformat(text)
    except ValueError:
        pass
    raise Malformed(Issue("value", "ifModifiedSince is an instant, such as 2026-01-03T08:00:00+08:00.", "ifModifiedSince"))


def must_hold(asked: Preconditions, current: Current | None) -> None:
    """Before a write; None: there is none. Raises PreconditionFailed."""
    there = current is not None and not current.deleted
    if there and current and current.guarded and asked.match is None and asked.unmodified_since is None:
        raise Malformed(UNNAMED)
    if asked.match == ANY and not there:
        raise PreconditionFailed(Issue("conflict", "There is no such resource, and If-Match asks for one: leave the condition out to create it."))
    if asked.match is not None and asked.match != ANY and (current is None or str(current.version) not in asked.match):
        raise PreconditionFailed(CHANGED)
    if asked.match is None and asked.unmodified_since and there and current and current.last_updated > asked.unmodified_since:
        raise PreconditionFailed(CHANGED)
    if asked.none_match is not None and there and current and (asked.none_match == ANY or str(current.version) in asked.none_match):
        raise PreconditionFailed(Issue("conflict", "The resource is there already, and If-None-Match writes only where it is not: read it, then update it with If-Match."))


def not_modified(asked: Preconditions, version: int, changed: dt.datetime | None) -> bool:
    """Whether a client that reads knows this version already. Raises PreconditionFailed."""
    if asked.match not in (None, ANY) and str(version) not in (asked.match or ()):
        raise PreconditionFailed(Issue("conflict", "The resource has another version than If-Match asks for: read it without the condition."))
    if asked.match is None and asked.unmodified_since and changed and changed > asked.unmodified_since:
        raise PreconditionFailed(Issue("conflict", "The resource has changed since the date of If-Unmodified-Since: read it without the condition."))
    if asked.none_match is not None:
        return asked.none_match == ANY or str(version) in asked.none_match
    return asked.modified_since is not None and changed is not None and changed <= asked.modified_since
