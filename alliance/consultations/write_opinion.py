"""Save the opinion of a consultation as it is being written, by several experts: each save is a row
of its own; who has not seen the newest is told, and overwrites nothing.
"""

import json

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from alliance.auth.errors import AlreadyDone, Forbidden
from alliance.auth.principal import Principal
from alliance.consultations.consultation_effects import check_expert
from alliance.models import OpinionDraft, Staff, WorkItem
from alliance.workflow.move_item import (
    MovedMeanwhile,
    MoveWords,
    append_work_event,
    database_now,
    do_move,
    side_of,
)
from alliance.workflow.state_table import Side
from consent.audit.event import EventCode

WRITABLE = frozenset({"arranged", "not-held", "writing", "in-session"})


class DraftedMeanwhile(AlreadyDone):
    """Somebody else has saved since. newest: what they saved."""

    def __init__(self, newest: OpinionDraft) -> None:
        super().__init__("drafted", "Somebody else has saved meanwhile. Nothing was overwritten.")
        self.newest = newest


@transaction.atomic
def do_save_draft(
    item_id: int, fields: dict[str, str], *, seen: int, acting: Principal
) -> OpinionDraft:
    """seen: number of the draft that the acting one's is based on, 0 for none. Raises Forbidden,
    DraftedMeanwhile, MovedMeanwhile where no opinion is being written.
    """
    item = WorkItem.objects.select_for_update(of=("self",)).get(pk=item_id)
    if side_of(item, acting) is not Side.RECEIVER or item.kind not in WorkItem.CONSULTATIONS:
        raise Forbidden("not_of_team", _("Only the experts who were named do this."))
    check_expert(item, int(acting.id))
    if item.state not in WRITABLE:
        raise MovedMeanwhile(None)
    newest = find_draft(item)
    number = newest.number if newest else 0
    if newest is not None and seen != number:
        raise DraftedMeanwhile(newest)
    draft = OpinionDraft.objects.create(
        item=item,
        number=number + 1,
        fields=json.dumps(fields, ensure_ascii=False, sort_keys=True),
        staff_id=int(acting.id),
        at=database_now(),
    )
    if item.state in ("arranged", "not-held"):
        do_move(item.pk, "write", MoveWords(), expected_version=item.version, acting=acting)
    else:
        append_work_event(item, EventCode.WORK_MOVE, acting, "opinion-draft")
    return draft


def find_draft(item: WorkItem) -> OpinionDraft | None:
    """The newest."""
    return item.drafts.select_related("staff__hospital").order_by("-number").first()


def list_contributors(item: WorkItem) -> list[Staff]:
    """Who has saved a draft, in the order of their first."""
    saved = item.drafts.order_by("number").values_list("staff_id", flat=True)
    known = Staff.objects.in_bulk(set(saved))
    return [known[pk] for pk in dict.fromkeys(saved)]
