"""Scopes and what they find behind row level security."""

from consent.audit.event import EventCode
from consent.gate import authorize_access
from consent.terms import Scope
from records.requests.fhir_request import (
    build_fhir_request,
    request_own_access,
    request_person_access,
)
from records.search.search_plan import SearchPlan
from tests.factories.fhir import make_patient
from tests.support.world import World, related, w

__all__ = ["opened", "own", "plan_of", "shared", "w"]


def own(w: World) -> Scope:
    return authorize_access(
        request_own_access(
            build_fhir_request(w.doctor, w.a.code, ""), EventCode.RECORD_SEARCH, "Observation"
        )
    )


def shared(w: World) -> Scope:
    return authorize_access(
        request_person_access(
            build_fhir_request(w.doctor, "alliance", ""),
            EventCode.RECORD_SEARCH,
            "Observation",
            w.person,
        )
    )  # type: ignore[arg-type]


def plan_of(w: World) -> SearchPlan:
    return SearchPlan(
        "r.hospital = ANY(%(both)s)", "r.rid ASC", "r.rid::text", 100, {"both": [w.a.pk, w.b.pk]}
    )


def opened(w: World) -> str:
    """One consent opens the person's record at B; beside it lies the record of another patient
    of B. Returns that one.
    """
    related(w)
    w.permit(sensitive=True)
    return w.hold.create(make_patient())
