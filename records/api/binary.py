"""Binary as it is: bytes in and out under their own media type, the resource only for who asks for FHIR (FHIR R4 binary.html)."""

import base64
import re
from dataclasses import replace
from typing import Any

from django.http import HttpRequest

from records.api import negotiate
from records.api.asked import nothing_besides, query, viewed
from records.fhir.formats import NAMES, parts, served
from records.fhir.issues import Issue, Malformed, NotAcceptable, WrongMediaType
from records.fhir.json import parse
from records.fhir.query import PLAIN
from records.interactions.ask import Answer

MEDIA = re.compile(r"[A-Za-z0-9!#$&^_.+\-]{1,100}/[A-Za-z0-9!#$&^_.+\-]{1,100}(?:; ?[A-Za-z0-9_.\-]{1,50}=[A-Za-z0-9_.+\-\"]{1,100}){0,5}")
OTHER = "application/octet-stream"


def is_read(method: str, parts: list[str]) -> bool:
    """Whether the answer may be something else than FHIR."""
    return method in ("GET", "HEAD") and parts[:1] == ["Binary"] and len(parts) in (2, 4) and not parts[-1].startswith(("$", "_"))


def shown(request: HttpRequest, answer: Answer) -> Answer:
    """The resource where JSON is asked for by name, or parts of it; else its content. Raises NotAcceptable where it is of a type that was not asked for."""
    formats = [v for k, v in query(request) if k == "_format" and v]
    wanted = formats or [a for a in request.headers.get("Accept", "").split(",") if a.strip()]
    if any(served(w, NAMES) for w in wanted) or any(k not in PLAIN for k, _ in query(request)):
        return viewed(request, answer)
    found = parse(answer.body)
    media = found["contentType"] if MEDIA.fullmatch(found["contentType"]) else OTHER
    kind = parts(media)[0]
    if wanted and not any(served(w, (kind, f"{kind.partition('/')[0]}/*", "*/*")) for w in wanted):
        raise NotAcceptable(Issue("not-supported", f"This Binary is {kind}: ask for that, or for application/fhir+json."))
    return replace(answer, body=base64.b64decode(found.get("data", "")), media=media)


def taken(request: HttpRequest, fhir_id: str = "") -> Any:
    """A resource in JSON, or the Binary that any other body makes: its bytes, its media type, and X-Security-Context as whom it is about. JSON of another FHIR
    resource is refused as at every address: as a Binary it would lose what protects it."""
    nothing_besides(request, "PUT Type?condition" if fhir_id else "If-None-Exist")
    data = negotiate.raw(request)
    if request.content_type in negotiate.JSON_IN and negotiate.typed(request, negotiate.JSON_IN):
        found = negotiate.decode(data)
        if isinstance(found, dict) and "resourceType" in found:
            return found
    if not data:
        raise Malformed(Issue("required", "The body is empty: send the bytes of the content, or a Binary resource as JSON."))
    media = str(request.headers.get("Content-Type", ""))
    if not MEDIA.fullmatch(media):
        raise WrongMediaType(Issue("not-supported", f"Say of what type the bytes are, for example Content-Type: application/pdf; of none in particular {OTHER}."))
    out: dict[str, Any] = {"resourceType": "Binary", **({"id": fhir_id} if fhir_id else {}), "contentType": media}
    if about := negotiate.text(request, "X-Security-Context"):
        out["securityContext"] = {"reference": about}
    return out | {"data": base64.b64encode(data).decode()}
