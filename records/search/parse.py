"""Parse a query string to a SearchRequest; refuse what is unknown, and name what is known (FHIR R4
search.html).
"""

from collections.abc import Iterable, Mapping, Sequence

from records.fhir.hashes import index_hash, reference_hash
from records.fhir.issues import Issue, NotSupported, TooLarge
from records.fhir.limits import ALTERNATIVES, CHAINS, JOINS, PARAMETERS
from records.fhir.media_types import require_json_format
from records.fhir.resource_references import ID, parse_reference
from records.fhir.resource_types import TYPES
from records.search import composite
from records.search.chain import MANY, ChainPosition, conditions_by_type, count_steps
from records.search.escapes import split_alternatives
from records.search.include import INCLUDES, parse_include
from records.search.kinds import near
from records.search.parameter_condition import parameter_condition, parse_last_updated
from records.search.search_parameters import parameters_of_type
from records.search.search_request import (
    COMMON,
    MAX_COUNT,
    TEXTS,
    SearchRequest,
    SortKey,
    parameter_error,
)
from records.search.search_terms import VISIBLE, BadValue, SearchCondition
from records.search.subjects import parse_subjects
from records.search.summary_view import parse_elements, parse_summary
from records.search.text_search import TextCondition, fold_text

NEGATED = ("_id:not", "_type:not")

NOT_SERVED = {
    "_filter": "write its conditions as parameters of their own, joined by &",
    "_query": "no named queries are kept",
    "_contained": "contained resources are found through the one that holds them",
    "_containedType": "contained resources are found through the one that holds them",
}

SORTABLE = ("string", "date", "quantity", "number")  # by the indexes

POST_SORTABLE = (
    "token",
    "reference",
    "uri",
    "composite",
    "special",
)  # by a look into each resource


def parse_search(
    types: Sequence[str],
    pairs: Iterable[tuple[str, str]],
    *,
    answers_search: bool = False,
    contained_ways: frozenset[str] = frozenset(),
) -> SearchRequest:
    """types: of one search, or () for all that _type does not exclude; answers_search: the caller
    can filter the found rows (records/interactions/search_page.py); contained_ways: into contained
    resources that there are. Raises BadSearch or NotSupported naming the parameter and the mend.
    """
    pairs = list(pairs)
    if len(pairs) > PARAMETERS or sum(v.count(",") for _, v in pairs) > ALTERNATIVES:
        raise TooLarge(
            Issue(
                "too-costly",
                f"A search has at most {PARAMETERS} parameters, with {ALTERNATIVES} values"
                " together: ask in several.",
            )
        )
    request = SearchRequest(tuple(types) or parse_types(pairs))
    sorted_by = ""
    for key, value in pairs:
        name, _, modifier = key.partition(":")
        request.names.append(key[:60])
        request.keys.append(key)
        if name in COMMON and modifier and name not in INCLUDES and key not in NEGATED:
            raise parameter_error(key, f"{name} takes no modifier here.")
        if "\x00" in key + value:
            raise parameter_error(key.replace("\x00", "␀"), "it holds a NUL character.")
        if value == "" and name not in ("_format", "_pretty"):
            raise parameter_error(key, "The value is empty: give one, or leave the parameter out.")
        if name in NOT_SERVED:
            raise NotSupported(
                Issue(
                    "not-supported", f"Search parameter {name} is not served: {NOT_SERVED[name]}."
                )
            )
        if name == "_sort":
            sorted_by = value
        elif name == "_type" and types:
            raise parameter_error(
                key, "it belongs to a search of the whole base; here the address names the type."
            )
        elif name in TEXTS:
            request.texts.append(parse_text(name, value))
            request.post_filtered_by = name
        elif name in INCLUDES:
            request.includes.append(parse_include(request.types, name, modifier, value))
        elif key == "_id:not":
            request.conditions.append(
                SearchCondition(
                    "NOT {r}.fhir_id = ANY({0})", ([str(v) for v in split_alternatives(value)],)
                )
            )
        elif name in COMMON:
            parse_common(request, name, value)
        else:
            add_parameter(request, key, value, ChainPosition(0, contained_ways))
    leading = [found for c in request.conditions if (found := count_steps(c))]
    if len(leading) > CHAINS or sum(leading) > JOINS:
        raise TooLarge(MANY)
    request.place = find_asked_place(request.types, pairs)
    parse_sort(request, sorted_by, dict(pairs))
    if request.post_filtered_by and not answers_search:
        raise NotSupported(
            Issue(
                "not-supported",
                f"Search parameter {request.post_filtered_by}: it is not decided by an index, so it"
                " serves searches only, no conditions.",
            )
        )
    return request


def parse_text(name: str, value: str) -> TextCondition:
    words = tuple(tuple(fold_text(v).split()) for v in split_alternatives(value))
    if not all(words):
        raise parameter_error(name, "the text to search for is empty.")
    return TextCondition(name == "_text", words)


