"""How strong the hospitals' and the patient's word is, and what makes it so."""

import datetime as dt

from django.utils import timezone

from alliance.auth.principal import Principal
from alliance.roles import Role
from consent.models import Relationship
from consent.services.ties import load_facts_at_hospital
from consent.strength import Strength
from records.models import SourcePatient
from records.mpi.index import source_patients
from tests.support.world import World


def strength(w: World) -> Strength:
    """Of the tie between the hospital that asks and the patient."""
    return load_facts_at_hospital(
        w.a.pk, w.person, source_patients.sources_of_person(w.person), int(w.doctor.id)
    ).tie  # type: ignore[arg-type]


def age(w: World, days: float) -> None:
    """The hospital's encounter and its registration are so old by the clock here."""
    then = timezone.now() - dt.timedelta(days=days)
    Relationship.objects.filter(hospital=w.a).update(noted_at=then)
    SourcePatient.objects.filter(hospital=w.a).update(joined_at=then)


def encounter(w: World) -> None:
    """The hospital that asks has the patient there, since forty days."""
    mine = next(s for s in source_patients.sources_of_person(w.person) if s.hospital_id == w.a.pk)  # type: ignore[arg-type]
    w.ask.create(
        {
            "resourceType": "Encounter",
            "status": "in-progress",
            "class": {"code": "AMB"},
            "subject": {"reference": f"Patient/{mine.fhir_id}"},
            "period": {"start": (timezone.now() - dt.timedelta(days=40)).isoformat()},
        }
    )


def patient_of(w: World, factor: str) -> Principal:
    """The patient on their own page, let in with the factor."""
    return Principal(
        "patient",
        str(source_patients.sources_of_person(w.person)[0].home),
        w.b.pk,
        w.b.code,
        Role.PATIENT,
        factor=factor,
    )  # type: ignore[arg-type]
