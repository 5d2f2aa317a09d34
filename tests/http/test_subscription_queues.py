"""What waits to be told to a subscriber: how long, how much, and what becomes of it where the
endpoint, the courier or the database is away.
"""

import datetime as dt
import json
import time
from typing import Any

import psycopg
import pytest
from django.db import Error, connection
from django.test import RequestFactory
from django.utils import timezone

from alliance.models import Hospital
from alliance.operations.health import report_readiness
from alliance.platform.database_away import find_away_cause
from records.models import FeedPosition, Notification, SubscriptionState
from records.subscriptions import enqueue, overdue
from records.subscriptions.delivery import deliver_in_thread
from records.subscriptions.enqueue import enqueue_changes
from records.subscriptions.subscription_state import RETRY_SECONDS
from tests.factories.fhir import Api, make_observation, make_patient
from tests.factories.subscriptions import (
    activate_subscription,
    make_subscription,
    run_worker_once,
    run_worker_until_idle,
)
from tests.factories.webhook_endpoint import WebhookEndpoint
from tests.feed_horizon import wait_for_feed
from tests.wait_until import wait_until


def test_three_days_without_an_answer(api: Api, hook: WebhookEndpoint) -> None:
    about = api.create(make_patient())
    made = activate_subscription(api, make_subscription(hook, "Observation?status=final"))
    hook.refuse = lambda body: True
    seen = api.create(make_observation(about))
    run_worker_once()
    run_worker_once()
    waiting = Notification.objects.get(subscription__fhir_id=made.split("/")[1])
    assert waiting.tries >= 1 and waiting.due_at > timezone.now()
    Notification.objects.filter(pk=waiting.pk).update(
        first_failed_at=timezone.now() - dt.timedelta(days=4), due_at=timezone.now()
    )
    run_worker_once()
    told = api("GET", made).json
    assert told["status"] == "error" and "503" in told["error"]
    later = api.create(make_observation(about))
    run_worker_until_idle(3)
    assert not hook.events
    hook.refuse = None
    api("PUT", made, {k: v for k, v in told.items() if k != "error"} | {"status": "requested"})
    run_worker_until_idle()
    assert hook.focuses == [
        f"{api.base}/{seen}",
        f"{api.base}/{later}",
    ], "asked for again, nothing is lost"


def lost(api: Api, made: str) -> dict[str, Any]:
    """What the Subscription says after its queue was given up: nothing waits, and nothing more
    is collected.
    """
    told = api("GET", made).json
    state = SubscriptionState.objects.get(
        hospital_id=Hospital.objects.get(code=api.base).pk, fhir_id=made.split("/")[1]
    )
    assert (told["status"], state.state) == ("error", "lost") and not Notification.objects.filter(
        subscription=state
    ).exists()
    return told  # type: ignore[no-any-return]


def test_a_queue_that_nobody_empties_ends_by_age(api: Api, hook: WebhookEndpoint) -> None:
    about = api.create(make_patient())
    made = activate_subscription(api, make_subscription(hook, "Observation?status=final"))
    key = SubscriptionState.objects.get(fhir_id=made.split("/")[1]).pk
    first = api.create(make_observation(about))
    hook.answers = [410]
    run_worker_until_idle(1)
    assert api("GET", made).json["status"] == "error"
    oldest = api("GET", first).json["meta"]["lastUpdated"]
    api.create(make_observation(about))
    run_worker_until_idle(1)
    assert (
        overdue.end_overdue() == 0 and Notification.objects.filter(subscription_id=key).count() == 2
    ), "the control: for a week it waits"
    SubscriptionState.objects.filter(pk=key).update(
        due_at=timezone.now() - overdue.KEPT - dt.timedelta(minutes=1)
    )
    assert overdue.end_overdue() == 1
    told = lost(api, made)
    assert (
        f"read again what changed since {oldest.replace('Z', '+00:00')}" in told["error"]
        and "7 days" in told["error"]
    )
    api.create(make_observation(about))
    run_worker_until_idle(1)
    lost(api, made)
    api("PUT", made, {k: v for k, v in told.items() if k != "error"} | {"status": "requested"})
    run_worker_until_idle()
    later = api.create(make_observation(about))
    run_worker_until_idle()
    assert (
        hook.focuses[-1] == f"{api.base}/{later}" and f"{api.base}/{first}" not in hook.focuses
    ), "asked for again it is told what changes from then on"


