"""The body of a request of sync: NDJSON, as it is or packed, no larger than is allowed."""

from django.conf import settings
from django.http import HttpRequest

from records.api.negotiate import decompress_body
from records.fhir.issues import Malformed, WrongMediaType
from records.sync.sync_error import SyncError

NDJSON = ("application/x-ndjson", "application/ndjson", "application/fhir+ndjson")


def read_ndjson_body(request: HttpRequest) -> bytes:
    """Raises SyncError."""
    if request.content_type not in NDJSON:
        raise SyncError("media", detail=(request.content_type or "")[:60])
    charset = (request.content_params or {}).get("charset", "utf-8").lower()
    if charset not in ("utf-8", "utf8"):
        raise SyncError("media", detail=charset[:40])
    return read_body(request)


def read_body(request: HttpRequest, largest: int | None = None) -> bytes:
    """Unpacked; no more bytes than `largest`, or than any request may have. Raises SyncError."""
    most = min(settings.FHIR_MAX_BODY, largest or settings.FHIR_MAX_BODY)
    length = request.META.get("CONTENT_LENGTH") or "0"
    if length.isdecimal() and int(length) > most:
        raise SyncError("bytes", most=most // 1048576)
    try:
        data = decompress_body(
            request.read(most + 1), request.headers.get("Content-Encoding", "").lower(), most
        )
    except WrongMediaType as error:
        raise SyncError("media", detail=request.headers.get("Content-Encoding", "")[:40]) from error
    except Malformed as error:
        raise SyncError("packed") from error
    if len(data) > most:
        raise SyncError("bytes", most=most // 1048576)
    return data
