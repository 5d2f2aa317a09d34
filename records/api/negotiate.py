"""Media types, bodies and validators of HTTP (FHIR R4 http.html#mime-type; RFC 9110)."""

import zlib
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from records.fhir.issues import Issue, Malformed, TooLarge, WrongMediaType
from records.fhir.json_codec import InvalidJson, parse_json
from records.fhir.media_types import (
    VERSIONS,
    parse_media_type,
    require_json_accept,
    require_json_format,
)
from records.fhir.query_string import Pairs, decode_utf8

JSON_IN = ("application/fhir+json", "application/json")
JSON_PATCH = "application/json-patch+json"
PATCH_IN = (JSON_PATCH, "application/fhir+json")
ANY_MEDIA = "*/*"
RESOURCE_IN = (*JSON_IN, ANY_MEDIA)  # of a Binary, its bytes


def read_header(request: HttpRequest, name: str) -> str | None:
    """A header's value in UTF-8, None where it was not sent. Raises Malformed."""
    value = request.headers.get(name)
    return None if value is None else decode_utf8(value, name)


def parse_prefer(request: HttpRequest) -> dict[str, str]:
    """What Prefer says, the first of each kind (RFC 7240 2)."""
    out: dict[str, str] = {}
    for part in request.headers.get("Prefer", "").split(","):
        name, _, value = part.partition(";")[0].partition("=")
        out.setdefault(name.strip().lower(), value.strip().strip('"'))
    return out


def check_accepts_json(request: HttpRequest, asked: Pairs) -> None:
    """Raises NotAcceptable unless JSON will do: _format says so, and where it is not given,
    Accept.
    """
    formats = [v for k, v in asked if k == "_format" and v]
    for said in formats:
        require_json_format(said)
    if not formats:
        require_json_accept(request.headers.get("Accept", ""))


def read_optional_json(request: HttpRequest) -> Any:
    """The parsed JSON body of an operation; None where there is none, of whatever type it is
    said to be. Raises as body does.
    """
    data = read_body(request)
    return decode_json(data) if data and check_content_type(request, JSON_IN) else None


def read_json_body(request: HttpRequest, types: tuple[str, ...] = JSON_IN) -> Any:
    """The parsed JSON body. Raises WrongMediaType, TooLarge, Malformed."""
    check_content_type(request, types)
    return decode_json(read_body(request))


def check_content_type(request: HttpRequest, types: tuple[str, ...]) -> bool:
    """True. Raises WrongMediaType for another type, another coding than UTF-8, or a body of
    another version of FHIR (R4 http.html#version-parameter).
    """
    if request.content_type not in types:
        raise WrongMediaType(
            Issue(
                "not-supported",
                f"The body is {request.content_type or 'of no stated type'}: send Content-Type:"
                f" {types[0]}.",
            )
        )
    charset = (request.content_params or {}).get("charset", "utf-8").lower()
    if charset not in ("utf-8", "utf8"):
        raise WrongMediaType(
            Issue(
                "not-supported",
                f"The body is said to be {charset}: FHIR JSON is UTF-8. Convert it before sending.",
            )
        )
    version = parse_media_type(request.headers.get("Content-Type", ""))[1].get(
        "fhirversion", VERSIONS[0]
    )
    if version not in VERSIONS:
        raise WrongMediaType(
            Issue(
                "not-supported",
                f"The body is said to be FHIR {version[:20]}: this base takes FHIR R4 (4.0.1).",
            )
        )
    return True


def read_body(request: HttpRequest) -> bytes:
    most = settings.FHIR_MAX_BODY
    length = request.META.get("CONTENT_LENGTH") or "0"
    over = length.isdecimal() and int(length) > most
    data = (
        b""
        if over
        else decompress_body(
            request.read(most + 1), request.headers.get("Content-Encoding", ""), most
        )
    )
    if over or len(data) > most:
        raise TooLarge(
            Issue(
                "too-long",
                f"The body is larger than {most // 1048576} MiB: send the Bundle in parts.",
            )
        )
    return data


def decompress_body(data: bytes, coding: str, most: int) -> bytes:
    """At most one byte more than allowed, so that a small packet cannot become a large one
    unseen.
    """
    if coding in ("", "identity"):
        return data
    if coding != "gzip":
        raise WrongMediaType(
            Issue(
                "not-supported",
                f"Content-Encoding {coding[:40]!r} is not taken: send gzip, or the bytes as they"
                " are.",
            )
        )
    try:
        opened = zlib.decompressobj(wbits=31)
        out = opened.decompress(data, most + 1)
    except zlib.error as error:
        raise Malformed(
            Issue("structure", "The body is not gzip, though its Content-Encoding says so.")
        ) from error
    if len(out) <= most and (not opened.eof or opened.unused_data):
        raise Malformed(
            Issue(
                "structure",
                "The gzip body breaks off, or something follows it: send it whole, as one member.",
            )
        )
    return out


def decode_json(data: bytes) -> Any:
    if not data:
        raise Malformed(Issue("required", "The body is empty: send the resource as JSON."))
    try:
        return parse_json(data)
    except InvalidJson as error:
        raise Malformed(Issue("structure", f"The body is not JSON: {error}.")) from error
