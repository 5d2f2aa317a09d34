"""$expand, $validate-code, $lookup, $subsumes, $translate, and the search modifiers :in, :not-in, :below, :above of codes: with the
CodeSystems, ValueSets and ConceptMaps of the asker's own store (FHIR R4 terminology-service.html)."""

from collections.abc import Callable, Iterable
from typing import Any

from alliance.auth.scopes import Need
from consent import gate
from consent.audit.event import EventCode
from consent.terms import Scope
from records.fhir.issues import Issue, NotFound, NotSupported, TooLarge, Unprocessable
from records.fhir.json import dump, parse
from records.fhir.outcome import ABSENT
from records.fhir.parameters import told
from records.fhir.types import TYPES
from records.interactions.ask import Answer, Ask, base, own_request
from records.search.definitions import parameters as parameters_of
from records.search.escapes import Value, alternatives, escaped
from records.search.kinds.token import NOTHING
from records.search.parse import parse as parse_search
from records.search.plan import plan
from records.store import query
from records.store import read as store
from records.terminology.codes import BadFilter, Concept, concepts
from records.terminology.expand import Member, TooCostly, Unknown, expansion
from records.terminology.translate import translations

Pairs = list[tuple[str, str]]
Json = dict[str, Any]
MODIFIERS = ("in", "not-in", "below", "above")
RESOURCES = {"valueSet": "ValueSet", "conceptMap": "ConceptMap"}
SYSTEMS, SETS = ("CodeSystem",), ("ValueSet", "CodeSystem")


class Shelf:
    """The terminology of one hospital's store, for one request; each resource is read once. types: those that it may have to look into."""

    def __init__(self, ask: Ask, target: str, types: tuple[str, ...]) -> None:
        self.ask = base(ask.principal, ask.principal.hospital, ask.root)
        self.scope: Scope = gate.enter(own_request(self.ask, EventCode.RECORD_READ, target, need=Need("r", types)))
        self.known: dict[tuple[str, str], Json | None] = {}

    def by_url(self, kind: str, url: str) -> Json | None:
        """The newest with the url, or url|version; active ones first."""
        if (kind, url) not in self.known:
            bare, _, version = url.partition("|")
            request = parse_search([kind], [("url", escaped(bare)), *([("version", escaped(version))] if version else [])])
            found = [parse(r.body) for r in query.page(self.scope, plan(request, self.ask.hospital_id, None))]
            found.sort(key=lambda r: r.get("status") != "active")
            self.known[kind, url] = found[0] if found else None
        return self.known[kind, url]

    def by_id(self, kind: str, fhir_id: str) -> Json:
        row = store.one(self.scope, self.ask.hospital_id or 0, kind, fhir_id)
        if row is None or row.deleted:
            raise NotFound(ABSENT)
        return parse(row.body)  # type: ignore[no-any-return]

    def value_set(self, name: str) -> Json:
        """By url, or by ValueSet/id. Raises NotFound."""
        found = self.by_id("ValueSet", name.removeprefix("ValueSet/")) if name.startswith("ValueSet/") else self.by_url("ValueSet", name)
        if found is None:
            raise NotFound(Issue("not-found", f"The value set {name[:200]} is not loaded here: PUT it into this store first."))
        return found

    def system(self, url: str) -> dict[str, Concept]:
        found = self.by_url("CodeSystem", url)
        if found is None:
            raise NotFound(Issue("not-found", f"The code system {url[:200]} is not loaded here: PUT it into this store first."))
        return concepts(found)

    def expanded(self, value_set: Json, language: str = "") -> dict[tuple[str, str], Member]:
        try:
            return expansion(value_set, self.by_url, language)
        except Unknown as error:
            raise Unprocessable(Issue("not-found", f"The value set cannot be expanded: {error}.")) from error
        except TooCostly as error:
            raise TooLarge(Issue("too-costly", f"The value set cannot be expanded: {error}.")) from error
        except BadFilter as error:
            raise NotSupported(Issue("not-supported", f"The value set cannot be expanded: {error}.")) from error


