"""Keep a referral that is not sent, and move it by its table: by the version that the acting one
has seen, each step appended, until it is sent or discarded.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from alliance.auth.errors import AlreadyDone, Forbidden
from alliance.auth.principal import Principal, principal_from_staff
from alliance.auth.role_check import check_permission
from alliance.models import Hospital, Staff, WorkDraft, WorkDraftStep, WorkItem
from alliance.referrals.draft_table import DRAFT_TABLE, OF_ANOTHER, OF_THE_AUTHOR
from alliance.referrals.hand_on import check_followed
from alliance.referrals.home_plan import HomePlanDraft
from alliance.referrals.plan_text import read_plan, write_plan
from alliance.workflow.deadlines import find_due_time
from alliance.workflow.move_item import NEEDED, PERSON_SQL, database_now
from alliance.workflow.moves import find_move, list_moves
from alliance.workflow.new_item import NewDocument, NewItem
from alliance.workflow.send_item import do_send
from alliance.workflow.state_table import Move, Side
from alliance.workflow.work_settings import load_work_settings
from consent import from_records
from consent.audit.append import append_event_about
from consent.audit.event import AuditEvent, EventCode

MOVED_COLUMNS = (
    "receiver",
    "kind",
    "urgency",
    "department",
    "reason",
    "question",
    "transport",
    "wish",
    "along",
    "plan",
    "state",
    "version",
    "saved_at",
    "due_at",
    "closed_at",
    "item",
    "follows",
)


@dataclass(frozen=True, slots=True)
class DraftTexts:
    """What the author has written so far."""

    receiver: Hospital
    kind: str
    urgency: str
    reason: str = ""
    department: str = ""
    question: str = ""
    transport: str = ""
    wish: str = ""
    documents: tuple[NewDocument, ...] = ()
    plan: HomePlanDraft | None = None
    follows: int | None = None


class DraftMoved(AlreadyDone):
    """Somebody else was first, or the verb is not possible any more: nothing was changed."""

    def __init__(self) -> None:
        super().__init__("moved", "This has been moved on meanwhile. Nothing was changed by you.")


@transaction.atomic
def do_begin_draft(
    texts: DraftTexts, person: UUID, source_patient: int, *, acting: Principal
) -> WorkDraft:
    """The caller has looked up that the registration is the acting one's hospital's. Raises
    Forbidden.
    """
    check_permission(acting, DRAFT_TABLE.sends, "Your role does not send this.")
    draft = WorkDraft(
        hospital_id=acting.hospital_id,
        author_id=int(acting.id),
        person=person,
        source_patient=source_patient,
        version=0,
    )
    write_texts(draft, texts)
    step(draft, "save", DRAFT_TABLE.first, "", acting)
    return draft


@transaction.atomic
def do_move_draft(
    draft_id: int,
    verb: str,
    *,
    expected_version: int,
    acting: Principal,
    note: str = "",
    texts: DraftTexts | None = None,
) -> WorkDraft:
    """texts: what its author changes with the verb. Raises Forbidden for another hospital, role or
    person, DraftMoved, and ValidationError where a text is missing or it cannot be sent so; nothing
    is changed then.
    """
    draft = WorkDraft.objects.select_for_update(of=("self",)).get(pk=draft_id)
    if draft.hospital_id != acting.hospital_id:
        raise Forbidden("other_hospital", "The hospital that writes it does this.")
    move = find_move(DRAFT_TABLE, draft.state, verb, Side.SENDER)
    if draft.version != expected_version or move is None or move.permission is None:
        raise DraftMoved
    check_permission(acting, move.permission, "Your role does not do this.")
    check_person(draft, verb, acting)
    for need in move.needs:
        if not note.strip():
            raise ValidationError(NEEDED[need])
    if texts is not None:
        if verb not in OF_THE_AUTHOR:
            raise Forbidden("own_work", "Its author alone writes it.")
        write_texts(draft, texts)
    if move.next == "to-approve" and not draft.reason.strip():
        raise ValidationError(_("Say why."))
    if move.next == "sent":
        draft.item = send_draft(draft, acting)
    step(draft, verb, move.next, note, acting)
    return draft


def check_person(draft: WorkDraft, verb: str, acting: Principal) -> None:
    is_author = draft.author_id == int(acting.id)
    if verb in OF_THE_AUTHOR and not is_author:
        raise Forbidden("own_work", "Its author alone does this.")
    if verb in OF_ANOTHER and is_author:
        raise Forbidden("own_work", "Somebody else than who wrote it approves it.")


def list_draft_moves(draft: WorkDraft, acting: Principal) -> list[Move]:
    """What the acting one can do with it now."""
    is_author = draft.author_id == int(acting.id)
    barred = OF_ANOTHER if is_author else OF_THE_AUTHOR
    moves = list_moves(DRAFT_TABLE, draft.state, Side.SENDER, acting.may)
    return [m for m in moves if m.verb not in barred]


def send_draft(draft: WorkDraft, acting: Principal) -> WorkItem:
    author = principal_from_staff(Staff.objects.select_related("hospital").get(pk=draft.author_id))
    new = NewItem(
        WorkItem.Kind(draft.kind),
        draft.person,
        draft.source_patient,
        draft.receiver,
        draft.urgency,
        draft.reason,
        draft.department,
        draft.question,
        draft.transport,
        draft.wish,
        draft.follows_id,
    )
    check_followed(draft.follows_id, draft.hospital_id)
    approver = acting if acting.id != author.id else None
    plan = read_plan(draft)
    return do_send(
        new,
        read_documents(draft),
        acting=author,
        approver=approver,
        brought=(plan,) if plan else (),
    )


def write_texts(draft: WorkDraft, texts: DraftTexts) -> None:
    draft.receiver, draft.kind, draft.urgency = texts.receiver, texts.kind, texts.urgency
    draft.reason, draft.department, draft.question = texts.reason, texts.department, texts.question
    draft.transport, draft.wish = texts.transport, texts.wish
    draft.along = json.dumps([asdict(d) for d in texts.documents])
    draft.plan = write_plan(texts.plan)
    draft.follows_id = texts.follows


def read_documents(draft: WorkDraft) -> Sequence[NewDocument]:
    return [NewDocument(**d) for d in json.loads(draft.along or "[]")]


def step(draft: WorkDraft, verb: str, state: str, note: str, acting: Principal) -> None:
    """Of a draft whose row the caller's transaction holds, or which has none yet."""
    now = database_now()
    entered = DRAFT_TABLE.state(state)
    draft.version += 1
    draft.state, draft.saved_at = state, now
    if entered.is_end:
        draft.closed_at = now
    else:
        settings = load_work_settings()
        draft.due_at = min(
            find_due_time(name, draft.urgency, now, None, settings)
            for _action, name in entered.timers
        )
    draft.save(update_fields=MOVED_COLUMNS if draft.pk else None)
    WorkDraftStep.objects.create(
        draft=draft,
        version=draft.version,
        verb=verb,
        to_state=state,
        staff_id=int(acting.id),
        role=acting.role,
        at=now,
        note=note,
    )
    append_draft_event(draft, acting, verb)


def append_draft_event(draft: WorkDraft, acting: Principal, detail: str) -> None:
    """About the patient, as the index has them today."""
    append_event_about(
        AuditEvent.from_principal(
            acting, EventCode.WORK_DRAFT, target=f"work-draft/{draft.pk}", detail=detail
        ),
        PERSON_SQL.format(registrations=from_records.asked.registrations),
        {"work_source": draft.source_patient},
    )
