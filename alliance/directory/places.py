"""A place that an arrangement takes: chosen with the verb, counted in the verb's transaction, and
given back when the patient is not to come there any more. Who does not come keeps it: the time is
over.
"""

import datetime as dt
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from alliance.models import OfferedSlot, PlaceTaken, WorkItem
from alliance.workflow.move_item import MoveWords
from alliance.workflow.registry import MoveDone, table_of_item
from alliance.workflow.state_table import Need

BEFORE_ARRIVAL = frozenset({"sent", "info-requested", "accepted", "cancel-requested", "no-show"})
OFFERED_FOR = dt.timedelta(days=14)
MOST_OFFERED = 60
PLACE = "place"  # code of the error that a place is gone


@dataclass(frozen=True, slots=True)
class ChosenPlace:
    """Brought with a verb that arranges (alliance.workflow.move_item.MoveWords)."""

    slot: int


def describe_slot(slot: OfferedSlot) -> str:
    """As it is kept with the arrangement. Of a slot with its clinic and department."""
    when = timezone.localtime(slot.starts_at)
    until = timezone.localtime(slot.ends_at)
    return f"{slot.clinic.department.name_zh} · {slot.clinic} · {when:%Y-%m-%d %H:%M}–{until:%H:%M}"


def arrange_by_slot(note: str, slot: OfferedSlot) -> MoveWords:
    """What accept and arrange take where a place was chosen."""
    words = "\n".join(filter(None, (describe_slot(slot), note.strip())))
    return MoveWords(words, slot.starts_at, (ChosenPlace(slot.pk),))


def query_free_slots(hospital_id: int, now: dt.datetime) -> QuerySet[OfferedSlot]:
    """index: offered_slot_free, offered_clinic_code"""
    return OfferedSlot.objects.filter(
        hospital_id=hospital_id,
        clinic__ended_at=None,
        clinic__department__ended_at=None,
        clinic__department__for_referral=True,
        stopped_at=None,
        taken__lt=F("places"),
        starts_at__gt=now,
        starts_at__lt=now + OFFERED_FOR,
    ).select_related("clinic__department")


def list_free_slots(item: WorkItem) -> list[OfferedSlot]:
    """Free places of the receiver, of the next days: those of the wished department or clinic
    first, then the earliest.
    """
    found = query_free_slots(item.receiver_id, timezone.now()).order_by("starts_at", "pk")
    slots = sorted(found, key=lambda s: (not is_wished(item, s), s.starts_at, s.pk))
    return slots[:MOST_OFFERED]


def is_wished(item: WorkItem, slot: OfferedSlot) -> bool:
    wish, department = item.department.casefold(), slot.clinic.department
    if not wish:
        return False
    names = (department.name_zh, department.name_en, slot.clinic.doctor)
    return any(n and (n.casefold() in wish or wish in n.casefold()) for n in names)


def keep_place(done: MoveDone) -> None:
    """The effect of a verb on the item's place. Raises ValidationError, which undoes the verb,
    where the place is gone.
    """
    chosen = next((b for b in done.brought if isinstance(b, ChosenPlace)), None)
    arranges = Need.ARRANGEMENT in done.move.needs
    ends = table_of_item(done.item).state(done.move.next).is_end
    gives_back = arranges or (ends and done.move.state in BEFORE_ARRIVAL)
    if not gives_back:
        return
    held = PlaceTaken.objects.filter(item=done.item, freed_at=None).first()
    # of the slots concerned, in one order, so that two that exchange places do not wait in a ring
    numbers = {held.slot_id} if held else set()
    if chosen and arranges:
        numbers.add(chosen.slot)
    list(OfferedSlot.objects.select_for_update().filter(pk__in=numbers).order_by("pk"))
    if held:
        OfferedSlot.objects.filter(pk=held.slot_id).update(taken=F("taken") - 1)
        held.freed_at, held.freed_by = done.now, done.move.verb
        held.save(update_fields=["freed_at", "freed_by"])
    if chosen and arranges:
        take_place(done, chosen.slot)


def take_place(done: MoveDone, slot_id: int) -> None:
    slots = OfferedSlot.objects.filter(
        pk=slot_id,
        hospital_id=done.item.receiver_id,
        stopped_at=None,
        starts_at=done.item.arranged_for,
        taken__lt=F("places"),
    )
    if not slots.update(taken=F("taken") + 1):
        raise ValidationError(
            _("This place has just been taken or called off. Choose another one."), PLACE
        )
    PlaceTaken.objects.create(item=done.item, slot_id=slot_id, taken_at=done.now)


def list_fallen_places(hospital_id: int) -> QuerySet[PlaceTaken]:
    """Places that the hospital has called off while a patient is expected there: whoever arranges
    has to arrange anew. index: place_taken_once
    """
    return (
        PlaceTaken.objects.filter(
            freed_at=None,
            slot__hospital_id=hospital_id,
            slot__stopped_at__isnull=False,
            item__state__in=("accepted", "cancel-requested"),
        )
        .select_related("item", "slot__clinic__department")
        .order_by("slot__starts_at", "pk")
    )
