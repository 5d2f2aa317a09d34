"""Observation/$lastn: of each code the newest observations (FHIR R4 observation-operation-lastn.html)."""


from records.fhir import bundle
from records.fhir.issues import Issue, TooLarge
from records.fhir.json import parse as parse_json
from records.fhir.query import link
from records.interactions.ask import Answer, Ask
from records.interactions.asked import asked
from records.interactions.search import enter
from records.interactions.terminology import spelled_out
from records.search.parse import BadSearch, Sort
from records.search.plan import plan
from records.store import query

MOST = 20_000  # observations that are looked at
Pairs = list[tuple[str, str]]


def lastn(ask: Ask, pairs: Pairs) -> Answer:
    """max: how many of each code, 1 where it is not said; the rest is a search, which must name a patient or a subject."""
    most, rest = 1, []
    for name, value in pairs:
        if name == "max":
            if not (value.isascii() and value.isdecimal() and 0 < int(value[:6] or 0) <= 1000 and len(value) < 5):
                raise BadSearch(Issue("invalid", "Parameter max: it is a whole number from 1 to 1000."))
            most = int(value)
        elif name.startswith(("_sort", "_count", "_cursor", "_total", "_summary", "_include", "_revinclude")):
            raise BadSearch(Issue("invalid", f"Parameter {name}: $lastn orders and limits by itself; leave it out."))
        else:
            rest.append((name, value))
    request = asked(["Observation"], spelled_out(ask, ("Observation",), rest), ask.address)
    if not request.subjects:
        raise BadSearch(Issue("required", "$lastn is asked about one patient: add patient=Patient/<id>."))
    request.sorts = [Sort("dated")]
    scope = enter(ask, request, "Observation/$lastn")
    wanted = plan(request, ask.hospital_id, None)
    found = query.candidates(scope, wanted, MOST + 1)
    if len(found) > MOST:
        raise TooLarge(Issue("too-costly", f"More than {MOST} observations fit: narrow the question, for example by category or date."))
    counts: dict[object, int] = {}
    rids = []
    for rid, body in found:
        group = code_of(body)
        counts[group] = counts.get(group, 0) + 1
        if counts[group] <= most:
            rids.append(rid)
    rows = query.chosen(scope, wanted, rids)
    here = link(f"{ask.root}/{ask.base}/Observation/$lastn", pairs)
    return Answer(200, bundle.bundle("searchset", [bundle.entry(ask.url(r), r.body, search={"mode": "match"}) for r in rows], [("self", here)], len(rows)))


def code_of(body: bytes) -> object:
    """What makes observations the same: all their codings, or their text."""
    code = parse_json(body).get("code") or {}
    return frozenset((c.get("system"), c.get("code")) for c in code.get("coding", [])) or code.get("text")
