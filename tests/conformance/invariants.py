"""Rules of FHIR R4 that our own answers are held to wherever there is no Java: invariants of the
specification (named as there), and the parse by fhir.resources.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from fhir.resources.R4B import get_fhir_model_class

from records.fhir import own_definitions
from records.fhir.resource_references import find_references
from records.fhir.resource_types import TYPES
from records.fhir.structure_check import UNPRINTABLE
from records.fhir.validate import check_by_model

Json = dict[str, Any]
OWN = "urn:xinglin:"
MAY = {
    "total": ("searchset", "history"),
    "search": ("searchset",),
    "request": ("batch", "transaction", "history"),
    "response": ("batch-response", "transaction-response", "history"),
}


def faults(resource: Json) -> list[str]:
    """What is wrong, each with its invariant and place."""
    return [
        *parsed(resource),
        *(
            f
            for r, where in resources(resource)
            for check in (contained, parameters, bundle, document)
            for f in check(r, where)
        ),
        *elements(resource, resource["resourceType"]),
    ]


def parsed(resource: Json) -> Iterator[str]:
    kind = resource["resourceType"]
    try:
        if kind in TYPES:
            check_by_model(resource, kind)
        else:
            get_fhir_model_class(kind).model_validate(resource)
    except Exception as error:
        yield f"{kind}: {error!r}"


def resources(node: Any, where: str = "") -> Iterator[tuple[Json, str]]:
    """A resource and all that stand in it, but for contained ones."""
    if isinstance(node, dict):
        where = where or str(node.get("resourceType"))
        if "resourceType" in node:
            yield node, where
        for key, value in node.items():
            if key != "contained":
                yield from resources(value, f"{where}.{key}")
    elif isinstance(node, list):
        for i, item in enumerate(node):
            yield from resources(item, f"{where}[{i}]")


def elements(node: Any, where: str) -> Iterator[str]:
    """ele-1: no element is empty; ext-1: an extension has a value or extensions; our own are
    published.
    """
    if node in ("", [], {}) or (isinstance(node, str) and UNPRINTABLE.search(node)):
        yield f"ele-1 {where}"
    for key, value in (
        node.items()
        if isinstance(node, dict)
        else enumerate(node)
        if isinstance(node, list)
        else ()
    ):
        yield from elements(value, f"{where}.{key}")
    if isinstance(node, dict) and where.rsplit(".", 2)[-2:-1] in (
        ["extension"],
        ["modifierExtension"],
    ):
        if ("extension" in node) == any(k.startswith(("value", "_value")) for k in node):
            yield f"ext-1 {where}"
        if str(node.get("url")).startswith(OWN) and not any(
            node["url"] in own_definitions.definition_addresses(d)
            for d in own_definitions.load_own_definitions().values()
        ):
            yield f"an extension that is defined nowhere: {where} {node['url']}"


def contained(resource: Json, where: str) -> Iterator[str]:
    """dom-2 to dom-5 and ref-1."""
    inside = resource.get("contained", [])
    ids = {c.get("id") for c in inside}
    pointed = (
        {f.node["reference"] for f in find_references(resource)}
        if resource["resourceType"] != "Bundle"
        else set()
    )
    for c in inside:
        if "contained" in c or {"versionId", "lastUpdated", "security"} & c.get("meta", {}).keys():
            yield f"dom-2, 4, 5 {where}.contained {c.get('id')}"
        if f"#{c.get('id')}" not in pointed and "#" not in {
            f.node["reference"] for f in find_references(c)
        }:
            yield f"dom-3 {where}.contained {c.get('id')}"
    yield from (
        f"ref-1 {where} {p}" for p in pointed if p.startswith("#") and p != "#" and p[1:] not in ids
    )


def parameters(resource: Json, where: str) -> Iterator[str]:
    """inv-1: one and only one of value, resource, part."""

    def look(found: list[Json], at: str) -> Iterator[str]:
        for i, p in enumerate(found):
            if sum((any(k.startswith("value") for k in p), "resource" in p, "part" in p)) != 1:
                yield f"inv-1 {at}[{i}] {p.get('name')}"
            yield from look(p.get("part", []), f"{at}[{i}].part")

    return (
        look(resource.get("parameter", []), f"{where}.parameter")
        if resource["resourceType"] == "Parameters"
        else iter(())
    )


def bundle(resource: Json, where: str) -> Iterator[str]:
    """bdl-1 to bdl-8, and what bundle.html says of fullUrl: each entry has one, but for answers
    to a batch or transaction, and it ends with the id.
    """
    if resource["resourceType"] != "Bundle":
        return
    kind, entries = resource["type"], resource.get("entry", [])
    if "total" in resource and kind not in MAY["total"]:
        yield f"bdl-1 {where}"
    for i, e in enumerate(entries):
        at, url, inside = f"{where}.entry[{i}]", str(e.get("fullUrl", "")), e.get("resource")
        yield from (
            f"bdl-2, 3, 4 {at}.{part}"
            for part in ("search", "request", "response")
            if part in e and kind not in MAY[part]
        )
        if (kind == "history" and not {"request", "response"} <= e.keys()) or (
            kind.endswith("-response") and "response" not in e
        ):
            yield f"bdl-3, 4 {at}"
        if not {"resource", "request", "response"} & e.keys():
            yield f"bdl-5 {at}"
        if "/_history/" in url:
            yield f"bdl-8 {at}"
        if not url and not kind.endswith("-response"):
            yield f"{at} has no fullUrl"
        if (
            inside
            and kind in ("searchset", "history")
            and url.replace(":", "/").rsplit("/", 1)[-1] != inside.get("id")
        ):
            yield f"{at}: fullUrl and id differ"
    yield from (
        f"bdl-7 {where} {key}"
        for key, n in Counter(
            (e["fullUrl"], (e.get("resource") or {}).get("meta", {}).get("versionId"))
            for e in entries
            if "fullUrl" in e
        ).items()
        if n > 1 and (kind != "history" or key[1])
    )


def document(resource: Json, where: str) -> Iterator[str]:
    """bdl-9 to bdl-11, and that each reference leads to an entry."""
    if resource["resourceType"] != "Bundle" or resource["type"] != "document":
        return
    if (
        not {"system", "value"} <= resource.get("identifier", {}).keys()
        or "timestamp" not in resource
        or resource["entry"][0]["resource"]["resourceType"] != "Composition"
    ):
        yield f"bdl-9, 10, 11 {where}"
    there = {e["fullUrl"] for e in resource["entry"]}
    for i, e in enumerate(resource["entry"]):
        for found in find_references(e["resource"]):
            said = found.node["reference"]
            whole = said if ":" in said else f"{e['fullUrl'].rsplit('/', 2)[0]}/{said}"
            if not said.startswith("#") and whole not in there:
                yield f"{where}.entry[{i}] leads out of the document: {said}"
