"""Signed keyset cursors, bound to the caller, the query and the consent epoch: a revoked consent cuts the next page."""

import hashlib
from typing import Any

from django.core import signing

from consent.terms import Scope
from records.fhir.issues import Issue, Problem

SALT = "xinglin.search.page"


class BadCursor(Problem):
    kind = "invalid"


def binding(scope: Scope, query: str) -> str:
    text = f"{scope.principal.kind}|{scope.principal.id}|{scope.epoch}|{query}"
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def write(scope: Scope, query: str, position: list[Any]) -> str:
    return signing.dumps([binding(scope, query), *position], salt=SALT)


def read(scope: Scope, query: str, cursor: str) -> list[Any]:
    """The position. Raises BadCursor for a cursor that was altered, is another's, or is older than a change of consent."""
    return loads(scope, query, cursor, max_age=86400)


def read_forever(scope: Scope, query: str, cursor: str) -> list[Any]:
    """The same for a change feed, whose reader may come back after any time."""
    return loads(scope, query, cursor, max_age=None)


def loads(scope: Scope, query: str, cursor: str, max_age: int | None) -> list[Any]:
    try:
        bound, *position = signing.loads(cursor, salt=SALT, max_age=max_age)
    except signing.BadSignature as error:
        raise BadCursor(Issue("invalid", "_cursor is not one that this server gave out, or older than a day: begin at the first page.")) from error
    if bound != binding(scope, query):
        raise BadCursor(Issue("invalid", "_cursor belongs to another query, another caller, or consent has changed since: begin at the first page."))
    return list(position)
