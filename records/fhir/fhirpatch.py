"""FHIRPath Patch: Parameters with operations add, insert, delete, replace, move (FHIR R4
fhirpatch.html).
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from records.fhir.fhirpath import BadPath, ElementPlace, choice_keys, element_shape, locate_elements
from records.fhir.issues import Issue, Malformed, Problem, Unprocessable


@dataclass(frozen=True, slots=True)
class PatchValue:
    """A value[x] of a part and its type, such as DateTime; without a type an element that is
    spelled out in parts, by their names (fhirpatch.html: anonymous types).
    """

    value: Any
    type_name: str = ""


Json = dict[str, Any]
Parts = dict[str, PatchValue]


def apply_fhirpath_patch(resource: dict[str, Any], parameters: Any) -> dict[str, Any]:
    """The changed resource; the one that came in stays. Parameters without an operation change
    nothing. Raises Malformed, Unprocessable naming the operation.
    """
    given = (
        parameters.get("parameter", [])
        if isinstance(parameters, dict) and parameters.get("resourceType") == "Parameters"
        else None
    )
    if not isinstance(given, list):
        raise Malformed(
            Issue(
                "structure",
                "A FHIRPath Patch is a Parameters resource with parameters named operation.",
                "Parameters.parameter",
            )
        )
    out = copy.deepcopy(resource)
    for i, one in enumerate(given):
        place = f"Parameters.parameter[{i}]"
        try:
            told = parse_operation(one)
            do = OPERATIONS.get(str(plain_part_value(told, "type")))
            if do is None:
                raise Malformed(
                    Issue(
                        "value",
                        f"The type of an operation is one of {', '.join(OPERATIONS)}.",
                        "part",
                    )
                )
            do(out, told)
        except BadPath as error:
            raise Malformed(
                Issue(
                    "value",
                    f"The path {str(plain_part_value(told, 'path'))[:80]!r}: {error}.",
                    place,
                )
            ) from error
        except Problem as problem:
            raise problem.with_path_prefix(place) from problem
    return out


def parse_operation(operation: Any) -> Parts:
    if (
        not isinstance(operation, dict)
        or operation.get("name") != "operation"
        or not isinstance(operation.get("part"), list)
    ):
        raise Malformed(
            Issue("structure", 'Each parameter is named "operation" and has parts.', "name")
        )
    return {
        str(p.get("name")): parse_part_value(p) for p in operation["part"] if isinstance(p, dict)
    }


def parse_part_value(part: dict[str, Any]) -> PatchValue:
    for key, found in part.items():
        if key.startswith("value") and key != "value":
            return PatchValue(found, key.removeprefix("value"))
    inside = part.get("part", [])
    if not isinstance(inside, list) or not all(isinstance(p, dict) for p in inside):
        raise Malformed(
            Issue("structure", "The parts of a value are objects with a name and a value.", "part")
        )
    out: dict[str, list[PatchValue]] = {}
    for inner in inside:
        out.setdefault(str(inner.get("name")), []).append(parse_part_value(inner))
    return PatchValue(out)


def plain_part_value(told: Parts, name: str) -> Any:
    return told[name].value if name in told else None


def require_parts(told: Parts, *names: str) -> list[Any]:
    """Plain values, and of "value" what was given."""
    missing = [n for n in names if plain_part_value(told, n) in (None, {}, "")]
    if missing:
        raise Malformed(Issue("required", f"This operation needs {' and '.join(missing)}.", "part"))
    return [told[n] if n == "value" else told[n].value for n in names]


def locate_single(resource: Json, path: str) -> ElementPlace:
    places = locate_elements(resource, str(path))
    if len(places) != 1:
        raise Unprocessable(
            Issue(
                "processing",
                f"The path {str(path)[:80]} names {len(places) or 'no'} elements: it must name"
                " one.",
                "part",
            )
        )
    return places[0]


def element_key(kind: str, name: str, given: PatchValue) -> str:
    """The JSON key of an element: of a choice the one of the value's type."""
    keys = choice_keys(kind, name) or [name]
    if len(keys) == 1:
        return keys[0]
    wanted = f"{name}{given.type_name}"
    if wanted not in keys:
        raise Unprocessable(
            Issue(
                "processing",
                f"{name} has several types here: give it as one of"
                f" {', '.join('value' + k.removeprefix(name) for k in keys)}.",
                "part",
            )
        )
    return wanted