def collect_notifications(subscription: str, count: int) -> None:
    """Rounds of the worker until so many wait: others' changes may come before them."""
    waiting = Notification.objects.filter(subscription__fhir_id=subscription.split("/")[1])
    wait_until(lambda: run_worker_once() >= 0 and waiting.count() == count, "they wait to be told")


def test_a_queue_that_nobody_empties_ends_by_number(
    api: Api, hook: WebhookEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(overdue, "MOST", 3)
    about = api.create(make_patient())
    made, other = (
        activate_subscription(api, make_subscription(hook, f"Observation?status={s}"))
        for s in ("final", "amended")
    )
    hook.refuse = lambda body: True
    for i in range(3):
        api.create(make_observation(about, value=i))
    collect_notifications(made, 3)
    assert overdue.end_overdue() == 0 and api("GET", made).json["status"] == "active", (
        "the control: that many may wait"
    )
    api.create(make_observation(about))
    collect_notifications(made, 4)
    assert overdue.end_overdue() == 1 and "More than 3 changes" in lost(api, made)["error"]
    assert api("GET", other).json["status"] == "active", "whoever has nothing to be told goes on"


def test_one_that_is_turned_off_keeps_nothing(api: Api, hook: WebhookEndpoint) -> None:
    about = api.create(make_patient())
    made = activate_subscription(api, make_subscription(hook, "Observation?status=final"))
    hook.refuse = lambda body: True
    api.create(make_observation(about))
    run_worker_once()
    assert Notification.objects.filter(subscription__fhir_id=made.split("/")[1]).exists()
    api("PUT", made, api("GET", made).json | {"status": "off"})
    assert not Notification.objects.filter(subscription__fhir_id=made.split("/")[1]).exists()


def test_a_round_with_nothing_to_do_writes_nothing(api: Api, hook: WebhookEndpoint) -> None:
    activate_subscription(api, make_subscription(hook, "Observation?status=final"))
    run_worker_until_idle(3)
    FeedPosition.objects.update(beat_at=timezone.now() + dt.timedelta(minutes=5))
    enqueue.held = time.monotonic() + 300
    seen: list[str] = []
    with connection.execute_wrapper(
        lambda execute, sql, *rest: (seen.append(sql), execute(sql, *rest))[1]
    ):
        enqueue.enqueue_changes()
    enqueue.held = -enqueue.BEAT.total_seconds()
    assert seen and not [
        s
        for s in seen
        if ("FOR UPDATE" in s and "feedposition" in s)
        or s.startswith(("UPDATE", "INSERT", "DELETE"))
    ]


def test_a_courier_that_never_started_is_noticed(api: Api) -> None:
    def state() -> str:
        return json.loads(report_readiness(RequestFactory().get("/readyz")).content)["checks"][
            "courier"
        ]  # type: ignore[no-any-return]

    FeedPosition.objects.all().delete()
    assert state() == "failing"
    run_worker_once()
    assert state() == "ok"
    FeedPosition.objects.update(beat_at=timezone.now() - dt.timedelta(minutes=4))
    assert state() == "failing"


def test_a_database_that_goes_away_puts_nothing_off(api: Api, hook: WebhookEndpoint) -> None:
    """The endpoint was told, and then the database was gone: the line stays as due as it was.
    Another failure of ours puts it off by seconds, and longer each time.
    """
    about = api.create(make_patient())
    activate_subscription(api, make_subscription(hook, f"Observation?patient={about}"))
    api.create(make_observation(about))
    wait_for_feed()
    enqueue_changes()
    waiting = Notification.objects.get()
    ours = Notification.objects.filter(pk=waiting.pk)

    def end_line(told: Any) -> bool:
        with psycopg.connect(**connection.get_connection_params() | {"autocommit": True}) as other:
            other.execute("SELECT pg_terminate_backend(%s)", [connecting])
        return False

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        connecting = cursor.fetchone()[0]
    hook.refuse = end_line
    with pytest.raises(Error) as raised:
        deliver_in_thread(waiting.pk)
    assert find_away_cause(raised.value) == "57P01" and len(hook.events) == 1
    assert list(ours.values_list("due_at", "tries")) == [(waiting.due_at, waiting.tries)]
    hook.refuse = None
    SubscriptionState.objects.update(scopes="no/scope.at-all")
    for times in (1, 2):
        deliver_in_thread(waiting.pk)
        due, tries = ours.values_list("due_at", "tries").get()
        assert tries == times and due < timezone.now() + dt.timedelta(
            seconds=RETRY_SECONDS[times - 1]
        )
