"""Query string -> SearchRequest. What is unknown is an error that says what is known (FHIR R4 search.html)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from records.fhir.formats import must_be_json
from records.fhir.hashes import hashed, named
from records.fhir.issues import Issue, NotSupported, Problem, TooLarge
from records.fhir.limits import ALTERNATIVES, CHAINS, JOINS, PARAMETERS
from records.fhir.references import ID, target
from records.fhir.types import TYPES
from records.search import composite, contained
from records.search.chain import CLOSED, HERE, MANY, Way, chained, enclosed, fitting, has, refuse, steps
from records.search.definitions import Parameter, parameters
from records.search.escapes import Value, alternatives, composites
from records.search.include import INCLUDES, Include, include
from records.search.kinds import KINDS, date, near
from records.search.subjects import Subjects, subjects
from records.search.terms import VISIBLE, BadValue, Condition, NeverFits, Unfit
from records.search.texts import Text, normal
from records.search.view import WHOLE, View, elements, summary

MOST, USUAL = 1000, 50
TEXTS = ("_text", "_content")
NEGATED = ("_id:not", "_type:not")
COMMON = ("_id", "_lastUpdated", "_count", "_sort", "_total", "_summary", "_elements", "_type", "_list", *TEXTS, *INCLUDES, "_format", "_pretty", "_cursor")
INSTEAD = {
    "_filter": "write its conditions as parameters of their own, joined by &", "_query": "no named queries are kept",
    "_contained": "contained resources are found through the one that holds them", "_containedType": "contained resources are found through the one that holds them",
}
SORTABLE = ("string", "date", "quantity", "number")  # by the indexes
SIFTED = ("token", "reference", "uri", "composite", "special")  # by a look into each resource


class BadSearch(Problem):
    kind = "invalid"


@dataclass(frozen=True, slots=True)
class Sort:
    """By a column of the row ("dated", "updated", "id") or by a parameter; place: of which the distance is meant."""

    column: str = "updated"
    by: Parameter | None = None
    descending: bool = True
    place: near.Place | None = None


@dataclass(slots=True)
class SearchRequest:
    """types: of what; none named means all. subjects: only resources about these."""

    types: tuple[str, ...]
    conditions: list[Condition] = field(default_factory=list)
    subjects: list[Subjects] = field(default_factory=list)
    ids: list[str] | None = None
    sorts: list[Sort] = field(default_factory=list)
    count: int = USUAL
    counting: bool = False  # _summary=count: the total alone
    total: bool = False  # _total=accurate
    cursor: str = ""
    includes: list[Include] = field(default_factory=list)
    view: View = WHOLE  # which elements of each resource the answer shows
    texts: list[Text] = field(default_factory=list)
    inside: str = ""  # the parameter that is decided by a look into each resource that the others find (records/search/sift.py)
    place: near.Place | None = None  # from which the distance of each match is told
    names: list[str] = field(default_factory=list)  # for the audit line: which parameters, never their values
    keys: list[str] = field(default_factory=list)  # which parameters, as they were asked


def parse(types: Sequence[str], pairs: Iterable[tuple[str, str]], *, inside: bool = False, ways: frozenset[str] = frozenset()) -> SearchRequest:
    """types: of one search, or () for all that _type does not exclude; inside: the caller can sift (interactions/pages.py); ways: into contained resources that
    there are. Raises BadSearch or NotSupported naming the parameter and the mend."""
    pairs = list(pairs)
    if len(pairs) > PARAMETERS or sum(v.count(",") for _, v in pairs) > ALTERNATIVES:
        raise TooLarge(Issue("too-costly", f"A search has at most {PARAMETERS} parameters, with {ALTERNATIVES} values together: ask in several."))
    out = SearchRequest(tuple(types) or chosen(pairs))
    sorted_by = ""
    for key, value in pairs:
        name, _, modifier = key.partition(":")
        out.names.append(key[:60])
        out.keys.append(key)
        if name in COMMON and modifier and name not in INCLUDES and key not in NEGATED:
            raise wrong(key, f"{name} takes no modifier here.")
        if "\x00" in key + value:
            raise wrong(key.replace("\x00", "␀"), "it holds a NUL character.")
        if value == "" and name not in ("_format", "_pretty"):
            raise wrong(key, "The value is empty: give one, or leave the parameter out.")
        if name in INSTEAD:
            raise NotSupported(Issue("not-supported", f"Search parameter {name} is not served: {INSTEAD[name]}."))
        if name == "_sort":
            sorted_by = value
        elif name == "_type" and types:
            raise wrong(key, "it belongs to a search of the whole base; here the address names the type.")
        elif name in TEXTS:
            out.texts.append(text(name, value))
            out.inside = name
        elif name in INCLUDES:
            out.includes.append(include(out.types, name, modifier, value))
        elif key == "_id:not":
            out.conditions.append(Condition("NOT {r}.fhir_id = ANY({0})", ([str(v) for v in alternatives(value)],)))
        elif name in COMMON:
            common(out, name, value)
        else:
            add(out, key, value, Way(0, ways))
    leading = [found for c in out.conditions if (found := steps(c))]
    if len(leading) > CHAINS or sum(leading) > JOINS:
        raise TooLarge(MANY)
    out.place = asked_place(out.types, pairs)
    order(out, sorted_by, dict(pairs))
    if out.inside and not inside:
        raise NotSupported(Issue("not-supported", f"Search parameter {out.inside}: it is not decided by an index, so it serves searches only, no conditions."))
    return out


def text(name: str, value: str) -> Text:
    words = tuple(tuple(normal(v).split()) for v in alternatives(value))
    if not all(words):
        raise wrong(name, "the text to search for is empty.")
    return Text(name == "_text", words)


def chosen(pairs: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """The types that _type names, or all, without those of _type:not."""
    named, refused = ([str(t) for k, v in pairs if k == key for t in alternatives(v)] for key in ("_type", "_type:not"))
    if wrong_ones := [t for t in (*named, *refused) if t not in TYPES]:
        raise wrong("_type", f"{wrong_ones[0][:60]!r} is no resource type that is hosted here.")
    if left := [t for t in dict.fromkeys(named or TYPES) if t not in refused]:
        return tuple(left)
    raise wrong("_type:not", "it leaves no type to look for.")


def wrong(key: str, says: str) -> BadSearch:
    return BadSearch(Issue("invalid", f"Search parameter {key}: {says}"))


def common(out: SearchRequest, name: str, value: str) -> None:
    match name:
        case "_id":
            found = [str(v) for v in alternatives(value)]
            out.ids = found if out.ids is None else [i for i in out.ids if i in found]
        case "_lastUpdated":
            out.conditions.append(updated(value))
        case "_count":
            if not (value.isascii() and value.isdecimal() and len(value) < 10):
                raise wrong(name, "it is a whole number.")
            out.count = min(int(value), MOST)
            out.counting = out.counting or out.count == 0
        case "_total":
            if value not in ("none", "accurate", "estimate"):
                raise wrong(name, "it is none, estimate or accurate.")
            out.total = value != "none"
        case "_summary":
            out.counting = out.counting or value == "count"
            out.view = summary(value)
        case "_elements":
            out.view = elements(alternatives(value))
        case "_format":
            must_be_json(value)
        case "_list":
            out.conditions.append(listed(value))
        case "_cursor":
            out.cursor = value


def updated(value: str) -> Condition:
    try:
        return date.updated(alternatives(value))
    except BadValue as error:
        raise wrong("_lastUpdated", f"{error}.") from error


def listed(value: str) -> Condition:
    """What the items of a List of the same store refer to (FHIR R4 search.html#list)."""
    local = target(value)
    if (local and local[0] != "List") or not ID.fullmatch(local[1] if local else value):
        raise wrong("_list", "it is the id of a List.")
    sql = (f"{{r}}.named IN (SELECT x.target FROM record_resource t9 JOIN record_reference x ON x.rid = t9.rid AND x.parameter = {{0}} "
           f"WHERE t9.named = {{1}} AND NOT t9.deleted AND t9.hospital = {{r}}.hospital AND {VISIBLE.format(alias='t9')})")
    return Condition(sql, (hashed("List", "item"), named(f"List/{local[1] if local else value}")), rare=True)


def add(out: SearchRequest, key: str, value: str, way: Way) -> None:
    try:
        about = subjects(out.types, key, alternatives(value))
    except BadValue as error:
        raise wrong(key, f"{error}.") from error
    if about:
        out.subjects.append(about)
        return
    if len(out.types) == 1:
        out.conditions.append(condition(out.types[0], key, value, way))
        return
    each = fitting(out.types, lambda t: condition(t, key, value, way))  # in each type's own way: what one of them lacks is refused
    typed = [Condition(f"{{r}}.type = {TYPES[t].number} AND ({c.sql})", c.values) for t, c in each]
    out.conditions.append(composite.joined(" OR ", typed))


def condition(type_name: str, key: str, value: str, way: Way = HERE) -> Condition:
    """One parameter as a condition on rows of the type; chains and _has come back here for what they ask of the other row."""
    if key.startswith("_has:"):
        return has(type_name, key, value, way, condition)
    if "." in key:
        return chained(type_name, key, value, way, condition)
    name, _, modifier = key.partition(":")
    if name == "_id" and way.depth and not modifier:
        return Condition("{r}.fhir_id = ANY({0})", ([str(v) for v in alternatives(value)],))
    if name == "_lastUpdated" and way.depth and not modifier:
        return updated(value)
    known = parameters(type_name)
    if name not in known:
        some = ", ".join(sorted(known)) or "none but the common ones"
        raise NotSupported(Issue("not-supported", f"{type_name} has no search parameter {name!r}. It has: {some}; and {', '.join(COMMON[:6])}."))
    parameter = known[name]
    if modifier == "missing":
        return missing(key, parameter, value)
    if enclosed(parameter):
        raise refuse(CLOSED.format(key=key))
    if parameter.contexts:
        return composed(key, parameter, modifier, value)
    return one(parameter, key, alternatives(value))


def one(parameter: Parameter, key: str, values: list[Value]) -> Condition:
    """A parameter that looks at one element, as its kind understands it."""
    modifier = key.partition(":")[2]
    kind = KINDS[parameter.kind]
    if modifier not in kind.MODIFIERS:
        served = ", ".join(":" + m for m in sorted({*kind.MODIFIERS, "missing"}) if m and m not in TYPES)
        raise NotSupported(Issue("not-supported", f"Search parameter {key}: this modifier is not served (served: {served})."))
    try:
        return kind.condition(parameter, modifier, values)
    except NeverFits as error:
        raise Unfit(Issue("invalid", f"Search parameter {key}: {error}.")) from error
    except BadValue as error:
        raise wrong(key, f"{error}.") from error


def composed(key: str, parameter: Parameter, modifier: str, value: str) -> Condition:
    if modifier:
        raise NotSupported(Issue("not-supported", f"Search parameter {key}: a composite parameter has no modifier but :missing."))
    try:
        return composite.condition(parameter, composites(value), lambda name, part: one(parameters(parameter.type_name)[name], name, [part]))
    except BadValue as error:
        raise wrong(key, f"{error}.") from error


def asked_place(types: Sequence[str], pairs: Sequence[tuple[str, str]]) -> near.Place | None:
    known = parameters(types[0]) if len(types) == 1 else {}
    return next((near.place(alternatives(v)[0]) for k, v in pairs if k in known and known[k].kind == "special"), None)


def missing(key: str, parameter: Parameter, value: str) -> Condition:
    if value not in ("true", "false"):
        raise wrong(key, "it is true or false.")
    if parameter.inside:
        return contained.condition(parameter, value)
    return Condition("({r}.present & {0}) " + ("= 0" if value == "true" else "<> 0"), (1 << parameter.bit,))


def order(out: SearchRequest, text: str, asked: Mapping[str, str]) -> None:
    clinical = {TYPES[t].date for t in out.types}
    common_date = clinical.pop() if len(clinical) == 1 else None
    if not text:
        out.sorts = [Sort("dated" if out.subjects and common_date else "updated")]
        return
    known = parameters(out.types[0]) if len(out.types) == 1 else {}
    columns = {"_lastUpdated": "updated", "_id": "id", **({common_date: "dated"} if common_date else {})}
    for part in text.split(","):
        name = part.removeprefix("-")
        by = known.get(name)
        if name not in columns and (by is None or by.kind not in (*SORTABLE, *SIFTED)):
            served = ", ".join((*columns, *(p.code for p in known.values() if p.kind in (*SORTABLE, *SIFTED))))
            raise NotSupported(Issue("not-supported", f"Search parameter _sort: {name[:60]!r} is not sorted by here; served are {served} (with - for descending, several with commas)."))
        if name not in columns and by is not None and by.kind in SIFTED:
            out.inside = out.inside or f"_sort={name}"
        place = None
        if by is not None and by.kind == "special":
            if by.code not in asked:
                raise wrong("_sort", f"an order by {by.code} is one by the distance from the place that {by.code}=latitude|longitude|… asks for: add it.")
            place = near.place(alternatives(asked[by.code])[0])
        out.sorts.append(Sort(columns.get(name, ""), None if name in columns else by, part.startswith("-"), place))
    if len(out.sorts) > 5:
        raise wrong("_sort", "at most five keys are taken.")
