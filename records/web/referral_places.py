"""Places of the receiver's schedule in the form of a verb that arranges: those of the wished
department first, then the nearest; and a place that was called off since.
"""

from django.utils import timezone
from django.utils.formats import date_format

from alliance.directory.places import arrange_by_slot, list_free_slots
from alliance.models import OfferedSlot, PlaceTaken, WorkItem
from alliance.workflow.move_item import MoveWords
from alliance.workflow.state_table import Move, Need
from records.web.referral_forms import MoveForm


def offer_places(move: Move, item: WorkItem) -> list[tuple[str, str]]:
    """(slot, words) for a verb that arranges; none where the receiver keeps no schedule."""
    if Need.ARRANGEMENT not in move.needs:
        return []
    return [(str(s.pk), tell_slot(s)) for s in list_free_slots(item)]


def tell_slot(slot: OfferedSlot) -> str:
    starts, ends = timezone.localtime(slot.starts_at), timezone.localtime(slot.ends_at)
    return (
        f"{date_format(starts, 'm-d D H:i')}–{ends:%H:%M} · {slot.clinic.department} ·"
        f" {slot.clinic} ({slot.free})"
    )


def read_words(form: MoveForm) -> MoveWords:
    """Of a valid form: a chosen place says where and when."""
    note = form.cleaned_data.get("note", "")
    if chosen := form.cleaned_data.get("slot"):
        slot = OfferedSlot.objects.select_related("clinic__department").get(pk=chosen)
        return arrange_by_slot(note, slot)
    return MoveWords(note, form.cleaned_data.get("arranged_for"))


def find_fallen_place(item: WorkItem) -> PlaceTaken | None:
    """The item's place where the hospital has called it off since."""
    return (
        PlaceTaken.objects.filter(item=item, freed_at=None, slot__stopped_at__isnull=False)
        .select_related("slot__clinic__department")
        .first()
        if item.closed_at is None
        else None
    )
