"""Read the parameters of a request: of its address, form or Parameters resource, and its body."""

from dataclasses import replace
from typing import Any

from django.http import HttpRequest

from records.api import negotiate
from records.fhir.issues import Issue, Malformed, NotSupported, WrongMediaType
from records.fhir.json_codec import ExactNumber
from records.fhir.parameters_resource import parse_parameters
from records.fhir.query_string import FORMAT_PARAMETERS, Pairs, decode_utf8, parse_query
from records.requests.fhir_request import FhirResponse
from records.search import summary_view

FORM = "application/x-www-form-urlencoded"


def parse_query_pairs(request: HttpRequest) -> Pairs:
    return parse_query(read_query_string(request))


def parse_form_pairs(request: HttpRequest) -> Pairs:
    if request.content_type != FORM:
        raise WrongMediaType(Issue("not-supported", f"POST _search takes Content-Type: {FORM}."))
    found = parse_query(decode_utf8(negotiate.read_body(request).decode("latin-1"), "The body"))
    negotiate.check_accepts_json(request, parse_query_pairs(request) + found)
    return parse_query_pairs(request) + found


def is_lenient(request: HttpRequest) -> bool:
    """Prefer: handling=lenient: leave out what is not understood, and show in the link "self"
    what was.
    """
    return negotiate.parse_prefer(request).get("handling") == "lenient"


def read_query_string(request: HttpRequest) -> str:
    return decode_utf8(str(request.META.get("QUERY_STRING", "")), "The address")


def check_no_parameters(request: HttpRequest, instead: str = "") -> None:
    """An address that takes no parameters; one that came along is not passed over in silence.
    instead: where a condition belongs. Raises NotSupported.
    """
    if names := {k for k, _ in parse_query_pairs(request)} - set(FORMAT_PARAMETERS):
        mend = f": a condition goes into {instead}." if instead else "."
        raise NotSupported(
            Issue("not-supported", f"{request.method} takes no parameter {min(names)!r} here{mend}")
        )


def read_write_body(request: HttpRequest, instead: str) -> Any:
    """The body of a write, which takes no parameters."""
    check_no_parameters(request, instead)
    return negotiate.read_json_body(request)


def read_patch_operations(request: HttpRequest) -> Any:
    """A JSON Patch is an array, a FHIRPath Patch a Parameters resource, and each has its media
    type.
    """
    body = negotiate.read_json_body(request, negotiate.PATCH_IN)
    if request.content_type == negotiate.JSON_PATCH and not isinstance(body, list):
        raise Malformed(
            Issue(
                "structure",
                'A JSON Patch is an array of operations such as {"op": "replace", "path":'
                ' "/gender", "value": "female"}.',
            )
        )
    if request.content_type != negotiate.JSON_PATCH and not isinstance(body, dict):
        raise WrongMediaType(
            Issue("not-supported", f"A JSON Patch is sent as Content-Type: {negotiate.JSON_PATCH}.")
        )
    return body


def apply_view(request: HttpRequest, answer: FhirResponse) -> FhirResponse:
    """A read with _elements or _summary."""
    for name, value in parse_query_pairs(request):
        if name == "_elements":
            answer = replace(
                answer, body=summary_view.parse_elements(value.split(","))(answer.body)
            )
        elif name == "_summary":
            answer = replace(answer, body=summary_view.parse_summary(value)(answer.body))
        elif name not in FORMAT_PARAMETERS:
            raise NotSupported(
                Issue(
                    "not-supported",
                    f"A read has no parameter {name!r}; it has _elements and _summary.",
                )
            )
    return answer


def read_parameters_resource(request: HttpRequest) -> Any:
    """Of an operation that comes by POST: its Parameters resource, if any; None by GET."""
    return negotiate.read_optional_json(request) if request.method == "POST" else None


def parse_operation_pairs(request: HttpRequest) -> Pairs:
    """What an operation is asked: by its address, by POST also in a Parameters resource, which
    may be missing (FHIR R4 operations.html#executing).
    """
    given = read_parameters_resource(request)
    return parse_query_pairs(request) + (
        []
        if given is None
        else [(name, format_parameter(name, value)) for name, value in parse_parameters(given)]
    )


def format_parameter(name: str, value: Any) -> str:
    """A plain value as an address would say it. Raises Malformed."""
    if isinstance(value, dict):
        value = value.get("reference")
    if value is None:
        raise Malformed(
            Issue(
                "value",
                f"Parameter {name[:60]}: it is a plain value or a reference.",
                "Parameters.parameter",
            )
        )
    return (
        {True: "true", False: "false"}[value]
        if isinstance(value, bool)
        else value.text
        if isinstance(value, ExactNumber)
        else str(value)
    )


def check_no_operation_parameters(request: HttpRequest, operation: str) -> None:
    """An operation that has none, by whatever method. Raises NotSupported."""
    if names := {k for k, _ in parse_operation_pairs(request)} - set(FORMAT_PARAMETERS):
        raise NotSupported(
            Issue("not-supported", f"{operation} takes no parameter {min(names)[:60]!r}.")
        )
