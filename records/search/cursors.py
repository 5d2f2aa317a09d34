"""Sealed keyset cursors, bound to the caller, the query and the consent epoch: a revoked consent
cuts the next page. A position may hold a name or a value of the last row, so nobody can read it
(Fernet: AES and HMAC). Those of a feed, which stand at the number of a commit, also name the
database's epoch (docs/adr/0041).
"""

import base64
import hashlib
import json
from functools import cache
from typing import Any, Protocol
from urllib.parse import urlsplit

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from alliance.auth.principal import Principal
from alliance.platform.environment import read_setting
from records.fhir.issues import Issue, Problem

DAY = 86400


class CursorOwner(Protocol):
    """Whom a cursor is bound to: a Scope, or whoever reads what no consent cuts."""

    @property
    def principal(self) -> Principal: ...
    @property
    def epoch(self) -> str: ...


class BadCursor(Problem):
    kind = "invalid"


@cache
def cursor_cipher() -> Fernet:
    return Fernet(
        base64.urlsafe_b64encode(
            HKDF(SHA256(), 32, None, b"xinglin search page").derive(settings.SECRET_KEY.encode())
        )
    )


def cursor_binding(scope: CursorOwner, query: str) -> str:
    text = f"{scope.principal.kind}|{scope.principal.id}|{scope.epoch}|{query}"
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def write_cursor(scope: CursorOwner, query: str, position: list[Any]) -> str:
    return (
        cursor_cipher()
        .encrypt(json.dumps([cursor_binding(scope, query), *position]).encode())
        .decode()
        .rstrip("=")
    )


def read_cursor(scope: CursorOwner, query: str, cursor: str) -> list[Any]:
    """The position. Raises BadCursor for a cursor that was altered, is another's, or is older
    than a change of consent.
    """
    return decrypt_cursor(scope, query, cursor, max_age=DAY)


def write_feed_cursor(
    scope: CursorOwner, query: str, position: list[Any], epoch: int, began: str
) -> str:
    """For a change feed. In the first epoch as earlier releases write and read it. began: the
    mark of the epoch.
    """
    return write_cursor(
        scope, query, position if epoch == 1 else [*position, {"epoch": epoch, "began": began}]
    )


def read_feed_cursor(scope: CursorOwner, query: str, cursor: str) -> tuple[list[Any], int, str]:
    """(position, epoch, its mark) for a change feed, whose reader may come back after any time."""
    position = decrypt_cursor(scope, query, cursor, max_age=None)
    return (
        (position[:-1], position[-1]["epoch"], position[-1]["began"])
        if position and isinstance(position[-1], dict)
        else (position, 1, "")
    )


def decrypt_cursor(scope: CursorOwner, query: str, cursor: str, max_age: int | None) -> list[Any]:
    try:
        bound, *position = json.loads(
            cursor_cipher().decrypt(cursor + "=" * (-len(cursor) % 4), ttl=max_age)
        )
    except (InvalidToken, ValueError) as error:
        raise BadCursor(
            Issue(
                "invalid",
                "_cursor is not one that this server gave out, or older than a day: begin at the"
                " first page.",
            )
        ) from error
    if bound != cursor_binding(scope, query):
        raise BadCursor(
            Issue(
                "invalid",
                elsewhere(scope, query, bound)
                or "_cursor belongs to another query, another caller, or consent has changed since:"
                " begin at the first page.",
            )
        )
    return list(position)


def elsewhere(scope: CursorOwner, query: str, bound_to: str) -> str:
    """The refusal where the cursor was given for the same query under another address of this
    server; "" where it was not, or the query names none. A cursor holds no address: those that this
    server can have are tried.
    """
    asked_url = urlsplit(query)
    if not asked_url.netloc:
        return ""
    own_origin = f"{asked_url.scheme}://{asked_url.netloc}"
    ports = ("", f":{asked_url.port}" if asked_url.port else "", f":{read_setting('PORT')}")
    names = [name for name in settings.ALLOWED_HOSTS if not name.startswith(("*", "."))]
    for root in dict.fromkeys(
        [
            settings.PUBLIC_URL,
            *(
                f"{scheme}://{name}{port}"
                for scheme in ("https", "http")
                for name in names
                for port in ports
            ),
        ]
    ):
        if (
            root
            and root != own_origin
            and bound_to == cursor_binding(scope, root + query.removeprefix(own_origin))
        ):
            return (
                f"_cursor was given under the address {root}, and this is {own_origin}: ask for"
                " the next"
                " page there, or begin at the first page here. For the operator:"
                " XINGLIN_PUBLIC_URL sets one address for all."
            )
    return ""