def given(pairs: Pairs, body: Any, allowed: Iterable[str]) -> dict[str, Any]:
    """Parameters of a GET, or of a Parameters resource; each once. Raises NotSupported for what is not looked at."""
    out: dict[str, Any] = {k: v for k, v in pairs if k not in ("_format", "_pretty")}
    if body is not None:
        out |= dict(told(body))
    for name, kind in RESOURCES.items():
        if name in out and (not isinstance(out[name], dict) or out[name].get("resourceType") != kind):
            raise Unprocessable(Issue("value", f"Parameter {name} is a {kind}, in a Parameters resource.", "Parameters.parameter"))
    if odd := [k for k, v in out.items() if isinstance(v, str) and "\x00" in v]:
        raise Unprocessable(Issue("value", f"Parameter {odd[0][:60]} holds a NUL character."))
    if wrong := [k for k in out if k not in allowed]:
        raise NotSupported(Issue("not-supported", f"This operation has no parameter {wrong[0][:60]!r}; it has {', '.join(allowed)}."))
    return out


def coded(asked: dict[str, Any], concept: str = "codeableConcept") -> list[tuple[str, str, str]]:
    """(system, code, display) that are asked about."""
    if isinstance(c := asked.get("coding"), dict):
        return [(str(c.get("system") or ""), str(c.get("code") or ""), str(c.get("display") or ""))]
    if isinstance(c := asked.get(concept), dict):
        return [(str(x.get("system") or ""), str(x.get("code") or ""), str(x.get("display") or "")) for x in c.get("coding", [])]
    if not asked.get("code"):
        raise Unprocessable(Issue("required", "Name the code: code and system, or a coding."))
    return [(str(asked.get("system") or ""), str(asked["code"]), str(asked.get("display") or ""))]


def answer(*parameters: Json) -> Answer:
    return Answer(200, dump({"resourceType": "Parameters", "parameter": list(parameters)}))


def expand(ask: Ask, fhir_id: str, pairs: Pairs, body: Any = None) -> Answer:
    asked = given(pairs, body, ("url", "valueSet", "filter", "count", "offset", "displayLanguage", "activeOnly", "includeDesignations"))
    shelf = Shelf(ask, "ValueSet/$expand", SETS)
    value_set = chosen(shelf, fhir_id, asked)
    found = list(shelf.expanded(value_set, str(asked.get("displayLanguage") or "")).values())
    words = str(asked.get("filter") or "").casefold().split()
    found = [m for m in found if all(w in f"{m.code} {m.display}".casefold() for w in words)]
    at, most = whole(asked, "offset", 0), whole(asked, "count", len(found))
    contains = [{"system": m.system, **({"abstract": True} if m.abstract else {}), "code": m.code, **({"display": m.display} if m.display else {})} for m in found[at : at + most]]
    out = {k: v for k, v in value_set.items() if k not in ("compose", "expansion", "text")}
    parameters = [{"name": k, "valueString": str(v)} for k, v in asked.items() if k in ("filter", "displayLanguage")]
    out["expansion"] = {"timestamp": value_set.get("meta", {}).get("lastUpdated", "2026-01-01T00:00:00Z"), "total": len(found), "offset": at,
                        **({"parameter": parameters} if parameters else {}), **({"contains": contains} if contains else {})}
    return Answer(200, dump(out))


def chosen(shelf: Shelf, fhir_id: str, asked: dict[str, Any]) -> Json:
    if fhir_id:
        return shelf.by_id("ValueSet", fhir_id)
    if isinstance(asked.get("valueSet"), dict):
        return asked["valueSet"]  # type: ignore[no-any-return]
    if not asked.get("url"):
        raise Unprocessable(Issue("required", "Name the value set: url, or ValueSet/[id]/$expand."))
    return shelf.value_set(str(asked["url"]))


def whole(asked: dict[str, Any], name: str, usual: int) -> int:
    text = str(asked.get(name, usual))
    if not (text.isascii() and text.isdecimal() and len(text) < 9):
        raise Unprocessable(Issue("value", f"Parameter {name}: it is a whole number."))
    return int(text)


