"""Consultations that wait, on the first page."""

from collections.abc import Iterator

from django.db.models import Min, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from alliance.auth.principal import Principal
from alliance.models import WorkItem
from alliance.workflow.state_table import Alarm
from records.web.home_block import HomeBlock, tell_left, tell_wait


def tell_consultations(acting: Principal) -> Iterator[HomeBlock]:
    """Whose turn is this hospital's; urgent where a deadline has passed or an emergency waits."""
    ours = WorkItem.objects.filter(
        owner_id=acting.hospital_id, kind__in=WorkItem.CONSULTATIONS, closed_at=None
    )
    first = ours.aggregate(due=Min("due_at"))["due"]
    now = timezone.now()
    yield HomeBlock(
        _("Consultations that wait for your hospital"),
        reverse("consultations"),
        ours.count(),
        "" if first is None else tell_left(first) if first > now else tell_wait(first),
        _("No consultation waits for you."),
        urgent=ours.filter(Q(alarm__gte=Alarm.DUTY) | Q(rank=0)).exists(),
    )


def tell_unheeded_consultations(acting: Principal) -> Iterator[HomeBlock]:
    """For the alliance's office: a number alone, and no patient."""
    if not acting.alliance_wide:
        return
    unheeded = WorkItem.objects.filter(
        alarm__gte=Alarm.OFFICE, kind__in=WorkItem.CONSULTATIONS, closed_at=None
    )
    first = unheeded.aggregate(due=Min("due_at"))["due"]
    yield HomeBlock(
        _("Consultations that nobody has answered in time"),
        reverse("late-work"),
        unheeded.count(),
        tell_wait(first) if first else "",
        _("Every consultation was answered in time."),
        urgent=unheeded.exists(),
    )
