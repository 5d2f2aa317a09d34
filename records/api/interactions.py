"""TABLE of the interactions: method and shape of an address -> what is called. Adding one is a row here and a file in interactions/."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponseBase

from records.api import binary, bulk, negotiate
from records.api.asked import asked, bare, condition, form, lenient, nothing, operations, parameters, plain, query, viewed
from records.fhir.issues import Issue, Malformed, NotSupported
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
from records.interactions.preconditions import of_headers

Handler = Callable[[HttpRequest, Ask, list[str]], Answer | HttpResponseBase]


def post_bundle(request: HttpRequest, ask: Ask, _: list[str]) -> Answer:
    bundle = negotiate.body(request)
    kind = bundle.get("type") if isinstance(bundle, dict) else None
    if kind == "batch":
        return batch.batch(ask, bundle)
    if kind in ("transaction", None):
        return transaction.transaction(ask, bundle)
    raise Malformed(Issue("value", "A base takes Bundles of type transaction or batch; to store a Bundle as a document, POST it to Bundle.", "Bundle.type"))


def body(request: HttpRequest, parts: list[str], instead: str) -> Any:
    """What is to be stored; instead: where a condition belongs that the address does not take."""
    return binary.taken(request, *parts[1:]) if parts[0] == "Binary" else plain(request, instead)


def seen(request: HttpRequest, parts: list[str], answer: Answer) -> Answer:
    return binary.shown(request, answer) if parts[0] == "Binary" else viewed(request, answer)


# Operations that are asked by GET and by POST alike.
OPERATIONS: dict[str, Handler] = {
    "B$export": lambda r, a, p: bulk.kick_off(r, a, "system", "", asked(r)),
    "T$export": lambda r, a, p: bulk.kick_off(r, a, alone("Patient", p, "$export") and "patient", "", asked(r)),
    "TI$export": lambda r, a, p: bulk.kick_off(r, a, alone("Group", p, "$export") and "group", p[1], asked(r)),
    "T$ihe-pix": lambda r, a, p: persons.crossreference(a, alone("Patient", p, "$ihe-pix") and asked(r)),
    "TI$everything": lambda r, a, p: everything.everything(a, alone("Patient", p, "$everything") and p[1], asked(r)),
    "TI$summary": lambda r, a, p: summary.summary(a, alone("Patient", p, "$summary") and p[1], asked(r)),
    "B$meta": lambda r, a, p: meta.of_type(a, "".join(nothing(r, p))),
    "T$meta": lambda r, a, p: meta.of_type(a, *nothing(r, p)),
    "TI$meta": lambda r, a, p: meta.of_resource(a, *nothing(r, p)),
    "T$lastn": lambda r, a, p: lastn.lastn(a, alone("Observation", p, "$lastn") and asked(r)),
    "TI$status": lambda r, a, p: standing.standing(a, alone("Subscription", p, "$status") and nothing(r, p)[1]),
    "T$expand": lambda r, a, p: terminology.expand(a, alone("ValueSet", p, "$expand") and "", query(r), parameters(r)),
    "TI$expand": lambda r, a, p: terminology.expand(a, alone("ValueSet", p, "$expand") and p[1], query(r), parameters(r)),
    "T$validate-code": lambda r, a, p: terminology.validate_code(a, p[0], "", query(r), parameters(r)),
    "TI$validate-code": lambda r, a, p: terminology.validate_code(a, p[0], p[1], query(r), parameters(r)),
    "T$lookup": lambda r, a, p: terminology.lookup(a, alone("CodeSystem", p, "$lookup") and query(r), parameters(r)),
    "T$subsumes": lambda r, a, p: terminology.subsumes(a, alone("CodeSystem", p, "$subsumes") and query(r), parameters(r)),
    "T$translate": lambda r, a, p: terminology.translate(a, alone("ConceptMap", p, "$translate") and "", query(r), parameters(r)),
    "TI$translate": lambda r, a, p: terminology.translate(a, alone("ConceptMap", p, "$translate") and p[1], query(r), parameters(r)),
}


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
    ("POST", "T"): lambda r, a, p: write.create(a, p[0], body(r, p, "If-None-Exist"), negotiate.text(r, "If-None-Exist"), of_headers(r.headers), warn=a.returns == "OperationOutcome"),
    ("GET", "TH"): lambda r, a, p: history.versions(a, p[0], None, query(r)),
    ("GET", "TI"): lambda r, a, p: seen(r, p, read.read(a, p[0], p[1])),
    ("PUT", "T"): lambda r, a, p: conditional.update(a, p[0], condition(r), negotiate.body(r), of_headers(r.headers)),
    ("DELETE", "T"): lambda r, a, p: conditional.delete(a, p[0], condition(r), of_headers(r.headers)),
    ("PATCH", "T"): lambda r, a, p: conditional.patch(a, p[0], condition(r), operations(r), of_headers(r.headers)),
    ("PATCH", "TI"): lambda r, a, p: patch.patch(a, p[0], p[1], operations(r), of_headers(r.headers)),
    ("PUT", "TI"): lambda r, a, p: write.update(a, p[0], p[1], body(r, p, "PUT Type?condition"), of_headers(r.headers), warn=a.returns == "OperationOutcome"),
    ("DELETE", "TI"): lambda r, a, p: write.delete(a, *bare(r, p), of_headers(r.headers)),
    ("GET", "TIH"): lambda r, a, p: history.versions(a, p[0], p[1], query(r)),
    ("POST", "B$import"): lambda r, a, p: bulk.take_in(r, a, ""),
    ("POST", "T$import"): lambda r, a, p: bulk.take_in(r, a, p[0]),
    ("GET", "J"): lambda r, a, p: bulk.poll(r, a, p[1]),
    ("DELETE", "J"): lambda r, a, p: bulk.remove(a, p[1]),
    ("GET", "JF"): lambda r, a, p: bulk.download(r, a, p[1], p[2]),
    ("POST", "TI$meta-add"): lambda r, a, p: meta.add(a, *bare(r, p), negotiate.body(r)),
    ("POST", "TI$meta-delete"): lambda r, a, p: meta.remove(a, *bare(r, p), negotiate.body(r)),
    **{(method, shape): handler for shape, handler in OPERATIONS.items() for method in ("GET", "POST")},
    ("POST", "T$match"): lambda r, a, p: match.match(a, alone("Patient", p, "$match") and negotiate.body(r)),
    ("POST", "T$validate"): lambda r, a, p: validation.check(a, p[0], negotiate.body(r)),
    ("POST", "TI$validate"): lambda r, a, p: validation.check(a, p[0], negotiate.body(r), p[1]),
    ("GET", "TIHV"): lambda r, a, p: seen(r, p, read.vread(a, p[0], p[1], p[3])),
}


# Those that do nothing before their first line in the audit log, or nothing that is not undone with it: it asks for the caller's proviso.
PROVIDED = frozenset({("GET", "TI"), ("GET", "TIHV"), ("GET", "T"), ("POST", "T"), ("PUT", "TI"), ("POST", "B")})


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
