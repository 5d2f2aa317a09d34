"""Sealed keyset cursors, bound to the caller, the query and the consent epoch: a revoked consent cuts the next page. A position may hold a name or a
value of the last row, so nobody can read it (Fernet: AES and HMAC)."""

import base64
import hashlib
import json
from functools import cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from consent.terms import Scope
from records.fhir.issues import Issue, Problem

DAY = 86400


class BadCursor(Problem):
    kind = "invalid"


@cache
def fernet() -> Fernet:
    return Fernet(base64.urlsafe_b64encode(HKDF(SHA256(), 32, None, b"xinglin search page").derive(settings.SECRET_KEY.encode())))


def binding(scope: Scope, query: str) -> str:
    text = f"{scope.principal.kind}|{scope.principal.id}|{scope.epoch}|{query}"
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def write(scope: Scope, query: str, position: list[Any]) -> str:
    return fernet().encrypt(json.dumps([binding(scope, query), *position]).encode()).decode().rstrip("=")


def read(scope: Scope, query: str, cursor: str) -> list[Any]:
    """The position. Raises BadCursor for a cursor that was altered, is another's, or is older than a change of consent."""
    return loads(scope, query, cursor, max_age=DAY)


def read_forever(scope: Scope, query: str, cursor: str) -> list[Any]:
    """The same for a change feed, whose reader may come back after any time."""
    return loads(scope, query, cursor, max_age=None)


def loads(scope: Scope, query: str, cursor: str, max_age: int | None) -> list[Any]:
    try:
        bound, *position = json.loads(fernet().decrypt(cursor + "=" * (-len(cursor) % 4), ttl=max_age))
    except (InvalidToken, ValueError) as error:
        raise BadCursor(Issue("invalid", "_cursor is not one that this server gave out, or older than a day: begin at the first page.")) from error
    if bound != binding(scope, query):
        raise BadCursor(Issue("invalid", "_cursor belongs to another query, another caller, or consent has changed since: begin at the first page."))
    return list(position)
