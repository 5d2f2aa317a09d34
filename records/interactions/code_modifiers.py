"""Replace the search modifiers :in, :not-in, :below and :above by the codes that they stand for
(FHIR R4 search.html#token).
"""

from collections.abc import Callable

from records.fhir.resource_types import TYPES
from records.interactions.store_terminology import VALUE_SET_TYPES, Pairs, StoreTerminology
from records.requests.fhir_request import FhirRequest
from records.search.escapes import SearchValue, escape_value, split_alternatives
from records.search.kinds.token import NOTHING
from records.search.search_parameters import parameters_of_type

MODIFIERS = ("in", "not-in", "below", "above")


def expand_code_modifiers(fhir_request: FhirRequest, types: tuple[str, ...], pairs: Pairs) -> Pairs:
    """The modifiers that ask the terminology, written as the codes that they mean."""
    if not any(k.rpartition(":")[2] in MODIFIERS for k, _ in pairs):
        return pairs
    terminology: StoreTerminology | None = None
    expanded: Pairs = []
    for key, value in pairs:
        name, _, modifier = key.rpartition(":")
        if (
            modifier not in MODIFIERS
            or (
                not key.startswith("_has:")
                and "." not in key
                and not is_token_parameter(types, name)
            )
            or (modifier in ("above", "below") and "|" not in value)
        ):
            expanded.append((key, value))
            continue
        terminology = terminology or StoreTerminology(fhir_request, "$expand", VALUE_SET_TYPES)
        codes = [
            c
            for v in split_alternatives(value)
            for c in CODES_BY_MODIFIER[modifier](terminology, v)
        ]
        expanded.append(
            (f"{name}:not" if modifier == "not-in" else name, ",".join(codes) or NOTHING)
        )
    return expanded


def is_token_parameter(types: tuple[str, ...], name: str) -> bool:
    return any(
        (p := parameters_of_type(t).get(name)) is not None and p.kind == "token"
        for t in types or TYPES
    )


def format_token(system: str, code: str) -> str:
    """As the value of a token parameter."""
    return f"{escape_value(system)}|{escape_value(code)}"


def list_codes_in_value_set(terminology: StoreTerminology, value: SearchValue) -> list[str]:
    return [
        *(
            format_token(s, c)
            for s, c in terminology.expand_members(terminology.find_value_set(str(value)))
        ),
        NOTHING,
    ]


def list_codes_below(terminology: StoreTerminology, value: SearchValue) -> list[str]:
    system, code = value.pieces[0], "|".join(value.pieces[1:])
    return [
        format_token(system, c.code)
        for c in terminology.load_code_system(system).values()
        if c.code == code or code in c.ancestors
    ]


def list_codes_above(terminology: StoreTerminology, value: SearchValue) -> list[str]:
    system, code = value.pieces[0], "|".join(value.pieces[1:])
    concept = terminology.load_code_system(system).get(code)
    return [format_token(system, c) for c in (code, *(concept.ancestors if concept else ()))]


CODES_BY_MODIFIER: dict[str, Callable[[StoreTerminology, SearchValue], list[str]]] = {
    "in": list_codes_in_value_set,
    "not-in": list_codes_in_value_set,
    "below": list_codes_below,
    "above": list_codes_above,
}
