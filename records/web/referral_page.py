"""One referral: what was asked and arranged, its course, and what the reader can do now. What a
verb finds changed is told with who was first.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from alliance.auth.principal import Principal
from alliance.auth.session import require_staff
from alliance.directory.places import PLACE
from alliance.models import WorkItem, WorkTransition
from alliance.referrals.hand_on import find_following
from alliance.roles import Permission
from alliance.workflow.debts import list_debts
from alliance.workflow.move_item import (
    MovedMeanwhile,
    append_work_event,
    do_move,
    side_of,
)
from alliance.workflow.moves import find_move, list_moves
from alliance.workflow.registry import table_of_item
from alliance.workflow.state_table import Move, Side
from alliance.workflow.thread import list_messages, mark_messages_seen
from consent.audit.event import EventCode
from records.models import SourcePatient
from records.web.home_plan_display import view_plan
from records.web.home_plan_moves import make_move_form, take_brought
from records.web.page_pulse import item_pulse
from records.web.referral_forms import MessageForm, MoveForm
from records.web.referral_list import build_rows
from records.web.referral_places import find_fallen_place, read_words
from records.web.referral_words import DONE_WORDS, STATE_WORDS, VERB_WORDS
from records.work_faces.known_patients import is_access_open

SHOWN_OF_IT = ("sender", "receiver", "owner", "sender_staff", "proposed", "follows__receiver")
DANGEROUS = frozenset({"decline", "withdraw", "cancel", "confirm-cancel", "miss"})


@dataclass(frozen=True, slots=True)
class PossibleMove:
    verb: str
    label: str
    form: MoveForm
    is_dangerous: bool


def find_item(
    item_id: int,
    acting: Principal,
    kinds: frozenset[WorkItem.Kind] = WorkItem.REFERRALS,
) -> WorkItem:
    """Raises DoesNotExist also where it is between others: nobody learns that there is one."""
    return (
        WorkItem.objects.select_related(
            "sender", "receiver", "owner", "sender_staff", "proposed", "follows__receiver"
        )
        .filter(Q(sender_id=acting.hospital_id) | Q(receiver_id=acting.hospital_id), kind__in=kinds)
        .get(pk=item_id)
    )


@require_GET
@require_staff(Permission.REFERRAL_SEE)
def referral_page(request: HttpRequest, item_id: int, *, acting: Principal) -> HttpResponse:
    return render_referral(request, find_item(item_id, acting), acting)


def render_referral(
    request: HttpRequest,
    item: WorkItem,
    acting: Principal,
    tried: tuple[str, MoveForm] | None = None,
) -> HttpResponse:
    """tried: a verb with the form that lacked something: a look as well, which is a line too."""
    append_work_event(item, EventCode.WORK_READ, acting)
    side = side_of(item, acting)
    moves = list_moves(table_of_item(item), item.state, side, acting.may)
    # after a refusal or the set time the receiver reads what was asked no more
    opens = side is Side.SENDER or is_access_open(item, timezone.now())
    row, owed = build_rows([item], acting)[0], {d.kind for d in list_debts([item]).get(item.pk, ())}
    thread = list_messages(item)
    if opens:
        mark_messages_seen(item, thread, acting)
    return render(
        request,
        "records/referral.html",
        {
            "row": row,
            "item": item,
            "is_ours": item.owner_id == acting.hospital_id and item.closed_at is None,
            "opens": opens,
            "person": SourcePatient.objects.values_list("person_id", flat=True).get(
                pk=item.source_patient
            ),
            "reads": acting.may(Permission.RECORD_READ),
            "course": [(t, DONE_WORDS[t.verb], STATE_WORDS[t.to_state]) for t in list_course(item)],
            "home": view_plan(item, acting),
            "documents": item.documents.select_related("hospital").order_by("pk"),
            "moves": [build_move(m, item, tried) for m in moves],
            "tried": tried[0] if tried else "",
            "pulse": item_pulse(item, reverse("referral", args=[item.pk])),
            "messages_of_both": thread if opens else [],
            "message_form": MessageForm(),
            "writes": item.closed_at is None and acting.may(Permission.REFERRAL_ARRANGE),
            "owed": owed if side is Side.SENDER else frozenset(),
            "adds_papers": acting.may(Permission.REFERRAL_SEND),
            "approves": acting.may(Permission.REFERRAL_APPROVE)
            and item.sender_staff_id != int(acting.id),
            "fallen": find_fallen_place(item),
            "following": find_following(item) if side is Side.SENDER else None,
            "sends_on": side is Side.SENDER and acting.may(Permission.REFERRAL_SEND),
        },
        status=422 if tried else 200,
    )


def list_course(item: WorkItem) -> Any:
    return (
        item.transitions.select_related("staff", "hospital")
        .prefetch_related("measures")
        .order_by("version")
    )


def build_move(move: Move, item: WorkItem, tried: tuple[str, MoveForm] | None) -> PossibleMove:
    form = (
        tried[1]
        if tried and tried[0] == move.verb
        else make_move_form(move, item, initial={"version": item.version})
    )
    return PossibleMove(move.verb, str(VERB_WORDS[move.verb]), form, move.verb in DANGEROUS)


@require_POST
@require_staff(Permission.REFERRAL_SEE)
def move_referral(request: HttpRequest, item_id: int, *, acting: Principal) -> HttpResponse:
    item = find_item(item_id, acting)
    verb = request.POST.get("verb", "")
    move = find_move(table_of_item(item), item.state, verb, side_of(item, acting))
    if move is None or move.permission is None:
        tell_what_happened(request, latest_transition(item), acting)
        return redirect("referral", item.pk)
    if verb == "return":  # with a plan, on a page of its own
        return redirect("home-plan", item.pk)
    form = make_move_form(move, item, request.POST)
    if not form.is_valid():
        return render_referral(request, item, acting, (verb, form))
    words = read_words(form)
    words = replace(words, brought=(*words.brought, *take_brought(form)))
    try:
        do_move(item.pk, verb, words, expected_version=form.cleaned_data["version"], acting=acting)
    except MovedMeanwhile as moved:
        tell_what_happened(request, moved.last or latest_transition(item), acting)
    except ValidationError as error:
        form.add_error(find_field(form, error), error)
        return render_referral(request, item, acting, (verb, form))
    else:
        messages.success(request, _("Noted. The other hospital sees it at once."))
    return redirect("referral", item.pk)


def find_field(form: MoveForm, error: ValidationError) -> str | None:
    """At which an error stands; None for one that names its fields itself."""
    if hasattr(error, "error_dict"):
        return None
    return "slot" if error.code == PLACE and "slot" in form.fields else "note"


def latest_transition(item: WorkItem) -> WorkTransition:
    return item.transitions.select_related("staff", "hospital").latest("version")


def tell_what_happened(
    request: HttpRequest,
    last: WorkTransition,
    acting: Principal,
    words: Mapping[str, object] = DONE_WORDS,
) -> None:
    """Who was first, with what, when: nothing was changed by the reader."""
    who = (
        _("%(name)s, %(hospital)s") % {"name": last.staff.name, "hospital": last.hospital.name}
        if last.staff and last.hospital
        else _("a timer")
    )
    messages.warning(
        request,
        _("Nothing was changed by you: meanwhile %(who)s, %(when)s: %(what)s.")
        % {
            "who": who,
            "when": date_format(timezone.localtime(last.at), "Y-m-d H:i"),
            "what": words[last.verb],
        },
    )
