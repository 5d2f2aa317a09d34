"""Bundles and their entries, sent to a store."""

from typing import Any

from tests.factories.fhir import Api, Reply


def entry(resource: dict[str, Any], full_url: str = "", **asked: str) -> dict[str, Any]:
    return {
        "resource": resource,
        "request": {"method": "POST", "url": resource["resourceType"], **asked},
    } | ({"fullUrl": full_url} if full_url else {})


def sent(api: Api, *entries: dict[str, Any], kind: str = "transaction") -> Reply:
    return api("POST", "", {"resourceType": "Bundle", "type": kind, "entry": list(entries)})


def made(reply: Reply) -> list[str]:
    assert reply.status == 200, reply.body
    return [e["response"]["location"].partition("/_history")[0] for e in reply.json["entry"]]


def note(about: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "HIV"},
        "valueString": "positive",
        "subject": {"reference": about},
        **more,
    }
