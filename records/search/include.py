"""_include and _revinclude: which references to follow from the rows of a page (FHIR R4 search.html#include)."""

from collections.abc import Sequence
from dataclasses import dataclass

from records.fhir.issues import Issue, NotSupported
from records.fhir.types import TYPES
from records.search.definitions import Parameter, parameters

INCLUDES = ("_include", "_revinclude")
MOST = 5000  # included resources a page


@dataclass(frozen=True, slots=True)
class Include:
    """From rows of `source` by its reference parameters to `target` (None: any type); backward: from the rows of a page to the
    sources that refer to them. again: follow it from included rows, too."""

    source: str
    parameters: tuple[Parameter, ...]
    target: str | None
    backward: bool
    again: bool


def include(types: Sequence[str], name: str, modifier: str, value: str) -> Include:
    """Raises NotSupported naming what there is."""
    if modifier not in ("", "iterate", "recurse"):
        raise refuse(f"{name}:{modifier}: only :iterate is served.")
    backward = name == "_revinclude"
    if value == "*" and not backward and len(types) == 1:
        return Include(types[0], references(types[0]), None, False, bool(modifier))
    source, _, rest = value.partition(":")
    code, _, target = rest.partition(":")
    if source not in TYPES or not code or (target and target not in TYPES):
        raise refuse(f"{name}={value[:80]}: write Type:parameter or Type:parameter:TargetType.")
    if not backward and not modifier and source not in types:
        raise refuse(f"{name}={value[:80]}: a search for {types[0]} includes {types[0]}:…; for others add :iterate.")
    chosen = references(source) if code == "*" else tuple(p for p in references(source) if p.code == code)
    if not chosen:
        some = ", ".join(p.code for p in references(source)) or "none"
        raise refuse(f"{name}={value[:80]}: {source} has these reference parameters: {some}.")
    return Include(source, chosen, target or None, backward, bool(modifier))


def references(type_name: str) -> tuple[Parameter, ...]:
    return tuple(p for p in parameters(type_name).values() if p.kind == "reference")


def refuse(says: str) -> NotSupported:
    return NotSupported(Issue("not-supported", f"Search parameter {says}"))
