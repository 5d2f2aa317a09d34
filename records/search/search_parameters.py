"""TABLE (type, parameter) -> kind and paths, from the official SearchParameters
(records/fhir/definitions/parameters.json).

A type may also be a way into contained resources, such as MedicationRequest.medication>Medication:
the parameters are those of its last type.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

from records.fhir.resource_types import TYPES, load_definition_table


@dataclass(frozen=True, slots=True)
class ElementPath:
    """keys: JSON keys from the resource down; where: (depth, key, value) that the object there
    must have; target: only references to this type; systems: of the codes that a code element may
    have, which its text does not name; truth: it is asked whether the choice element is there, and
    not false (Patient.deceased).
    """

    keys: tuple[str, ...]
    type: str
    where: tuple[int, str, str] | None = None
    target: str | None = None
    systems: tuple[str, ...] = ()
    truth: bool = False

    @property
    def first_key(self) -> str:
        """What a resource must have for a look at it to be worth while."""
        return "resourceType" if self.truth else self.keys[0]

    def values(self, resource: dict[str, Any]) -> list[Any]:
        if self.truth:
            return is_choice_true(resource, self.keys[0])
        if len(self.keys) == 1 and self.where is None:
            value = resource.get(self.keys[0])
            return (
                [value]
                if type(value) is not list and value is not None
                else [v for v in value or () if v is not None]
            )
        nodes: list[Any] = [resource]
        for depth, key in enumerate(self.keys):
            found: list[Any] = []
            for node in nodes:
                value = node.get(key) if type(node) is dict else None
                if type(value) is list:
                    found += [v for v in value if v is not None]
                elif value is not None:
                    found.append(value)
            if self.where and self.where[0] == depth + 1:
                found = [
                    n
                    for n in found
                    if isinstance(n, dict) and has_path_value(n.get(self.where[1]), self.where[2])
                ]
            nodes = found
            if not nodes:
                break
        return nodes


def has_path_value(found: Any, value: str) -> bool:
    """It is the value, or extensions of which one has this url."""
    return bool(found == value) or (
        type(found) is list and any(type(e) is dict and e.get("url") == value for e in found)
    )


def is_choice_true(resource: dict[str, Any], name: str) -> list[bool]:
    """Whether one of the forms of a choice element is there and not false; [] where only an
    extension stands for a boolean.
    """
    if f"{name}Boolean" in resource:
        return [resource[f"{name}Boolean"]]
    if f"_{name}Boolean" in resource:
        return []
    return [any(k.removeprefix("_").startswith(name) for k in resource)]


@dataclass(frozen=True, slots=True)
class CompositePart:
    """One part of a composite parameter; paths from its context down, or from the resource where
    it is whole.
    """

    kind: str
    paths: tuple[ElementPath, ...]
    whole: bool = False


@dataclass(frozen=True, slots=True)
class CompositeContext:
    """Where a composite looks. single: it occurs at most once, so its parts are parameters of
    the resource, all of which must hold.
    """

    path: ElementPath
    single: bool
    parts: tuple[CompositePart, ...]


WAY_SIGN = ">"


def way_to_contained(type_name: str, code: str, contained: str) -> str:
    """The way from a resource over one of its reference parameters to a contained resource of a
    type.
    """
    return f"{type_name}.{code}{WAY_SIGN}{contained}"


@dataclass(frozen=True, slots=True)
class SearchParameter:
    """bit: its place among the parameters of its type, for :missing; targets: the types that a
    reference leads to, none for any; names: the codes that its index rows carry (its own, or those
    of the parameters that together have its paths); contexts: of a composite.
    """

    type_name: str
    code: str
    kind: str
    paths: tuple[ElementPath, ...] = ()
    bit: int = 0
    targets: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    contexts: tuple[CompositeContext, ...] = ()

    @property
    def is_contained(self) -> bool:
        """Of a contained resource, whose index values hang on the row of the resource around it."""
        return WAY_SIGN in self.type_name

    @property
    def column(self) -> str:
        """ "patient" or "dated" where its values are a column of the row, else ""."""
        kind = TYPES.get(self.type_name)
        return (
            ""
            if kind is None
            else (
                "patient"
                if self.code in kind.subject_params
                else "dated"
                if self.code == kind.date
                else ""
            )
        )


def path_from_row(row: dict[str, Any]) -> ElementPath:
    return ElementPath(
        tuple(row["path"]),
        row["type"],
        tuple(row["where"]) if "where" in row else None,
        row.get("target"),
        tuple(row.get("systems", ())),
        row.get("truth", False),
    )


def context_from_row(row: dict[str, Any], inside: bool) -> CompositeContext:
    """Of contained resources several may share one row, so that two parts are kept together
    there also where a resource has them once.
    """
    parts = tuple(
        CompositePart(p["kind"], tuple(path_from_row(x) for x in p["paths"]), p.get("whole", False))
        for p in row["parts"]
    )
    return CompositeContext(
        ElementPath(tuple(row["path"]), ""), row["single"] and (len(parts) > 2 or not inside), parts
    )


def targets_from_row(row: dict[str, Any]) -> tuple[str, ...]:
    """patient of Observation.subject leads to Patient, though the parameter's definition, which
    it shares with others, names Group too.
    """
    only = {p.get("target") for p in row.get("paths", ())}
    return tuple(t for t in row.get("target", ()) if t in TYPES and (None in only or t in only))


def index_names(code: str, rows: dict[str, Any]) -> tuple[str, ...]:
    """Of combo-code these are code and component-code, so that nothing is indexed twice."""
    mine = rows[code].get("paths", [])
    parts = [
        c
        for c, row in rows.items()
        if c != code
        and row["kind"] == rows[code]["kind"]
        and row.get("paths")
        and all(p in mine for p in row["paths"])
    ]
    if (
        len(mine) > 1
        and all(any(p in rows[c]["paths"] for c in parts) for p in mine)
        and all(len(rows[c]["paths"]) < len(mine) for c in parts)
    ):
        return tuple(parts)
    return (code,)


@cache
def parameters_of_type(type_name: str) -> dict[str, SearchParameter]:
    """The parameters of one type, or way into contained resources, by their code."""
    rows = load_definition_table("parameters").get(type_name.rpartition(WAY_SIGN)[2], {})
    return {
        code: SearchParameter(
            type_name,
            code,
            row["kind"],
            tuple(path_from_row(p) for p in row.get("paths", ())),
            bit,
            targets_from_row(row),
            index_names(code, rows),
            tuple(context_from_row(c, WAY_SIGN in type_name) for c in row.get("contexts", ())),
        )
        for bit, (code, row) in enumerate(rows.items())
    }
