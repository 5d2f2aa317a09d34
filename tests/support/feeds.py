"""A hospital's feed as its system reads it."""

from typing import Any
from urllib.parse import urlencode

from tests.factories.fhir import Api, Reply
from tests.feed_horizon import wait_for_feed


def ask_feed(api: Api, cursor: str = "", **query: Any) -> Reply:
    asked = {**({"cursor": cursor} if cursor else {}), **query}
    return api.raw(
        "GET",
        f"/sync/{api.base}/feed?{urlencode(asked)}",
        headers={"Authorization": f"Bearer {api.token}"},
    )


def read_all(api: Api, cursor: str = "0", **query: Any) -> tuple[list[dict[str, Any]], str]:
    """(entries, cursor) of all that can be read behind the cursor. From the beginning: without what
    other tests' hospitals made everybody be told.
    """
    wait_for_feed()
    whole = cursor == "0"
    found: list[dict[str, Any]] = []
    while True:
        reply = ask_feed(api, cursor, **query)
        assert reply.status == 200, reply.body
        found += reply.json["entries"]
        cursor = reply.json["cursor"]
        if not reply.json["more"]:
            told = [e for e in found if e["kind"] != "consent" or e["person"] or not whole]
            return told, cursor


def records(entries: list[dict[str, Any]]) -> list[str]:
    """`hospital/Type/id` of each record."""
    return [f"{e['hospital']}/{e['type']}/{e['id']}" for e in entries if e["kind"] == "record"]