def validate_code(ask: Ask, kind: str, fhir_id: str, pairs: Pairs, body: Any = None) -> Answer:
    """Is the code in the value set, or in the code system, and is its display right?"""
    if kind not in ("ValueSet", "CodeSystem"):
        raise NotSupported(Issue("not-supported", "$validate-code is served for a ValueSet or a CodeSystem."))
    asked = given(pairs, body, ("url", "valueSet", "codeSystem", "code", "system", "display", "coding", "codeableConcept", "displayLanguage", "abstract"))
    shelf = Shelf(ask, f"{kind}/$validate-code", SETS if kind == "ValueSet" else SYSTEMS)
    language = str(asked.get("displayLanguage") or "")
    if kind == "ValueSet":
        members = {k: m.display for k, m in shelf.expanded(chosen(shelf, fhir_id, asked), language).items()}
    else:
        url = str(asked.get("url") or asked.get("system") or "")
        known = concepts(shelf.by_id("CodeSystem", fhir_id)) if fhir_id else shelf.system(url)
        members = {("", c.code): c.said(language) for c in known.values()}
    for system, code, display in coded(asked):
        key = ("", code) if kind == "CodeSystem" else next((k for k in members if k[1] == code and system in ("", k[0])), None)
        if key is not None and key in members:
            right = not display or display.casefold() == members[key].casefold()
            message = [] if right else [{"name": "message", "valueString": f"The display of {code} is {members[key]!r}."}]
            return answer({"name": "result", "valueBoolean": right}, *message, *([{"name": "display", "valueString": members[key]}] if members[key] else []))
    absent = ", ".join(f"{s}|{c}" for s, c, _ in coded(asked))
    return answer({"name": "result", "valueBoolean": False}, {"name": "message", "valueString": f"{absent} is not in it."})


def lookup(ask: Ask, pairs: Pairs, body: Any = None) -> Answer:
    asked = given(pairs, body, ("code", "system", "version", "coding", "displayLanguage", "property"))
    shelf = Shelf(ask, "CodeSystem/$lookup", SYSTEMS)
    system, code, _ = coded(asked)[0]
    found = shelf.system(system).get(code)
    if found is None:
        raise NotFound(Issue("not-found", f"{system} has no code {code[:60]!r}."))
    resource = shelf.by_url("CodeSystem", system) or {}
    rows: list[Json] = [{"name": "name", "valueString": str(resource.get("title") or resource.get("name") or system)}]
    if resource.get("version"):
        rows.append({"name": "version", "valueString": resource["version"]})
    rows.append({"name": "display", "valueString": found.said(str(asked.get("displayLanguage") or "")) or code})
    if found.definition:
        rows.append({"name": "definition", "valueString": found.definition})
    for d in found.designations:
        rows.append({"name": "designation", "part": [*([{"name": "language", "valueCode": d["language"]}] if "language" in d else []), {"name": "value", "valueString": d["value"]}]})
    for name, values in {**({"parent": [found.ancestors[-1]]} if found.ancestors else {}), **found.properties}.items():
        rows += [{"name": "property", "part": [{"name": "code", "valueCode": name}, {"name": "value", typed(v): v}]} for v in values]
    return answer(*rows)


def typed(value: Any) -> str:
    return "valueBoolean" if isinstance(value, bool) else "valueInteger" if isinstance(value, int) else "valueDecimal" if isinstance(value, float) else "valueString"


def subsumes(ask: Ask, pairs: Pairs, body: Any = None) -> Answer:
    asked = given(pairs, body, ("codeA", "codeB", "system", "codingA", "codingB", "version"))
    a, b = (str((asked.get(f"coding{x}") or {}).get("code") or asked.get(f"code{x}") or "") for x in "AB")
    known = Shelf(ask, "CodeSystem/$subsumes", SYSTEMS).system(str(asked.get("system") or (asked.get("codingA") or {}).get("system") or ""))
    for code in (a, b):
        if code not in known:
            raise NotFound(Issue("not-found", f"The system has no code {code[:60]!r}."))
    outcome = "equivalent" if a == b else "subsumes" if a in known[b].ancestors else "subsumed-by" if b in known[a].ancestors else "not-subsumed"
    return answer({"name": "outcome", "valueCode": outcome})


