"""Patient/[id]/$everything: all that a store, or the shared record, holds about one patient (FHIR R4 patient-operation-everything)."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from alliance.auth.scopes import Need
from alliance.config.dates import span
from consent import gate
from consent.audit.event import EventCode
from consent.terms import Scope
from records.fhir import bundle
from records.fhir.hashes import hashed, named
from records.fhir.issues import Issue, NotFound, NotSupported, Problem
from records.fhir.outcome import ABSENT
from records.fhir.query import link
from records.fhir.types import NAMES, TYPES
from records.interactions.ask import Answer, Ask, as_uuid, own_request, person_request, summary
from records.mpi import sources
from records.search import page
from records.search.compartment import references
from records.search.parse import MOST
from records.search.plan import Plan
from records.store import query

Pairs = list[tuple[str, str]]


NOBODY = -1  # no row of the index


class BadParameter(Problem):
    kind = "invalid"


def moment(name: str, value: str) -> Any:
    try:
        return span(value.replace(" ", "+"))[name == "end"]
    except ValueError as error:
        raise BadParameter(Issue("invalid", f"Parameter {name}: {error}.")) from error


def types(name: str, value: str) -> list[int]:
    chosen = value.split(",")
    if wrong := [t for t in chosen if t not in TYPES]:
        raise BadParameter(Issue("invalid", f"Parameter {name}: {wrong[0]!r} is no resource type that is hosted here."))
    return [TYPES[t].number for t in chosen]


def count(name: str, value: str) -> int:
    if not (value.isascii() and value.isdecimal() and 0 < len(value) < 8 and int(value)):
        raise BadParameter(Issue("invalid", f"Parameter {name}: it is a whole number above 0."))
    return min(int(value), MOST)


# What began and has no end of its own goes on, unless a date says that it is over.
OVER = f"EXISTS (SELECT FROM record_date d WHERE d.rid = r.rid AND d.parameter = {hashed('Condition', 'abatement-date')} AND d.high <= %(start)s)"
ONGOING = f"(r.type = {TYPES['Condition'].number} AND NOT {OVER}) OR r.type = {TYPES['AllergyIntolerance'].number}"
# parameter -> (how it is read, the test on a row); what has no date, an allergy for example, belongs to every time
TESTS: dict[str, tuple[Callable[[str, str], Any], str]] = {
    "start": (moment, f"(r.dated = '-infinity' OR r.dated_to > %(start)s OR {ONGOING})"),
    "end": (moment, "r.dated < %(end)s"),
    "_since": (moment, "r.last_updated >= %(_since)s"),
    "_type": (types, "r.type = ANY(%(_type)s)"),
}


def everything(ask: Ask, fhir_id: str, pairs: Pairs) -> Answer:
    """A searchset in pages, oldest write first: in a member's own store the patient's compartment, at the shared base what is about him; with
    the organizations, practitioners … that it refers to. Types that the caller's token may not read and search are left out."""
    values: dict[str, Any] = {}
    size, cursor = MOST, ""
    for name, value in pairs:
        if name == "_count":
            size = count(name, value)
        elif name == "_cursor":
            cursor = value
        elif name in values:
            raise BadParameter(Issue("invalid", f"Parameter {name} stands twice: give it once, several types with commas."))
        elif name in TESTS:
            values[name] = TESTS[name][0](name, value)
        elif name not in ("_format", "_pretty"):
            raise NotSupported(Issue("not-supported", f"$everything has no parameter {name!r}; it has {', '.join(TESTS)} and _count."))
    scope, about = enter(ask, fhir_id, summary([k for k, _ in pairs]), [NAMES[n] for n in values.get("_type", ())])
    tests = ["NOT r.deleted", *(TESTS[name][1] for name in values)]
    if about is not None:
        tests.append("(r.patient = %(about)s OR r.rid = ANY(ARRAY(SELECT x.rid FROM record_reference x WHERE x.parameter = ANY(%(ways)s) AND x.target = %(named)s)))")
        values |= {"about": about, "ways": references("Patient"), "named": named(f"Patient/{fhir_id}")}
    here = f"{ask.root}/{ask.base}/Patient/{fhir_id}/$everything"
    asked = f"{here}?{urlencode(sorted((k, v) for k, v in pairs if k != '_cursor'))}"
    if cursor:
        tests.append("r.rid > %(after)s")
        values["after"] = page.read(scope, asked, cursor)[0]
    rows = query.page(scope, Plan(" AND ".join(tests), "r.rid ASC", "r.rid::text", size + 1, values))
    links = [("self", link(here, pairs))]
    if len(rows) > size:
        rows = rows[:size]
        links.append(("next", link(here, pairs, _cursor=page.write(scope, asked, [rows[-1].rid]))))
    if not rows and not cursor and (not pairs or about == NOBODY):
        raise NotFound(ABSENT)
    found = [bundle.entry(ask.url(r), r.body, search={"mode": "match"}) for r in rows]
    if rows:
        found += [bundle.entry(ask.url(r), r.body, search={"mode": "include"}) for r in query.referred(scope, [r.rid for r in rows])]
    return Answer(200, bundle.bundle("searchset", found, links))


def enter(ask: Ask, fhir_id: str, detail: str, types: list[str]) -> tuple[Scope, int | None]:
    """The scope, and in a member's own store the patient's row of the index. Raises NotFound, Refused."""
    target, need = f"Patient/{fhir_id}/$everything", Need("rs", ("Patient", *types))
    if ask.hospital_id is None:
        return gate.enter(person_request(ask, EventCode.RECORD_SEARCH, target, as_uuid(fhir_id), detail, need=need)), None
    scope = gate.enter(own_request(ask, EventCode.RECORD_SEARCH, target, detail=detail, need=need))
    known = sources.look_up(ask.hospital_id, [fhir_id]).get(fhir_id)
    return replace(scope, event=scope.event.but(subjects=(fhir_id,))), known.id if known else NOBODY
