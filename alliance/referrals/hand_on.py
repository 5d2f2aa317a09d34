"""Hand a referral on: who declines proposes another hospital; its sender refers there anew, and the
new referral names the one that it follows. Nobody is let in whom the sender has not chosen.
"""

from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from alliance.models import Hospital, WorkItem
from alliance.workflow.registry import MoveDone


@dataclass(frozen=True, slots=True)
class ProposedHospital:
    """Brought with declining (alliance.workflow.move_item.MoveWords). hospital: its number."""

    hospital: int


def keep_proposal(done: MoveDone) -> None:
    """The effect of declining. Raises ValidationError, which undoes the verb."""
    proposed = next((b for b in done.brought if isinstance(b, ProposedHospital)), None)
    if proposed is None or done.move.verb != "decline":
        return
    hospital = Hospital.objects.filter(pk=proposed.hospital).first()
    parties = (done.item.sender_id, done.item.receiver_id)
    if hospital is None or hospital.pk in parties or not hospital.active:
        raise ValidationError(_("Choose another hospital that takes part."))
    done.item.proposed = hospital


def list_proposable(item: WorkItem) -> list[Hospital]:
    """Whom its receiver may propose."""
    others = Hospital.objects.exclude(pk__in=(item.sender_id, item.receiver_id))
    return sorted((h for h in others if h.active), key=lambda h: h.name)


def check_followed(number: int | None, hospital_id: int) -> None:
    """Raises ValidationError unless it is still a declined referral of this hospital; that it is
    about the same patient, the caller has looked up.
    """
    if number is None:
        return
    # index: alliance_workitem_pkey
    if not WorkItem.objects.filter(pk=number, sender=hospital_id, state="declined").exists():
        raise ValidationError(_("The referral that this one follows is not there any more."))


def find_following(item: WorkItem) -> WorkItem | None:
    """The referral by which its sender went on. index: work_sent, work_sent_closed"""
    return (
        WorkItem.objects.filter(sender=item.sender_id, follows=item)
        .select_related("receiver")
        .order_by("-pk")
        .first()
    )
