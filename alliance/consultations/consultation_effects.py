"""What the verbs of a consultation bring with them: the team and its meeting, the signed opinion,
the rating; and that the team alone writes, and its lead alone signs.
"""

import datetime as dt
from dataclasses import dataclass
from typing import TypeVar

from django.core.exceptions import ValidationError
from django.db.models import F, Max
from django.utils.translation import gettext_lazy as _

from alliance.auth.errors import Forbidden
from alliance.auth.principal import principal_from_staff
from alliance.models import (
    ConsultationExpert,
    ConsultationMeeting,
    ConsultationRating,
    SignedOpinion,
    Staff,
    WorkItem,
    WorkTimer,
)
from alliance.roles import Permission
from alliance.workflow.registry import MoveDone

Brought = TypeVar("Brought")
TEAM_VERBS = frozenset({"write", "start", "end", "sign"})
SCORES = range(1, 6)
MOST_EXPERTS = 20


@dataclass(frozen=True, slots=True)
class NewTeam:
    """lead, others: staff of the invited hospital. meets_at: None where nothing is talked over."""

    lead: int
    others: tuple[int, ...] = ()
    meets_at: dt.datetime | None = None
    link: str = ""
    participants: str = ""


@dataclass(frozen=True, slots=True)
class OpinionToKeep:
    """number: of the draft that was signed. The rest: as of alliance.models.SignedOpinion."""

    number: int
    fields: str
    document: bytes
    signature: str
    key: str
    digest: str


@dataclass(frozen=True, slots=True)
class NewRating:
    score: int
    comment: str = ""


def carry_out_consultation_verb(done: MoveDone) -> None:
    """An effect of alliance.workflow.registry.MOVE_EFFECTS. Raises Forbidden, ValidationError."""
    if done.item.kind not in WorkItem.CONSULTATIONS:
        return
    verb = done.move.verb
    if verb in TEAM_VERBS:
        check_expert(done.item, int(done.acting.id), leads=verb == "sign")
    if verb in ("accept", "arrange"):
        keep_team(done, find_brought(done, NewTeam, _("Name the lead expert.")))
    elif verb == "sign":
        keep_opinion(done, find_brought(done, OpinionToKeep, _("There is no opinion to sign.")))
    elif verb == "rate":
        keep_rating(done, find_brought(done, NewRating, _("Give one to five points.")))


def find_brought(done: MoveDone, kind: type[Brought], missing: object) -> Brought:
    found = next((b for b in done.brought if isinstance(b, kind)), None)
    if found is None:
        raise ValidationError(missing)  # type: ignore[arg-type]
    return found


def list_team(item: WorkItem) -> list[ConsultationExpert]:
    """The team that counts, its lead first."""
    newest = item.experts.aggregate(team=Max("team"))["team"]
    return list(
        item.experts.filter(team=newest).select_related("staff__user").order_by("-leads", "pk")
    )


def check_expert(item: WorkItem, staff_id: int, *, leads: bool = False) -> None:
    """Raises Forbidden for whoever is not of the team, or does not lead it."""
    place = next((e for e in list_team(item) if e.staff_id == staff_id), None)
    if place is None:
        raise Forbidden("not_of_team", _("Only the experts who were named do this."))
    if leads and not place.leads:
        raise Forbidden("not_the_lead", _("Only the lead expert signs."))


MEETING_WITHIN = dt.timedelta(days=30)  # for the opinion is due after it


def keep_team(done: MoveDone, team: NewTeam) -> None:
    item = done.item
    wanted = dict.fromkeys((team.lead, *team.others))
    able = {s.pk for s in list_able_experts(item.receiver_id)}
    if not able.issuperset(wanted) or len(wanted) > MOST_EXPERTS:
        raise ValidationError(_("Experts are clinicians of the invited hospital."))
    if team.meets_at is not None and team.meets_at <= done.now:
        raise ValidationError(_("The meeting is to be in the future."))
    if team.meets_at is not None and team.meets_at > done.now + MEETING_WITHIN:
        raise ValidationError(_("The meeting is to be within 30 days."))
    ConsultationExpert.objects.bulk_create(
        ConsultationExpert(item=item, team=item.version, staff_id=pk, leads=pk == team.lead)
        for pk in wanted
    )
    item.arranged_for = team.meets_at
    if team.meets_at is None:
        return
    ConsultationMeeting.objects.create(
        item=item,
        team=item.version,
        starts_at=team.meets_at,
        link=team.link,
        participants=team.participants,
    )
    # the opinion is due as long after the meeting as it would be after now
    later = team.meets_at - done.now
    WorkTimer.objects.filter(item=item, fired_at=None, cancelled_at=None).update(
        due_at=F("due_at") + later
    )
    item.due_at += later


def list_able_experts(hospital_id: int) -> list[Staff]:
    """Clinicians who work at the hospital, for whom somebody has vouched."""
    found = Staff.objects.filter(hospital_id=hospital_id, role="clinician").select_related(
        "hospital", "user"
    )
    return [
        s
        for s in found.order_by("name", "pk")
        if principal_from_staff(s).may(Permission.REFERRAL_CARE)
    ]


def keep_opinion(done: MoveDone, opinion: OpinionToKeep) -> None:
    newest = done.item.drafts.aggregate(number=Max("number"))["number"]
    if newest != opinion.number:
        raise ValidationError(_("The draft was changed meanwhile: read it again, then sign."))
    SignedOpinion.objects.create(
        item=done.item,
        number=opinion.number,
        fields=opinion.fields,
        document=opinion.document,
        signature=opinion.signature,
        key=opinion.key,
        digest=opinion.digest,
        staff_id=int(done.acting.id),
        at=done.now,
    )


def keep_rating(done: MoveDone, rating: NewRating) -> None:
    if rating.score not in SCORES:
        raise ValidationError(_("Give one to five points."))
    ConsultationRating.objects.create(
        item=done.item,
        score=rating.score,
        comment=rating.comment,
        staff_id=int(done.acting.id),
        at=done.now,
    )
