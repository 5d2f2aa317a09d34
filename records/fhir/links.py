"""Temporary addresses (urn:uuid:, urn:oid:) outside of references: in elements of the types uri, url, canonical, oid and uuid, and in a narrative's links. A transaction replaces
those of its entries (FHIR R4 http.html#trules). Pure."""

import re
from collections.abc import Callable
from functools import cache
from typing import Any

from records.fhir.references import holders
from records.fhir.types import table

LINKS = frozenset({"uri", "url", "canonical", "oid", "uuid"})
TEMPORARY = ("urn:uuid:", "urn:oid:")
IN_NARRATIVE = re.compile(r"""\b(href|src)(\s*=\s*)(["'])(urn:(?:uuid|oid):[^"'#|]+)""")
Change = Callable[[str], str]  # a temporary address -> what takes its place


@cache
def linking(kind: str) -> frozenset[str]:
    """The JSON keys of a type whose values are links, or a narrative."""
    return frozenset(k for k, told in table("shapes").get(kind, {}).items() if k not in "!?" and told.lstrip("*") in {*LINKS, "xhtml"})


def rewrite(resource: dict[str, Any], change: Change) -> None:
    """Replace each temporary address in place; a version or a fragment behind it stays."""
    stack: list[tuple[Any, str]] = [(resource, str(resource.get("resourceType")))]
    while stack:
        node, kind = stack.pop()
        known, links = holders(kind) or {}, linking(kind)
        for name, value in node.items():
            if name in links:
                node[name] = [changed(v, change) for v in value] if type(value) is list else changed(value, change)
            elif type(value) is dict or type(value) is list:
                inner = known.get(name) or ("Element" if name[:1] == "_" else "")
                stack += [(item, str(item.get("resourceType")) if inner == "Resource" else inner)
                          for item in (value if type(value) is list else (value,)) if inner and type(item) is dict]


def changed(text: Any, change: Change) -> Any:
    if not isinstance(text, str):
        return text
    if text.startswith(TEMPORARY):
        address = re.split(r"[|#]", text, maxsplit=1)[0]
        return change(address) + text[len(address) :]
    return IN_NARRATIVE.sub(lambda m: f"{m[1]}{m[2]}{m[3]}{change(m[4])}", text) if "urn:" in text and "<" in text else text
