"""FHIRPath as far as it names places in a resource, for FHIRPath Patch (FHIR R4 fhirpatch.html;
FHIRPath 2.0 3.5).

Steps, indexes, where(key = 'value') on one level or deeper (coding.code), first(), last(), ofType()
and `as`; nothing that computes.
"""

import re
from dataclasses import dataclass
from typing import Any

from records.fhir.resource_types import load_definition_table

TOKEN = re.compile(
    r"\.?(?:(?P<where>where)\(\s*(?P<key>\w+(?:\.\w+)*)\s*=\s*(?P<literal>'(?:[^'\\]|\\.)*'|true|false|-?\d+(?:\.\d+)?)\s*\)"
    r"|(?P<function>first|last)\(\)|(?:ofType|as)\((?P<type>[\w.]+)\)|\[(?P<index>\d{1,6})\]|(?P<step>\w+))"
)
AS = re.compile(r"\(\s*(?P<inner>[^()]*(?:\([^()]*\)[^()]*)*?)\s+as\s+(?P<type>[\w.]+)\s*\)")
AS_A_WHOLE = re.compile(r"(.+?)\s+as\s+([\w.]+)\s*")


class BadPath(ValueError):
    """The text is no path that is served here; the message says where it stops."""


@dataclass(frozen=True, slots=True)
class ElementPlace:
    """One value: holder[key], and its FHIR type ("" where it is not known). kind: of the holder;
    name: as the path calls it, without the type of a choice.
    """

    holder: Any
    key: Any
    type_name: str
    kind: str = ""
    name: str = ""

    @property
    def value(self) -> Any:
        return self.holder[self.key]


def element_shape(type_name: str, key: str) -> tuple[str, bool] | None:
    """(type, repeats) of an element, by its JSON key; None for one that the type has not."""
    found = load_definition_table("shapes").get(type_name, {}).get(key)
    return (found.lstrip("*"), found.startswith("*")) if found else None


def choice_keys(type_name: str, name: str) -> list[str]:
    """The JSON keys that a FHIRPath name means: value is valueQuantity, valueString …"""
    known = load_definition_table("shapes").get(type_name, {})
    if name in known:
        return [name]
    return [
        k
        for k in known
        if k.startswith(name)
        and k[len(name) : len(name) + 1].isupper()
        and k[len(name) :].lower() == known[k].lstrip("*").rpartition(".")[2].lower()
    ]


def locate_elements(resource: dict[str, Any], path: str) -> list[ElementPlace]:
    """All places that the path names, in order; [] for none. Raises BadPath."""
    kind, path = str(resource["resourceType"]), normalize_path(path)
    root, at = {"": resource}, 0
    places = [ElementPlace(root, "", kind)]
    first = True
    while at < len(path):
        m = TOKEN.match(path, at)
        if not m or (not first and m.group("step") and path[at] != "."):
            raise BadPath(f"it is not understood from {path[at:][:30]!r} on")
        if first and m.group("step") in (kind, "Resource", "DomainResource", "%resource"):
            pass
        elif m.group("step"):
            places = [p for place in places for p in find_child_places(place, m.group("step"))]
        elif m.group("where"):
            places = [
                p
                for p in places
                if m.group("literal") in list_fhirpath_literals(p.value, m.group("key").split("."))
            ]
        elif m.group("type"):
            places = [
                p
                for p in places
                if p.type_name.lower() == m.group("type").rpartition(".")[2].lower()
            ]
        elif m.group("function"):
            places = places[:1] if m.group("function") == "first" else places[-1:]
        else:
            places = places[int(m.group("index")) :][:1]
        at, first = m.end(), False
    return places


def normalize_path(path: str) -> str:
    """(a as B).c, or a as B, is a.ofType(B).c (FHIRPath 2.0 6.3.3, 6.3.4)."""
    if m := AS.match(path):
        return f"{m.group('inner')}.ofType({m.group('type')}){path[m.end() :]}"
    if m := AS_A_WHOLE.fullmatch(path):
        return f"{m.group(1)}.ofType({m.group(2)})"
    return path


def find_child_places(place: ElementPlace, name: str) -> list[ElementPlace]:
    node = place.value
    if not isinstance(node, dict):
        return []
    out = []
    kind = str(node.get("resourceType") or place.type_name)
    for key in choice_keys(kind, name) or ([name] if name in node else []):
        if key not in node:
            continue
        told = element_shape(kind, key)
        if isinstance(node[key], list):
            out += [
                ElementPlace(node[key], i, told[0] if told else "") for i in range(len(node[key]))
            ]
        else:
            out.append(ElementPlace(node, key, told[0] if told else "", kind, name))
    return out


def list_fhirpath_literals(node: Any, keys: list[str]) -> list[str]:
    """The values at the keys, written as FHIRPath literals."""
    nodes = [node]
    for key in keys:
        nodes = [
            v
            for n in nodes
            if isinstance(n, dict) and key in n
            for v in (n[key] if isinstance(n[key], list) else [n[key]])
        ]
    return [
        (
            "true"
            if v is True
            else (
                "false"
                if v is False
                else (
                    "'" + v.replace("\\", "\\\\").replace("'", "\\'") + "'"
                    if isinstance(v, str)
                    else str(v)
                )
            )
        )
        for v in nodes
    ]
