"""What a request asks: parameters of its address, form or Parameters resource, and its body."""

from dataclasses import replace
from typing import Any

from django.http import HttpRequest

from records.api import negotiate
from records.fhir.issues import Issue, Malformed, NotSupported, WrongMediaType
from records.fhir.json import Number
from records.fhir.parameters import told
from records.fhir.query import PLAIN, Pairs, pairs, utf8
from records.interactions.ask import Answer
from records.search import view


def query(request: HttpRequest) -> Pairs:
    return pairs(condition(request))


def form(request: HttpRequest) -> Pairs:
    if request.content_type != "application/x-www-form-urlencoded":
        raise WrongMediaType(Issue("not-supported", "POST _search takes Content-Type: application/x-www-form-urlencoded."))
    found = pairs(utf8(negotiate.raw(request).decode("latin-1"), "The body"))
    negotiate.acceptable(request, query(request) + found)
    return query(request) + found


def lenient(request: HttpRequest) -> bool:
    """Prefer: handling=lenient: leave out what is not understood, and show in the link "self" what was."""
    return negotiate.preferences(request).get("handling") == "lenient"


def condition(request: HttpRequest) -> str:
    return utf8(str(request.META.get("QUERY_STRING", "")), "The address")


def nothing_besides(request: HttpRequest, instead: str) -> None:
    """A write takes no parameters; one that came along is not passed over in silence. Raises NotSupported."""
    if names := {k for k, _ in query(request)} - set(PLAIN):
        raise NotSupported(Issue("not-supported", f"{request.method} takes no parameter {min(names)!r} here: a condition goes into {instead}."))


def plain(request: HttpRequest, instead: str) -> Any:
    """The body of a write, which takes no parameters."""
    nothing_besides(request, instead)
    return negotiate.body(request)


def bare(request: HttpRequest, parts: list[str]) -> list[str]:
    """Type and id of an address that takes no parameters."""
    if names := {k for k, _ in query(request)} - set(PLAIN):
        raise NotSupported(Issue("not-supported", f"{request.method} takes no parameter {min(names)!r} here."))
    return [p for p in parts if not p.startswith("$")]


def operations(request: HttpRequest) -> Any:
    """A JSON Patch is an array, a FHIRPath Patch a Parameters resource, and each has its media type."""
    body = negotiate.body(request, negotiate.PATCH_IN)
    if request.content_type == negotiate.JSON_PATCH and not isinstance(body, list):
        raise Malformed(Issue("structure", 'A JSON Patch is an array of operations such as {"op": "replace", "path": "/gender", "value": "female"}.'))
    if request.content_type != negotiate.JSON_PATCH and not isinstance(body, dict):
        raise WrongMediaType(Issue("not-supported", f"A JSON Patch is sent as Content-Type: {negotiate.JSON_PATCH}."))
    return body


def viewed(request: HttpRequest, answer: Answer) -> Answer:
    """A read with _elements or _summary."""
    for name, value in query(request):
        if name == "_elements":
            answer = replace(answer, body=view.elements(value.split(","))(answer.body))
        elif name == "_summary":
            answer = replace(answer, body=view.summary(value)(answer.body))
        elif name not in PLAIN:
            raise NotSupported(Issue("not-supported", f"A read has no parameter {name!r}; it has _elements and _summary."))
    return answer


def parameters(request: HttpRequest) -> Any:
    """Of an operation that comes by POST: its Parameters resource, if any; None by GET."""
    return negotiate.optional(request) if request.method == "POST" else None


def asked(request: HttpRequest) -> Pairs:
    """What an operation is asked: by its address, by POST also in a Parameters resource, which may be missing (FHIR R4 operations.html#executing)."""
    given = parameters(request)
    return query(request) + ([] if given is None else [(name, said(name, value)) for name, value in told(given)])


def said(name: str, value: Any) -> str:
    """A plain value as an address would say it. Raises Malformed."""
    if isinstance(value, dict):
        value = value.get("reference")
    if value is None:
        raise Malformed(Issue("value", f"Parameter {name[:60]}: it is a plain value or a reference.", "Parameters.parameter"))
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else value.text if isinstance(value, Number) else str(value)


def nothing(request: HttpRequest, parts: list[str]) -> list[str]:
    """Type and id of an operation that has no parameters, by whatever method."""
    if names := {k for k, _ in asked(request)} - set(PLAIN):
        raise NotSupported(Issue("not-supported", f"{parts[-1]} takes no parameter {min(names)[:60]!r}."))
    return [p for p in parts if not p.startswith("$")]
