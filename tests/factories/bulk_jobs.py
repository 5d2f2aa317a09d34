"""Bulk jobs over real HTTP, carried out by the command that the courier starts."""

import gzip
import json
from typing import Any

from django.core.management import call_command

from tests.factories.fhir import Api, Reply

NDJSON = "application/fhir+ndjson"
ASYNC_HEADERS = {"Prefer": "respond-async"}
LENIENT_HEADERS = {"Prefer": "respond-async, handling=lenient"}


def strip_fhir_base(api: Api, url: str) -> str:
    return url.split(f"/fhir/{api.base}/")[1]


def run_export_job(
    api: Api, path: str = "$export", body: Any = None, **headers: str
) -> dict[str, Any]:
    """body: a Parameters resource, to ask by POST. The manifest, and under "link" the job's
    address.
    """
    kicked = api("GET" if body is None else "POST", path, body, **{**ASYNC_HEADERS, **headers})
    assert kicked.status == 202, kicked.body
    link = strip_fhir_base(api, kicked.headers["content-location"])
    assert api("GET", link).status == 202
    call_command("bulk_work")
    done = api("GET", link)
    assert done.status == 200, done.body
    return {**done.json, "link": link}


def read_export_lines(
    api: Api, found: dict[str, Any], kind: str = "output"
) -> list[dict[str, Any]]:
    return [
        json.loads(x)
        for o in found[kind]
        for x in api("GET", strip_fhir_base(api, o["url"])).body.splitlines()
    ]


def read_export_keys(api: Api, found: dict[str, Any]) -> list[str]:
    return sorted(f"{r['resourceType']}/{r['id']}" for r in read_export_lines(api, found))


def send(api: Api, rows: list[Any], path: str = "$import", packed: bool = False) -> Reply:
    """The answer to a file of these rows (bytes as they are), compressed or not."""
    body = b"\n".join(r if isinstance(r, bytes) else json.dumps(r).encode() for r in rows)
    headers = {
        "Authorization": f"Bearer {api.token}",
        "Content-Type": NDJSON,
        **({"Content-Encoding": "gzip"} if packed else {}),
    }
    return api.raw(
        "POST", f"/fhir/{api.base}/{path}", gzip.compress(body) if packed else body, headers
    )


def taken(api: Api, rows: list[Any], **more: Any) -> dict[str, Any]:
    """What the import of these rows came to."""
    kicked = send(api, rows, **more)
    assert kicked.status == 202, kicked.body
    call_command("bulk_work")
    done = api("GET", strip_fhir_base(api, kicked.headers["content-location"]))
    assert done.status == 200, done.body
    return done.json  # type: ignore[no-any-return]
