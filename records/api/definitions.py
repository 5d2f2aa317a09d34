"""/fhir/definitions: what our own extensions, codes and operation mean, for everyone who meets them (read, and search by address). It holds no record of anybody."""

from records.fhir import bundle, published
from records.fhir.issues import Issue, MethodNotAllowed, NotFound, NotSupported
from records.fhir.json import dump
from records.fhir.outcome import ABSENT
from records.fhir.query import PLAIN, Pairs, link
from records.interactions.ask import Answer
from records.interactions.entries import READING


def answer(method: str, parts: list[str], pairs: Pairs, root: str) -> Answer:
    """parts: below the base. Raises NotFound, NotSupported, MethodNotAllowed."""
    if method not in READING:
        raise MethodNotAllowed(Issue("not-supported", "The definitions are only read: GET."))
    here = f"{root}/{published.BASE}"
    match parts:
        case ["metadata"]:
            return Answer(200, dump(statement(here)))
        case [] | [_]:
            return search(here, parts, pairs)
        case [name, definition] if (name, definition) in published.definitions():
            return Answer(200, dump(published.definitions()[name, definition]))
    raise NotFound(ABSENT)


def search(here: str, parts: list[str], pairs: Pairs) -> Answer:
    """All of a type, or of all types; those with an address."""
    if parts and parts[0] not in published.types():
        raise NotFound(Issue("not-found", f"Definitions are of the types {', '.join(published.types())}."))
    name = published.NAMED_BY.get(parts[0], "url") if parts else "url"
    if wrong := [k for k, _ in pairs if k not in (name, *PLAIN)]:
        raise NotSupported(Issue("not-supported", f"Definitions are found by {name}=<address>, not by {wrong[0][:60]!r}."))
    wanted = [set(v.split(",")) for k, v in pairs if k == name]
    found = [d for (kind, _), d in published.definitions().items() if kind in (parts or published.types()) and all(w & published.addresses(d) for w in wanted)]
    entries = [bundle.entry(f"{here}/{d['resourceType']}/{d['id']}", dump(d), search={"mode": "match"}) for d in found]
    return Answer(200, bundle.bundle("searchset", entries, [("self", link("/".join([here, *parts]), pairs))], len(found)))


def statement(here: str) -> dict[str, object]:
    """The CapabilityStatement of this base."""
    return {
        "resourceType": "CapabilityStatement", "status": "active", "date": "2026-11-29", "kind": "instance", "fhirVersion": "4.0.1", "format": ["application/fhir+json"],
        "software": {"name": "Xinglin"}, "implementation": {"description": "Definitions of Xinglin's own extensions, codes and operation; open to everyone", "url": here},
        "rest": [{"mode": "server", "interaction": [{"code": "search-system"}], "resource": [
            {"type": name, "interaction": [{"code": "read"}, {"code": "search-type"}],
             "searchParam": [{"name": (by := published.NAMED_BY.get(name, "url")), "type": "uri" if by == "url" else "string"}]} for name in published.types()]}]}
