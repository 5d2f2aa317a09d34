"""Subscriptions as a member's system writes them, and the courier's rounds over what was
written.
"""

import datetime as dt
from typing import Any

from django.utils import timezone

from records.ingest.subscription_request import CONTENT_EXTENSION, FILTER_EXTENSION, TOPIC
from records.models import Notification
from records.subscriptions import subscription_worker
from tests.factories.fhir import Api
from tests.factories.webhook_endpoint import WebhookEndpoint
from tests.feed_horizon import wait_for_feed


def make_subscription(
    hook: WebhookEndpoint,
    criteria: str = TOPIC,
    content: str = "id-only",
    patient: str = "",
    **channel: Any,
) -> dict[str, Any]:
    out: dict[str, Any] = {
        "resourceType": "Subscription",
        "status": "requested",
        "reason": "test",
        "criteria": criteria,
        "channel": {"type": "rest-hook", "endpoint": hook.url, **channel},
    }
    if content:
        out["channel"] |= {
            "payload": "application/fhir+json",
            "_payload": {"extension": [{"url": CONTENT_EXTENSION, "valueCode": content}]},
        }
    if patient:
        out["_criteria"] = {
            "extension": [{"url": FILTER_EXTENSION, "valueString": f"patient={patient}"}]
        }
    return out


def run_worker_once() -> int:
    """One round of the courier over all that was written so far."""
    wait_for_feed()
    return subscription_worker.run_subscription_round()


def run_worker_until_idle(many: int = 60) -> None:
    """Until there is nothing to do; waits are set aside."""
    for _ in range(many):
        Notification.objects.update(due_at=timezone.now() - dt.timedelta(seconds=1))
        if (
            not run_worker_once()
            and not Notification.objects.filter(subscription__state="active").exists()
        ):
            return


def activate_subscription(api: Api, resource: dict[str, Any]) -> str:
    made = api.create(resource)
    run_worker_until_idle()
    assert api("GET", made).json["status"] == "active", api("GET", made).json
    return made
