"""Write and read an element of a resource by its path, as `code.coding[system=http://loinc.org].code`
or `name[0].text`. A selector finds a member of a list by its place or by one of its values, and
makes it where it is missing.
"""

from __future__ import annotations

import re
from typing import Any, Tuple

Step = Tuple[str, Any]  # key; None, a place, or (key, value) of a member
STEP = re.compile(r"(\w+)(?:\[(?:(\d+)|(\w+)=([^\]]*))\])?(?:\.|$)")


def compile_path(path: str) -> tuple[Step, ...]:
    steps: list[Step] = []
    end = 0
    for m in STEP.finditer(path):
        if m.start() != end:
            break
        end = m.end()
        selector = int(m[2]) if m[2] is not None else (m[3], m[4]) if m[3] else None
        steps.append((m[1], selector))
    if end != len(path) or not steps:
        raise ValueError(f"no element path: {path}")
    return tuple(steps)


def write_element(resource: dict[str, Any], steps: tuple[Step, ...], value: Any) -> None:
    node = resource
    for key, selector in steps[:-1]:
        if selector is None:
            found = node.get(key)
            if found is None:
                found = node[key] = {}
        else:
            found = find_member(node.setdefault(key, []), selector, make=True)
        node = found
    key, selector = steps[-1]
    if selector is None:
        node[key] = value
    else:
        find_member(node.setdefault(key, []), selector, make=True).update(value)


def read_element(resource: dict[str, Any], steps: tuple[Step, ...]) -> Any:
    """None where it is not there."""
    node: Any = resource
    for key, selector in steps:
        if not isinstance(node, dict):
            return None
        node = node.get(key)
        if node is not None and selector is not None:
            node = find_member(node, selector, make=False)
    return node


def find_member(members: list[Any], selector: Any, make: bool) -> Any:
    if isinstance(selector, int):
        while make and len(members) <= selector:
            members.append({})
        return members[selector] if selector < len(members) else None
    key, value = selector
    for member in members:
        if member.get(key) == value:
            return member
    if not make:
        return None
    members.append({key: value})
    return members[-1]
