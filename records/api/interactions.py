"""TABLE of the interactions: method and shape of an address -> what is called. Adding one is a row here and a file in interactions/."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

from django.http import HttpRequest, HttpResponseBase

from records.api import bulk, negotiate
from records.fhir.issues import Issue, Malformed, NotSupported, WrongMediaType
from records.fhir.parameters import told
from records.interactions import (
    batch,
    conditional,
    everything,
    history,
    lastn,
    match,
    meta,
    patch,
    persons,
    read,
    search,
    standing,
    summary,
    terminology,
    transaction,
    validation,
    write,
)
from records.interactions.ask import Answer, Ask
from records.search import view

Handler = Callable[[HttpRequest, Ask, list[str]], Answer | HttpResponseBase]


def query(request: HttpRequest) -> list[tuple[str, str]]:
    return parse_qsl(request.META.get("QUERY_STRING", ""), keep_blank_values=True)


def form(request: HttpRequest) -> list[tuple[str, str]]:
    if request.content_type != "application/x-www-form-urlencoded":
        raise WrongMediaType(Issue("not-supported", "POST _search takes Content-Type: application/x-www-form-urlencoded."))
    return query(request) + parse_qsl(negotiate.raw(request).decode(errors="replace"), keep_blank_values=True)


def lenient(request: HttpRequest) -> bool:
    """Prefer: handling=lenient: leave out what is not understood, and show in the link "self" what was."""
    return "handling=lenient" in request.headers.get("Prefer", "").replace(" ", "")


def post_bundle(request: HttpRequest, ask: Ask, _: list[str]) -> Answer:
    bundle = negotiate.body(request)
    kind = bundle.get("type") if isinstance(bundle, dict) else None
    if kind == "batch":
        return batch.batch(ask, bundle)
    if kind in ("transaction", None):
        return transaction.transaction(ask, bundle)
    raise Malformed(Issue("value", "A base takes Bundles of type transaction or batch; to store a Bundle as a document, POST it to Bundle.", "Bundle.type"))


def condition(request: HttpRequest) -> str:
    return str(request.META.get("QUERY_STRING", ""))


def plain(request: HttpRequest, instead: str) -> Any:
    """The body of a write that takes no parameters; one that came along is not passed over in silence."""
    if names := {k for k, _ in query(request)} - {"_format", "_pretty"}:
        raise NotSupported(Issue("not-supported", f"{request.method} takes no parameter {min(names)!r} here: a condition goes into {instead}."))
    return negotiate.body(request)


def bare(request: HttpRequest, parts: list[str]) -> list[str]:
    """Type and id of an address that takes no parameters."""
    if names := {k for k, _ in query(request)} - {"_format", "_pretty"}:
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
        elif name not in ("_format", "_pretty"):
            raise NotSupported(Issue("not-supported", f"A read has no parameter {name!r}; it has _elements and _summary."))
    return answer


def if_match(request: HttpRequest) -> str:
    return request.headers.get("If-Match", "")


# (method, shape) -> interaction. Shapes: B base, T type, I id, V version; C types of a compartment, H
# _history, S _search, J a bulk job, F its file, $name an operation.
INTERACTIONS: dict[tuple[str, str], Handler] = {
    ("POST", "B"): post_bundle,
    ("GET", "BH"): lambda r, a, p: history.feed(a, query(r)),
    ("GET", "B"): lambda r, a, p: search.search(a, "", query(r), lenient(r)),
    ("POST", "BS"): lambda r, a, p: search.search(a, "", form(r), lenient(r)),
    ("GET", "TIC"): lambda r, a, p: search.in_compartment(a, p[0], p[1], p[2], query(r), lenient(r)),
    ("POST", "TICS"): lambda r, a, p: search.in_compartment(a, p[0], p[1], p[2], form(r), lenient(r)),
    ("GET", "T"): lambda r, a, p: search.search(a, p[0], query(r), lenient(r)),
    ("POST", "TS"): lambda r, a, p: search.search(a, p[0], form(r), lenient(r)),
    ("POST", "T"): lambda r, a, p: write.create(a, p[0], plain(r, "If-None-Exist"), r.headers.get("If-None-Exist", "")),
    ("GET", "TH"): lambda r, a, p: history.versions(a, p[0], None, query(r)),
    ("GET", "TI"): lambda r, a, p: viewed(r, read.read(a, p[0], p[1])),
    ("PUT", "T"): lambda r, a, p: conditional.update(a, p[0], condition(r), negotiate.body(r), if_match(r)),
    ("DELETE", "T"): lambda r, a, p: conditional.delete(a, p[0], condition(r), if_match(r)),
    ("PATCH", "T"): lambda r, a, p: conditional.patch(a, p[0], condition(r), operations(r), if_match(r)),
    ("PATCH", "TI"): lambda r, a, p: patch.patch(a, p[0], p[1], operations(r), if_match(r)),
    ("PUT", "TI"): lambda r, a, p: write.update(a, p[0], p[1], plain(r, "PUT Type?condition"), if_match(r)),
    ("DELETE", "TI"): lambda r, a, p: write.delete(a, *bare(r, p), if_match(r)),
    ("GET", "TIH"): lambda r, a, p: history.versions(a, p[0], p[1], query(r)),
    ("GET", "B$export"): lambda r, a, p: bulk.kick_off(r, a, "system", "", query(r)),
    ("POST", "B$export"): lambda r, a, p: bulk.kick_off(r, a, "system", "", query(r)),
    ("GET", "T$export"): lambda r, a, p: bulk.kick_off(r, a, alone("Patient", p, "$export") and "patient", "", query(r)),
    ("POST", "T$export"): lambda r, a, p: bulk.kick_off(r, a, alone("Patient", p, "$export") and "patient", "", query(r)),
    ("GET", "TI$export"): lambda r, a, p: bulk.kick_off(r, a, alone("Group", p, "$export") and "group", p[1], query(r)),
    ("POST", "TI$export"): lambda r, a, p: bulk.kick_off(r, a, alone("Group", p, "$export") and "group", p[1], query(r)),
    ("POST", "B$import"): lambda r, a, p: bulk.take_in(r, a, ""),
    ("POST", "T$import"): lambda r, a, p: bulk.take_in(r, a, p[0]),
    ("GET", "J"): lambda r, a, p: bulk.poll(r, a, p[1]),
    ("DELETE", "J"): lambda r, a, p: bulk.remove(a, p[1]),
    ("GET", "JF"): lambda r, a, p: bulk.download(r, a, p[1], p[2]),
    ("GET", "T$ihe-pix"): lambda r, a, p: persons.crossreference(a, alone("Patient", p, "$ihe-pix") and query(r)),
    ("GET", "TI$everything"): lambda r, a, p: everything.everything(a, alone("Patient", p, "$everything") and p[1], query(r)),
    ("POST", "TI$everything"): lambda r, a, p: everything.everything(a, alone("Patient", p, "$everything") and p[1], query(r) + plain_values(r)),
    ("GET", "TI$summary"): lambda r, a, p: summary.summary(a, alone("Patient", p, "$summary") and p[1], query(r)),
    ("GET", "B$meta"): lambda r, a, p: meta.of_type(a, "".join(bare(r, p))),
    ("GET", "T$meta"): lambda r, a, p: meta.of_type(a, *bare(r, p)),
    ("GET", "TI$meta"): lambda r, a, p: meta.of_resource(a, *bare(r, p)),
    ("POST", "TI$meta-add"): lambda r, a, p: meta.add(a, *bare(r, p), negotiate.body(r)),
    ("POST", "TI$meta-delete"): lambda r, a, p: meta.remove(a, *bare(r, p), negotiate.body(r)),
    ("GET", "T$lastn"): lambda r, a, p: lastn.lastn(a, alone("Observation", p, "$lastn") and query(r)),
    ("GET", "TI$status"): lambda r, a, p: standing.standing(a, alone("Subscription", p, "$status") and p[1]),
    **{(method, "T$expand"): lambda r, a, p: terminology.expand(a, alone("ValueSet", p, "$expand") and "", query(r), parameters(r)) for method in ("GET", "POST")},
    **{(method, "TI$expand"): lambda r, a, p: terminology.expand(a, alone("ValueSet", p, "$expand") and p[1], query(r), parameters(r)) for method in ("GET", "POST")},
    **{(method, "T$validate-code"): lambda r, a, p: terminology.validate_code(a, p[0], "", query(r), parameters(r)) for method in ("GET", "POST")},
    **{(method, "TI$validate-code"): lambda r, a, p: terminology.validate_code(a, p[0], p[1], query(r), parameters(r)) for method in ("GET", "POST")},
    **{(method, "T$lookup"): lambda r, a, p: terminology.lookup(a, alone("CodeSystem", p, "$lookup") and query(r), parameters(r)) for method in ("GET", "POST")},
    **{(method, "T$subsumes"): lambda r, a, p: terminology.subsumes(a, alone("CodeSystem", p, "$subsumes") and query(r), parameters(r)) for method in ("GET", "POST")},
    **{(method, "T$translate"): lambda r, a, p: terminology.translate(a, alone("ConceptMap", p, "$translate") and "", query(r), parameters(r)) for method in ("GET", "POST")},
    **{(method, "TI$translate"): lambda r, a, p: terminology.translate(a, alone("ConceptMap", p, "$translate") and p[1], query(r), parameters(r)) for method in ("GET", "POST")},
    ("POST", "T$match"): lambda r, a, p: match.match(a, alone("Patient", p, "$match") and negotiate.body(r)),
    ("POST", "T$validate"): lambda r, a, p: validation.check(a, p[0], negotiate.body(r)),
    ("GET", "TIHV"): lambda r, a, p: read.vread(a, p[0], p[1], p[3]),
}


# Those that do nothing before their first line in the audit log, or nothing that is not undone with it: it asks for the caller's proviso.
PROVIDED = frozenset({("GET", "TI"), ("GET", "TIHV"), ("GET", "T"), ("POST", "T"), ("PUT", "TI"), ("POST", "B")})


def parameters(request: HttpRequest) -> Any:
    return negotiate.body(request) if request.method == "POST" else None


def plain_values(request: HttpRequest) -> list[tuple[str, str]]:
    """A Parameters resource as a query would say it."""
    return [(name, str(value)) for name, value in told(negotiate.body(request))]


def alone(type_name: str, parts: list[str], operation: str) -> bool:
    """True, for an operation of one type only."""
    if parts[0] != type_name:
        raise NotSupported(Issue("not-supported", f"{operation} is served here for a {type_name}."))
    return True


def shape(parts: list[str]) -> str:
    """The shape of a path below a base, or "" for none."""
    match parts:
        case []:
            return "B"
        case ["_history"]:
            return "BH"
        case ["_search"]:
            return "BS"
        case ["_bulk", _]:
            return "J"
        case ["_bulk", _, _]:
            return "JF"
        case [op] if op.startswith("$"):
            return "B" + op
        case [_]:
            return "T"
        case [_, op] if op.startswith("$"):
            return "T" + op
        case [_, _, op] if op.startswith("$"):
            return "TI" + op
        case [_, "_search"]:
            return "TS"
        case [_, "_history"]:
            return "TH"
        case [_, _]:
            return "TI"
        case [_, _, "_history"]:
            return "TIH"
        case [_, _, "_history", _]:
            return "TIHV"
        case [_, _, _]:
            return "TIC"
        case [_, _, _, "_search"]:
            return "TICS"
    return ""
