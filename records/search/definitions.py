"""TABLE (type, parameter) -> kind and paths, from the official SearchParameters (records/fhir/definitions/parameters.json)."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from records.fhir.types import table


@dataclass(frozen=True, slots=True)
class Path:
    """keys: JSON keys from the resource down; where: (depth, key, value) that the object there must have; target: only
    references to this type."""

    keys: tuple[str, ...]
    type: str
    where: tuple[int, str, str] | None = None
    target: str | None = None

    def values(self, resource: dict[str, Any]) -> list[Any]:
        if len(self.keys) == 1 and self.where is None:
            value = resource.get(self.keys[0])
            return [value] if type(value) is not list and value is not None else [v for v in value or () if v is not None]
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
                found = [n for n in found if isinstance(n, dict) and n.get(self.where[1]) == self.where[2]]
            nodes = found
            if not nodes:
                break
        return nodes


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a composite parameter; paths from its context down, or from the resource where it is whole."""

    kind: str
    paths: tuple[Path, ...]
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Context:
    """Where a composite looks. single: it occurs at most once, so its parts are parameters of the resource, all of which must hold."""

    path: Path
    single: bool
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Parameter:
    """bit: its place among the parameters of its type, for :missing; names: the codes that its index rows carry (its own, or those of
    the parameters that together have its paths); contexts: of a composite."""

    type_name: str
    code: str
    kind: str
    paths: tuple[Path, ...] = ()
    bit: int = 0
    targets: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    contexts: tuple[Context, ...] = ()


def path(row: dict[str, Any]) -> Path:
    return Path(tuple(row["path"]), row["type"], tuple(row["where"]) if "where" in row else None, row.get("target"))


def context(row: dict[str, Any]) -> Context:
    parts = tuple(Part(p["kind"], tuple(path(x) for x in p["paths"]), p.get("whole", False)) for p in row["parts"])
    return Context(Path(tuple(row["path"]), ""), row["single"], parts)


def names(code: str, rows: dict[str, Any]) -> tuple[str, ...]:
    """Of combo-code these are code and component-code, so that nothing is indexed twice."""
    mine = rows[code].get("paths", [])
    parts = [c for c, row in rows.items() if c != code and row["kind"] == rows[code]["kind"] and row.get("paths") and all(p in mine for p in row["paths"])]
    if len(mine) > 1 and all(any(p in rows[c]["paths"] for c in parts) for p in mine) and all(len(rows[c]["paths"]) < len(mine) for c in parts):
        return tuple(parts)
    return (code,)


@cache
def parameters(type_name: str) -> dict[str, Parameter]:
    """The parameters of one type by their code."""
    rows = table("parameters").get(type_name, {})
    return {
        code: Parameter(
            type_name, code, row["kind"], tuple(path(p) for p in row.get("paths", ())), bit, tuple(row.get("target", ())),
            names(code, rows), tuple(context(c) for c in row.get("contexts", ())))
        for bit, (code, row) in enumerate(rows.items())
    }
