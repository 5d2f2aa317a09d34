"""One consultation: what was asked and by whom, that the patient agreed, what went along, the team,
questions and answers, the signed opinion, what was decided, and what the reader can do now.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from alliance.auth.principal import Principal
from alliance.auth.session import require_staff
from alliance.consultations.consultation_effects import TEAM_VERBS, list_able_experts, list_team
from alliance.consultations.write_opinion import WRITABLE, find_draft
from alliance.models import (
    ConsultationExpert,
    ConsultationMeeting,
    ConsultationRating,
    SignedOpinion,
    WorkItem,
)
from alliance.roles import Permission
from alliance.workflow.move_item import append_work_event, side_of
from alliance.workflow.moves import list_moves
from alliance.workflow.registry import table_of_item
from alliance.workflow.state_table import Move, Side
from consent.audit.event import EventCode
from records.consultations.opinion_fields import FIELDS_BY_NAME
from records.models import SourcePatient
from records.web.consultation_forms import RatingForm, TeamForm, VersionForm, label_field
from records.web.consultation_words import CONSULTATION_DONE, CONSULTATION_VERBS
from records.web.page_pulse import item_pulse
from records.web.referral_list import build_rows, name_state
from records.web.referral_page import DANGEROUS, find_item, list_course
from records.web.sent_record_page import show_sent_record
from records.work_faces.known_patients import is_access_open

DANGERS = DANGEROUS | {"not-hold"}
PAGES = {
    "write": "consultation-opinion",
    "sign": "consultation-sign",
}  # verbs with one of their own


@dataclass(frozen=True, slots=True)
class ConsultationMove:
    """page: the name of the page that does it, "" where the form does."""

    verb: str
    label: str
    form: forms.Form | None
    is_dangerous: bool
    page: str = ""


def find_consultation(consultation_id: int, acting: Principal) -> WorkItem:
    """Raises DoesNotExist also where it is between others."""
    return find_item(consultation_id, acting, WorkItem.CONSULTATIONS)


def find_place(team: Sequence[ConsultationExpert], acting: Principal) -> ConsultationExpert | None:
    """The acting one's in the team."""
    return next((e for e in team if e.staff_id == int(acting.id)), None)


def shows_opinion(item: WorkItem, team: Sequence[ConsultationExpert], acting: Principal) -> bool:
    """Whether the acting one reads the signed opinion: who asked and who wrote it, always, for both
    hospitals keep the record; the rest of the invited hospital as long as it reads what was asked.
    """
    return (
        side_of(item, acting) is Side.SENDER
        or is_access_open(item, timezone.now())
        or find_place(team, acting) is not None
    )


@require_GET
@require_staff(Permission.REFERRAL_SEE)
def consultation_page(
    request: HttpRequest, consultation_id: int, *, acting: Principal
) -> HttpResponse:
    item = find_consultation(consultation_id, acting)
    return render_consultation(request, item, acting)


def render_consultation(
    request: HttpRequest,
    item: WorkItem,
    acting: Principal,
    tried: tuple[str, forms.Form] | None = None,
) -> HttpResponse:
    """tried: a verb with the form that lacked something: a look as well, which is a line too."""
    append_work_event(item, EventCode.WORK_READ, acting)
    side, team = side_of(item, acting), list_team(item)
    place, meeting = find_place(team, acting), find_meeting(item, team)
    opens = side is Side.SENDER or is_access_open(item, timezone.now())
    opinion = SignedOpinion.objects.select_related("staff__hospital").filter(item=item).first()
    reads = acting.may(Permission.RECORD_READ)
    moves = [
        m
        for m in list_moves(table_of_item(item), item.state, side, acting.may)
        if (m.verb not in TEAM_VERBS or (place and (m.verb != "sign" or place.leads)))
        and (m.verb != "not-hold" or meeting or item.state == "in-session")
    ]
    return render(
        request,
        "records/consultation.html",
        {
            "row": build_rows([item], acting)[0],
            "item": item,
            "is_ours": item.owner_id == acting.hospital_id and item.closed_at is None,
            "opens": opens,
            "asked": item.asked,
            "texts": list_texts(json.loads(item.asked.fields)),
            "person": SourcePatient.objects.values_list("person_id", flat=True).get(
                pk=item.source_patient
            ),
            # of the invited hospital the experts alone, once they are named
            "reads": reads and opens and (side is Side.SENDER or place is not None),
            "files": acting.may(Permission.REFERRAL_CARE) and shows_opinion(item, team, acting),
            "team": team,
            "meeting": meeting,
            "course": [
                (t, CONSULTATION_DONE[t.verb], name_state(item, t.to_state))
                for t in list_course(item)
            ],
            "documents": item.documents.select_related("hospital").order_by("pk"),
            "draft": find_draft(item) if place and opinion is None else None,
            "writes": place is not None and item.state in WRITABLE,
            "opinion": opinion if opinion and shows_opinion(item, team, acting) else None,
            "opinion_texts": list_texts(json.loads(opinion.fields)) if opinion else [],
            "rating": ConsultationRating.objects.filter(item=item).first() if opens else None,
            "moves": [build_move(m, item, tried) for m in moves],
            "tried": tried[0] if tried else "",
            "pulse": item_pulse(item, reverse("consultation", args=[item.pk])),
        },
        status=422 if tried else 200,
    )


def list_texts(fields: Mapping[str, str]) -> list[tuple[str, str]]:
    """(label, text) in the order of the data set."""
    return [
        (label_field(f), fields[name]) for name, f in FIELDS_BY_NAME.items() if fields.get(name)
    ]


def find_meeting(item: WorkItem, team: Sequence[ConsultationExpert]) -> ConsultationMeeting | None:
    """The one that was arranged with the team that counts."""
    return item.meetings.filter(team=team[0].team).first() if team else None


def build_move(
    move: Move, item: WorkItem, tried: tuple[str, forms.Form] | None
) -> ConsultationMove:
    if move.verb in PAGES:
        form = None
    elif tried and tried[0] == move.verb:
        form = tried[1]
    else:
        form = make_move_form(move, item, None)
    return ConsultationMove(
        move.verb,
        str(CONSULTATION_VERBS[move.verb]),
        form,
        move.verb in DANGERS,
        PAGES.get(move.verb, ""),
    )


def make_move_form(move: Move, item: WorkItem, data: Any) -> forms.Form:
    initial = {"version": item.version}
    if move.verb in ("accept", "arrange"):
        able = list_able_experts(item.receiver_id)
        team = list_team(item)
        initial |= {
            "lead": next((e.staff_id for e in team if e.leads), ""),  # type: ignore[dict-item]
            "others": [str(e.staff_id) for e in team if not e.leads],  # type: ignore[dict-item]
        }
        return TeamForm(data, move=move, able=able, initial=initial)
    form = RatingForm if move.verb == "rate" else VersionForm
    return form(data, move=move, initial=initial)


@require_GET
@require_staff(Permission.RECORD_READ)
def sent_record_page(
    request: HttpRequest, consultation_id: int, attachment_id: int, *, acting: Principal
) -> HttpResponse:
    """A record that went along, in the version that was sent, and whether it is what was sent."""
    item = find_consultation(consultation_id, acting)
    if not acting.may(Permission.REFERRAL_SEE):
        raise Http404
    append_work_event(item, EventCode.WORK_READ, acting, "record")
    return show_sent_record(request, item, attachment_id, acting)
