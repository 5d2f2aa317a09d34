"""Own absolute addresses in conditions are made relative, as the store keeps them (FHIR R4 search.html#reference). Only where a reference is asked for: a uri, such as
ValueSet.url, and a canonical are compared as they are written. Pure."""

from collections.abc import Iterable, Sequence

from records.fhir.base_address import relative
from records.fhir.types import TYPES
from records.search.definitions import Parameter, parameters
from records.search.escapes import as_written


def made_relative(types: Sequence[str], pairs: Iterable[tuple[str, str]], address: str) -> list[tuple[str, str]]:
    """address: of the base that is asked, "" for none; types: () for all."""
    return [(key, own(value, address) if address and "://" in value and asks_for_reference(types or tuple(TYPES), key) else value) for key, value in pairs]


def own(value: str, address: str) -> str:
    """Each part of a value; what is below the base and no resource keeps a slash, so that it is refused as no reference."""
    parts = as_written(value)
    return "".join(p if (rest := relative(p, address)) == p else rest if "/" in rest else f"/{rest}" for p in parts)


def asks_for_reference(types: Iterable[str], key: str) -> bool:
    """Whether the last parameter of a key, behind all chains and _has, is a reference."""
    if key == "_list":
        return True
    if key.startswith("_has:"):
        _, other, _, rest = [*key.split(":", 3), "", "", ""][:4]
        return bool(rest) and other in TYPES and asks_for_reference((other,), rest)
    known = [t for t in types if t in TYPES]
    if "." in key:
        head, _, rest = key.partition(".")
        code, _, only = head.partition(":")
        return asks_for_reference({only} if only else {t for p in called(known, code) for t in p.targets or TYPES}, rest)
    name, _, modifier = key.partition(":")
    return modifier != "identifier" and any(is_reference(p) for p in called(known, name))


def called(types: Iterable[str], code: str) -> list[Parameter]:
    return [p for t in types if (p := parameters(t).get(code))]


def is_reference(parameter: Parameter) -> bool:
    """By its own elements, or those of a composite's parts."""
    parts = [part for c in parameter.contexts for part in c.parts] or [parameter]
    return any(part.kind == "reference" and any(path.type == "Reference" for path in part.paths) for part in parts)
