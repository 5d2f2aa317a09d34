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
        nodes: list[Any] = [resource]
        for depth, key in enumerate(self.keys):
            found: list[Any] = []
            for node in nodes:
                value = node.get(key) if isinstance(node, dict) else None
                if isinstance(value, list):
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
class Parameter:
    """bit: its place among the parameters of its type, for :missing."""

    type_name: str
    code: str
    kind: str
    paths: tuple[Path, ...]
    bit: int
    targets: tuple[str, ...] = ()


@cache
def parameters(type_name: str) -> dict[str, Parameter]:
    """The parameters of one type by their code."""
    return {
        code: Parameter(
            type_name, code, row["kind"],
            tuple(Path(tuple(p["path"]), p["type"], tuple(p["where"]) if "where" in p else None, p.get("target")) for p in row["paths"]), bit,
            tuple(row.get("target", ())),
        )
        for bit, (code, row) in enumerate(table("parameters").get(type_name, {}).items())
    }