def parse_types(pairs: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """The types that _type names, or all, without those of _type:not."""
    named_types, refused_types = (
        [str(t) for k, v in pairs if k == key for t in split_alternatives(v)]
        for key in ("_type", "_type:not")
    )
    if wrong_ones := [t for t in (*named_types, *refused_types) if t not in TYPES]:
        raise parameter_error(
            "_type", f"{wrong_ones[0][:60]!r} is no resource type that is hosted here."
        )
    if types := [t for t in dict.fromkeys(named_types or TYPES) if t not in refused_types]:
        return tuple(types)
    raise parameter_error("_type:not", "it leaves no type to look for.")


def parse_common(request: SearchRequest, name: str, value: str) -> None:
    match name:
        case "_id":
            alternatives = [str(v) for v in split_alternatives(value)]
            request.ids = (
                alternatives
                if request.ids is None
                else [i for i in request.ids if i in alternatives]
            )
        case "_lastUpdated":
            request.conditions.append(parse_last_updated(value))
        case "_count":
            if not (value.isascii() and value.isdecimal() and len(value) < 10):
                raise parameter_error(name, "it is a whole number.")
            request.count = min(int(value), MAX_COUNT)
            request.counting = request.counting or request.count == 0
        case "_total":
            if value not in ("none", "accurate", "estimate"):
                raise parameter_error(name, "it is none, estimate or accurate.")
            request.total = value != "none"
        case "_summary":
            request.counting = request.counting or value == "count"
            request.view = parse_summary(value)
        case "_elements":
            request.view = parse_elements(split_alternatives(value))
        case "_format":
            require_json_format(value)
        case "_list":
            request.conditions.append(parse_list(value))
        case "_cursor":
            request.cursor = value


def parse_list(value: str) -> SearchCondition:
    """What the items of a List of the same store refer to (FHIR R4 search.html#list)."""
    local = parse_reference(value)
    if (local and local[0] != "List") or not ID.fullmatch(local[1] if local else value):
        raise parameter_error("_list", "it is the id of a List.")
    sql = (
        "{r}.named IN (SELECT x.target FROM record_resource t9 JOIN record_reference x ON x.rid"
        " = t9.rid AND x.parameter = {0} WHERE t9.named = {1} AND NOT t9.deleted AND"
        f" t9.hospital = {{r}}.hospital AND {VISIBLE.format(alias='t9')})"
    )
    return SearchCondition(
        sql,
        (index_hash("List", "item"), reference_hash(f"List/{local[1] if local else value}")),
        rare=True,
    )


def add_parameter(request: SearchRequest, key: str, value: str, way: ChainPosition) -> None:
    try:
        subjects = parse_subjects(request.types, key, split_alternatives(value))
    except BadValue as error:
        raise parameter_error(key, f"{error}.") from error
    if subjects:
        request.subjects.append(subjects)
        return
    if len(request.types) == 1:
        request.conditions.append(parameter_condition(request.types[0], key, value, way))
        return
    conditions = conditions_by_type(
        request.types, lambda t: parameter_condition(t, key, value, way)
    )  # in each type's own way: what one of them lacks is refused
    typed = [
        SearchCondition(f"{{r}}.type = {TYPES[t].number} AND ({c.sql})", c.values)
        for t, c in conditions
    ]
    request.conditions.append(composite.combine_conditions(" OR ", typed))


def find_asked_place(
    types: Sequence[str], pairs: Sequence[tuple[str, str]]
) -> near.SearchPlace | None:
    known = parameters_of_type(types[0]) if len(types) == 1 else {}
    return next(
        (
            near.parse_place(split_alternatives(v)[0])
            for k, v in pairs
            if k in known and known[k].kind == "special"
        ),
        None,
    )


def parse_sort(out: SearchRequest, text: str, sort_names: Mapping[str, str]) -> None:
    clinical = {TYPES[t].date for t in out.types}
    common_date = clinical.pop() if len(clinical) == 1 else None
    if not text:
        out.sorts = [SortKey("dated" if out.subjects and common_date else "updated")]
        return
    sortable = parameters_of_type(out.types[0]) if len(out.types) == 1 else {}
    columns = {
        "_lastUpdated": "updated",
        "_id": "id",
        **({common_date: "dated"} if common_date else {}),
    }
    for part in text.split(","):
        name = part.removeprefix("-")
        by = sortable.get(name)
        if name not in columns and (by is None or by.kind not in (*SORTABLE, *POST_SORTABLE)):
            served = ", ".join(
                (
                    *columns,
                    *(p.code for p in sortable.values() if p.kind in (*SORTABLE, *POST_SORTABLE)),
                )
            )
            raise NotSupported(
                Issue(
                    "not-supported",
                    f"Search parameter _sort: {name[:60]!r} is not sorted by here; served are"
                    f" {served} (with - for descending, several with commas).",
                )
            )
        if name not in columns and by is not None and by.kind in POST_SORTABLE:
            out.post_filtered_by = out.post_filtered_by or f"_sort={name}"
        place = None
        if by is not None and by.kind == "special":
            if by.code not in sort_names:
                raise parameter_error(
                    "_sort",
                    f"an order by {by.code} is one by the distance from the place that"
                    f" {by.code}=latitude|longitude|… asks for: add it.",
                )
            place = near.parse_place(split_alternatives(sort_names[by.code])[0])
        out.sorts.append(
            SortKey(
                columns.get(name, ""), None if name in columns else by, part.startswith("-"), place
            )
        )
    if len(out.sorts) > 5:
        raise parameter_error("_sort", "at most five keys are taken.")
