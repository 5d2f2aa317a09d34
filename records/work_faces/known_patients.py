"""Who a work item is about, as far as a hospital may know it: while the item gives access, the
receiver knows the patient as the sender does; after it, by its own registration alone.
"""

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

from django.utils import timezone

from alliance.models import WorkItem
from records.models import SourcePatient
from records.mpi.index.patient_search import DisplayedPerson, displayed_persons


def is_access_open(item: WorkItem, now: dt.datetime) -> bool:
    return item.rights_end is None or item.rights_end > now


def show_faces(items: Sequence[WorkItem], hospital_id: int) -> dict[UUID, DisplayedPerson]:
    """{home: the patient} as their own hospital may see them, and as the sender does while its
    referral gives access.
    """
    now = timezone.now()
    senders = {i.sender_id for i in items if is_access_open(i, now)}
    open_homes = {i.person for i in items if is_access_open(i, now)}
    shut_homes = {i.person for i in items} - open_homes
    found = displayed_persons(open_homes, hospital_id, *senders) if open_homes else {}
    return found | (displayed_persons(shut_homes, hospital_id) if shut_homes else {})


def persons_of_items(items: Sequence[WorkItem]) -> dict[int, UUID]:
    """{the sender's registration: whom it belongs to today}."""
    rows = SourcePatient.objects.filter(pk__in={i.source_patient for i in items})
    return dict(rows.values_list("pk", "person_id"))
