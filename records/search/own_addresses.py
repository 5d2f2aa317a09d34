"""Own absolute addresses in conditions are made relative, as the store keeps them (FHIR R4
search.html#reference). Only where a reference is asked for: a uri, such as ValueSet.url, and a
canonical are compared as they are written. Pure.
"""

from collections.abc import Iterable, Sequence

from records.fhir.base_address import make_relative
from records.fhir.resource_types import TYPES
from records.search.escapes import split_as_written
from records.search.search_parameters import SearchParameter, parameters_of_type


def make_addresses_relative(
    types: Sequence[str], pairs: Iterable[tuple[str, str]], address: str
) -> list[tuple[str, str]]:
    """address: of the base that is asked, "" for none; types: () for all."""
    return [
        (
            key,
            (
                make_value_relative(value, address)
                if address and "://" in value and is_reference_asked(types or tuple(TYPES), key)
                else value
            ),
        )
        for key, value in pairs
    ]


def make_value_relative(value: str, address: str) -> str:
    """Each part of a value; what is below the base and no resource keeps a slash, so that it is
    refused as no reference.
    """
    parts = split_as_written(value)
    return "".join(
        p if (rest := make_relative(p, address)) == p else rest if "/" in rest else f"/{rest}"
        for p in parts
    )


def is_reference_asked(types: Iterable[str], key: str) -> bool:
    """Whether the last parameter of a key, behind all chains and _has, is a reference."""
    if key == "_list":
        return True
    if key.startswith("_has:"):
        _, referring_type, _, chained_key = [*key.split(":", 3), "", "", ""][:4]
        return (
            bool(chained_key)
            and referring_type in TYPES
            and is_reference_asked((referring_type,), chained_key)
        )
    hosted_types = [t for t in types if t in TYPES]
    if "." in key:
        head, _, chained_key = key.partition(".")
        code, _, only = head.partition(":")
        return is_reference_asked(
            (
                {only}
                if only
                else {t for p in parameters_named(hosted_types, code) for t in p.targets or TYPES}
            ),
            chained_key,
        )
    name, _, modifier = key.partition(":")
    return modifier != "identifier" and any(
        is_reference_parameter(p) for p in parameters_named(hosted_types, name)
    )


def parameters_named(types: Iterable[str], code: str) -> list[SearchParameter]:
    return [p for t in types if (p := parameters_of_type(t).get(code))]


def is_reference_parameter(parameter: SearchParameter) -> bool:
    """By its own elements, or those of a composite's parts."""
    parts = [part for c in parameter.contexts for part in c.parts] or [parameter]
    return any(
        part.kind == "reference" and any(path.type == "Reference" for path in part.paths)
        for part in parts
    )
