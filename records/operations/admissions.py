"""List who is in a hospital now, of its own store: encounters of in-patients and of the emergency
room that have begun and not ended (FHIR R4 encounter.html, v3-ActEncounterCode).
"""

from dataclasses import dataclass
from typing import Any

from alliance.auth.principal import Principal
from alliance.auth.scopes import ScopeNeed
from consent import gate
from consent.audit.event import EventCode
from records.fhir.issues import Problem
from records.fhir.json_codec import parse_json
from records.interactions.search_page import read_search_page
from records.requests.fhir_request import build_fhir_request, request_own_access
from records.requests.search_conditions import parse_search_conditions
from records.search import cursors
from records.store.rows import SEARCH

IN_HOUSE_STATES = ("arrived", "triaged", "in-progress", "onleave")
IN_HOUSE_CLASSES = ("IMP", "ACUTE", "NONAC", "OBSENC", "EMER")
PAGE_LENGTH = 10
QUESTION = "in hospital now"


@dataclass(frozen=True, slots=True)
class AdmissionPage:
    """rows: (source patient, Encounter), the last admitted first; total: of all pages; next: where
    to go on, "" on the last page; all_departments: whether nothing was narrowed.
    """

    rows: list[tuple[int, dict[str, Any]]]
    total: int
    next: str = ""
    all_departments: bool = True


def list_admissions(acting: Principal, department: str = "", after: str = "") -> AdmissionPage:
    """department: the id of the Organization whose patients are meant, which is the department's
    code; where it has none, and where it is "", those of the whole hospital. One line of the audit
    log a statement. Raises Refused, Forbidden.
    """
    fhir_request = build_fhir_request(acting, acting.hospital, "/fhir")
    for narrowed in [department, ""] if department else [""]:
        pairs = [
            ("status", ",".join(IN_HOUSE_STATES)),
            ("class", ",".join(IN_HOUSE_CLASSES)),
            ("_sort", "-date"),
            ("_count", str(PAGE_LENGTH)),
            ("_total", "accurate"),
        ]
        if narrowed:
            pairs.append(("service-provider", f"Organization/{narrowed}"))
        asked = parse_search_conditions(("Encounter",), pairs, "")
        scope = gate.authorize_access(
            request_own_access(
                fhir_request,
                EventCode.RECORD_SEARCH,
                "Encounter",
                detail=QUESTION,
                need=ScopeNeed(SEARCH, ("Encounter",)),
            )
        )
        question = f"{QUESTION} {narrowed}"
        try:
            position = cursors.read_cursor(scope, question, after) if after else None
        except Problem:  # of another list, or too old: from its beginning
            position = None
        page = read_search_page(scope, asked, fhir_request.hospital_id, position)
        if page.rows or not narrowed:
            break
    return AdmissionPage(
        [(row.source_patient_id, parse_json(row.body)) for row in page.rows],
        page.total or len(page.rows),
        cursors.write_cursor(scope, question, page.at) if page.at else "",
        not narrowed,
    )
