"""A ward whose patients are read about, and its audit lines."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest

from consent.audit.log_query import (
    AuditFilter,
    list_audit_lines,
)
from records.models import SourcePatient
from tests import draws
from tests.factories import alliance
from tests.factories.fhir import (
    Api,
    Reply,
    make_observation,
    make_patient,
    make_unique_name,
)

NEWEST = 300


@dataclass
class Ward:
    """A hospital with three patients, one observation each. The last was born on another day:
    whoever searches for the first may not meet them by a drawn name.
    """

    api: Api
    patients: list[str]
    persons: list[UUID]
    observations: list[str]

    def lines(self, request: str, who: int) -> list[dict[str, Any]]:
        """Lines of a request that are found under a patient."""
        return [
            x
            for x in list_audit_lines(AuditFilter(person=self.persons[who]), None, NEWEST)
            if x["request_id"] == request
        ]

    def ids(self, *who: int) -> str:
        return ",".join(self.patients[i] for i in who)

    def number(self, who: int) -> str:
        return self.patients[who].split("/")[1]


@pytest.fixture
def ward(server: str) -> Ward:
    at = alliance.make_hospital("ward")
    api = Api(server, at.code, credentials=alliance.make_credentials(at))
    patients = [
        api.create(make_patient(make_unique_name(), **other))
        for other in ({}, {}, {"birth": "1987-11-24"})
    ]
    observations = [api.create(make_observation(p, code="4548-4")) for p in patients]
    persons = {
        f"Patient/{s.fhir_id}": s.person_id for s in SourcePatient.objects.filter(hospital=at)
    }
    return Ward(api, patients, [persons[p] for p in patients], observations)


def asked(ward: Ward, path: str, method: str = "GET", body: Any = None) -> tuple[str, Reply]:
    request = f"saw-{draws.token_hex(6)}"
    reply = ward.api(method, path, body, X_Request_Id=request)
    assert reply.status < 300, reply.body
    return request, reply
