"""Keep what was decided on a prompt: adopted and quoted, or repeated with a reason; look it up."""

import uuid
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Prefetch, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from alliance.auth.errors import Forbidden
from alliance.auth.principal import Principal
from alliance.auth.role_check import check_permission
from alliance.roles import Permission
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode
from records.models import RecognitionDecision, RecognitionPrompt
from records.recognition.repeat_reasons import REPEAT_REASONS

ADOPTED, REPEATED = "adopted", "repeated"
LONGEST_NOTE = 300
LONGEST_KEY = 64


@dataclass(frozen=True, slots=True)
class Decision:
    """As RecognitionDecision has it."""

    decision: str
    result: str = ""
    reason: str = ""
    note: str = ""
    told: bool = False
    quoted: bool = False
    key: str = ""


def find_prompt(
    prompt_id: uuid.UUID, person_id: uuid.UUID, hospital_id: int
) -> RecognitionPrompt | None:
    """One of the hospital's own about this patient."""
    return (
        RecognitionPrompt.objects.select_related("item")
        .filter(pk=prompt_id, person=person_id, hospital_id=hospital_id)
        .first()
    )


def check_decision(prompt: RecognitionPrompt, made: Decision) -> None:
    """Raises ValidationError with the field that is to be mended."""
    faults: dict[str, str] = {}
    if made.decision not in (ADOPTED, REPEATED):
        faults["decision"] = _("Say whether the result is adopted or the test repeated.")
    if made.decision == ADOPTED and made.result not in prompt.hits:
        faults["result"] = _("Choose one of the results that were listed.")
    if made.decision == REPEATED:
        reason = REPEAT_REASONS.get(made.reason)
        if reason is None:
            faults["reason"] = _("Choose the reason why the test is repeated.")
        elif reason.needs_note and not made.note.strip():
            faults["note"] = _("Say it in your own words.")
        if not made.told:
            faults["told"] = _("Tell the patient why the test is repeated, and say that you did.")
    if len(made.note) > LONGEST_NOTE:
        faults["note"] = _("Use at most %(n)s characters.") % {"n": LONGEST_NOTE}
    if len(made.key) > LONGEST_KEY or "\0" in made.key + made.note:
        faults["key"] = _("Use at most %(n)s characters.") % {"n": LONGEST_KEY}
    if faults:
        raise ValidationError(faults)


@transaction.atomic
def do_decide(
    prompt: RecognitionPrompt, made: Decision, *, acting: Principal
) -> RecognitionDecision:
    """Kept once: the same by the same key, or the same as the newest, is the one that stands.
    Raises ValidationError, and Forbidden for another hospital's prompt.
    """
    check_permission(acting, Permission.RECORD_READ, _("Your role does not include this."))
    if prompt.hospital_id != acting.hospital_id:
        raise Forbidden("object", _("This is another hospital's."))
    prompt = (
        RecognitionPrompt.objects.select_for_update(of=("self",))
        .select_related("item")
        .get(pk=prompt.pk)
    )
    check_decision(prompt, made)
    standing = prompt.decisions.order_by("-pk")
    if made.key and (same := standing.filter(key=made.key).first()):
        if read_decision(same) != made:
            raise ValidationError({"key": _("Another decision was sent under this key.")})
        return same
    newest = standing.first()
    if newest and not made.key and read_decision(newest) == made:
        return newest
    kept = RecognitionDecision.objects.create(
        prompt=prompt,
        decision=made.decision,
        result=made.result if made.decision == ADOPTED else "",
        reason=made.reason if made.decision == REPEATED else "",
        note=made.note,
        told=made.told,
        quoted=made.quoted,
        price=prompt.item.price if made.decision == ADOPTED else None,
        key=made.key,
        actor=f"{acting.kind}/{acting.id}",
        decided_at=timezone.now(),
    )
    append_event(
        AuditEvent.from_principal(
            acting,
            EventCode.RECOGNITION_DECIDE,
            person=prompt.person,
            target=f"recognition/{prompt.pk}",
            detail=describe_decision(prompt, kept),
            refs=(kept.result,) if kept.result else (),
        )
    )
    return kept


def read_decision(kept: RecognitionDecision) -> Decision:
    return Decision(
        kept.decision, kept.result, kept.reason, kept.note, kept.told, kept.quoted, kept.key
    )


def describe_decision(prompt: RecognitionPrompt, kept: RecognitionDecision) -> str:
    """As the audit log has it, from which the ledger is counted anew: no words of anybody."""
    return " · ".join(
        filter(
            None,
            (
                f"item={prompt.item.code}",
                f"decision={kept.decision}",
                f"reason={kept.reason}" if kept.reason else "",
                f"told={'yes' if kept.told else 'no'}",
                f"quoted={'yes' if kept.quoted else 'no'}",
                f"price={kept.price}" if kept.price is not None else "",
            ),
        )
    )


def list_prompts_of_person(person_id: uuid.UUID, hospital_id: int) -> QuerySet[RecognitionPrompt]:
    """The hospital's own, the newest first, each with its decisions."""
    # index: one_recognition_prompt
    return (
        RecognitionPrompt.objects.filter(person=person_id, hospital_id=hospital_id)
        .select_related("item")
        .prefetch_related(
            Prefetch("decisions", RecognitionDecision.objects.order_by("pk"), "all_decisions")
        )
        .order_by("-asked_at")
    )
