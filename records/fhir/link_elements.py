"""Links outside of references: in elements of the types uri, url and canonical, and in a
narrative. A transaction gives those that mean its entries the addresses that these get (FHIR R4
http.html#trules). Pure.

The specification names oid and uuid beside them; an address would be no valid value of either, so
they stay. A `system` is the name of a code system or of numbers, and a link only where it means the
CodeSystem or NamingSystem itself.
"""

import re
from collections.abc import Callable
from functools import cache
from typing import Any

from records.fhir.resource_references import RELATIVE, complex_elements
from records.fhir.resource_types import TYPES, load_definition_table

LINKS = frozenset({"uri", "url", "canonical"})
TEMPORARY = ("urn:uuid:", "urn:oid:")
IN_NARRATIVE = re.compile(r"""(<[^<>]*?\s(?:href|src)\s*=\s*)(["'])([^"'<>]+)""")
Change = Callable[
    [str, str], str
]  # (an address, the kind of link: uri, url, canonical, system or xhtml) -> what takes its place


@cache
def link_kinds_of_type(kind: str) -> dict[str, str]:
    """{JSON key of a type: kind of link} of those whose values are links, or a narrative."""
    told = {
        k: t.lstrip("*")
        for k, t in load_definition_table("shapes").get(kind, {}).items()
        if k not in "!?"
    }
    return {k: "system" if k == "system" else t for k, t in told.items() if t in {*LINKS, "xhtml"}}


def rewrite_links(resource: dict[str, Any], change: Change) -> None:
    """Replace each link in place; a version or a fragment behind it stays."""
    stack: list[tuple[Any, str]] = [(resource, str(resource.get("resourceType")))]
    while stack:
        node, kind = stack.pop()
        known, links = complex_elements(kind) or {}, link_kinds_of_type(kind)
        for name, value in node.items():
            if name in links:
                node[name] = (
                    [rewrite_link(v, links[name], change) for v in value]
                    if type(value) is list
                    else rewrite_link(value, links[name], change)
                )
            elif type(value) is dict or type(value) is list:
                inner = known.get(name) or ("Element" if name[:1] == "_" else "")
                stack += [
                    (item, str(item.get("resourceType")) if inner == "Resource" else inner)
                    for item in (value if type(value) is list else (value,))
                    if inner and type(item) is dict
                ]


def rewrite_link(text: Any, kind: str, change: Change) -> Any:
    if not isinstance(text, str):
        return text
    if kind == "xhtml":
        return (
            IN_NARRATIVE.sub(
                lambda m: m[1] + m[2] + rewrite_link(m[3], "", lambda link, _: change(link, kind)),
                text,
            )
            if "<" in text
            else text
        )
    address = re.split(r"[|#]", text, maxsplit=1)[0]
    return change(address, kind) + text[len(address) :] if address else text


def is_local_address(address: str) -> bool:
    """Whether it is Type/id, or a version of that, of a hosted type."""
    m = RELATIVE.fullmatch(address)
    return bool(m) and m.group(1) in TYPES  # type: ignore[union-attr]
