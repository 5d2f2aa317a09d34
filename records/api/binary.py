"""Binary as it is: bytes in and out under their own media type, the resource only for who asks
for FHIR (FHIR R4 binary.html).
"""

import base64
import re
from dataclasses import replace
from typing import Any

from django.http import HttpRequest

from records.api import negotiate
from records.api.request_parameters import (
    apply_view,
    check_no_parameters,
    parse_query_pairs,
    read_write_body,
)
from records.fhir.issues import Issue, Malformed, NotAcceptable, WrongMediaType
from records.fhir.json_codec import parse_json
from records.fhir.media_types import NAMES, is_served_type, parse_media_type
from records.fhir.query_string import FORMAT_PARAMETERS
from records.requests.fhir_request import FhirResponse

MEDIA_TYPE = re.compile(
    r"[A-Za-z0-9!#$&^_.+\-]{1,100}/[A-Za-z0-9!#$&^_.+\-]{1,100}(?:;"
    r" ?[A-Za-z0-9_.\-]{1,50}=[A-Za-z0-9_.+\-\"]{1,100}){0,5}"
)
DEFAULT_MEDIA_TYPE = "application/octet-stream"


def read_resource_body(request: HttpRequest, type_name: str, fhir_id: str = "") -> Any:
    """What is to be stored at this address; it takes no parameters."""
    instead = "PUT Type?condition" if fhir_id else "If-None-Exist"
    return (
        binary_from_body(request, instead, fhir_id)
        if type_name == "Binary"
        else read_write_body(request, instead)
    )


def show_resource(request: HttpRequest, type_name: str, answer: FhirResponse) -> FhirResponse:
    """As it is asked for."""
    return (
        negotiate_binary(request, answer) if type_name == "Binary" else apply_view(request, answer)
    )


def negotiate_binary(request: HttpRequest, answer: FhirResponse) -> FhirResponse:
    """The resource where JSON is asked for by name, or parts of it; else its content. Raises
    NotAcceptable where it is of a type that was not asked for.
    """
    formats = [v for k, v in parse_query_pairs(request) if k == "_format" and v]
    wanted = formats or [a for a in request.headers.get("Accept", "").split(",") if a.strip()]
    if any(is_served_type(w, NAMES) for w in wanted) or any(
        k not in FORMAT_PARAMETERS for k, _ in parse_query_pairs(request)
    ):
        return apply_view(request, answer)
    found = parse_json(answer.body)
    media = (
        found["contentType"] if MEDIA_TYPE.fullmatch(found["contentType"]) else DEFAULT_MEDIA_TYPE
    )
    kind = parse_media_type(media)[0]
    if wanted and not any(
        is_served_type(w, (kind, f"{kind.partition('/')[0]}/*", "*/*")) for w in wanted
    ):
        raise NotAcceptable(
            Issue(
                "not-supported",
                f"This Binary is {kind}: ask for that, or for application/fhir+json.",
            )
        )
    return replace(answer, body=base64.b64decode(found.get("data", "")), media=media)


def binary_from_body(request: HttpRequest, instead: str, fhir_id: str) -> Any:
    """A resource in JSON, or the Binary that any other body makes: its bytes, its media type,
    and X-Security-Context as whom it is about. JSON of another FHIR resource is refused as at every
    address: as a Binary it would lose what protects it.
    """
    check_no_parameters(request, instead)
    data = negotiate.read_body(request)
    if request.content_type in negotiate.JSON_IN and negotiate.check_content_type(
        request, negotiate.JSON_IN
    ):
        found = negotiate.decode_json(data)
        if isinstance(found, dict) and "resourceType" in found:
            return found
    if not data:
        raise Malformed(
            Issue(
                "required",
                "The body is empty: send the bytes of the content, or a Binary resource as JSON.",
            )
        )
    media = str(request.headers.get("Content-Type", ""))
    if not MEDIA_TYPE.fullmatch(media):
        raise WrongMediaType(
            Issue(
                "not-supported",
                "Say of what type the bytes are, for example Content-Type: application/pdf; of"
                f" none in particular {DEFAULT_MEDIA_TYPE}.",
            )
        )
    out: dict[str, Any] = {
        "resourceType": "Binary",
        **({"id": fhir_id} if fhir_id else {}),
        "contentType": media,
    }
    if about := negotiate.read_header(request, "X-Security-Context"):
        out["securityContext"] = {"reference": about}
    return out | {"data": base64.b64encode(data).decode()}
