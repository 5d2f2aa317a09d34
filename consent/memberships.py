"""Whether a viewer is in the Groups that a patient's decisions name, asked of the rows that
follow from what hospitals write.

A Group says who may look, so it is a fact by which somebody gains: what a viewer's own hospital has
said of it counts as far as it stood when somebody stood fully behind the decision last
(docs/adr/0030); what came after that is not known, which permits nobody and refuses everybody.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache

from django.db import connection

from alliance.sql.hospitals import HOSPITALS
from consent.criteria import ResourceItem
from consent.models import GroupMember
from consent.provision import Provision, find_named_groups
from consent.terms import ActiveConsent

# index: groupmember_group
MEMBERS_SQL = f"""
SELECT h.code, m."group", max(m.since) FILTER (WHERE m.until IS NULL AND m.staff = %(staff)s),
  coalesce(bool_or(m.staff IS NULL) FILTER (WHERE m.until IS NULL), false),
  max(m.until) FILTER (WHERE m.staff IS NULL OR m.staff = %(staff)s)
FROM consent_groupmember m JOIN {HOSPITALS} h ON h.id = m.hospital_id
WHERE h.code = ANY(%(codes)s) AND m."group" = ANY(%(groups)s)
GROUP BY 1, 2 HAVING bool_or(m.until IS NULL)
"""


@dataclass(frozen=True, slots=True)
class GroupMembership:
    """What a Group's rows say of one viewer: since when they are in it, if they are; whether
    somebody is in it whom nobody knows; when they, or such a one, last left it.
    """

    entered: dt.datetime | None
    vague: bool
    left: dt.datetime | None

    def is_member(self, behind: dt.datetime | None, *, own: bool) -> bool | None:
        """Whether the viewer is a member; None where nobody can say. own: the Group is of the
        viewer's hospital; behind: when somebody last stood fully behind the decision.
        """
        if self.entered is not None:
            return True if not own or (behind is not None and self.entered <= behind) else None
        unsure = own and self.left is not None and (behind is None or behind < self.left)
        return None if self.vague or unsure else False


@lru_cache(maxsize=5_000)
def find_named_groups_cached(rule: Provision) -> frozenset[ResourceItem]:
    return find_named_groups(rule)


def load_memberships(
    groups: Iterable[ResourceItem], staff: int, sql: str, now: dt.datetime | None
) -> dict[ResourceItem, GroupMembership]:
    """One statement. Groups of which no row stands are not there."""
    wanted = set(groups)
    with connection.cursor() as cursor:
        cursor.execute(
            sql,
            {
                "now": now,
                "staff": staff or -1,
                "codes": sorted({i.hospital for i in wanted}),
                "groups": sorted({i.fhir_id for i in wanted}),
            },
        )
        return {
            ResourceItem(code, "Group", group): GroupMembership(*row)
            for code, group, *row in cursor.fetchall()
        }


def find_staff_in_groups(groups: Iterable[ResourceItem]) -> set[int]:
    """The numbers of all who are in one of them now."""
    wanted = set(groups)
    rows = GroupMember.objects.filter(
        group__in={i.fhir_id for i in wanted},
        hospital__code__in={i.hospital for i in wanted},
        until=None,
        staff__gt=0,
    )
    return {
        staff
        for code, group, staff in rows.values_list("hospital__code", "group", "staff")
        if ResourceItem(code, "Group", group) in wanted and staff
    }


def with_memberships(
    consents: Iterable[ActiveConsent],
    hospital: str,
    staff: int,
    sql: str = MEMBERS_SQL,
    now: dt.datetime | None = None,
) -> tuple[ActiveConsent, ...]:
    """The consents with what is known of one of the hospital's staff (0: its systems); nothing
    is asked where none names a Group. sql: another statement than that of today, of
    the moment `now`.
    """
    found = tuple(consents)
    wanted = {i for c in found for i in find_named_groups_cached(c.rule)}
    if not wanted:
        return found
    known = load_memberships(wanted, staff, sql, now)

    def answer(consent: ActiveConsent) -> ActiveConsent:
        holds = (
            (i, known[i].is_member(consent.confirmed_at, own=i.hospital == hospital))
            for i in find_named_groups_cached(consent.rule)
            if i in known
        )
        return replace(consent, groups=frozenset((i, h) for i, h in holds if h is not None))

    return tuple(map(answer, found))
