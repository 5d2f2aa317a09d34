"""Referrals for tests, sent by the service that the pages use."""

import datetime as dt
from typing import Any
from uuid import UUID

from django.utils import timezone

from alliance.auth.principal import Principal
from alliance.models import (
    Hospital,
    Staff,
    WorkArrival,
    WorkDebt,
    WorkDocument,
    WorkDraft,
    WorkItem,
)
from alliance.referrals.arrivals import Registration, do_report_arrival
from alliance.referrals.drafts import DraftTexts, do_begin_draft, do_move_draft
from alliance.referrals.home_plan import HomePlanDraft, PlannedMedicine, PlannedTask
from alliance.workflow.debts import owe
from alliance.workflow.move_item import MoveWords, do_move
from alliance.workflow.send_item import NewItem, do_send
from records.models import SourcePatient
from tests.factories import alliance
from tests.factories.fhir import make_observation


def send_referral(
    person: UUID | str,
    receiver: Hospital,
    acting: Principal,
    *,
    kind: WorkItem.Kind = WorkItem.Kind.UP,
    urgency: str = "urgent",
    reason: str = "chest pain for two days",
    brought: tuple[object, ...] = (),
) -> WorkItem:
    own = SourcePatient.objects.filter(person_id=person, hospital_id=acting.hospital_id).latest(
        "pk"
    )
    return do_send(
        NewItem(kind, own.home, own.pk, receiver, urgency, reason, department="心血管内科"),
        [],
        acting=acting,
        brought=brought,
    )


def make_home_plan(*tasks: PlannedTask, **more: Any) -> HomePlanDraft:
    """A whole plan: one medicine of each kind, and these tasks, or one of each doer."""
    today = timezone.localdate()
    values: dict[str, Any] = {
        "diagnosis": "heart failure",
        "course": "diuretics, better",
        "advice": "weigh yourself each morning",
        "warning_signs": "two kilograms more in a week",
        "call_name": "Ward 5",
        "call_phone": "0730-5550123",
        "record_number": "ZY2026001",
        "medicines": (
            PlannedMedicine("furosemide", "20 mg once a day", "new"),
            PlannedMedicine("metoprolol", "25 mg", "changed", "50 mg", "slow pulse"),
            PlannedMedicine("ibuprofen", "", "stopped", "400 mg", "heart failure"),
            PlannedMedicine("aspirin", "100 mg", "unchanged"),
        ),
        "tasks": tasks
        or tuple(
            PlannedTask(f"task of the {doer}", today + dt.timedelta(days=n), doer)
            for n, doer in enumerate(("community", "patient", "hospital"), 2)
        ),
    }
    return HomePlanDraft(**values | more)


def send_first(person: UUID | str, receiver: Hospital, author: Staff) -> WorkItem:
    """An emergency that owes its papers and its hospital's approval."""
    acting = alliance.get_staff_principal(author)
    own = SourcePatient.objects.filter(person_id=person, hospital_id=acting.hospital_id).latest(
        "pk"
    )
    new = NewItem(WorkItem.Kind.UP, own.home, own.pk, receiver, "emergency", "unconscious")
    item = do_send(new, [], acting=acting, papers_later=True)
    owe(item, WorkDebt.Kind.APPROVAL, item.sent_at)
    return item


def report_arrival(person: UUID | str, sender: Hospital, by: Staff) -> WorkArrival:
    """At the hospital of this one of its staff, of a patient who came from the sender."""
    acting = alliance.get_staff_principal(by)
    own = SourcePatient.objects.filter(person_id=person, hospital_id=acting.hospital_id).latest(
        "pk"
    )
    return do_report_arrival(Registration(own.home, own.pk), sender, "by ambulance", acting=acting)


def make_draft(
    person: UUID | str, receiver: Hospital, author: Staff, *, submitted: bool = False
) -> WorkDraft:
    """Of the author's hospital; submitted: it waits for approval."""
    acting = alliance.get_staff_principal(author)
    own = SourcePatient.objects.filter(person_id=person, hospital_id=acting.hospital_id).latest(
        "pk"
    )
    texts = DraftTexts(receiver, WorkItem.Kind.UP, "urgent", "chest pain for two days")
    draft = do_begin_draft(texts, own.home, own.pk, acting=acting)
    if submitted:
        draft = do_move_draft(draft.pk, "submit", expected_version=draft.version, acting=acting)
    return draft


def move_on(
    item: WorkItem, acting: Principal, *verbs: str, brought: tuple[object, ...] = ()
) -> WorkItem:
    """By these verbs one after the other, each with a text. brought: with the last of them."""
    for number, verb in enumerate(verbs, 1):
        seen = WorkItem.objects.get(pk=item.pk).version
        words = MoveWords(f"{verb}: as was said", brought=brought if number == len(verbs) else ())
        item = do_move(item.pk, verb, words, expected_version=seen, acting=acting)
    return item


def make_recent_result(about: str, **more: Any) -> dict[str, Any]:
    """An Observation of a moment ago, as is proposed to go along."""
    return make_observation(about) | {"effectiveDateTime": timezone.now().isoformat()} | more


def send_along(item: WorkItem, hospital: Hospital, what: str) -> WorkDocument:
    """A record that went along (Type/id), of the first version and with a sum of nothing."""
    type_name, fhir_id = what.split("/")
    return WorkDocument.objects.create(
        item=item,
        hospital=hospital,
        type_name=type_name,
        fhir_id=fhir_id,
        version="1",
        digest="0" * 64,
    )
