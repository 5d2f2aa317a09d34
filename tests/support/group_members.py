"""Members of a Group that a decision names: two clinicians of the asking hospital."""

from dataclasses import dataclass
from typing import Any

import pytest

from alliance.models import Hospital, Staff
from alliance.roles import Role
from consent.models import Directive
from consent.services.directive_records import do_verify_directive
from consent.terms import Refused
from records.mpi.index import source_patients
from records.operations.shared_record import open_record
from records.requests.fhir_request import build_fhir_request
from tests.factories import alliance
from tests.factories.fhir import Api
from tests.support.filed import consent
from tests.support.world import World, related


def group(*members: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Group",
        "id": "g",
        "type": "practitioner",
        "actual": True,
        "member": [{"entity": {"reference": m}} for m in members],
    } | more


def numbered(
    name: str, who: Staff | None, kind: str = "Practitioner", **more: Any
) -> dict[str, Any]:
    return (
        {"resourceType": kind, "id": name}
        | ({"identifier": [{"system": "urn:xinglin:staff", "value": str(who.pk)}]} if who else {})
        | more
    )


@dataclass
class Members:
    """Two clinicians of the asking hospital and the store that holds Group and decision: the
    other hospital's, or (own) theirs.
    """

    w: World
    store: Api
    one: Staff
    two: Staff
    own: bool

    def put(self, *resources: dict[str, Any]) -> None:
        for r in resources:
            assert self.store("PUT", f"{r['resourceType']}/{r['id']}", r).status in (200, 201), r

    def decide(self, rule: dict[str, Any]) -> Directive:
        about = self.w.at_b
        if self.own:
            found = source_patients.sources_of_person(self.w.person)  # type: ignore[arg-type]
            about = f"Patient/{next(s for s in found if s.hospital_id == self.w.a.pk).fhir_id}"
        self.put(consent(self.w, rule, id="c", patient={"reference": about}))
        made = Directive.objects.filter(
            hospital=self.w.a if self.own else self.w.b, withdrawn_at=None
        ).latest("pk")
        clerk = (
            alliance.get_staff_principal(alliance.make_staff(self.w.a, Role.CLERK))
            if self.own
            else self.w.clerk
        )
        do_verify_directive(
            made.pk,
            self.w.person,
            evidence="cupboard",
            sources=source_patients.sources_of_person(self.w.person),
            acting=clerk,
        )  # type: ignore[arg-type]
        return made

    def sees(self, who: Staff) -> bool:
        try:
            opened = open_record(
                build_fhir_request(alliance.get_staff_principal(who), "alliance", ""),
                self.w.person,
                {"Observation": 9},
                "",
            )  # type: ignore[arg-type]
        except Refused:
            return False
        return bool(opened.rows["Observation"])


@pytest.fixture
def m(w: World) -> Members:
    related(w)
    Hospital.objects.filter(pk=w.b.pk).update(enforces_references=False)
    return Members(w, w.hold, alliance.make_staff(w.a), alliance.make_staff(w.a), own=False)