def build_element_value(kind: str, given: PatchValue) -> Any:
    """The JSON of a value of the type; spelled out in parts, with arrays where the definition
    repeats. Raises Unprocessable.
    """
    if given.type_name:
        return given.value
    out: dict[str, Any] = {}
    for name, many in given.value.items():
        key = element_key(kind, name, many[0])
        inner = element_shape(kind, key)
        if inner is None:
            raise Unprocessable(Issue("structure", f"{kind} has no element {name[:60]!r}.", "part"))
        if len(many) > 1 and not inner[1]:
            raise Unprocessable(
                Issue("structure", f"{kind}.{name[:60]} does not repeat: give it once.", "part")
            )
        values = [build_element_value(inner[0], g) for g in many]
        out[key] = values if inner[1] else values[0]
    return out


def apply_add(resource: Json, told: Parts) -> None:
    path, name, given = require_parts(told, "path", "name", "value")
    place = locate_single(resource, path)
    node = place.value
    kind = str(node.get("resourceType") or place.type_name) if isinstance(node, dict) else ""
    if not kind:
        raise Unprocessable(
            Issue(
                "processing",
                f"{path} is a value without elements: nothing can be added to it.",
                "part",
            )
        )
    key = element_key(kind, str(name), given)
    told_shape = element_shape(kind, key)
    if told_shape is None:
        raise Unprocessable(
            Issue("structure", f"{kind} has no element {str(name)[:60]!r}.", "part")
        )
    new = build_element_value(told_shape[0], given)
    if told_shape[1]:
        node.setdefault(key, []).append(new)
    elif any(k in node for k in (key, *choice_keys(kind, str(name)))):
        raise Unprocessable(
            Issue(
                "processing",
                f"{path}.{name} is there already, and does not repeat: replace it.",
                "part",
            )
        )
    else:
        node[key] = new


def locate_list(resource: Json, path: str) -> list[Any]:
    """The list that a path means."""
    head, _, last = str(path).rpartition(".")
    place = locate_single(resource, head)
    node = place.value
    items = node.get(last) if isinstance(node, dict) else None
    if not isinstance(items, list):
        raise Unprocessable(
            Issue("processing", f"{str(path)[:80]} is no list that is there.", "part")
        )
    return items


def require_index(told: Parts, name: str, most: int) -> int:
    index = plain_part_value(told, name)
    if not isinstance(index, int) or isinstance(index, bool) or not 0 <= index <= most:
        raise Unprocessable(Issue("value", f"{name} is a whole number from 0 to {most}.", "part"))
    return index


def apply_insert(resource: Json, told: Parts) -> None:
    path, given = require_parts(told, "path", "value")
    items = locate_list(resource, path)
    index = require_index(told, "index", len(items))
    items.insert(
        index,
        build_element_value(
            locate_single(resource, f"{path}[0]").type_name if items else "", given
        ),
    )


def apply_delete(resource: Json, told: Parts) -> None:
    [path] = require_parts(told, "path")
    places = locate_elements(resource, str(path))
    if len(places) > 1:
        raise Unprocessable(
            Issue(
                "processing",
                f"The path {str(path)[:80]} names {len(places)} elements: it may name one at the"
                " most.",
                "part",
            )
        )
    for place in places:
        if place.key == "":
            raise Unprocessable(
                Issue("processing", "The resource as a whole is deleted by DELETE.", "part")
            )
        del place.holder[place.key]
    prune_empty(resource)


def prune_empty(node: Any) -> None:
    """Lists and objects that became empty, which FHIR leaves out."""
    for key in list(node) if isinstance(node, dict) else []:
        child = node[key]
        for x in [child] if isinstance(child, dict) else child if isinstance(child, list) else []:
            prune_empty(x)
        if child in ([], {}):
            del node[key]


def apply_replace(resource: Json, told: Parts) -> None:
    path, given = require_parts(told, "path", "value")
    place = locate_single(resource, path)
    if place.key == "":
        raise Unprocessable(
            Issue("processing", "The resource as a whole is replaced by PUT.", "part")
        )
    key = element_key(place.kind, place.name, given) if place.name else place.key
    new = build_element_value(
        (
            (element_shape(place.kind, key) or (place.type_name,))[0]
            if place.name
            else place.type_name
        ),
        given,
    )
    if key == place.key:
        place.holder[key] = new
        return
    kept = {
        key if k == place.key else k: new if k == place.key else v
        for k, v in place.holder.items()
        if k != f"_{place.key}"
    }
    place.holder.clear()
    place.holder.update(kept)


def apply_move(resource: Json, told: Parts) -> None:
    [path] = require_parts(told, "path")
    items = locate_list(resource, path)
    source, destination = (
        require_index(told, "source", len(items) - 1),
        require_index(told, "destination", len(items) - 1),
    )
    items.insert(destination, items.pop(source))


OPERATIONS: dict[str, Callable[[Json, Parts], None]] = {
    "add": apply_add,
    "insert": apply_insert,
    "delete": apply_delete,
    "replace": apply_replace,
    "move": apply_move,
}
