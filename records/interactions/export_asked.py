"""What an export is asked: its parameters, understood one by one (Bulk Data Access 2.0 #query-parameters)."""

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

from alliance.config.dates import span
from records.fhir.formats import parts
from records.fhir.issues import Issue, Malformed, NotSupported, Problem, TooLarge
from records.fhir.references import target
from records.fhir.types import TYPES, table
from records.interactions import type_filter
from records.interactions.ask import Ask
from records.search.view import choice
from records.store import clock

CLOCKS = dt.timedelta(minutes=1)  # by which the asker's clock may be ahead
FORMATS = ("application/fhir+ndjson", "application/ndjson", "ndjson")
PROVENANCES = {"LatestProvenanceResources": "latest", "RelevantProvenanceResources": "relevant"}
LISTS: dict[str, Callable[[str], list[str]]] = {
    "_type": lambda v: v.split(","), "_elements": lambda v: v.split(","), "includeAssociatedData": lambda v: v.split(","), "patient": lambda v: v.split(","),
    "_typeFilter": type_filter.parted}
STRICT = ("_since", "_outputFormat", "patient")  # passed over, each would give something else than was asked for, or of others
Pairs = list[tuple[str, str]]
Asked = dict[str, Any]


def understood(ask: Ask, pairs: Pairs, lenient: bool) -> Asked:
    """Raises Problem for the first that is not understood; lenient (Prefer: handling=lenient): those are left out, and stand under "told"."""
    out: Asked = {"types": [], "patients": [], "since": None, "filters": [], "elements": [], "provenance": "", "told": []}
    seen: dict[str, int] = {}
    for name, value in single(pairs):
        place = f"{name}[{seen.get(name, 0)}]"
        seen[name] = seen.get(name, 0) + 1
        try:
            take(ask, out, name, value)
        except Problem as problem:
            issues = [Issue(i.code, f"Parameter {name[:60]}: {i.says}", i.where or place) for i in problem.issues]
            if not lenient or name in STRICT:
                raise type(problem)(*issues) from problem
            out["told"] += [[i.code, f"{i.says} It was left out.", i.where] for i in issues]
    if seen.get("_type") and not out["types"]:
        raise NotSupported(Issue("not-supported", "Parameter _type: none of these resource types is hosted here.", "_type[0]"))
    if len(out["filters"]) > type_filter.MOST:
        raise TooLarge(Issue("too-costly", f"An export takes at most {type_filter.MOST} searches in _typeFilter.", "_typeFilter"))
    if unwanted := [f for f in out["filters"] if out["types"] and f.partition("?")[0] not in out["types"]]:
        raise Malformed(Issue("value", f"Parameter _typeFilter: {unwanted[0][:80]!r} is about a type that _type leaves out.", "_typeFilter"))
    return out


def single(pairs: Pairs) -> Iterator[tuple[str, str]]:
    for name, value in pairs:
        for part in LISTS.get(name, lambda v: [v])(value):
            yield name, part.strip()


def take(ask: Ask, out: Asked, name: str, value: str) -> None:
    match name:
        case "_since":
            out["since"] = since(value).isoformat()
        case "_type":
            out["types"] += [hosted(value)] if value not in out["types"] else []
        case "patient":
            out["patients"].append(patient(value))
        case "_typeFilter":
            type_filter.understood(ask, value)
            out["filters"].append(value)
        case "_elements":
            out["elements"].append(element(value))
        case "includeAssociatedData":
            out["provenance"] = wider(out["provenance"], associated(ask, value))
        case "_outputFormat":
            if parts(value)[0] not in FORMATS:
                raise NotSupported(Issue("not-supported", f"only {FORMATS[0]} is written."))
        case "_format" | "_pretty":
            pass
        case _:
            raise NotSupported(Issue("not-supported", "$export has no such parameter; it has _since, _type, _typeFilter, _elements, includeAssociatedData, patient and _outputFormat."))


def since(value: str) -> dt.datetime:
    """An instant that is still to come is a mistake: an export since then would be empty for ever, and look like an answer."""
    try:
        found = span(value.replace(" ", "+"))[0]
    except ValueError as error:
        raise Malformed(Issue("value", f"{error}.")) from error
    if found > clock.now() + CLOCKS:
        raise Malformed(Issue("value", "this lies in the future. Send the transactionTime of the export before."))
    return found


def hosted(value: str) -> str:
    if value not in TYPES:
        raise NotSupported(Issue("not-supported", f"{value[:60]!r} is not a resource type that is hosted here."))
    return value


def patient(text: str) -> str:
    local = target(text)
    if (local and local[0] != "Patient") or not text:
        raise Malformed(Issue("value", "it is Patient/<id>."))
    return local[1] if local else text


def element(text: str) -> str:
    """Type.element, or element of whatever type has it."""
    name = text.rpartition(".")[2].removesuffix("[x]")
    kind = text.partition(".")[0] if "." in text else ""
    if text.count(".") > 1 or (kind and kind not in TYPES):
        raise Malformed(Issue("value", f"{text[:60]!r} is no element of a resource's root: write id, or Patient.name."))
    if not any(key == name or choice(key, frozenset({name}), "") for t in ([kind] if kind else TYPES) for key in table("shapes").get(t, {})):
        raise Malformed(Issue("value", f"{kind or 'No resource type that is hosted here'} has {'no' if kind else 'an'} element {name[:60]!r}."))
    return text


def associated(ask: Ask, value: str) -> str:
    if value not in PROVENANCES:
        raise NotSupported(Issue("not-supported", f"{value[:60]!r} is not served; {' and '.join(PROVENANCES)} are."))
    if ask.hospital_id is None:
        raise NotSupported(Issue("not-supported", "a Provenance is not shared: export it from the store that owns it."))
    return PROVENANCES[value]


def wider(one: str, other: str) -> str:
    return "relevant" if "relevant" in (one, other) else other
