"""`GET /sync/<hospital>/feed`: what changed that concerns the hospital; with `wait` the answer is
held until something does (docs/sync.md, Pull).
"""

import json
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseBase

from alliance.auth.principal import Principal
from alliance.platform.parked_request import MOST_PARKED, find_parking
from consent.audit.tree_head import TreeHead, load_newest_head
from records.api.sync.sync_view import JSON, SyncView
from records.requests.fhir_request import FhirRequest
from records.requests.timing_grid import delay_all_answers
from records.sync.feed import (
    MOST_ENTRIES,
    FeedPage,
    find_present,
    has_feed_news,
    open_feed,
    read_page,
    write_page_line,
)
from records.sync.feed_cursor import (
    FeedPlace,
    ForeignCursor,
    read_feed_cursor,
    write_feed_cursor,
)
from records.sync.feed_epochs import (
    RestoredFeed,
    Unexplained,
    fetch_current_epoch,
    resume_place,
)
from records.sync.sync_error import SyncError

USUAL_ENTRIES, LONGEST_WAIT = 500, 30
BEGINNING = "0"
PARAMETERS = {"cursor", "limit", "wait", "bodies"}


class FeedView(SyncView):
    def get(self, request: HttpRequest, fhir_request: FhirRequest) -> HttpResponseBase:
        with delay_all_answers():
            return answer_feed(request, fhir_request)


def answer_feed(request: HttpRequest, fhir_request: FhirRequest) -> HttpResponse:
    caller = fhir_request.principal
    limit = read_number(request, "limit", USUAL_ENTRIES, 1, MOST_ENTRIES)
    wait = read_number(request, "wait", 0, 0, LONGEST_WAIT)
    bodies = bool(read_number(request, "bodies", 0, 0, 1))
    if unknown := request.GET.keys() - PARAMETERS:
        raise SyncError(
            "query",
            name=min(unknown),
            form_zh="cursor、limit、wait、bodies 之一",
            form_en="one of cursor, limit, wait, bodies",
        )
    try:
        steps, current = fetch_current_epoch()
        reader = open_feed(caller, fhir_request.root, bodies=bodies)
        place = find_place(request, caller, steps)
    except Unexplained as error:
        raise SyncError("unexplained", seconds=60) from error
    except RestoredFeed as restored:
        raise build_restored_error(request, fhir_request, restored) from restored
    page = read_page(reader, place, limit)
    if not page.entries and not page.more and wait:
        parking = find_parking(request)
        has_news = partial(has_feed_news, caller, reader.stores, page.place)
        if parking and parking.park(wait, caller.hospital_id, page.place, has_news):
            return HttpResponse(status=204)  # nobody gets it: the request waits
        if parking and parking.refused:
            raise SyncError("polls", most=MOST_PARKED, seconds=5)
    write_page_line(reader, page)
    return build_answer(page, write_feed_cursor(caller.hospital_id, page.place, current))


def find_place(request: HttpRequest, caller: Principal, steps: list[Any]) -> FeedPlace:
    """Where to read on; one that has waited goes on from where it looked last. Raises SyncError,
    RestoredFeed.
    """
    parking = find_parking(request)
    if parking and parking.begun:
        return parking.begun  # type: ignore[no-any-return]
    cursor = request.GET.get("cursor", "")
    if not cursor:
        return find_present()
    if cursor == BEGINNING:
        return FeedPlace(0)
    try:
        return resume_place(*read_feed_cursor(caller.hospital_id, cursor), steps)
    except ForeignCursor as error:
        raise SyncError("cursor") from error


def read_number(request: HttpRequest, name: str, usual: int, least: int, most: int) -> int:
    said = request.GET.get(name, "")
    if not said:
        return usual
    if not (said.isascii() and said.isdecimal() and len(said) < 10) or int(said) < least:
        raise SyncError(
            "query",
            name=name,
            form_zh=f"{least} 到 {most} 的整数",
            form_en=f"a whole number from {least} to {most}",
        )
    return min(int(said), most)


def build_restored_error(
    request: HttpRequest, fhir_request: FhirRequest, restored: RestoredFeed
) -> SyncError:
    caller, query = fhir_request.principal, request.GET.dict()
    query["cursor"] = write_feed_cursor(caller.hospital_id, restored.place, restored.current)
    root = fhir_request.root.removesuffix("/fhir")
    since = restored.since.isoformat(timespec="seconds") if restored.since else ""
    return SyncError(
        "feed-epoch",
        {
            "next": f"{root}/sync/{caller.hospital}/feed?{urlencode(query)}",
            "since": since or None,
        },
        since_zh=f"{since} 以后的" if since else "不知道从什么时候起",
        since_en=f"from {since} on" if since else "nobody knows since when",
    )


def build_answer(page: FeedPage, cursor: str) -> HttpResponse:
    head: TreeHead | None = load_newest_head()
    rest = {
        "cursor": cursor,
        "more": page.more,
        "head": {"size": head.size, "root": head.root.hex()} if head else None,
    }
    body = b'{"entries":[' + b",".join(page.entries) + b"]," + json.dumps(rest).encode()[1:]
    return HttpResponse(body, JSON)
