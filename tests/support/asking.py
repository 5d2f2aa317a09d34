"""Requests in forms that the client of the factories does not write by itself, and what an
answer found.
"""

import http.client
import json
import socket
from typing import Any
from urllib.parse import urlsplit

from tests.factories.fhir import Api, Reply

PATCH = "application/json-patch+json"


def patched(api: Api, path: str, operations: Any, **headers: str) -> Reply:
    """The answer to a JSON Patch (RFC 6902)."""
    return api(
        "PATCH",
        path,
        operations if isinstance(operations, bytes) else json.dumps(operations).encode(),
        **{"Content_Type": PATCH, **headers},
    )


def ids(api: Api, query: str) -> list[str]:
    """Of what a search found, in its order."""
    reply = api("GET", query)
    assert reply.status == 200, reply.body
    return [
        e["resource"]["id"] for e in reply.json.get("entry", []) if e["search"]["mode"] == "match"
    ]


def wire(server: str, data: bytes) -> Reply:
    """The first answer to just these bytes."""
    at = urlsplit(server)
    with socket.create_connection((at.hostname, at.port), timeout=20) as link:  # type: ignore[arg-type]
        link.sendall(data)
        response = http.client.HTTPResponse(link)
        response.begin()
        return Reply(
            response.status, {k.lower(): v for k, v in response.getheaders()}, response.read()
        )


def refs(api: Api, query: str) -> list[str]:
    """Type/id of all that a search answered with, sorted; what was included, too."""
    reply = api("GET", query)
    assert reply.status == 200, (query, reply.body)
    return sorted(
        f"{e['resource']['resourceType']}/{e['resource']['id']}"
        for e in reply.json.get("entry", [])
    )
