"""Answer a request: who asks, which address, in one transaction; a refusal is JSON in both
languages.
"""

from __future__ import annotations

import re
import time
import traceback
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, unquote

from . import systems
from .acceptance import Exchange, note_exchange
from .addresses import ADDRESSES, Answer, Request, Serve, get_resource, read_enrolment_form
from .batches import run_due
from .changes import MOST_READERS
from .refusals import SyncFault
from .site import Caller, Site, hash_text

PLACE = re.compile(r"/(sync|fhir)/([^/]+)/(.+)")
LOOK = 0.2  # seconds between two looks of a reader that waits


def answer_request(site: Site, request: Request, root: str) -> Answer:
    """What is no fault of the request is told, and is the answer 500."""
    try:
        return answer_or_raise(site, request, root)
    except SyncFault as fault:
        return answer_fault(fault)
    except Exception:
        site.told(traceback.format_exc())
        return answer_fault(SyncFault("server"))


def answer_fault(fault: SyncFault) -> Answer:
    headers = {"Retry-After": str(fault.seconds or 5)} if fault.status in (429, 503) else {}
    if fault.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="xinglin"'
    content = fault.as_json()
    return Answer(fault.status, content, headers, note=content["error"])


def answer_or_raise(site: Site, request: Request, root: str) -> Answer:
    if request.path == "/oauth/token":
        return answer_token(site, request, root)
    if request.path == "/sync/enrol":
        if request.method != "POST":
            raise SyncFault("method", name=request.method)
        with site.database.transaction():
            made = systems.enrol(site, read_enrolment_form(request), root)
            if code := systems.renew_code(site, made["hospital"]):
                site.told(f"{made['hospital']}: the next enrolment code is {code}")
            return Answer(201, made)
    match = PLACE.fullmatch(request.path)
    if match is None:
        return Answer(404, {"error": "unknown", "zh": "没有这个地址。", "en": "No such address."})
    caller = find_caller(site, request, root)
    settle_due(site)
    if match[2] != caller.hospital:
        return answer_foreign(site, caller, request)
    if match[1] == "fhir":
        return get_resource(site, caller, replace(request, words=(match[3],)))
    room, serve, words = find_address(request.method, match[3])
    return answer_room(site, caller, replace(request, words=words), room, serve)


def answer_token(site: Site, request: Request, root: str) -> Answer:
    if request.method != "POST":
        return Answer(405, systems.refuse("invalid_request", "Use POST."))
    media = request.headers.get("content-type", "").partition(";")[0].strip()
    if media != "application/x-www-form-urlencoded":
        said = "Send the parameters as application/x-www-form-urlencoded."
        return Answer(400, systems.refuse("invalid_request", said))
    form = dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
    with site.database.lock:
        basic = request.headers.get("authorization", "")
        status, content = systems.give_token(site, form, basic, root)
    return Answer(status, content, {"Cache-Control": "no-store"}, note=content.get("error", ""))


def settle_due(site: Site) -> None:
    with site.database.transaction():
        run_due(site)


def find_caller(site: Site, request: Request, root: str) -> Caller:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    client, end = site.tokens.get(hash_text(token), ("", 0.0))
    if scheme.lower() != "bearer" or end <= site.now():
        raise SyncFault("token")
    row = site.database.row("SELECT hospital FROM systems WHERE client = ?", client)
    return Caller(client, row["hospital"], root)


def find_address(method: str, path: str) -> tuple[str, Serve, tuple[str, ...]]:
    """(room, what answers it, what the address names). Raises SyncFault."""
    known = False
    for verb, form, room, serve in ADDRESSES:
        match = re.fullmatch(form, path)
        known |= match is not None
        if match and verb == method:
            return room, serve, tuple(unquote(word) for word in match.groups())
    if known:
        raise SyncFault("method", name=method[:20])
    raise SyncFault("unknown", next=1)


def answer_foreign(site: Site, caller: Caller, request: Request) -> Answer:
    fault = SyncFault("forbidden", detail=f"/sync/{caller.hospital}/")
    answer = answer_fault(fault)
    with site.database.transaction():
        note_exchange(site, caller, describe_exchange(request, "", answer))
    return answer


def answer_room(site: Site, caller: Caller, request: Request, room: str, serve: Serve) -> Answer:
    """And again until something came, where the request waits."""
    answer = serve_once(site, caller, request, room, serve)
    if not answer.wait:
        return answer
    if site.waiting_readers >= MOST_READERS:
        raise SyncFault("polls", most=MOST_READERS, seconds=5)
    site.waiting_readers += 1
    try:
        end = time.monotonic() + answer.wait
        while answer.wait and time.monotonic() < end:
            time.sleep(LOOK)
            settle_due(site)
            query = {**request.query, "cursor": answer.content["cursor"]}
            answer = serve_once(site, caller, replace(request, query=query), room, serve)
    finally:
        site.waiting_readers -= 1
    return answer


def serve_once(site: Site, caller: Caller, request: Request, room: str, serve: Serve) -> Answer:
    """In one transaction, with what it shows; of a refusal nothing else is kept."""
    try:
        with site.database.transaction():
            answer = serve(site, caller, request)
            note_exchange(site, caller, describe_exchange(request, room, answer))
            return answer
    except SyncFault as fault:
        answer = answer_fault(fault)
        with site.database.transaction():
            note_exchange(site, caller, describe_exchange(request, room, answer))
        return answer


def describe_exchange(request: Request, room: str, answer: Answer) -> Exchange:
    content: Any = answer.read()
    return Exchange(
        request.method, room, request.query, request.body, answer.status, content, answer.again
    )
