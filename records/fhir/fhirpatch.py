"""FHIRPath Patch: Parameters with operations add, insert, delete, replace, move (FHIR R4 fhirpatch.html)."""

import copy
from collections.abc import Callable
from typing import Any

from records.fhir.issues import Issue, Malformed, Problem, Unprocessable
from records.fhir.location import BadPath, Place, locate, shape, spelled

Parts = dict[str, Any]


def applied(resource: dict[str, Any], parameters: Any) -> dict[str, Any]:
    """The changed resource; the one that came in stays. Raises Malformed, Unprocessable naming the operation."""
    given = parameters.get("parameter") if isinstance(parameters, dict) else None
    if not isinstance(given, list) or not given:
        raise Malformed(Issue("structure", "A FHIRPath Patch is a Parameters resource with parameters named operation.", "Parameters.parameter"))
    out = copy.deepcopy(resource)
    for i, one in enumerate(given):
        place = f"Parameters.parameter[{i}]"
        try:
            told = parts(one)
            do = OPERATIONS.get(str(told.get("type")))
            if do is None:
                raise Malformed(Issue("value", f"The type of an operation is one of {', '.join(OPERATIONS)}.", "part"))
            do(out, told)
        except BadPath as error:
            raise Malformed(Issue("value", f"The path {str(told.get('path'))[:80]!r}: {error}.", place)) from error
        except Problem as problem:
            raise problem.at(place) from problem
    return out


def parts(operation: Any) -> Parts:
    if not isinstance(operation, dict) or operation.get("name") != "operation" or not isinstance(operation.get("part"), list):
        raise Malformed(Issue("structure", 'Each parameter is named "operation" and has parts.', "name"))
    return {str(p.get("name")): value(p) for p in operation["part"] if isinstance(p, dict)}


def value(part: Parts) -> Any:
    """value[x], or an element that is spelled out in parts (FHIR R4 fhirpatch.html: anonymous types)."""
    for key, found in part.items():
        if key.startswith("value"):
            return found
    out: Parts = {}
    inside = part.get("part", [])
    if not isinstance(inside, list) or not all(isinstance(p, dict) for p in inside):
        raise Malformed(Issue("structure", "The parts of a value are objects with a name and a value.", "part"))
    for inner in inside:
        name, found = str(inner.get("name")), value(inner)
        if name in out:
            out[name] = [*(out[name] if isinstance(out[name], list) else [out[name]]), found]
        else:
            out[name] = found
    return out


def need(told: Parts, *names: str) -> list[Any]:
    missing = [n for n in names if told.get(n) in (None, {}, "")]
    if missing:
        raise Malformed(Issue("required", f"This operation needs {' and '.join(missing)}.", "part"))
    return [told[n] for n in names]


def one(resource: Parts, path: str) -> Place:
    found = locate(resource, str(path))
    if len(found) != 1:
        raise Unprocessable(Issue("processing", f"The path {str(path)[:80]} names {len(found) or 'no'} elements: it must name one.", "part"))
    return found[0]


def key_of(type_name: str, name: str, given: Any) -> str:
    """The JSON key of an element: of a choice the one that the value's form fits, where only one does."""
    keys = spelled(type_name, name) or [name]
    if len(keys) == 1:
        return keys[0]
    fits = [k for k in keys if (isinstance(given, dict) and all(shape((shape(type_name, k) or ("", False))[0], x) for x in given)) or type(given) is FORMS.get((shape(type_name, k) or ("",))[0])]
    if len(fits) != 1:
        raise Unprocessable(Issue("processing", f"{name} has several forms here: name one of {', '.join(keys)}.", "part"))
    return fits[0]


FORMS = {"boolean": bool, "integer": int, "decimal": float, "string": str}


def full(type_name: str, given: Any) -> Any:
    """An element from parts, with arrays where the definition repeats."""
    if isinstance(given, dict):
        return {k: [full((shape(type_name, k) or ("", False))[0], v)] if (s := shape(type_name, k)) and s[1] and not isinstance(v, list) else v for k, v in given.items()}
    return given


def add(resource: Parts, told: Parts) -> None:
    path, name, given = need(told, "path", "name", "value")
    place = one(resource, path)
    node = place.value
    kind = str(node.get("resourceType") or place.type_name) if isinstance(node, dict) else ""
    if not kind:
        raise Unprocessable(Issue("processing", f"{path} is a value without elements: nothing can be added to it.", "part"))
    key = key_of(kind, str(name), given)
    told_shape = shape(kind, key)
    if told_shape is None:
        raise Unprocessable(Issue("structure", f"{kind} has no element {str(name)[:60]!r}.", "part"))
    new = full(told_shape[0], given)
    if told_shape[1]:
        node.setdefault(key, []).append(new)
    elif key in node:
        raise Unprocessable(Issue("processing", f"{path}.{name} is there already, and does not repeat: replace it.", "part"))
    else:
        node[key] = new


def rows(resource: Parts, path: str) -> list[Any]:
    """The list that a path means."""
    head, _, last = str(path).rpartition(".")
    place = one(resource, head)
    node = place.value
    found = node.get(last) if isinstance(node, dict) else None
    if not isinstance(found, list):
        raise Unprocessable(Issue("processing", f"{str(path)[:80]} is no list that is there.", "part"))
    return found


def at(told: Parts, name: str, most: int) -> int:
    index = told.get(name)
    if not isinstance(index, int) or isinstance(index, bool) or not 0 <= index <= most:
        raise Unprocessable(Issue("value", f"{name} is a whole number from 0 to {most}.", "part"))
    return index


def insert(resource: Parts, told: Parts) -> None:
    path, given = need(told, "path", "value")
    found = rows(resource, path)
    found.insert(at(told, "index", len(found)), given)


def delete(resource: Parts, told: Parts) -> None:
    [path] = need(told, "path")
    found = locate(resource, str(path))
    if len(found) > 1:
        raise Unprocessable(Issue("processing", f"The path {str(path)[:80]} names {len(found)} elements: it may name one at the most.", "part"))
    for place in found:
        if place.key == "":
            raise Unprocessable(Issue("processing", "The resource as a whole is deleted by DELETE.", "part"))
        del place.holder[place.key]
    prune(resource)


def prune(node: Any) -> None:
    """Lists and objects that became empty, which FHIR leaves out."""
    for key in list(node) if isinstance(node, dict) else []:
        child = node[key]
        for x in [child] if isinstance(child, dict) else child if isinstance(child, list) else []:
            prune(x)
        if child in ([], {}):
            del node[key]


def replace(resource: Parts, told: Parts) -> None:
    path, given = need(told, "path", "value")
    place = one(resource, path)
    if place.key == "":
        raise Unprocessable(Issue("processing", "The resource as a whole is replaced by PUT.", "part"))
    place.holder[place.key] = full(place.type_name, given)


def move(resource: Parts, told: Parts) -> None:
    [path] = need(told, "path")
    found = rows(resource, path)
    source, destination = at(told, "source", len(found) - 1), at(told, "destination", len(found) - 1)
    found.insert(destination, found.pop(source))


OPERATIONS: dict[str, Callable[[Parts, Parts], None]] = {"add": add, "insert": insert, "delete": delete, "replace": replace, "move": move}
