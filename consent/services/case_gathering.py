"""Gather in a case file: lines of the log as far as the log shows them to whoever gathers,
emergency accesses, and other things by kind and number.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection, transaction
from django.utils.translation import gettext as _

from alliance.auth.errors import AlreadyDone, Forbidden
from alliance.auth.principal import Principal
from consent.audit.event import EventCode
from consent.audit.log_query import AuditFilter
from consent.models import Case, CaseItem
from consent.services.cases import audit_case, lock_open_case
from consent.services.seen_emergencies import find_seen_emergency

MOST_LINES = 1_000  # that are gathered at once
MOST_ITEMS = 10_000  # of one case
LINE, EMERGENCY, PACKAGE = "line", "emergency", "package"
# index: what serves the filter (docs/implementation/audit.md)
GATHERED_SQL = """SELECT id, recorded FROM consent_audit_event WHERE {where}
  ORDER BY id DESC LIMIT %(most)s"""


@dataclass(frozen=True, slots=True)
class ItemFace:
    """words: what it is, as the case shows it; address: its own page, "" where it has none;
    person: whom it is about.
    """

    words: str
    address: str = ""
    person: UUID | None = None


# Shows one thing of a kind to the acting one by its number; None where they may not see it. Rooms
# put in their own kinds when they are imported.
ItemFinder = Callable[[str, Principal], ItemFace | None]
ITEM_FINDERS: dict[str, ItemFinder] = {}


def find_emergency_face(ref: str, acting: Principal) -> ItemFace | None:
    found = find_seen_emergency(int(ref), acting) if ref.isdecimal() and len(ref) < 19 else None
    if found is None:
        return None
    words = _("emergency access no. %s") % found.pk
    return ItemFace(words, f"/audit/emergencies/{found.pk}/", found.person)


ITEM_FINDERS[EMERGENCY] = find_emergency_face


def list_gathered_lines(audit_filter: AuditFilter) -> list[tuple[int, dt.datetime]]:
    """(number, moment) of the lines that fit, the newest first; one more than may be gathered at
    once where there are more.
    """
    where, parameters = audit_filter.where_sql()
    with connection.cursor() as cursor:
        cursor.execute(GATHERED_SQL.format(where=where), {**parameters, "most": MOST_LINES + 1})
        return cursor.fetchall()


@transaction.atomic
def do_gather_lines(
    case_id: int, *, lines: Sequence[tuple[int, dt.datetime]], why: str, acting: Principal
) -> int:
    """Add lines that list_gathered_lines has given to whoever acts; returns how many are new.
    Raises Case.DoesNotExist, AlreadyDone.
    """
    case = lock_open_case(case_id, acting)
    known = set(CaseItem.objects.filter(case=case, kind=LINE).values_list("line", flat=True))
    new = [(n, at) for n, at in lines if n not in known]
    if not new:
        raise AlreadyDone("gathered", _("All of it is in the case already. Nothing was changed."))
    check_room(case, len(new))
    CaseItem.objects.bulk_create(
        CaseItem(
            case=case,
            kind=LINE,
            ref=str(n),
            line=n,
            recorded=at,
            why=why,
            added_by_id=int(acting.id),
        )
        for n, at in sorted(new)
    )
    audit_case(acting, EventCode.CASE_ADD, case, f"{len(new)} rows")
    return len(new)


@transaction.atomic
def do_gather_thing(case_id: int, *, kind: str, ref: str, why: str, acting: Principal) -> None:
    """Add one thing that the acting one may see. Raises Case.DoesNotExist, AlreadyDone."""
    case = lock_open_case(case_id, acting)
    finder = ITEM_FINDERS.get(kind)
    if kind != PACKAGE and (finder is None or finder(ref, acting) is None):
        raise Forbidden("object", _("There is nothing of this kind and number that you may see."))
    if CaseItem.objects.filter(case=case, kind=kind, ref=ref).exists():
        raise AlreadyDone("gathered", _("All of it is in the case already. Nothing was changed."))
    check_room(case, 1)
    CaseItem.objects.create(case=case, kind=kind, ref=ref, why=why, added_by_id=int(acting.id))
    audit_case(acting, EventCode.CASE_ADD, case, f"{kind}/{ref}")


def check_room(case: Case, more: int) -> None:
    if CaseItem.objects.filter(case=case).count() + more > MOST_ITEMS:
        raise AlreadyDone(
            "full", _("A case holds at most %s things: open another one.") % MOST_ITEMS
        )
