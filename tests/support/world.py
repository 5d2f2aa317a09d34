"""Two hospitals that share a patient: one asks, one holds."""

from dataclasses import dataclass

import pytest

from alliance.auth.principal import Principal
from alliance.models import Hospital
from alliance.roles import Role
from records.models import SourcePatient
from records.mpi.index import source_patients
from tests.factories import alliance
from tests.factories.consents import record_choice
from tests.factories.fhir import (
    Api,
    make_citizen_number,
    make_observation,
    make_patient,
    make_unique_name,
)
from tests.factories.ties import record_confirmed_treatment

HIV = {"coding": [{"system": "http://loinc.org", "code": "75622-1"}]}


@dataclass
class World:
    """One person at hospitals A (asks) and B (holds): A's doctor and system, B's clerk and
    system.
    """

    a: Hospital
    b: Hospital
    ask: Api
    hold: Api
    doctor: Principal
    clerk: Principal
    person: str
    at_b: str
    plain: str
    sensitive: str

    def permit(self, **more):  # type: ignore[no-untyped-def]
        values = {
            "recipient_id": self.a.pk,
            "sources": source_patients.sources_of_person(self.person),
            "acting": self.clerk,
        } | more  # type: ignore[arg-type]
        return record_choice(self.person, **values)  # type: ignore[arg-type]

    def seen(self) -> set[str]:
        reply = self.ask("GET", f"Observation?patient={self.person}", base="alliance")
        return (
            {e["fullUrl"].split("/fhir/")[1] for e in reply.json.get("entry", [])}
            if reply.status == 200
            else set()
        )

    def read(self, what: str, **headers: str):  # type: ignore[no-untyped-def]
        return self.ask("GET", what, base=self.b.code, **headers)


def new_world(server: str) -> World:
    a, b = alliance.make_hospital("ask"), alliance.make_hospital("hold")
    ask, hold = (Api(server, h.code, credentials=alliance.make_credentials(h)) for h in (a, b))
    card, name = make_citizen_number(), make_unique_name()
    ask.create(make_patient(name, resident=card))
    at_b = hold.create(make_patient(name, resident=card))
    plain = hold.create(make_observation(at_b))
    sensitive = hold.create({**make_observation(at_b), "code": HIV})
    person = SourcePatient.objects.get(hospital=b, fhir_id=at_b.split("/")[1]).person_id
    doctor, clerk = (
        alliance.get_staff_principal(alliance.make_staff(a)),
        alliance.get_staff_principal(alliance.make_staff(b, Role.CLERK)),
    )
    return World(a, b, ask, hold, doctor, clerk, person, at_b, plain, sensitive)


@pytest.fixture
def w(server: str) -> World:
    """One of its own for each test."""
    return new_world(server)


@pytest.fixture(scope="module")
def world_of_two(server: str) -> World:
    """One for all tests of a module, which leave it as it is."""
    return new_world(server)


def related(w: World) -> None:
    """The hospital that asks is known to treat the patient."""
    record_confirmed_treatment(w.person, w.a)


def same_as_absent(w: World, what: str) -> bool:
    """Hidden and absent answer alike, byte for byte."""
    hidden, absent = (
        w.read(what),
        w.read(what.rsplit("/", 1)[0] + "/00000000-0000-4000-8000-000000000000"),
    )
    drop = {"date", "x-request-id"}
    return (
        hidden.status,
        hidden.body,
        {k: v for k, v in hidden.headers.items() if k not in drop},
    ) == (absent.status, absent.body, {k: v for k, v in absent.headers.items() if k not in drop})
