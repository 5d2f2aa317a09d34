"""Consultations for tests, asked and moved by the services that the pages use."""

import datetime as dt
from uuid import UUID

from django.utils import timezone

from alliance.auth.principal import Principal
from alliance.consultations.consultation_effects import NewRating, NewTeam
from alliance.consultations.request_consultation import NewRequest, do_request_consultation
from alliance.consultations.write_opinion import do_save_draft
from alliance.models import Hospital, WorkItem
from alliance.workflow.move_item import MoveWords, do_move
from alliance.workflow.send_item import NewDocument, NewItem
from records.consultations.deliver_opinion import do_sign_opinion
from records.consultations.sign_opinion import StepUp
from records.models import SourcePatient
from tests.factories import alliance
from tests.support.world import World

ASKED = {
    "purpose": "明确诊断",
    "reason": "反复胸痛两周，心电图有变化",
    "summary": "男，68岁，高血压十年，胸痛两周",
    "asking_department": "全科医学科",
}
OPINION = {"opinion": "考虑不稳定型心绞痛，建议冠状动脉造影。"}


def ask_consultation(
    person: UUID | str,
    receiver: Hospital,
    acting: Principal,
    *,
    documents: tuple[NewDocument, ...] = (),
    urgency: str = "urgent",
    question: str = "是否需要介入治疗？",
) -> WorkItem:
    own = SourcePatient.objects.filter(person_id=person, hospital_id=acting.hospital_id).latest(
        "pk"
    )
    new = NewItem(
        WorkItem.Kind.CONSULTATION,
        own.home,
        own.pk,
        receiver,
        urgency,
        ASKED["reason"],
        "心血管内科",
        question,
    )
    agreed = timezone.now() - dt.timedelta(hours=1)
    request = NewRequest(ASKED, "signed", "the patient", agreed)
    return do_request_consultation(new, request, documents, acting=acting)


def bring(item: WorkItem, verb: str, acting: Principal, *brought: object) -> WorkItem:
    """By a verb with a text and what comes with it."""
    seen = WorkItem.objects.get(pk=item.pk).version
    words = MoveWords(f"{verb}: as was said", None, brought)
    return do_move(item.pk, verb, words, expected_version=seen, acting=acting)


def name_team(item: WorkItem, acting: Principal, *experts: Principal, **more: object) -> WorkItem:
    """The first leads."""
    lead, *others = (int(e.id) for e in experts)
    verb = "accept" if WorkItem.objects.get(pk=item.pk).state == "sent" else "arrange"
    return bring(item, verb, acting, NewTeam(lead, tuple(others), **more))  # type: ignore[arg-type]


def sign(item: WorkItem, lead: Principal, *, fields: dict[str, str] = OPINION) -> WorkItem:
    """A draft is saved and signed."""
    now = WorkItem.objects.get(pk=item.pk)
    newest = now.drafts.order_by("-number").first()
    draft = do_save_draft(item.pk, fields, seen=newest.number if newest else 0, acting=lead)
    now.refresh_from_db()
    step_up = StepUp(("pwd",), timezone.now())
    do_sign_opinion(now, now.version, draft.number, step_up, acting=lead)
    return WorkItem.objects.get(pk=item.pk)


def acknowledge_and_rate(item: WorkItem, asker: Principal) -> WorkItem:
    bring(item, "acknowledge", asker)
    return bring(item, "rate", asker, NewRating(5, "of great help"))


def make_signed_consultation(w: World) -> WorkItem:
    """A's doctor has asked B, one record went along, and B's expert has signed."""
    lead = alliance.get_staff_principal(alliance.make_staff(w.b))
    type_name, fhir_id = w.plain.split("/")
    along = NewDocument(w.b.pk, type_name, fhir_id, "1", "0" * 64)
    item = ask_consultation(w.person, w.b, w.doctor, documents=(along,))
    name_team(item, lead, lead)
    return sign(item, lead)
