"""do_register: a Patient was written, so the index learns who he is and decides LINK, REVIEW or NEW, in the writer's transaction."""

from typing import Any

from django.db import IntegrityError, connection, transaction

from records.fhir.issues import Conflict, Issue
from records.models import NameKey, PatientIdentifier, Review, SourcePatient
from records.mpi import link
from records.mpi.decide import Decision, Features, compare
from records.mpi.digest import digest
from records.mpi.features import Identified, identify
from records.mpi.rules import name

RULE = "rule/resident-number-1"


def do_register(source: SourcePatient, patient: dict[str, Any]) -> None:
    """Raises Conflict where another Patient of this hospital has the same hospital number."""
    known = identify(patient)
    lock(known)
    source.registered = True
    source.name = known.display[:200]
    source.gender = known.features.gender
    source.birth_date = known.features.birth_date
    source.save(update_fields=["registered", "name", "gender", "birth_date", "updated_at"])
    write_keys(source, known)
    number = known.features.number
    if number and not source.decided_by.startswith("staff/"):
        decide(source, known.features, number)


def lock(known: Identified) -> None:
    """Two hospitals that register one citizen number at once wait for each other, so they find each other."""
    if known.features.number:
        with connection.cursor() as cursor:
            key = int.from_bytes(digest("resident", known.features.number)[:8], "big", signed=True)
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [key])


def write_keys(source: SourcePatient, known: Identified) -> None:
    source.identifiers.all().delete()
    source.name_keys.all().delete()
    rows = []
    for kind, _, value in known.identifiers:
        rows.append(PatientIdentifier(source=source, kind=kind, digest=digest(kind, value, source.hospital_id)))
        if kind != "other":
            rows.append(PatientIdentifier(source=source, kind="other", digest=digest("other", value)))
    try:
        with transaction.atomic():
            PatientIdentifier.objects.bulk_create(rows)
    except IntegrityError as error:
        raise Conflict(Issue(
            "duplicate", "Another Patient of this hospital has the same hospital number (type MR): update that one, or use "
            "If-None-Exist with the identifier.", "Patient.identifier")) from error
    keys = {k: w for n in known.features.names for k, w in name.keys(n).items()}
    NameKey.objects.bulk_create(NameKey(source=source, hospital_id=source.hospital_id, key=k, whole=w) for k, w in keys.items())


def decide(source: SourcePatient, features: Features, number: str) -> None:
    """Compare with all source patients that carry the same citizen number, oldest first."""
    others = SourcePatient.objects.filter(
        identifiers__kind="resident", identifiers__digest=digest("resident", number)).exclude(pk=source.pk).distinct().order_by("pk")
    linked = False
    for other in others:
        if other.person_id == source.person_id:
            linked = True
            continue
        found = compare(features, Features((other.name,), other.gender, other.birth_date, number), number)
        if found.decision is Decision.LINK and not linked:
            if Review.objects.filter(one=min(source, other, key=lambda s: s.pk), two=max(source, other, key=lambda s: s.pk),
                                     state=Review.State.DIFFERENT).exists():
                continue
            link.move(source, other.person_id, by=RULE, reasons=found.reasons)
            linked = True
        else:
            one, two = sorted((source, other), key=lambda s: s.pk)
            Review.objects.get_or_create(one=one, two=two, defaults={"reasons": list(found.reasons)})
