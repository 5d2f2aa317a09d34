"""Preconditions: only if it is still what the client saw, only if there is none yet, only if it
has changed since (RFC 9110 13; FHIR R4 http.html#concurrency, #cread).
"""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.http import parse_http_date_safe

from records.fhir.issues import Issue, Malformed, PreconditionFailed
from records.store.rows import LockedRow

ENTITY_TAG = re.compile(r'(?:W/)?"([\x21\x23-\x7e\x80-\xff]*)"[ \t]*(?:,[ \t,]*|$)')
ANY_VERSION = frozenset("*")
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)")
VERSION_CHANGED = Issue(
    "conflict", "The resource has changed since you read it: read it again, then update."
)
VERSION_REQUIRED = Issue(
    "required",
    "Changes here name the version that they change: send If-Match with the ETag that a read gave,"
    ' such as W/"3" (in a Bundle: request.ifMatch).',
)
SECOND = dt.timedelta(microseconds=999_999)  # a date of HTTP means the whole second


@dataclass(frozen=True, slots=True)
class Preconditions:
    """match, none_match: versions, or ANY; None where nothing is asked."""

    match: frozenset[str] | None = None
    none_match: frozenset[str] | None = None
    modified_since: dt.datetime | None = None
    unmodified_since: dt.datetime | None = None


NO_PRECONDITIONS = Preconditions()
ANY_CURRENT_VERSION = Preconditions(match=ANY_VERSION)  # of a change that overwrites nothing


def parse_entity_tags(name: str, text: Any) -> frozenset[str] | None:
    """The versions that a list of entity tags names, weak or strong: those of FHIR are weak, and
    stand in If-Match all the same. Raises Malformed.
    """
    if text is None:
        return None
    rest = text.strip(" \t,") if isinstance(text, str) else ""
    if rest == "*":
        return ANY_VERSION
    versions = set()
    while rest and (tag := ENTITY_TAG.match(rest)):
        versions.add(tag.group(1))
        rest = rest[tag.end() :]
    if rest or not versions:
        raise Malformed(
            Issue(
                "value",
                f'{name} holds ETags that reads gave, such as W/"3", with commas between them,'
                " or *.",
                name,
            )
        )
    return frozenset(versions)


def parse_http_date(text: str | None) -> dt.datetime | None:
    seconds = parse_http_date_safe(text or "")
    return None if seconds is None else dt.datetime.fromtimestamp(seconds, dt.UTC) + SECOND


def preconditions_from_headers(headers: Mapping[str, str]) -> Preconditions:
    """Raises Malformed. A date of If-Modified-Since that is none is passed over (RFC 9110
    13.1.3); one of If-Unmodified-Since is not, though 13.1.4 says so: a write must not lose its
    guard in silence.
    """
    unmodified = headers.get("If-Unmodified-Since")
    if unmodified is not None and parse_http_date(unmodified) is None:
        raise Malformed(
            Issue(
                "value",
                "If-Unmodified-Since holds a date of HTTP, such as Sat, 03 Jan 2026 08:00:00 GMT.",
                "If-Unmodified-Since",
            )
        )
    return Preconditions(
        parse_entity_tags("If-Match", headers.get("If-Match")),
        parse_entity_tags("If-None-Match", headers.get("If-None-Match")),
        parse_http_date(headers.get("If-Modified-Since")),
        parse_http_date(unmodified),
    )


def preconditions_from_entry(request: Mapping[str, Any]) -> Preconditions:
    """Of Bundle.entry.request. Raises Malformed."""
    return Preconditions(
        parse_entity_tags("ifMatch", request.get("ifMatch")),
        parse_entity_tags("ifNoneMatch", request.get("ifNoneMatch")),
        parse_instant(request.get("ifModifiedSince")),
    )


def parse_instant(text: Any) -> dt.datetime | None:
    if text is None:
        return None
    try:
        if isinstance(text, str) and INSTANT.fullmatch(text):
            return dt.datetime.fromisoformat(text)
    except ValueError:
        pass
    raise Malformed(
        Issue(
            "value",
            "ifModifiedSince is an instant, such as 2026-01-03T08:00:00+08:00.",
            "ifModifiedSince",
        )
    )


def check_preconditions(preconditions: Preconditions, current: LockedRow | None) -> None:
    """Before a write; None: there is none. Raises PreconditionFailed."""
    exists = current is not None and not current.deleted
    if (
        exists
        and current
        and current.requires_version
        and preconditions.match is None
        and preconditions.unmodified_since is None
    ):
        raise Malformed(VERSION_REQUIRED)
    if preconditions.match == ANY_VERSION and not exists:
        raise PreconditionFailed(
            Issue(
                "conflict",
                "There is no such resource, and If-Match asks for one: leave the condition out to"
                " create it.",
            )
        )
    if (
        preconditions.match is not None
        and preconditions.match != ANY_VERSION
        and (current is None or str(current.version) not in preconditions.match)
    ):
        raise PreconditionFailed(VERSION_CHANGED)
    if (
        preconditions.match is None
        and preconditions.unmodified_since
        and exists
        and current
        and current.last_updated > preconditions.unmodified_since
    ):
        raise PreconditionFailed(VERSION_CHANGED)
    if (
        preconditions.none_match is not None
        and exists
        and current
        and (
            preconditions.none_match == ANY_VERSION
            or str(current.version) in preconditions.none_match
        )
    ):
        raise PreconditionFailed(
            Issue(
                "conflict",
                "The resource is there already, and If-None-Match writes only where it is not: read"
                " it, then update it with If-Match.",
            )
        )


def is_not_modified(
    preconditions: Preconditions, version: int, last_updated: dt.datetime | None
) -> bool:
    """Whether a client that reads knows this version already. Raises PreconditionFailed."""
    if preconditions.match not in (None, ANY_VERSION) and str(version) not in (
        preconditions.match or ()
    ):
        raise PreconditionFailed(
            Issue(
                "conflict",
                "The resource has another version than If-Match asks for: read it without the"
                " condition.",
            )
        )
    if (
        preconditions.match is None
        and preconditions.unmodified_since
        and last_updated
        and last_updated > preconditions.unmodified_since
    ):
        raise PreconditionFailed(
            Issue(
                "conflict",
                "The resource has changed since the date of If-Unmodified-Since: read it without"
                " the condition.",
            )
        )
    if preconditions.none_match is not None:
        return preconditions.none_match == ANY_VERSION or str(version) in preconditions.none_match
    return (
        preconditions.modified_since is not None
        and last_updated is not None
        and last_updated <= preconditions.modified_since
    )
