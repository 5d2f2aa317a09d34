"""_typeFilter of an export: of a type only what fits one of its searches (Bulk Data Access 2.0 and 1.0.1, query parameter _typeFilter)."""

import re

from alliance.auth.scope_check import must_cover
from alliance.auth.scopes import Need
from records.fhir.issues import Issue, NotSupported, Problem
from records.fhir.query import pairs
from records.fhir.types import TYPES
from records.interactions.ask import Ask
from records.interactions.asked import asked
from records.interactions.covering import must_cover_ways
from records.interactions.terminology import spelled_out
from records.search.parse import COMMON, TEXTS, SearchRequest
from records.store.rows import READ, SEARCH

NEXT = re.compile(r",(?=[A-Z][A-Za-z]*\?)")  # 1.0.1 writes several searches into one parameter; other commas belong to values
CONDITIONS = ("_id", "_lastUpdated", "_list", *TEXTS)  # of COMMON; the others say how an answer is shown
MOST = 50  # of one export


def parted(value: str) -> list[str]:
    return NEXT.split(value)


def understood(ask: Ask, text: str) -> SearchRequest:
    """The search, in the same room as any other. Raises Problem for what cannot be understood, Forbidden for what leads over types that the token may not search."""
    name, mark, query = text.partition("?")
    if not mark or not query or name not in TYPES:
        raise NotSupported(Issue("not-supported", f"{text[:80]!r} is no search of a resource type that is hosted here, such as Observation?status=final."))
    given = pairs(query)
    if shown := [key for key, _ in given if key.partition(":")[0] in COMMON and key.partition(":")[0] not in CONDITIONS]:
        raise NotSupported(Issue("not-supported", f"{name}?{shown[0][:60]}: this is no condition, it says how an answer is shown."))
    try:
        request = asked((name,), spelled_out(ask, (name,), given), ask.address)
    except Problem as problem:
        raise type(problem)(*(Issue(i.code, f"{name}?{query[:80]}: {i.says}", i.where) for i in problem.issues)) from problem
    if ask.hospital_id is None and (name == "Patient" or request.subjects):
        raise NotSupported(Issue("not-supported", f"{name}?{query[:80]}: the persons of a shared export are named by patient=<person id> alone."))
    must_cover(ask.principal, Need(READ + SEARCH, (name,)))
    must_cover_ways(ask.principal, request.types, request.keys)
    return request


def by_type(ask: Ask, texts: list[str]) -> dict[str, tuple[SearchRequest, ...]]:
    """What each type is restricted to: a resource fits where one of its searches does."""
    out: dict[str, tuple[SearchRequest, ...]] = {}
    for text in texts:
        request = understood(ask, text)
        out[request.types[0]] = (*out.get(request.types[0], ()), request)
    return out


def named(text: str) -> str:
    """For the audit line: the type and its parameters, never their values."""
    name, _, query = text.partition("?")
    return f"{name}?{'&'.join(dict.fromkeys(key for key, _ in pairs(query)))}"
