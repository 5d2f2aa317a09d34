"""Media types, bodies and validators of HTTP (FHIR R4 http.html#mime-type; RFC 9110)."""

import zlib
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from records.fhir.issues import Issue, Malformed, NotAcceptable, TooLarge, WrongMediaType
from records.fhir.json import InvalidJson, parse

JSON_IN = ("application/fhir+json", "application/json")
JSON_PATCH = "application/json-patch+json"
PATCH_IN = (JSON_PATCH, "application/fhir+json")
JSON_OUT = ("application/fhir+json", "application/json", "application/*", "*/*", "text/json", "application/fhir+ndjson", "application/ndjson")


def acceptable(request: HttpRequest) -> None:
    """Raises NotAcceptable unless JSON will do."""
    wanted = request.headers.get("Accept", "*/*")
    if not any(part.partition(";")[0].strip().lower() in JSON_OUT for part in wanted.split(",")):
        raise NotAcceptable(Issue("not-supported", "Only JSON is served: send Accept: application/fhir+json."))


def body(request: HttpRequest, types: tuple[str, ...] = JSON_IN) -> Any:
    """The parsed JSON body. Raises WrongMediaType, TooLarge, Malformed."""
    if request.content_type not in types:
        raise WrongMediaType(Issue("not-supported", f"The body is {request.content_type or 'of no stated type'}: send Content-Type: {types[0]}."))
    charset = (request.content_params or {}).get("charset", "utf-8").lower()
    if charset not in ("utf-8", "utf8"):
        raise WrongMediaType(Issue("not-supported", f"The body is said to be {charset}: FHIR JSON is UTF-8. Convert it before sending."))
    return decode(raw(request))


def raw(request: HttpRequest) -> bytes:
    most = settings.FHIR_MAX_BODY
    length = request.META.get("CONTENT_LENGTH") or "0"
    over = length.isdecimal() and int(length) > most
    data = b"" if over else unpacked(request.read(most + 1), request.headers.get("Content-Encoding", ""), most)
    if over or len(data) > most:
        drain(request, 4 * most)
        raise TooLarge(Issue("too-long", f"The body is larger than {most // 1048576} MiB: send the Bundle in parts."))
    return data


def unpacked(data: bytes, coding: str, most: int) -> bytes:
    """At most one byte more than allowed, so that a small packet cannot become a large one unseen."""
    if coding in ("", "identity"):
        return data
    if coding != "gzip":
        raise WrongMediaType(Issue("not-supported", f"Content-Encoding {coding[:40]!r} is not taken: send gzip, or the bytes as they are."))
    try:
        opened = zlib.decompressobj(wbits=31)
        out = opened.decompress(data, most + 1)
    except zlib.error as error:
        raise Malformed(Issue("structure", "The body is not gzip, though its Content-Encoding says so.")) from error
    if len(out) <= most and (not opened.eof or opened.unused_data):
        raise Malformed(Issue("structure", "The gzip body breaks off, or something follows it: send it whole, as one member."))
    return out


def drain(request: HttpRequest, most: int) -> None:
    """Read on and throw away, so that a client that is still sending gets to hear why it is refused."""
    while most > 0 and (chunk := request.read(1 << 20)):
        most -= len(chunk)


def decode(data: bytes) -> Any:
    if not data:
        raise Malformed(Issue("required", "The body is empty: send the resource as JSON."))
    try:
        return parse(data)
    except InvalidJson as error:
        raise Malformed(Issue("structure", f"The body is not JSON: {error}.")) from error
