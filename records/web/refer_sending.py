"""What the page of referring does with what was written: send it, ask for approval where the
hospital wants that, or keep it as a draft.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from alliance.auth.principal import Principal
from alliance.models import Hospital, WorkDraft, WorkItem
from alliance.referrals.drafts import (
    DraftMoved,
    DraftTexts,
    do_begin_draft,
    do_move_draft,
    read_documents,
)
from alliance.referrals.hand_on import check_followed
from alliance.referrals.home_plan import HomePlanDraft
from alliance.workflow.approval import needs_approval
from alliance.workflow.new_item import NewDocument, NewItem
from alliance.workflow.send_item import do_send
from records.models import SourcePatient
from records.web.referral_documents import Offered


@dataclass(frozen=True, slots=True)
class Begun:
    """own: the sender's registration of the patient; draft: that is continued, None for what was
    only begun; version: of the draft, as the page showed it.
    """

    own: SourcePatient
    receiver: Hospital
    draft: WorkDraft | None
    version: str
    follows: WorkItem | None = None


def find_own_draft(number: str, person: UUID, acting: Principal) -> WorkDraft | None:
    """None where none is named. Raises DraftMoved where it is none any more, Http404 for what is
    not the acting one's own draft of this patient.
    """
    if not number:
        return None
    draft = (
        WorkDraft.objects.select_related("receiver")
        .filter(
            pk=int(number) if number.isdecimal() and len(number) < 18 else 0,
            hospital_id=acting.hospital_id,
            author_id=int(acting.id),
        )
        .first()
    )
    same = draft and SourcePatient.objects.filter(
        pk=draft.source_patient,
        person_id__in=SourcePatient.objects.filter(home=person).values("person_id"),
    )
    if draft is None or not same.exists():
        raise Http404
    if draft.state != "draft":
        raise DraftMoved
    return draft


def find_followed(number: str, own: SourcePatient, acting: Principal) -> WorkItem | None:
    """The declined referral after which this one is sent; None where none is named. Raises Http404
    for what is none of the acting one's hospital and this patient.
    """
    if not number:
        return None
    found = WorkItem.objects.filter(
        pk=int(number) if number.isdecimal() and len(number) < 18 else 0,
        sender=acting.hospital_id,
        source_patient__in=SourcePatient.objects.filter(
            person_id=own.person_id, hospital=acting.hospital_id
        ).values("pk"),
        state="declined",
    ).first()
    if found is None:
        raise Http404
    return found


def repeat_initial(item: WorkItem, offered: Sequence[Offered]) -> dict[str, Any]:
    """What a declined referral said, for the one that follows it."""
    kept = set(item.documents.values_list("hospital_id", "type_name", "fhir_id"))
    names = ("kind", "urgency", "reason", "question", "transport", "wish")
    return {n: getattr(item, n) for n in names} | {
        "along": [
            o.value
            for o in offered
            if (o.document.hospital_id, o.document.type_name, o.document.fhir_id) in kept
        ]
    }


def read_initial(draft: WorkDraft, offered: Sequence[Offered]) -> dict[str, Any]:
    kept = {(d.hospital_id, d.type_name, d.fhir_id) for d in read_documents(draft)}
    names = ("kind", "urgency", "department", "reason", "question", "transport", "wish")
    return {n: getattr(draft, n) for n in names} | {
        "along": [
            o.value
            for o in offered
            if (o.document.hospital_id, o.document.type_name, o.document.fhir_id) in kept
        ]
    }


def make_texts(
    begun: Begun,
    data: Mapping[str, Any],
    documents: tuple[NewDocument, ...],
    plan: HomePlanDraft | None,
) -> DraftTexts:
    return DraftTexts(
        begun.receiver,
        data["kind"],
        data["urgency"],
        data["reason"],
        data["department"],
        data["question"],
        data["transport"],
        data["wish"],
        documents,
        plan,
        begun.follows.pk if begun.follows else None,
    )


def send_or_keep(
    request: HttpRequest, act: str, begun: Begun, texts: DraftTexts, acting: Principal
) -> HttpResponse:
    """Raises ValidationError, Forbidden."""
    waits = (
        needs_approval(acting.hospital_id, texts.kind)
        and texts.urgency != WorkItem.Urgency.EMERGENCY
    )
    verb = "save" if act == "save" else "submit" if waits else "send"
    if begun.draft is None and verb == "send":
        check_followed(texts.follows, acting.hospital_id)
        brought = (texts.plan,) if texts.plan else ()
        item = do_send(make_item(begun, texts), texts.documents, acting=acting, brought=brought)
        return tell_sent(request, item)
    try:
        draft = move_or_begin(begun, verb, texts, acting)
    except DraftMoved:
        messages.warning(request, _("Nothing was changed by you: the draft has been moved on."))
        return redirect("referral-drafts")
    if draft.item is not None:
        return tell_sent(request, draft.item)
    messages.success(
        request,
        _("It waits for approval in your hospital; nothing was sent yet.")
        if verb == "submit"
        else _("Kept as a draft. Nothing was sent, and nobody else's hospital sees it."),
    )
    return redirect("referral-draft", draft.pk)


def move_or_begin(begun: Begun, verb: str, texts: DraftTexts, acting: Principal) -> WorkDraft:
    if begun.draft is not None:
        version = int(begun.version) if begun.version.isdecimal() else -1
        return do_move_draft(
            begun.draft.pk, verb, expected_version=version, acting=acting, texts=texts
        )
    draft = do_begin_draft(texts, begun.own.home, begun.own.pk, acting=acting)
    if verb == "save":
        return draft
    return do_move_draft(draft.pk, verb, expected_version=draft.version, acting=acting)


def make_item(begun: Begun, texts: DraftTexts) -> NewItem:
    return NewItem(
        WorkItem.Kind(texts.kind),
        begun.own.home,
        begun.own.pk,
        texts.receiver,
        texts.urgency,
        texts.reason,
        texts.department,
        texts.question,
        texts.transport,
        texts.wish,
        texts.follows,
    )


def send_emergency(
    request: HttpRequest, begun: Begun, kind: str, reason: str, acting: Principal
) -> HttpResponse:
    """At once, with one line; the papers are owed. Raises ValidationError, Forbidden."""
    follows = begun.follows.pk if begun.follows else None
    texts = DraftTexts(begun.receiver, kind, WorkItem.Urgency.EMERGENCY, reason, follows=follows)
    with transaction.atomic():
        item = do_send(make_item(begun, texts), (), acting=acting, papers_later=True)
        if begun.draft is not None:  # what was written so far is not sent a second time
            do_move_draft(
                begun.draft.pk,
                "discard",
                expected_version=begun.draft.version,
                acting=acting,
                note=item.number,
            )
    messages.warning(request, _("Add the papers within 24 hours."))
    return tell_sent(request, item)


def tell_sent(request: HttpRequest, item: WorkItem) -> HttpResponse:
    messages.success(
        request,
        _("Sent to %(hospital)s. It is their turn now.") % {"hospital": item.receiver.name},
    )
    return redirect("referral", item.pk)
