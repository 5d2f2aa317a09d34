"""Carry out the verbs of a consultation that a form on its page does: a team that is named, a
question, an answer, a decision, a rating.
"""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from alliance.auth.principal import Principal
from alliance.auth.session import require_staff
from alliance.consultations.consultation_effects import NewRating, NewTeam
from alliance.roles import Permission
from alliance.workflow.move_item import MovedMeanwhile, MoveWords, do_move, side_of
from alliance.workflow.moves import find_move
from alliance.workflow.registry import table_of_item
from records.web.consultation_page import (
    PAGES,
    find_consultation,
    make_move_form,
    render_consultation,
)
from records.web.consultation_words import CONSULTATION_DONE
from records.web.referral_page import latest_transition, tell_what_happened


@require_POST
@require_staff(Permission.REFERRAL_SEE)
def move_consultation(
    request: HttpRequest, consultation_id: int, *, acting: Principal
) -> HttpResponse:
    item = find_consultation(consultation_id, acting)
    verb = request.POST.get("verb", "")
    move = find_move(table_of_item(item), item.state, verb, side_of(item, acting))
    if move is None or move.permission is None or verb in PAGES:
        tell_what_happened(request, latest_transition(item), acting, CONSULTATION_DONE)
        return redirect("consultation", item.pk)
    form = make_move_form(move, item, request.POST)
    if not form.is_valid():
        return render_consultation(request, item, acting, (verb, form))
    data = form.cleaned_data
    words = MoveWords(data.get("note", ""), None, read_brought(verb, data))
    try:
        do_move(item.pk, verb, words, expected_version=data["version"], acting=acting)
    except MovedMeanwhile as moved:
        last = moved.last or latest_transition(item)
        tell_what_happened(request, last, acting, CONSULTATION_DONE)
    except ValidationError as error:
        form.add_error(None, error)
        return render_consultation(request, item, acting, (verb, form))
    else:
        messages.success(request, _("Noted. The other hospital sees it at once."))
    return redirect("consultation", item.pk)


def read_brought(verb: str, data: dict[str, Any]) -> tuple[object, ...]:
    if verb in ("accept", "arrange"):
        lead = int(data["lead"])
        return (
            NewTeam(
                lead,
                tuple(int(pk) for pk in data["others"] if int(pk) != lead),
                data["meets_at"],
                data["link"],
                data["participants"],
            ),
        )
    if verb == "rate":
        return (NewRating(int(data["score"]), data["comment"]),)
    return ()
