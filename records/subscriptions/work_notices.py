"""Deliver notices of work between hospitals: by signed webhook and by mail, tried again for three
days; what did not arrive by then stays, and is shown. No patient is in them (docs/adr/0092).
"""

import datetime as dt
import json
import logging
import smtplib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.utils import timezone

from alliance.models import WorkNotice, WorkNoticeAddress
from records.subscriptions.body_signature import sign_body
from records.subscriptions.subscription_state import MOST_AT_ONCE, RETRY_SECONDS, call_endpoint

log = logging.getLogger("xinglin.courier")
BATCH = 100
GIVE_UP = dt.timedelta(days=3)
TAKEN = dt.timedelta(minutes=10)  # longer than a batch takes
URGENCY_ZH = {"emergency": "急诊", "urgent": "紧急", "routine": "普通"}


def deliver_work_notices() -> int:
    """Send what is due; how many were tried."""
    now = timezone.now()
    due = take_due(now)
    if not due:
        return 0
    with ThreadPoolExecutor(min(MOST_AT_ONCE, len(due))) as pool:  # the network alone
        faults = list(pool.map(send_notice, due))
    note_outcomes(due, faults, now)
    return len(due)


@transaction.atomic
def take_due(now: dt.datetime) -> list[WorkNotice]:
    """Those that no other courier has taken; of a courier that died they are due again after TAKEN.
    index: work_notice_due
    """
    due = list(
        WorkNotice.objects.select_for_update(of=("self",), skip_locked=True)
        .filter(sent_at=None, given_up_at=None, due_at__lte=now)
        .select_related("address__hospital", "item__sender", "item__receiver")
        .defer("item__reason", "item__question", "item__transport", "item__wish")
        .defer("item__arrangement", "item__outcome")
        .order_by("due_at", "id")[:BATCH]
    )
    WorkNotice.objects.filter(pk__in=[n.pk for n in due]).update(due_at=now + TAKEN)
    return due


def note_outcomes(due: Sequence[WorkNotice], faults: Sequence[str], now: dt.datetime) -> None:
    for notice, fault in zip(due, faults, strict=True):
        again = now + dt.timedelta(seconds=RETRY_SECONDS[min(notice.tries, len(RETRY_SECONDS) - 1)])
        is_over = now - notice.made_at > GIVE_UP
        changed: dict[str, Any] = (
            {
                "tries": notice.tries + 1,
                "fault": fault[:80],
                "due_at": again,
                "given_up_at": now if is_over else None,
            }
            if fault
            else {"sent_at": timezone.now(), "fault": ""}
        )
        WorkNotice.objects.filter(pk=notice.pk).update(**changed)


def send_notice(notice: WorkNotice) -> str:
    """ "" where it arrived, or where nobody wants it any more; else what went wrong."""
    address = notice.address
    if address.ended_at is not None or not address.hospital.active:
        return ""
    try:
        if address.channel == WorkNoticeAddress.Channel.WEBHOOK:
            return send_call(notice)
        return send_mail(notice)
    except (OSError, smtplib.SMTPException) as error:
        return type(error).__name__
    except Exception:
        log.exception("HOOK500 a notice of work could not be made")
        return "error"


def describe_notice(notice: WorkNotice) -> dict[str, Any]:
    """What is told, of anybody's patient the same: which work, what happened, where to look."""
    item = notice.item
    return {
        "id": notice.pk,
        "number": item.number,
        "kind": item.kind,
        "urgency": item.urgency,
        "what": notice.verb,
        "state": notice.state,
        "sender": item.sender.code,
        "receiver": item.receiver.code,
        "at": notice.made_at.isoformat(timespec="seconds"),
        "page": f"{settings.PUBLIC_URL or settings.LOCAL_URL}/{item.room}/{item.pk}/",
    }


def send_call(notice: WorkNotice) -> str:
    body = json.dumps(describe_notice(notice)).encode()
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "X-Xinglin-Notice": str(notice.pk),
        "X-Xinglin-Signature": sign_body(notice.address.secret, body, dt.datetime.now(dt.UTC)),
    }
    return call_endpoint("POST", notice.address.target, body, headers)


def send_mail(notice: WorkNotice) -> str:
    if not settings.MAIL:
        return "XINGLIN_MAIL names no mail server"
    told = describe_notice(notice)
    item = notice.item
    urgency = URGENCY_ZH[item.urgency]
    text = (
        f"{item.sender.name_zh} → {item.receiver.name_zh}\n{item.sender.name_en} →"
        f" {item.receiver.name_en}\n\n{urgency} · {told['urgency']} · {told['kind']} ·"
        f" {told['what']} → {told['state']}\n{told['at']}\n\n{told['page']}\n"
    )
    EmailMessage(
        f"杏林院际协作 {item.number}（{urgency}）", text, to=[notice.address.target]
    ).send()
    return ""
