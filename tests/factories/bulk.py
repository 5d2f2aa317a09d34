"""Bulk jobs over real HTTP, carried out by the command that the courier starts."""

import json
from typing import Any

from django.core.management import call_command

from tests.factories.fhir import Api

ASYNC = {"Prefer": "respond-async"}
LENIENT = {"Prefer": "respond-async, handling=lenient"}


def at(api: Api, url: str) -> str:
    return url.split(f"/fhir/{api.base}/")[1]


def export(api: Api, path: str = "$export", body: Any = None, **headers: str) -> dict[str, Any]:
    """body: a Parameters resource, to ask by POST. The manifest, and under "link" the job's address."""
    kicked = api("GET" if body is None else "POST", path, body, **{**ASYNC, **headers})
    assert kicked.status == 202, kicked.body
    link = at(api, kicked.headers["content-location"])
    assert api("GET", link).status == 202
    call_command("bulk_work")
    done = api("GET", link)
    assert done.status == 200, done.body
    return {**done.json, "link": link}


def lines(api: Api, found: dict[str, Any], kind: str = "output") -> list[dict[str, Any]]:
    return [json.loads(x) for o in found[kind] for x in api("GET", at(api, o["url"])).body.splitlines()]


def keys(api: Api, found: dict[str, Any]) -> list[str]:
    return sorted(f"{r['resourceType']}/{r['id']}" for r in lines(api, found))
