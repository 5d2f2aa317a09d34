"""Subscriptions as a member's system writes them, and the courier's rounds over what was written."""

import datetime as dt
from typing import Any

from django.utils import timezone

from records.interactions import courier
from records.interactions.subscribing import CONTENT, FILTER, TOPIC
from records.models import Notification
from tests.factories.fhir import Api
from tests.factories.hook import Hook
from tests.settle import settle


def subscription(hook: Hook, criteria: str = TOPIC, content: str = "id-only", patient: str = "", **channel: Any) -> dict[str, Any]:
    out: dict[str, Any] = {"resourceType": "Subscription", "status": "requested", "reason": "test", "criteria": criteria,
                           "channel": {"type": "rest-hook", "endpoint": hook.url, **channel}}
    if content:
        out["channel"] |= {"payload": "application/fhir+json", "_payload": {"extension": [{"url": CONTENT, "valueCode": content}]}}
    if patient:
        out["_criteria"] = {"extension": [{"url": FILTER, "valueString": f"patient={patient}"}]}
    return out


def round_() -> int:
    """One round of the courier over all that was written so far."""
    settle()
    return courier.round_()


def rounds(many: int = 60) -> None:
    """Until there is nothing to do; waits are set aside."""
    for _ in range(many):
        Notification.objects.update(due_at=timezone.now() - dt.timedelta(seconds=1))
        if not round_() and not Notification.objects.filter(subscription__state="active").exists():
            return


def active(api: Api, resource: dict[str, Any]) -> str:
    made = api.create(resource)
    rounds()
    assert api("GET", made).json["status"] == "active", api("GET", made).json
    return made
