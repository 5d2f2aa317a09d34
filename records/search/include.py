"""_include and _revinclude: which references to follow from the rows of a page (FHIR R4
search.html#include).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from records.fhir.issues import Issue, NotSupported
from records.fhir.resource_types import TYPES
from records.search.search_parameters import SearchParameter, parameters_of_type

INCLUDES = ("_include", "_revinclude")
MOST = 5000  # included resources a page


@dataclass(frozen=True, slots=True)
class Include:
    """From rows of `source` by its reference parameters to `target` (None: any type); backward:
    from the rows of a page to the sources that refer to them. again: follow it from included rows,
    too.
    """

    source: str
    parameters: tuple[SearchParameter, ...]
    target: str | None
    backward: bool
    again: bool


def parse_include(types: Sequence[str], name: str, modifier: str, value: str) -> Include:
    """Raises NotSupported naming what there is."""
    if modifier not in ("", "iterate", "recurse"):
        raise include_error(f"{name}:{modifier}: only :iterate is served.")
    backward = name == "_revinclude"
    if value == "*" and not backward and len(types) == 1:
        return Include(types[0], reference_parameters(types[0]), None, False, bool(modifier))
    source, _, rest = value.partition(":")
    code, _, target = rest.partition(":")
    if source not in TYPES or not code or (target and target not in TYPES):
        raise include_error(
            f"{name}={value[:80]}: write Type:parameter or Type:parameter:TargetType."
        )
    if not backward and not modifier and source not in types:
        raise include_error(
            f"{name}={value[:80]}: a search for {types[0]} includes {types[0]}:…; for others add"
            " :iterate."
        )
    chosen = (
        reference_parameters(source)
        if code == "*"
        else tuple(p for p in reference_parameters(source) if p.code == code)
    )
    if not chosen:
        some = ", ".join(p.code for p in reference_parameters(source)) or "none"
        raise include_error(
            f"{name}={value[:80]}: {source} has these reference parameters: {some}."
        )
    return Include(source, chosen, target or None, backward, bool(modifier))


def reference_parameters(type_name: str) -> tuple[SearchParameter, ...]:
    return tuple(p for p in parameters_of_type(type_name).values() if p.kind == "reference")


def include_error(says: str) -> NotSupported:
    return NotSupported(Issue("not-supported", f"Search parameter {says}"))
