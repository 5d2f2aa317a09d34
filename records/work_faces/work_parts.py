"""What the faces of work are made of: hospitals and patients as references, codes, texts; and what
of an item its reader may see (as the page does, records/web/templates/records/referral.html).
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import F, Q
from django.utils import timezone

from alliance.models import Hospital, SignedOpinion, WorkItem, WorkTransition
from alliance.workflow.registry import STATE_TABLES
from alliance.workflow.state_table import Need
from consent.provision import HOSPITAL_SYSTEM
from records.mpi.index.patient_search import DisplayedPerson
from records.work_faces.known_patients import is_access_open, persons_of_items, show_faces
from records.work_faces.state_codes import NUMBER_SYSTEM

Json = dict[str, Any]
MASKED = {
    "extension": [
        {
            "url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason",
            "valueCode": "masked",
        }
    ]
}


@dataclass(frozen=True, slots=True)
class SeenItem:
    """An item as a hospital sees it. opens: whether it reads what was asked; last: the transition
    by which it is as it is; plan: of the treatment at home; is_signed:
    whether there is a signed opinion.
    """

    item: WorkItem
    hospital_id: int
    opens: bool
    person: UUID | None
    face: DisplayedPerson | None
    last: WorkTransition | None = None
    plan: WorkTransition | None = None
    is_signed: bool = False


def see_items(items: Sequence[WorkItem], hospital_id: int) -> list[SeenItem]:
    now, planning = timezone.now(), verbs_with(Need.PLAN)
    faces, persons = show_faces(items, hospital_id), persons_of_items(items)
    found = list(
        WorkTransition.objects.filter(item__in=items)
        .filter(Q(version=F("item__version")) | Q(verb__in=planning))
        .order_by("version")
    )
    last = {t.item_id: t for t in found}  # of each item the newest, which is its own version's
    signed = set(SignedOpinion.objects.filter(item__in=items).values_list("item_id", flat=True))
    plans = {t.item_id: t for t in found if t.verb in planning}
    return [
        SeenItem(
            i,
            hospital_id,
            hospital_id == i.sender_id or is_access_open(i, now),
            persons.get(i.source_patient),
            faces.get(i.person),
            last.get(i.pk),
            plans.get(i.pk),
            i.pk in signed,
        )
        for i in items
    ]


def verbs_with(need: Need) -> frozenset[str]:
    """Those that need such a text, of all kinds of work."""
    return frozenset(m.verb for t in STATE_TABLES.values() for m in t.moves if need in m.needs)


def refer_hospital(hospital: Hospital) -> Json:
    return {
        "reference": f"Organization/{hospital.code}",
        "identifier": {"system": HOSPITAL_SYSTEM, "value": hospital.code},
        "display": hospital.name,
    }


def refer_patient(seen: SeenItem) -> Json:
    """As the reader may know them; else nothing but that there is one."""
    if seen.person is None or not (seen.opens or (seen.face and seen.face.own)):
        return MASKED
    name = seen.face.name if seen.face else ""
    return {"reference": f"Patient/{seen.person}"} | ({"display": name} if name else {})


def concept(system: str, code: str, words: str = "") -> Json:
    return {"coding": [{"system": system, "code": code} | ({"display": words} if words else {})]}


def list_identifiers(item: WorkItem) -> list[Json]:
    number = getattr(item, "senders_number", None)
    own = {"system": NUMBER_SYSTEM, "value": item.number}
    return [own, {"system": number.system, "value": number.value}] if number else [own]


def instant(moment: dt.datetime) -> str:
    """On the alliance's clock: by its one zone, for a thread's is looked up anew each time."""
    zone = timezone.get_default_timezone()
    return moment.astimezone(zone).isoformat(timespec="milliseconds")
