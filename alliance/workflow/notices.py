"""Notices of work for whom a hospital has named: written with the step that they tell of, so that
there is none without the step and no step without them. Never a patient (docs/adr/0092).
"""

from typing import Any

from django.db.models.signals import post_save
from django.dispatch import receiver
from django.utils import timezone

from alliance.models import WorkItem, WorkNotice, WorkNoticeAddress, WorkTransition


@receiver(post_save, sender=WorkTransition, dispatch_uid="work notices")
def tell_transition(instance: WorkTransition, created: bool, **_more: Any) -> None:
    """The side that did not act; both where a timer did."""
    if not created:
        return
    item = instance.item
    concerned = {item.sender_id, item.receiver_id} - {instance.hospital_id}
    verb = "send" if instance.version == 1 else instance.verb  # who approved is the sender's own
    queue_notices(item, verb, instance.to_state, concerned)


def tell_alarm(item: WorkItem, action: str) -> None:
    """Whose turn it is, and has not been heeded."""
    queue_notices(item, action, item.state, {item.owner_id})


def queue_notices(item: WorkItem, verb: str, state: str, hospitals: set[int]) -> None:
    """index: alliance_worknoticeaddress_hospital_id"""
    addresses = list(WorkNoticeAddress.objects.filter(hospital_id__in=hospitals, ended_at=None))
    if not addresses:
        return
    now = timezone.now()
    WorkNotice.objects.bulk_create(
        WorkNotice(address=a, item=item, verb=verb, state=state, made_at=now, due_at=now)
        for a in addresses
    )
