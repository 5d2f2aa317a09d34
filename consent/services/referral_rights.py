"""The access that a referral gives: a treatment relationship of the hospital to which the patient
goes, asked for by the one that sends, from sending until the referral ends plus a set time. Consent
and seals rule as ever.

A consultation lets in its experts alone, once they are named (consent/services/expert_access.py).

One row a registration and hospital (basis "transfer"): it holds until the last of their referrals
lets go.
"""

import datetime as dt

from django.db import connection

from alliance.models.work_item import WorkItem
from alliance.sql.work import OTHER_RIGHTS_END
from consent import from_records
from consent.services.expert_access import end_experts_access

OPEN_END = dt.datetime(9999, 1, 1, tzinfo=dt.UTC)
# index: one_by_basis
OPEN_SQL = """
INSERT INTO consent_relationship (person, hospital_id, basis, source_patient, reason, starts_at,
  ends_at)
VALUES (%(person)s, %(hospital)s, 'transfer', %(source)s, '', %(now)s, %(end)s)
ON CONFLICT (source_patient, hospital_id, basis) WHERE basis <> 'declared'
DO UPDATE SET ends_at = excluded.ends_at,
  starts_at = CASE WHEN consent_relationship.ends_at > excluded.starts_at
    THEN consent_relationship.starts_at ELSE excluded.starts_at END
"""
# Of the receiver's own registrations of the patient, in whose name it asks the sender to go on.
# index: source_person
RECEIVERS_SQL = """
SELECT s.id, s.home FROM {registrations} s
WHERE s.hospital_id = %(hospital)s
  AND s.person_id = (SELECT o.person_id FROM {registrations} o WHERE o.id = %(source)s)
"""
# index: one_by_basis
END_SQL = f"""
UPDATE consent_relationship r SET ends_at = greatest(%(at)s, ({OTHER_RIGHTS_END}))
WHERE r.basis = 'transfer' AND r.source_patient = ANY(%(sources)s) AND r.hospital_id = %(hospital)s
  AND r.ends_at > %(at)s
"""


def open_for_receiver(item: WorkItem, now: dt.datetime) -> None:
    if item.kind in WorkItem.REFERRALS:
        open_relationship(str(item.person), item.receiver_id, item.source_patient, now)


def open_for_sender(item: WorkItem, now: dt.datetime) -> None:
    """Of what the receiver holds of the patient; nothing where it has no registration."""
    found = receivers_registrations(item)
    item.opened_home, item.home_sources = True, [source for source, _home in found]
    for source, home in found:
        open_relationship(home, item.sender_id, source, now)


def receivers_registrations(item: WorkItem) -> list[tuple[int, str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            RECEIVERS_SQL.format(registrations=from_records.asked.registrations),
            {"hospital": item.receiver_id, "source": item.source_patient},
        )
        return [(source, str(home)) for source, home in cursor.fetchall()]


def open_relationship(person: str, hospital_id: int, source: int, now: dt.datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            OPEN_SQL,
            {
                "person": person,
                "hospital": hospital_id,
                "source": source,
                "now": now,
                "end": OPEN_END,
            },
        )


def end(item: WorkItem, at: dt.datetime) -> None:
    """Both ways, unless another item of the same patient between the same two is open longer."""
    if item.kind in WorkItem.CONSULTATIONS:
        end_experts_access(item, at)
        return
    # a registration that was parted from the patient since was opened all the same
    found = {source for source, _home in receivers_registrations(item)}
    own = sorted(found | set(item.home_sources or ()))
    with connection.cursor() as cursor:
        for sources, hospital in (
            ([item.source_patient], item.receiver_id),
            (own, item.sender_id),
        ):
            home = hospital == item.sender_id
            cursor.execute(
                END_SQL,
                {
                    "at": at,
                    "open": OPEN_END,
                    "source": item.source_patient,
                    "receiver": item.receiver_id,
                    "item": item.pk,
                    "sources": sources,
                    "hospital": hospital,
                    "home": home,
                },
            )
