"""Deliver notices: by webhook, signed, and by mail; tried again for three days."""

import datetime as dt
import logging
import smtplib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import connection

from alliance.models import Client, Hospital
from records.fhir.json_codec import dump_json
from records.subscriptions.body_signature import sign_body
from records.subscriptions.subscription_state import RETRY_SECONDS, call_endpoint
from records.sync.notice_settings import NoticeSetting, list_notice_settings
from records.sync.notice_words import say_notice

log = logging.getLogger("xinglin.sync")
AT_ONCE, BATCH = 8, 100  # notices
GIVE_UP, KEPT = dt.timedelta(days=3), dt.timedelta(days=30)
# index: record_sync_notice_due
DUE = """
SELECT id, hospital, client, cause, well, number, channel, made_at, tries FROM record_sync_notice
WHERE sent_at IS NULL AND due_at <= %s ORDER BY due_at, id LIMIT %s
"""
SENT = "UPDATE record_sync_notice SET sent_at = clock_timestamp(), fault = '' WHERE id = %s"
FAILED = """
UPDATE record_sync_notice SET tries = tries + 1, fault = %s, due_at = %s WHERE id = %s
"""
FORGET = """
DELETE FROM record_sync_notice
WHERE sent_at < %(kept)s OR (sent_at IS NULL AND made_at < %(given_up)s)
"""
# index: record_sync_notice_hospital
NEWEST = """
SELECT id, cause, well, channel, made_at, tries, fault, sent_at FROM record_sync_notice
WHERE hospital = %s ORDER BY id DESC LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class Notice:
    """client: "" of a trial."""

    id: int
    hospital_id: int
    client: str
    cause: str
    well: bool
    number: int
    channel: str
    made_at: dt.datetime
    tries: int


@dataclass(frozen=True, slots=True)
class Addressed:
    """A notice with what is told of it, and to whom."""

    notice: Notice
    setting: NoticeSetting
    hospital: Hospital
    system: str


@dataclass(frozen=True, slots=True)
class NoticeState:
    """What became of a notice, for who set it up."""

    id: int
    cause: str
    well: bool
    channel: str
    made_at: dt.datetime
    tries: int
    fault: str
    sent_at: dt.datetime | None


def deliver_notices(now: dt.datetime) -> int:
    """Send what is due; how many arrived."""
    with connection.cursor() as cursor:
        cursor.execute(FORGET, {"kept": now - KEPT, "given_up": now - GIVE_UP})
        cursor.execute(DUE, [now, BATCH])
        due = [Notice(*row) for row in cursor.fetchall()]
    if not due:
        return 0
    addressed = address_notices(due)
    with ThreadPoolExecutor(min(AT_ONCE, len(due))) as pool:  # the network alone, no database
        faults = list(pool.map(send_notice, addressed))
    for one, fault in zip(addressed, faults, strict=True):
        note_outcome(one.notice, fault, now)
    return faults.count("")


def address_notices(due: Sequence[Notice]) -> list[Addressed]:
    ids = {n.hospital_id for n in due}
    wanted, hospitals = list_notice_settings(ids), Hospital.objects.in_bulk(ids)
    names = dict(
        Client.objects.filter(client_id__in={n.client for n in due}).values_list(
            "client_id", "name"
        )
    )
    return [
        Addressed(
            n,
            wanted.get(n.hospital_id, NoticeSetting(n.hospital_id)),
            hospitals[n.hospital_id],
            names.get(n.client, n.client),
        )
        for n in due
        if n.hospital_id in hospitals
    ]


def note_outcome(notice: Notice, fault: str, now: dt.datetime) -> None:
    with connection.cursor() as cursor:
        if not fault:
            cursor.execute(SENT, [notice.id])
            return
        wait = RETRY_SECONDS[min(notice.tries, len(RETRY_SECONDS) - 1)]
        cursor.execute(FAILED, [fault[:80], now + dt.timedelta(seconds=wait), notice.id])


def send_notice(one: Addressed) -> str:
    """ "" where it arrived, or where nobody wants it any more; else what went wrong."""
    try:
        return send_webhook(one) if one.notice.channel == "webhook" else send_mail(one)
    except (OSError, smtplib.SMTPException) as error:
        return type(error).__name__
    except InvalidTag:
        return "the secret cannot be opened"
    except Exception:
        log.exception("SYNC500 a notice could not be made")
        return "error"


def send_webhook(one: Addressed) -> str:
    if not one.setting.url:
        return ""
    body = dump_json(describe_notice(one))
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "X-Xinglin-Signature": sign_body(one.setting.open_secret(), body, dt.datetime.now(dt.UTC)),
    }
    return call_endpoint("POST", one.setting.url, body, headers)


def describe_notice(one: Addressed) -> dict[str, object]:
    """What a receiver is told: no patient, no record."""
    notice = one.notice
    zh, en = say_notice(notice.cause, notice.well, notice.number)
    return {
        "id": notice.id,
        "hospital": one.hospital.code,
        "system": notice.client,
        "name": one.system,
        "cause": notice.cause,
        "state": "well" if notice.well else "trouble",
        "number": notice.number,
        "at": notice.made_at.isoformat(timespec="seconds"),
        "zh": zh,
        "en": en,
    }


def send_mail(one: Addressed) -> str:
    if not one.setting.mails or not settings.MAIL:
        return ""
    notice = one.notice
    zh, en = say_notice(notice.cause, notice.well, notice.number)
    root = settings.PUBLIC_URL or ""
    place = f"{root}/sync-board/{one.hospital.code}/" if root else ""
    text = "\n\n".join(
        filter(
            None,
            (
                f"{one.hospital.name_zh} {one.system}\n{zh}",
                f"{one.hospital.name_en} {one.system}\n{en}",
                place,
            ),
        )
    )
    subject = f"杏林数据同步：{one.hospital.name_zh}" + ("（已恢复）" if notice.well else "")
    EmailMessage(subject, text, to=list(one.setting.mails)).send()
    return ""


def list_newest_notices(hospital_id: int, most: int = 20) -> list[NoticeState]:
    with connection.cursor() as cursor:
        cursor.execute(NEWEST, [hospital_id, most])
        return [NoticeState(*row) for row in cursor.fetchall()]
