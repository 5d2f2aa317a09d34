"""FHIRPath Patch: Parameters with operations add, insert, delete, replace, move (FHIR R4 fhirpatch.html)."""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from records.fhir.issues import Issue, Malformed, Problem, Unprocessable
from records.fhir.location import BadPath, Place, locate, shape, spelled


@dataclass(frozen=True, slots=True)
class Given:
    """A value[x] of a part and its type, such as DateTime; without a type an element that is spelled out in parts, by their names (fhirpatch.html: anonymous types)."""

    value: Any
    type_name: str = ""


Json = dict[str, Any]
Parts = dict[str, Given]


def applied(resource: dict[str, Any], parameters: Any) -> dict[str, Any]:
    """The changed resource; the one that came in stays. Parameters without an operation change nothing. Raises Malformed, Unprocessable naming the operation."""
    given = parameters.get("parameter", []) if isinstance(parameters, dict) and parameters.get("resourceType") == "Parameters" else None
    if not isinstance(given, list):
        raise Malformed(Issue("structure", "A FHIRPath Patch is a Parameters resource with parameters named operation.", "Parameters.parameter"))
    out = copy.deepcopy(resource)
    for i, one in enumerate(given):
        place = f"Parameters.parameter[{i}]"
        try:
            told = parts(one)
            do = OPERATIONS.get(str(plain(told, "type")))
            if do is None:
                raise Malformed(Issue("value", f"The type of an operation is one of {', '.join(OPERATIONS)}.", "part"))
            do(out, told)
        except BadPath as error:
            raise Malformed(Issue("value", f"The path {str(plain(told, 'path'))[:80]!r}: {error}.", place)) from error
        except Problem as problem:
            raise problem.at(place) from problem
    return out


def parts(operation: Any) -> Parts:
    if not isinstance(operation, dict) or operation.get("name") != "operation" or not isinstance(operation.get("part"), list):
        raise Malformed(Issue("structure", 'Each parameter is named "operation" and has parts.', "name"))
    return {str(p.get("name")): value(p) for p in operation["part"] if isinstance(p, dict)}


def value(part: dict[str, Any]) -> Given:
    for key, found in part.items():
        if key.startswith("value") and key != "value":
            return Given(found, key.removeprefix("value"))
    inside = part.get("part", [])
    if not isinstance(inside, list) or not all(isinstance(p, dict) for p in inside):
        raise Malformed(Issue("structure", "The parts of a value are objects with a name and a value.", "part"))
    out: dict[str, list[Given]] = {}
    for inner in inside:
        out.setdefault(str(inner.get("name")), []).append(value(inner))
    return Given(out)


def plain(told: Parts, name: str) -> Any:
    return told[name].value if name in told else None


def need(told: Parts, *names: str) -> list[Any]:
    """Plain values, and of "value" what was given."""
    missing = [n for n in names if plain(told, n) in (None, {}, "")]
    if missing:
        raise Malformed(Issue("required", f"This operation needs {' and '.join(missing)}.", "part"))
    return [told[n] if n == "value" else told[n].value for n in names]


def one(resource: Json, path: str) -> Place:
    found = locate(resource, str(path))
    if len(found) != 1:
        raise Unprocessable(Issue("processing", f"The path {str(path)[:80]} names {len(found) or 'no'} elements: it must name one.", "part"))
    return found[0]


def key_of(kind: str, name: str, given: Given) -> str:
    """The JSON key of an element: of a choice the one of the value's type."""
    keys = spelled(kind, name) or [name]
    if len(keys) == 1:
        return keys[0]
    wanted = f"{name}{given.type_name}"
    if wanted not in keys:
        raise Unprocessable(Issue("processing", f"{name} has several types here: give it as one of {', '.join('value' + k.removeprefix(name) for k in keys)}.", "part"))
    return wanted


def made(kind: str, given: Given) -> Any:
    """The JSON of a value of the type; spelled out in parts, with arrays where the definition repeats. Raises Unprocessable."""
    if given.type_name:
        return given.value
    out: dict[str, Any] = {}
    for name, many in given.value.items():
        key = key_of(kind, name, many[0])
        inner = shape(kind, key)
        if inner is None:
            raise Unprocessable(Issue("structure", f"{kind} has no element {name[:60]!r}.", "part"))
        if len(many) > 1 and not inner[1]:
            raise Unprocessable(Issue("structure", f"{kind}.{name[:60]} does not repeat: give it once.", "part"))
        values = [made(inner[0], g) for g in many]
        out[key] = values if inner[1] else values[0]
    return out


def add(resource: Json, told: Parts) -> None:
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
    new = made(told_shape[0], given)
    if told_shape[1]:
        node.setdefault(key, []).append(new)
    elif any(k in node for k in (key, *spelled(kind, str(name)))):
        raise Unprocessable(Issue("processing", f"{path}.{name} is there already, and does not repeat: replace it.", "part"))
    else:
        node[key] = new


def rows(resource: Json, path: str) -> list[Any]:
    """The list that a path means."""
    head, _, last = str(path).rpartition(".")
    place = one(resource, head)
    node = place.value
    found = node.get(last) if isinstance(node, dict) else None
    if not isinstance(found, list):
        raise Unprocessable(Issue("processing", f"{str(path)[:80]} is no list that is there.", "part"))
    return found


def at(told: Parts, name: str, most: int) -> int:
    index = plain(told, name)
    if not isinstance(index, int) or isinstance(index, bool) or not 0 <= index <= most:
        raise Unprocessable(Issue("value", f"{name} is a whole number from 0 to {most}.", "part"))
    return index


def insert(resource: Json, told: Parts) -> None:
    path, given = need(told, "path", "value")
    found = rows(resource, path)
    index = at(told, "index", len(found))
    found.insert(index, made(one(resource, f"{path}[0]").type_name if found else "", given))


def delete(resource: Json, told: Parts) -> None:
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


def replace(resource: Json, told: Parts) -> None:
    path, given = need(told, "path", "value")
    place = one(resource, path)
    if place.key == "":
        raise Unprocessable(Issue("processing", "The resource as a whole is replaced by PUT.", "part"))
    key = key_of(place.kind, place.name, given) if place.name else place.key
    new = made((shape(place.kind, key) or (place.type_name,))[0] if place.name else place.type_name, given)
    if key == place.key:
        place.holder[key] = new
        return
    kept = {key if k == place.key else k: new if k == place.key else v for k, v in place.holder.items() if k != f"_{place.key}"}
    place.holder.clear()
    place.holder.update(kept)


def move(resource: Json, told: Parts) -> None:
    [path] = need(told, "path")
    found = rows(resource, path)
    source, destination = at(told, "source", len(found) - 1), at(told, "destination", len(found) - 1)
    found.insert(destination, found.pop(source))


OPERATIONS: dict[str, Callable[[Json, Parts], None]] = {"add": add, "insert": insert, "delete": delete, "replace": replace, "move": move}
