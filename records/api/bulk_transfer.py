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
from records.api.http_response import FHIR_JSON_UTF8, build_accepted_response
from records.api.request_parameters import is_lenient, parse_operation_pairs
from records.bulk import bulk_jobs, export_job, import_job
from records.fhir import operation_outcome
from records.fhir.issues import Issue, Malformed, NotSupported, TooLarge, WrongMediaType
from records.fhir.json_codec import dump_json
from records.models import BulkJob
from records.requests.fhir_request import FhirRequest

NDJSON = "application/fhir+ndjson"
NDJSON_IN = (NDJSON, "application/ndjson", "application/x-ndjson")
RANGE = re.compile(r"bytes=(\d{1,15})-(\d{0,15})")
PIECE_BYTES = 1 << 20


def answer_job_accepted(job: BulkJob) -> HttpResponse:
    return build_accepted_response(
        {"Content-Location": f"{job.root}/{job.base}/_bulk/{job.pk}", "Cache-Control": "no-store"}
    )


def start_export(
    request: HttpRequest, fhir_request: FhirRequest, level: str, group: str = ""
) -> HttpResponse:
    pairs = parse_operation_pairs(request)
    if "respond-async" not in negotiate.parse_prefer(request):
        raise NotSupported(
            Issue(
                "not-supported",
                "An export runs beside the request: send Prefer: respond-async, then poll the"
                " address in Content-Location.",
            )
        )
    return answer_job_accepted(
        export_job.create_export_job(
            fhir_request, level, group, pairs, request.build_absolute_uri(), is_lenient(request)
        )
    )


def start_import(request: HttpRequest, fhir_request: FhirRequest, type_name: str) -> HttpResponse:
    if request.content_type not in NDJSON_IN:
        raise WrongMediaType(
            Issue(
                "not-supported", f"$import takes one resource a line: send Content-Type: {NDJSON}."
            )
        )
    return answer_job_accepted(
        import_job.create_import_job(
            fhir_request, type_name, iterate_body(request), request.build_absolute_uri()
        )
    )


def iterate_body(request: HttpRequest) -> Iterator[bytes]:
    """The body as it comes, unpacked. Raises TooLarge, Malformed."""
    coding = request.headers.get("Content-Encoding", "")
    if coding not in ("", "identity", "gzip"):
        raise WrongMediaType(
            Issue(
                "not-supported",
                f"Content-Encoding {coding[:40]!r} is not taken: send gzip, or the bytes as they"
                " are.",
            )
        )
    opened = zlib.decompressobj(wbits=31) if coding == "gzip" else None
    total, came, source = (
        0,
        0,
        request.META["wsgi.input"] if "HTTP_TRANSFER_ENCODING" in request.META else request,
    )
    while chunk := read_piece(source):
        came += len(chunk)
        while chunk:
            try:
                out, chunk = (
                    (opened.decompress(chunk, PIECE_BYTES), opened.unconsumed_tail)
                    if opened
                    else (chunk, b"")
                )
            except zlib.error as error:
                raise Malformed(
                    Issue("structure", "The body is not gzip, though its Content-Encoding says so.")
                ) from error
            total += len(out)
            if total > settings.FHIR_MAX_IMPORT:
                raise TooLarge(
                    Issue(
                        "too-long",
                        f"The upload is larger than {settings.FHIR_MAX_IMPORT // 1048576} MiB: send"
                        " it in parts.",
                    )
                )
            yield out
    stated = request.META.get("CONTENT_LENGTH") or ""
    if stated.isdecimal() and came < int(stated):
        raise Malformed(
            Issue(
                "structure", f"The body breaks off after {came} of {stated} bytes: send it again."
            )
        )
    if opened and not opened.eof:
        raise Malformed(Issue("structure", "The gzip body breaks off: send it whole."))


def read_piece(source: Any) -> bytes:
    """The next bytes of an upload, none at its end. Raises Malformed where it breaks off."""
    try:
        return bytes(source.read(PIECE_BYTES))
    except OSError as error:
        raise Malformed(
            Issue("structure", "The body breaks off, or came too slowly: send it again.")
        ) from error


def poll_bulk_job(fhir_request: FhirRequest, job_id: str) -> HttpResponse:
    found = bulk_jobs.get_bulk_job_status(fhir_request, job_id)
    if found.manifest and found.state == BulkJob.State.DONE:
        response = HttpResponse(found.manifest, content_type="application/json")
        if found.until:
            response["Expires"] = format_datetime(found.until.astimezone(dt.UTC), usegmt=True)
    elif found.manifest:
        response = HttpResponse(
            dump_json(operation_outcome.build_outcome(Issue("exception", found.says))),
            status=422,
            content_type=FHIR_JSON_UTF8,
        )
    else:
        response = build_accepted_response(
            {"X-Progress": found.progress, "Retry-After": str(found.seconds)}
        )
    response["Cache-Control"] = "no-store"
    return response


def download_bulk_file(
    request: HttpRequest, fhir_request: FhirRequest, job_id: str, number: str
) -> Any:
    """The whole file, or the rest of it from a byte on (RFC 9110 14.2), so that a broken
    download goes on where it broke.
    """
    found = bulk_jobs.open_bulk_file(fhir_request, job_id, number)
    m = RANGE.fullmatch(request.headers.get("Range", ""))
    first, last = (
        (int(m.group(1)), min(int(m.group(2) or found.size), found.size - 1))
        if m
        else (0, found.size - 1)
    )
    if m and (first >= found.size or last < first):
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{found.size}"})
    response = StreamingHttpResponse(
        bulk_jobs.read_bulk_file(found, first, last), status=206 if m else 200, content_type=NDJSON
    )
    response["Content-Length"] = str(last - first + 1)
    response["Accept-Ranges"] = "bytes"
    response["Cache-Control"] = "no-store"
    if m:
        response["Content-Range"] = f"bytes {first}-{last}/{found.size}"
    return response
