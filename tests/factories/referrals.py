"""Referrals for tests, sent by the service that the pages use."""

import datetime as dt
from typing import Any
from uuid import UUID

from django.utils import timezone

from alliance.auth.principal import Principal
from alliance.models import Hospital, WorkItem
from alliance.referrals.home_plan import HomePlanDraft, PlannedMedicine, PlannedTask
from alliance.workflow.move_item import MoveWords, do_move
from alliance.workflow.send_item import NewItem, do_send
from records.models import SourcePatient
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
