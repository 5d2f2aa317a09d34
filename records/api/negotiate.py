"""Media types, bodies and validators of HTTP (FHIR R4 http.html#mime-type; RFC 9110)."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from records.fhir.issues import Issue, Malformed, NotAcceptable, TooLarge, WrongMediaType
from records.fhir.json import InvalidJson, parse

JSON_IN = ("application/fhir+json", "application/json")
JSON_OUT = ("application/fhir+json", "application/json", "application/*", "*/*", "text/json")


def acceptable(request: HttpRequest) -> None:
    """Raises NotAcceptable unless JSON will do."""
    wanted = request.headers.get("Accept", "*/*")
    if not any(part.partition(";")[0].strip().lower() in JSON_OUT for part in wanted.split(",")):
        raise NotAcceptable(Issue("not-supported", "Only JSON is served: send Accept: application/fhir+json."))


def body(request: HttpRequest) -> Any:
    """The parsed JSON body. Raises WrongMediaType, TooLarge, Malformed."""
    if request.content_type not in JSON_IN:
        raise WrongMediaType(Issue("not-supported", f"The body is {request.content_type or 'of no stated type'}: send Content-Type: application/fhir+json."))
    charset = (request.content_params or {}).get("charset", "utf-8").lower()
    if charset not in ("utf-8", "utf8"):
        raise WrongMediaType(Issue("not-supported", f"The body is said to be {charset}: FHIR JSON is UTF-8. Convert it before sending."))
    return decode(raw(request))


def raw(request: HttpRequest) -> bytes:
    most = settings.FHIR_MAX_BODY
    length = request.META.get("CONTENT_LENGTH") or "0"
    over = length.isdecimal() and int(length) > most
    data = b"" if over else request.read(most + 1)
    if over or len(data) > most:
        drain(request, 4 * most)
        raise TooLarge(Issue("too-long", f"The body is larger than {most // 1048576} MiB: send the Bundle in parts."))
    return data


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
