"""Watch members' systems for whoever wants to be told: a trouble once a day as long as it lasts,
and once when it is well again.
"""

import datetime as dt
from collections.abc import Iterator

from django.conf import settings
from django.db import connection, transaction

from alliance.models import Hospital
from consent.audit.witness_report import count_contradictions
from records.sync.board import MemberSystem, list_member_systems
from records.sync.notice_settings import NoticeSetting, list_notice_settings
from records.sync.system_state import CLOCK_SECONDS

AGAIN = dt.timedelta(hours=24)
TEST, WITNESS = "test", "witness"
Key = tuple[int, str, str]  # hospital, system, cause
# index: record_sync_trouble_pkey
KNOWN = """
SELECT hospital, client, cause, told_at, well_at FROM record_sync_trouble
WHERE hospital = ANY(%s) ORDER BY hospital, client, cause FOR UPDATE
"""
FOUND = """
INSERT INTO record_sync_trouble AS known (hospital, client, cause, since, told_at)
VALUES (%(hospital)s, %(client)s, %(cause)s, %(now)s, %(now)s)
ON CONFLICT (hospital, client, cause) DO UPDATE SET told_at = excluded.told_at, well_at = NULL,
  since = CASE WHEN known.well_at IS NULL THEN known.since ELSE excluded.since END
"""
WELL = """
UPDATE record_sync_trouble SET well_at = %(now)s
WHERE hospital = %(hospital)s AND client = %(client)s AND cause = %(cause)s
"""
QUEUE = """
INSERT INTO record_sync_notice (hospital, client, cause, well, number, channel)
VALUES (%s, %s, %s, %s, %s, %s)
"""


def watch_systems(now: dt.datetime) -> int:
    """How many notices were made."""
    wanted = list_notice_settings()
    hospitals = list(Hospital.objects.filter(pk__in=list(wanted)))
    systems = [s for s in list_member_systems(hospitals) if s.revoked_at is None]
    found = {
        (s.hospital.pk, s.client, cause): number
        for s in systems
        for cause, number in find_troubles(s, wanted[s.hospital.pk], now)
    }
    contradictions, _newest = count_contradictions()
    if contradictions:  # whoever has seen it: that concerns every member
        found |= {(h.pk, "", WITNESS): contradictions for h in hospitals}
    there = {(s.hospital.pk, s.client) for s in systems}
    with transaction.atomic():
        known = lock_troubles(list(wanted))
        due = [k for k in found if k not in known or known[k][0] <= now - AGAIN]
        ended = [k for k, (_, well_at) in known.items() if k not in found and well_at is None]
        for key in due:
            change(FOUND, key, now)
        for key in ended:
            change(WELL, key, now)
        told = [(key, False, found[key]) for key in due]
        told += [
            (key, True, 0)
            for key in ended
            if key[:2] in there and is_wanted(wanted[key[0]], key[2])
        ]
        return sum(queue_notice(wanted[key[0]], key, well, number) for key, well, number in told)


def find_troubles(
    system: MemberSystem, setting: NoticeSetting, now: dt.datetime
) -> Iterator[tuple[str, int]]:
    """(cause, its number), as the hospital wants to be told."""
    beat, silent = system.heartbeat, dt.timedelta(minutes=setting.silent_minutes)
    if beat and silent and now - beat.at > silent:
        yield "silent", int((now - beat.at).total_seconds() // 60)
    if setting.new_letters and system.fresh > setting.new_letters:
        yield "letters", system.fresh
    hours = dt.timedelta(hours=setting.waiting_hours)
    if hours and system.held_since and now - system.held_since > hours:
        yield "waiting", int((now - system.held_since).total_seconds() // 3600)
    if "differs" in setting.states and system.comparison and system.comparison.days:
        yield "differs", system.comparison.days
    if "clock" in setting.states and beat and abs(beat.clock) > CLOCK_SECONDS:
        yield "clock", abs(beat.clock)
    if "disk" in setting.states and beat and beat.disk_full:
        yield "disk", beat.free


def is_wanted(setting: NoticeSetting, cause: str) -> bool:
    number = {
        "silent": setting.silent_minutes,
        "letters": setting.new_letters,
        "waiting": setting.waiting_hours,
    }
    return cause in setting.states or bool(number.get(cause))


def lock_troubles(
    hospital_ids: list[int],
) -> dict[Key, tuple[dt.datetime, dt.datetime | None]]:
    """{key: (told at, well at)}."""
    with connection.cursor() as cursor:
        cursor.execute(KNOWN, [hospital_ids])
        return {(h, c, cause): (told, well) for h, c, cause, told, well in cursor.fetchall()}


def change(statement: str, key: Key, now: dt.datetime) -> None:
    hospital, client, cause = key
    with connection.cursor() as cursor:
        cursor.execute(
            statement, {"hospital": hospital, "client": client, "cause": cause, "now": now}
        )


def queue_notice(setting: NoticeSetting, key: Key, well: bool, number: int) -> int:
    """One for each way in which the hospital is told; how many."""
    channels = [
        *(["webhook"] if setting.url else []),
        *(["mail"] if setting.mails and settings.MAIL else []),
    ]
    with connection.cursor() as cursor:
        for channel in channels:
            cursor.execute(QUEUE, [*key, well, number, channel])
    return len(channels)


def queue_trial(setting: NoticeSetting) -> int:
    """A notice by which an administrator sees that it arrives; in how many ways it is told."""
    return queue_notice(setting, (setting.hospital_id, "", TEST), False, 0)
