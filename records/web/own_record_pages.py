"""The patient's own record on their own page: what is known of them, in plain words."""

from dataclasses import dataclass, replace
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from alliance.auth.principal import Principal
from consent.models import PatientAccess
from consent.rules.own_record import JOINED_LATER
from consent.terms import Refused
from records.meaning.lifetime import Lifetime, lifetime_of_patient
from records.meaning.patient_details import traits_of_patient
from records.meaning.plain_results import explain_level, explain_test
from records.meaning.reference_ranges import PatientTraits
from records.meaning.sense import Sense
from records.meaning.unknown_modifiers import has_unknown_modifier
from records.operations.shared_record import (
    OpenedRecord,
    SectionWindow,
    ShownResource,
    open_record,
)
from records.requests.fhir_request import build_fhir_request
from records.web.banner import build_banner
from records.web.fact_lines import build_fact_lines
from records.web.own_document_pages import own_document_url
from records.web.page_position import PagePosition, read_position, write_position
from records.web.portal_sign_in import portal_session_required
from records.web.record_sections import MERGED, list_hidden_notices
from records.web.resource_display import (
    DisplayLine,
    build_display_line,
    mark_doubtful_dates,
    sort_newest_first,
)
from records.web.result_display import ResultLine, build_result_lines

MEDICINES = ("MedicationRequest", "MedicationStatement")
LOINC = "http://loinc.org"
OVERVIEW_ROWS, PAGE_ROWS = 10, 50
# what is shown whole, and what is paged: section -> its type
WHOLE = {
    "Patient": 20,
    "AllergyIntolerance": 300,
    "Condition": 500,
    "MedicationRequest": 500,
    "MedicationStatement": 200,
}
PAGED = {
    "results": "Observation",
    "encounters": "Encounter",
    "reports": "DiagnosticReport",
    "documents": "DocumentReference",
}


OPENED = frozenset({"DiagnosticReport", "DocumentReference"})  # have a page of their own
SAID = frozenset(Sense) - {Sense.VOID}
# list of the page -> the types it is made of, and which of their lines stand there
LISTS: dict[str, tuple[tuple[str, ...], frozenset[Sense]]] = {
    "encounters": (("Encounter",), SAID),
    "reports": (("DiagnosticReport",), SAID),
    "documents": (("DocumentReference",), SAID),
}


# what is one fact though several hospitals state it: list of the page -> which of their lines
PROBLEM_LISTS = {
    "problems": frozenset({Sense.CURRENT}),
    "unsure_problems": frozenset({Sense.UNCERTAIN}),
    "past_problems": frozenset({Sense.PAST}),
}
MEDICINE_LISTS = {
    "medicines": frozenset({Sense.CURRENT, Sense.UNCERTAIN}),
    "forbidden_medicines": frozenset({Sense.FORBIDDEN}),
    "past_medicines": frozenset({Sense.PAST}),
}


@dataclass(frozen=True, slots=True)
class PlainResult:
    """A result with what its test looks at and what its level means; "" where nothing is said."""

    line: ResultLine
    about: str
    level: str


@require_GET
@portal_session_required
def own_record_page(
    request: HttpRequest, section: str = "", *, acting: Principal, access: PatientAccess
) -> HttpResponse:
    """All sections, of those that are paged the newest; or a page of one of these."""
    if section and section not in PAGED:
        raise Http404
    position = read_position(request.GET.get("after", ""))
    windows: dict[str, int | SectionWindow] = dict(WHOLE) if not section else {"Patient": 20}
    for name in [section] if section else PAGED:
        most = PAGE_ROWS if section else OVERVIEW_ROWS
        windows[PAGED[name]] = SectionWindow(
            most, after=position.after if section else None, counted=True
        )
    try:
        opened = open_record(
            build_fhir_request(acting, "alliance", "/fhir"),
            access.person,
            windows,
            f"own record {section}".strip(),
        )
    except Refused as refusal:
        return render(request, "records/my_record_closed.html", {"why": refusal.code}, status=403)
    shown = describe_own_record(opened) | {"section": section}
    if section:
        shown["seen"] = position.seen
        shown["onward"] = write_onward_position(opened, PAGED[section], position)
    return render(request, "records/my_record.html", shown)


def describe_own_record(opened: OpenedRecord) -> dict[str, Any]:
    """What the template shows of the record."""
    whom, life = traits_of_patient(opened.golden), lifetime_of_patient(opened.golden)
    rows = {name: opened.rows.get(name, []) for name in (*WHOLE, *PAGED.values())}
    hidden = [s for of_type in rows.values() for s in of_type]
    lists = {
        name: [
            x for x in list_lines([s for t in types for s in rows[t]], life) if x.sense in senses
        ]
        for name, (types, senses) in LISTS.items()
    }
    facts = [
        (MERGED["problems"], PROBLEM_LISTS, rows["Condition"]),
        (MERGED["medicines"], MEDICINE_LISTS, [s for t in MEDICINES for s in rows[t]]),
    ]
    return {
        **lists,
        **{
            name: [x for x in merged if x.sense in senses]
            for merge, of_kind, found in facts
            for merged in [build_fact_lines(list_understood(found), merge, life)]
            for name, senses in of_kind.items()
        },
        "banner": build_banner(opened.golden, rows["Patient"], rows["AllergyIntolerance"], []),
        "notices": list_hidden_notices(hidden),
        "joined_later": JOINED_LATER in opened.scope.withheld,
        "cut": any(name in opened.next for name in WHOLE),
        "results": [r for s in rows["Observation"] for r in list_plain_results(s, whom, life)],
        "totals": {section: opened.totals.get(name, 0) for section, name in PAGED.items()},
        "rows": {section: len(rows[name]) for section, name in PAGED.items()},
    }


def list_understood(found: list[ShownResource]) -> list[ShownResource]:
    return [s for s in found if not has_unknown_modifier(s.resource)]


def list_lines(found: list[ShownResource], life: Lifetime) -> list[DisplayLine]:
    """The newest first; none of what this system does not understand."""
    lines = [
        replace(line, href=own_document_url(s)) if s.resource["resourceType"] in OPENED else line
        for s in list_understood(found)
        for line in [build_display_line(s)]
    ]
    return mark_doubtful_dates(sort_newest_first(lines), life)


def list_plain_results(s: ShownResource, whom: PatientTraits, life: Lifetime) -> list[PlainResult]:
    """The values of one Observation; none of what this system does not understand."""
    if has_unknown_modifier(s.resource):
        return []
    return [
        PlainResult(
            line, explain_test(line.title, list_loinc_codes(s)), explain_level(line.result.flag)
        )
        for line in build_result_lines(s, whom, life)
    ]


def write_onward_position(opened: OpenedRecord, name: str, position: PagePosition) -> str:
    """Where the next page of the type begins, for an address; "" where this is the last."""
    after = opened.next.get(name)
    seen = position.seen + len(opened.rows.get(name, []))
    if after is None or seen >= opened.totals.get(name, 0):
        return ""
    return write_position(PagePosition(after, seen))


def list_loinc_codes(s: ShownResource) -> frozenset[str]:
    """Of a result that is one value; of several none is said to be the one that is meant."""
    if s.resource.get("component"):
        return frozenset()
    codings: list[dict[str, Any]] = (s.resource.get("code") or {}).get("coding") or []
    return frozenset(str(c.get("code")) for c in codings if c.get("system") == LOINC)
