"""Subscriptions to work between hospitals: each of the two is told that a Task has moved, once, and
nothing of the patient (docs/adr/0090).
"""

import json
from typing import Any

import pytest
from django.db import transaction

from alliance.models import WorkItem
from records.ingest.subscription_request import FILTER_EXTENSION, WORK_TOPIC
from records.models import WorkTopicNotice
from tests.factories import alliance
from tests.factories.fhir import Api
from tests.factories.referrals import move_on, send_referral
from tests.factories.subscriptions import (
    activate_subscription,
    make_subscription,
    run_worker_until_idle,
)
from tests.factories.webhook_endpoint import WebhookEndpoint
from tests.support.world import World, w

__all__ = ["w"]


def subscribe(api: Api, hook: WebhookEndpoint, owner: str = "", content: str = "id-only") -> None:
    resource = make_subscription(hook, WORK_TOPIC, content)
    if owner:
        value = f"Task?owner=Organization/{owner}"
        resource["_criteria"] = {"extension": [{"url": FILTER_EXTENSION, "valueString": value}]}
    activate_subscription(api, resource)
    hook.got.clear()


def told(hook: WebhookEndpoint) -> list[str]:
    """The Tasks that were told since the last look, in order."""
    run_worker_until_idle()
    found = hook.focuses
    hook.got.clear()
    return found


def refer(w: World) -> WorkItem:
    home = alliance.get_staff_principal(alliance.make_staff(w.b))
    return send_referral(w.person, w.a, home)


def test_whose_turn_it_is_hears_of_it_and_reads_nothing_of_the_patient(
    w: World, hook: WebhookEndpoint
) -> None:
    subscribe(w.ask, hook, owner=w.a.code)
    item = refer(w)
    run_worker_until_idle()
    [event] = hook.events
    body = json.dumps(event)
    assert WORK_TOPIC in body and f"/fhir/alliance/Task/{item.pk}" in body
    assert str(w.person) not in body and "chest pain" not in body
    hook.got.clear()
    move_on(item, w.doctor, "ask")
    assert told(hook) == [], "now it is the sender's turn"
    move_on(item, alliance.get_staff_principal(alliance.make_staff(w.b)), "answer")
    [address] = told(hook)
    read = w.ask("GET", address.removeprefix("alliance/"), base="alliance")
    assert read.status == 200 and read.json["status"] == "requested"


def test_each_hospital_is_told_of_its_own_work_alone(w: World, hook: WebhookEndpoint) -> None:
    subscribe(w.hold, hook)
    third = alliance.make_hospital("third")
    move_on(refer(w), w.doctor, "accept")
    assert len(told(hook)) == 2, "sent by it, and accepted"
    visitor = alliance.get_staff_principal(alliance.make_staff(w.a))
    send_referral(w.person, third, visitor)
    assert told(hook) == [], "between two others"


def test_what_is_undone_is_told_to_nobody(w: World, hook: WebhookEndpoint) -> None:
    subscribe(w.ask, hook)
    item = refer(w)
    assert len(told(hook)) == 1, "the control"
    with transaction.atomic():
        move_on(item, w.doctor, "accept")
        assert WorkTopicNotice.objects.filter(item_id=item.pk).exists()
        transaction.set_rollback(True)
    assert not WorkTopicNotice.objects.filter(item_id=item.pk).exists() and told(hook) == []


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"content": "full-resource"}, "empty, id-only"),
        ({"patient": "Patient/1"}, "owner=Organization/"),
    ],
)
def test_what_cannot_be_asked_is_refused(
    api: Api, hook: WebhookEndpoint, changes: dict[str, Any], says: str
) -> None:
    values = {"criteria": WORK_TOPIC} | changes
    reply = api("POST", "Subscription", make_subscription(hook, **values))
    assert reply.status == 422 and says in reply.says, reply.body
    assert api("POST", "Subscription", make_subscription(hook, WORK_TOPIC)).status == 201
