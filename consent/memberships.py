"""Whether a viewer is in the Groups that a patient's decisions name, asked of the rows that follow from what hospitals write.

A Group says who may look, so it is a fact by which somebody gains: what a viewer's own hospital has said of it counts as far as it stood when somebody stood fully
behind the decision last (docs/adr/0030); what came after that is not known, which permits nobody and refuses everybody.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache

from django.db import connection

from consent.criteria import Item
from consent.models import GroupMember
from consent.provision import Provision, groups_named
from consent.terms import Standing

# index: groupmember_group
MEMBERS = """
SELECT h.code, m."group", max(m.since) FILTER (WHERE m.until IS NULL AND m.staff = %(staff)s), coalesce(bool_or(m.staff IS NULL) FILTER (WHERE m.until IS NULL), false),
  max(m.until) FILTER (WHERE m.staff IS NULL OR m.staff = %(staff)s)
FROM consent_groupmember m JOIN alliance_hospital h ON h.id = m.hospital_id
WHERE h.code = ANY(%(codes)s) AND m."group" = ANY(%(groups)s)
GROUP BY 1, 2 HAVING bool_or(m.until IS NULL)
"""


@dataclass(frozen=True, slots=True)
class Membership:
    """What a Group's rows say of one viewer: since when they are in it, if they are; whether somebody is in it whom nobody knows; when they, or such a one, last left it."""

    entered: dt.datetime | None
    vague: bool
    left: dt.datetime | None

    def holds(self, behind: dt.datetime | None, *, own: bool) -> bool | None:
        """Whether the viewer is a member; None where nobody can say. own: the Group is of the viewer's hospital; behind: when somebody last stood fully behind the decision."""
        if self.entered is not None:
            return True if not own or (behind is not None and self.entered <= behind) else None
        unsure = own and self.left is not None and (behind is None or behind < self.left)
        return None if self.vague or unsure else False


@lru_cache(maxsize=5_000)
def named(rule: Provision) -> frozenset[Item]:
    return groups_named(rule)


def load(groups: Iterable[Item], staff: int) -> dict[Item, Membership]:
    """One statement. Groups of which no row stands are not there."""
    wanted = set(groups)
    with connection.cursor() as cursor:
        cursor.execute(MEMBERS, {"staff": staff or -1, "codes": sorted({i.hospital for i in wanted}), "groups": sorted({i.fhir_id for i in wanted})})
        return {Item(code, "Group", group): Membership(*row) for code, group, *row in cursor.fetchall()}


def staff_of(groups: Iterable[Item]) -> set[int]:
    """The numbers of all who are in one of them now."""
    wanted = set(groups)
    rows = GroupMember.objects.filter(group__in={i.fhir_id for i in wanted}, hospital__code__in={i.hospital for i in wanted}, until=None, staff__gt=0)
    return {staff for code, group, staff in rows.values_list("hospital__code", "group", "staff") if Item(code, "Group", group) in wanted and staff}


def answered(consents: Iterable[Standing], hospital: str, staff: int) -> tuple[Standing, ...]:
    """The consents with what is known of one of the hospital's staff (0: its systems); nothing is asked where none names a Group."""
    found = tuple(consents)
    wanted = {i for c in found for i in named(c.rule)}
    if not wanted:
        return found
    known = load(wanted, staff)

    def answer(consent: Standing) -> Standing:
        holds = ((i, known[i].holds(consent.said_at, own=i.hospital == hospital)) for i in named(consent.rule) if i in known)
        return replace(consent, groups=frozenset((i, h) for i, h in holds if h is not None))

    return tuple(map(answer, found))
