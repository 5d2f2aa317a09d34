"""The access that a consultation gives: a relationship of each expert by name, and of nobody else
at the invited hospital; asked for by the registration of the hospital that asks, from when they are
named until the consultation ends plus a set time. Consent and seals rule as ever.
"""

import datetime as dt
from collections.abc import Collection

from django.db import connection

from alliance.consultations.consultation_effects import NewTeam, list_team
from alliance.models.work_item import WorkItem
from alliance.workflow.registry import MoveDone

OPEN_END = dt.datetime(9999, 1, 1, tzinfo=dt.UTC)
OPEN_SQL = """
INSERT INTO consent_relationship (person, hospital_id, basis, expert_source, declared_by_id, reason,
  starts_at, ends_at)
SELECT %(person)s, %(hospital)s, 'declared', %(source)s, e.id, %(work)s::text,
  %(now)s::timestamptz, %(end)s
FROM unnest(%(experts)s::bigint[]) AS e (id)
WHERE NOT EXISTS (
  -- index: consent_relationship_person_4361b594
  SELECT FROM consent_relationship r WHERE r.person = %(person)s AND r.expert_source IS NOT NULL
    AND r.reason = %(work)s::text AND r.declared_by_id = e.id
    AND r.ends_at > %(now)s::timestamptz)
"""
# index: consent_relationship_person_4361b594
END_SQL = """
UPDATE consent_relationship SET ends_at = %(at)s
WHERE person = %(person)s AND expert_source IS NOT NULL AND reason = %(work)s AND ends_at > %(at)s
  AND NOT declared_by_id = ANY (%(but)s::bigint[])
"""


def keep_experts_access(done: MoveDone) -> None:
    """An effect of alliance.workflow.registry.MOVE_EFFECTS: who is named gets it, who is named no
    more loses it. While its sender asks to cancel, nobody has it.
    """
    if done.item.kind not in WorkItem.CONSULTATIONS:
        return
    if done.move.next == "cancel-requested":
        end_experts_access(done.item, done.now)
    team = next((b for b in done.brought if isinstance(b, NewTeam)), None)
    if team is not None:
        open_experts_access(done, [team.lead, *team.others])
    elif done.move.state == "cancel-requested" and done.move.verb == "keep":
        open_experts_access(done, [e.staff_id for e in list_team(done.item)])


def open_experts_access(done: MoveDone, named: list[int]) -> None:
    end_experts_access(done.item, done.now, but=named)
    with connection.cursor() as cursor:
        cursor.execute(
            OPEN_SQL,
            {
                "person": done.item.person,
                "hospital": done.item.receiver_id,
                "source": done.item.source_patient,
                "experts": named,
                "work": name_work(done.item),
                "now": done.now,
                "end": OPEN_END,
            },
        )


def end_experts_access(item: WorkItem, at: dt.datetime, *, but: Collection[int] = ()) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            END_SQL,
            {"person": item.person, "work": name_work(item), "at": at, "but": list(but)},
        )


def name_work(item: WorkItem) -> str:
    """By which the rows of one consultation are found: consent_relationship.reason."""
    return f"work/{item.pk}"
