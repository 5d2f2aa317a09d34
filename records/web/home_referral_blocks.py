"""Referrals that wait, on the first page."""

from collections.abc import Iterator

from django.db.models import Min, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from alliance.auth.principal import Principal
from alliance.models import HomeTask, WorkArrival, WorkDebt, WorkDraft, WorkItem
from alliance.referrals.mark_task import TASK_STATES
from alliance.workflow.contacts import is_of_duty_office
from alliance.workflow.state_table import Alarm
from records.web.home_block import HomeBlock, tell_left, tell_wait


def tell_referrals(acting: Principal) -> Iterator[HomeBlock]:
    """Whose turn is this hospital's; urgent where a deadline has passed or an emergency waits."""
    ours = WorkItem.objects.filter(
        owner_id=acting.hospital_id, kind__in=WorkItem.REFERRALS, closed_at=None
    )
    first = ours.aggregate(due=Min("due_at"))["due"]
    now = timezone.now()
    yield HomeBlock(
        _("Referrals that wait for your hospital"),
        reverse("referrals"),
        ours.count(),
        "" if first is None else tell_left(first) if first > now else tell_wait(first),
        _("No referral waits for you."),
        urgent=ours.filter(Q(alarm__gte=Alarm.DUTY) | Q(rank=0)).exists(),
    )


def tell_home_tasks(acting: Principal) -> Iterator[HomeBlock]:
    """Tasks of home plans that are overdue, or due today: those of patients who are at home here,
    and those that this hospital does itself. index: home_task_open, home_task_treating
    """
    ours = HomeTask.objects.filter(
        state=HomeTask.State.OPEN,
        due_on__lte=timezone.localdate(),
        plan__item__state__in=TASK_STATES,
    )
    here, away = (
        ours.filter(home=acting.hospital_id),
        ours.filter(treating=acting.hospital_id, doer=HomeTask.Doer.HOSPITAL),
    )
    late = [q.filter(due_on__lt=timezone.localdate()).count() for q in (here, away)]
    yield HomeBlock(
        _("Tasks at home that are due"),
        reverse("referrals") + ("?show=sent" if away.exists() and not here.exists() else ""),
        here.count() + away.count(),
        ngettext("%s is overdue", "%s are overdue", sum(late)) % sum(late) if sum(late) else "",
        _("No task at home is due."),
        urgent=sum(late) > 0,
    )


def tell_sending(acting: Principal) -> Iterator[HomeBlock]:
    """What the own hospital has not sent, or still owes; nothing where there is nothing."""
    now = timezone.now()
    drafts = WorkDraft.objects.filter(hospital_id=acting.hospital_id, closed_at=None).filter(
        Q(state="to-approve") | Q(due_at__lte=now)
    )
    debts = WorkDebt.objects.filter(
        item__sender_id=acting.hospital_id, item__closed_at=None, settled_at=None
    )
    for title, address, found in (
        (_("Referrals to approve, and drafts that lie"), reverse("referral-drafts"), drafts),
        (
            _("Papers and approvals that your hospital owes"),
            reverse("referrals") + "?show=owed",
            debts,
        ),
        (
            _("Patients who came without a referral, to be confirmed by your hospital"),
            reverse("arrivals"),
            WorkArrival.objects.filter(sender_id=acting.hospital_id, closed_at=None),
        ),
    ):
        first = found.aggregate(due=Min("due_at"))["due"]
        if first is not None:
            told = tell_left(first) if first > now else tell_wait(first)
            yield HomeBlock(title, address, found.count(), told, "", urgent=first <= now)


def tell_unheeded_referrals(acting: Principal) -> Iterator[HomeBlock]:
    """For the alliance's office: a number alone, and no patient."""
    if not acting.alliance_wide:
        return
    unheeded = WorkItem.objects.filter(
        alarm__gte=Alarm.OFFICE, kind__in=WorkItem.REFERRALS, closed_at=None
    )
    first = unheeded.aggregate(due=Min("due_at"))["due"]
    yield HomeBlock(
        _("Referrals that nobody has answered in time"),
        reverse("late-work"),
        unheeded.count(),
        tell_wait(first) if first else "",
        _("Every referral was answered in time."),
        urgent=unheeded.exists(),
    )


def tell_late_referrals(acting: Principal) -> Iterator[HomeBlock]:
    """For who is of the hospital's duty office: what is late on either side."""
    if not is_of_duty_office(acting):
        return
    ours = Q(sender_id=acting.hospital_id) | Q(receiver_id=acting.hospital_id)
    late = WorkItem.objects.filter(ours, alarm__gte=Alarm.DUTY, closed_at=None)
    first = late.aggregate(due=Min("due_at"))["due"]
    yield HomeBlock(
        _("Late referrals"),
        reverse("late-referrals"),
        late.count(),
        tell_wait(first) if first else "",
        _("Every referral was answered in time."),
        urgent=first is not None,
    )
