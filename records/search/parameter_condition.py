"""Translate one search parameter of a type to a condition on its rows (FHIR R4 search.html)."""

from records.fhir.issues import Issue, NotSupported
from records.fhir.resource_types import TYPES
from records.search import composite, contained_resources
from records.search.chain import (
    AT_ROW,
    ENCLOSED_FAULT,
    ChainPosition,
    chain_error,
    chained_condition,
    is_enclosed,
    reverse_chain_condition,
)
from records.search.escapes import SearchValue, split_alternatives, split_composites
from records.search.kinds import KINDS, date
from records.search.search_parameters import SearchParameter, parameters_of_type
from records.search.search_request import COMMON, parameter_error
from records.search.search_terms import BadValue, NeverFits, SearchCondition, UnfitParameter


def parse_last_updated(value: str) -> SearchCondition:
    try:
        return date.updated_condition(split_alternatives(value))
    except BadValue as error:
        raise parameter_error("_lastUpdated", f"{error}.") from error


def parameter_condition(
    type_name: str, key: str, value: str, way: ChainPosition = AT_ROW
) -> SearchCondition:
    """One parameter as a condition on rows of the type; chains and _has come back here for what
    they ask of the other row.
    """
    if key.startswith("_has:"):
        return reverse_chain_condition(type_name, key, value, way, parameter_condition)
    if "." in key:
        return chained_condition(type_name, key, value, way, parameter_condition)
    name, _, modifier = key.partition(":")
    if name == "_id" and way.depth and not modifier:
        return SearchCondition(
            "{r}.fhir_id = ANY({0})", ([str(v) for v in split_alternatives(value)],)
        )
    if name == "_lastUpdated" and way.depth and not modifier:
        return parse_last_updated(value)
    parameters = parameters_of_type(type_name)
    if name not in parameters:
        known_names = ", ".join(sorted(parameters)) or "none but the common ones"
        raise NotSupported(
            Issue(
                "not-supported",
                f"{type_name} has no search parameter {name!r}. It has: {known_names}; and"
                f" {', '.join(COMMON[:6])}.",
            )
        )
    parameter = parameters[name]
    if modifier == "missing":
        return parse_missing(key, parameter, value)
    if is_enclosed(parameter):
        raise chain_error(ENCLOSED_FAULT.format(key=key))
    if parameter.contexts:
        return parse_composite(key, parameter, modifier, value)
    return kind_condition(parameter, key, split_alternatives(value))


def kind_condition(
    parameter: SearchParameter, key: str, values: list[SearchValue]
) -> SearchCondition:
    """A parameter that looks at one element, as its kind understands it."""
    modifier = key.partition(":")[2]
    kind = KINDS[parameter.kind]
    if modifier not in kind.MODIFIERS:
        served = ", ".join(
            ":" + m for m in sorted({*kind.MODIFIERS, "missing"}) if m and m not in TYPES
        )
        raise NotSupported(
            Issue(
                "not-supported",
                f"Search parameter {key}: this modifier is not served (served: {served}).",
            )
        )
    try:
        return kind.build_condition(parameter, modifier, values)
    except NeverFits as error:
        raise UnfitParameter(Issue("invalid", f"Search parameter {key}: {error}.")) from error
    except BadValue as error:
        raise parameter_error(key, f"{error}.") from error


def parse_composite(
    key: str, parameter: SearchParameter, modifier: str, value: str
) -> SearchCondition:
    if modifier:
        raise NotSupported(
            Issue(
                "not-supported",
                f"Search parameter {key}: a composite parameter has no modifier but :missing.",
            )
        )
    try:
        return composite.composite_condition(
            parameter,
            split_composites(value),
            lambda name, part: kind_condition(
                parameters_of_type(parameter.type_name)[name], name, [part]
            ),
        )
    except BadValue as error:
        raise parameter_error(key, f"{error}.") from error


def parse_missing(key: str, parameter: SearchParameter, value: str) -> SearchCondition:
    if value not in ("true", "false"):
        raise parameter_error(key, "it is true or false.")
    if parameter.is_contained:
        return contained_resources.contained_missing_condition(parameter, value)
    return SearchCondition(
        "({r}.present & {0}) " + ("= 0" if value == "true" else "<> 0"), (1 << parameter.bit,)
    )
