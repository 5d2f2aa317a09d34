"""A choice element of which only an extension is sent, such as `_occurrenceDateTime` with
data-absent-reason: it is there (FHIR R4 json.html#primitive, extensibility.html#Special-Case).
fhir.resources does not know that of required ones and of an Extension's value, and is shown a
stand-in for the value.
"""

from typing import Any

from records.fhir.resource_types import load_definition_table

# A value of each primitive type that a choice may have
VALUES: dict[str, Any] = {
    "base64Binary": "eA==",
    "boolean": True,
    "canonical": "http://example.org/x",
    "code": "x",
    "date": "2000-01-01",
    "dateTime": "2000-01-01",
    "decimal": 1,
    "id": "x",
    "instant": "2000-01-01T00:00:00Z",
    "integer": 1,
    "markdown": "x",
    "oid": "urn:oid:1.2.3",
    "positiveInt": 1,
    "string": "x",
    "time": "00:00:00",
    "unsignedInt": 1,
    "uri": "http://example.org/x",
    "url": "http://example.org/x",
    "uuid": "urn:uuid:00000000-0000-4000-8000-000000000000",
}
ELEMENT = {"extension": "*Extension"}  # what stands beside a primitive


def add_stand_ins(node: Any, kind: str) -> Any:
    """The same, with a value where a required choice, or an Extension's value, has an extension
    alone. kind: the type of the node.
    """
    if isinstance(node, list):
        return [add_stand_ins(v, kind) for v in node]
    if not isinstance(node, dict):
        return node
    shapes = load_definition_table("shapes").get(str(node.get("resourceType") or kind), ELEMENT)
    out = {
        k: (
            add_stand_ins(v, "Element" if k.startswith("_") else str(shapes.get(k, "")).lstrip("*"))
            if isinstance(v, dict | list)
            else v
        )
        for k, v in node.items()
    }
    for key in (
        [
            k[1:]
            for k, v in out.items()
            if k.startswith("_value") and shapes.get(k[1:]) in VALUES and is_bare_element(v)
        ]
        if kind == "Extension"
        else ()
    ):
        out["extension"] = [
            *out.get("extension", ()),
            *out.pop(f"_{key}").get("extension", ()),
        ]  # where the judge looks at them
        out.setdefault(key, VALUES[shapes[key]])
    if kind == "Extension" and not out.get("extension"):
        out.pop("extension", None)
    for must, keys in shapes.get("?", ()):
        if (
            must
            and not any(k in node for k in keys)
            and (
                key := next(
                    (k for k in keys if shapes[k] in VALUES and has_extension(node.get(f"_{k}"))),
                    "",
                )
            )
        ):
            out[key] = VALUES[shapes[key]]
    return out


def has_extension(value: Any) -> bool:
    return isinstance(value, dict) and bool(value.get("extension"))


def is_bare_element(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and value.keys() <= {"id", "extension"}
        and isinstance(value.get("extension", []), list)
    )