def translate(ask: Ask, fhir_id: str, pairs: Pairs, body: Any = None) -> Answer:
    asked = given(pairs, body, ("url", "conceptMap", "code", "system", "coding", "codeableConcept", "source", "target", "targetsystem", "reverse"))
    shelf = Shelf(ask, "ConceptMap/$translate", ("ConceptMap",))
    if fhir_id:
        maps = [shelf.by_id("ConceptMap", fhir_id)]
    elif isinstance(asked.get("conceptMap"), dict):
        maps = [asked["conceptMap"]]
    elif asked.get("url"):
        one = shelf.by_url("ConceptMap", str(asked["url"]))
        if one is None:
            raise NotFound(Issue("not-found", f"The concept map {str(asked['url'])[:200]} is not loaded here."))
        maps = [one]
    else:
        request = parse_search(["ConceptMap"], [(k, escaped(str(asked[n]))) for k, n in (("source", "source"), ("target", "target")) if asked.get(n)])
        maps = [parse(r.body) for r in query.page(shelf.scope, plan(request, shelf.ask.hospital_id, None))]
    reverse = str(asked.get("reverse")).lower() == "true"
    found = [m for x in maps for s, c, _ in coded(asked) for m in translations(x, s, c, str(asked.get("targetsystem") or ""), reverse)]
    good = [m for m in found if m.equivalence not in ("unmatched", "disjoint")]
    rows = [{"name": "match", "part": [{"name": "equivalence", "valueCode": m.equivalence}, *([{"name": "concept", "valueCoding": {
        "system": m.system, "code": m.code, **({"display": m.display} if m.display else {})}}] if m.code else []), {"name": "source", "valueUri": m.source}]} for m in found]
    return answer({"name": "result", "valueBoolean": bool(good)}, *([] if found else [{"name": "message", "valueString": "No concept map that is loaded here knows this code."}]), *rows)


def spelled_out(ask: Ask, types: tuple[str, ...], pairs: Pairs) -> Pairs:
    """The modifiers that ask the terminology, written as the codes that they mean."""
    if not any(k.rpartition(":")[2] in MODIFIERS for k, _ in pairs):
        return pairs
    shelf: Shelf | None = None
    out: Pairs = []
    for key, value in pairs:
        name, _, modifier = key.rpartition(":")
        if modifier not in MODIFIERS or (not key.startswith("_has:") and "." not in key and not token(types, name)) or (modifier in ("above", "below") and "|" not in value):
            out.append((key, value))
            continue
        shelf = shelf or Shelf(ask, "$expand", SETS)
        codes = [c for v in alternatives(value) for c in MEANING[modifier](shelf, v)]
        out.append((f"{name}:not" if modifier == "not-in" else name, ",".join(codes) or NOTHING))
    return out


def token(types: tuple[str, ...], name: str) -> bool:
    return any((p := parameters_of(t).get(name)) is not None and p.kind == "token" for t in types or TYPES)


def written(system: str, code: str) -> str:
    """As the value of a token parameter."""
    return f"{escaped(system)}|{escaped(code)}"


def inside(shelf: Shelf, value: Value) -> list[str]:
    return [*(written(s, c) for s, c in shelf.expanded(shelf.value_set(str(value)))), NOTHING]


def below(shelf: Shelf, value: Value) -> list[str]:
    system, code = value.pieces[0], "|".join(value.pieces[1:])
    return [written(system, c.code) for c in shelf.system(system).values() if c.code == code or code in c.ancestors]


def over(shelf: Shelf, value: Value) -> list[str]:
    system, code = value.pieces[0], "|".join(value.pieces[1:])
    found = shelf.system(system).get(code)
    return [written(system, c) for c in (code, *(found.ancestors if found else ()))]


MEANING: dict[str, Callable[[Shelf, Value], list[str]]] = {"in": inside, "not-in": inside, "below": below, "above": over}
