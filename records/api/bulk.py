"""Bulk jobs over HTTP: kick-off, polling, files with ranges, deletion (Bulk Data Access 2.0)."""

import datetime as dt
import re
import zlib
from collections.abc import Iterator
from email.utils import format_datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse

from records.api import negotiate
from records.api.asked import lenient
from records.fhir import outcome
from records.fhir.issues import Issue, Malformed, NotSupported, TooLarge, WrongMediaType
from records.fhir.json import dump
from records.interactions import bulk, export, importing
from records.interactions.ask import Ask
from records.models import BulkJob

NDJSON = "application/fhir+ndjson"
NDJSON_IN = (NDJSON, "application/ndjson", "application/x-ndjson")
RANGE = re.compile(r"bytes=(\d{1,15})-(\d{0,15})")
PIECE = 1 << 20


def accepted(job: BulkJob) -> HttpResponse:
    return going_on({"Content-Location": f"{job.root}/{job.base}/_bulk/{job.pk}", "Cache-Control": "no-store"})


def going_on(headers: dict[str, str]) -> HttpResponse:
    """202 without a body, which has no media type either."""
    response = HttpResponse(status=202, headers=headers)
    del response["Content-Type"]
    return response


def kick_off(request: HttpRequest, ask: Ask, level: str, group: str, pairs: list[tuple[str, str]]) -> HttpResponse:
    if "respond-async" not in negotiate.preferences(request):
        raise NotSupported(Issue("not-supported", "An export runs beside the request: send Prefer: respond-async, then poll the address in Content-Location."))
    return accepted(export.ask_for(ask, level, group, pairs, request.build_absolute_uri(), lenient(request)))


def take_in(request: HttpRequest, ask: Ask, type_name: str) -> HttpResponse:
    if request.content_type not in NDJSON_IN:
        raise WrongMediaType(Issue("not-supported", f"$import takes one resource a line: send Content-Type: {NDJSON}."))
    return accepted(importing.upload(ask, type_name, pieces(request), request.build_absolute_uri()))


def pieces(request: HttpRequest) -> Iterator[bytes]:
    """The body as it comes, unpacked. Raises TooLarge, Malformed."""
    coding = request.headers.get("Content-Encoding", "")
    if coding not in ("", "identity", "gzip"):
        raise WrongMediaType(Issue("not-supported", f"Content-Encoding {coding[:40]!r} is not taken: send gzip, or the bytes as they are."))
    opened = zlib.decompressobj(wbits=31) if coding == "gzip" else None
    total, came, source = 0, 0, request.META["wsgi.input"] if "HTTP_TRANSFER_ENCODING" in request.META else request
    while chunk := came_in(source):
        came += len(chunk)
        while chunk:
            try:
                out, chunk = (opened.decompress(chunk, PIECE), opened.unconsumed_tail) if opened else (chunk, b"")
            except zlib.error as error:
                raise Malformed(Issue("structure", "The body is not gzip, though its Content-Encoding says so.")) from error
            total += len(out)
            if total > settings.FHIR_MAX_IMPORT:
                raise TooLarge(Issue("too-long", f"The upload is larger than {settings.FHIR_MAX_IMPORT // 1048576} MiB: send it in parts."))
            yield out
    stated = request.META.get("CONTENT_LENGTH") or ""
    if stated.isdecimal() and came < int(stated):
        raise Malformed(Issue("structure", f"The body breaks off after {came} of {stated} bytes: send it again."))
    if opened and not opened.eof:
        raise Malformed(Issue("structure", "The gzip body breaks off: send it whole."))


def came_in(source: Any) -> bytes:
    """The next bytes of an upload, none at its end. Raises Malformed where it breaks off."""
    try:
        return bytes(source.read(PIECE))
    except OSError as error:
        raise Malformed(Issue("structure", "The body breaks off, or came too slowly: send it again.")) from error


def poll(request: HttpRequest, ask: Ask, job_id: str) -> HttpResponse:
    found = bulk.status(ask, job_id)
    if found.manifest and found.state == BulkJob.State.DONE:
        response = HttpResponse(found.manifest, content_type="application/json")
        if found.until:
            response["Expires"] = format_datetime(found.until.astimezone(dt.UTC), usegmt=True)
    elif found.manifest:
        response = HttpResponse(dump(outcome.outcome(Issue("exception", found.says))), status=422, content_type="application/fhir+json; charset=utf-8")
    else:
        response = going_on({"X-Progress": found.progress, "Retry-After": str(found.seconds)})
    response["Cache-Control"] = "no-store"
    return response


def remove(ask: Ask, job_id: str) -> HttpResponse:
    bulk.delete(ask, job_id)
    return going_on({})


def download(request: HttpRequest, ask: Ask, job_id: str, number: str) -> Any:
    """The whole file, or the rest of it from a byte on (RFC 9110 14.2), so that a broken download goes on where it broke."""
    found = bulk.open_file(ask, job_id, number)
    m = RANGE.fullmatch(request.headers.get("Range", ""))
    first, last = (int(m.group(1)), min(int(m.group(2) or found.size), found.size - 1)) if m else (0, found.size - 1)
    if m and (first >= found.size or last < first):
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{found.size}"})
    response = StreamingHttpResponse(bulk.content(found, first, last), status=206 if m else 200, content_type=NDJSON)
    response["Content-Length"] = str(last - first + 1)
    response["Accept-Ranges"] = "bytes"
    response["Cache-Control"] = "no-store"
    if m:
        response["Content-Range"] = f"bytes {first}-{last}/{found.size}"
    return response
