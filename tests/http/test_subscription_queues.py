"""What waits to be told to a subscriber: how long, how much, and what becomes of it where the endpoint, the courier or the database is away."""

import datetime as dt
import json
import time
from typing import Any

import psycopg
import pytest
from django.db import Error, connection
from django.test import RequestFactory
from django.utils import timezone

from alliance.config.away import away
from alliance.config.health import ready
from alliance.models import Hospital
from records.interactions import matching, overdue
from records.interactions.matching import match
from records.interactions.subscription import WAITS
from records.interactions.telling import one
from records.models import FeedPosition, Notification, SubscriptionState
from tests.factories.fhir import Api, observation, patient
from tests.factories.hook import Hook
from tests.factories.subscriptions import active, round_, rounds, subscription
from tests.settle import settle


def test_three_days_without_an_answer(api: Api, hook: Hook) -> None:
    about = api.create(patient())
    made = active(api, subscription(hook, "Observation?status=final"))
    hook.refuse = lambda body: True
    seen = api.create(observation(about))
    round_()
    round_()
    waiting = Notification.objects.get(subscription__fhir_id=made.split("/")[1])
    assert waiting.tries >= 1 and waiting.due_at > timezone.now()
    Notification.objects.filter(pk=waiting.pk).update(first_failed_at=timezone.now() - dt.timedelta(days=4), due_at=timezone.now())
    round_()
    told = api("GET", made).json
    assert told["status"] == "error" and "503" in told["error"]
    later = api.create(observation(about))
    rounds(3)
    assert not hook.events
    hook.refuse = None
    api("PUT", made, {k: v for k, v in told.items() if k != "error"} | {"status": "requested"})
    rounds()
    assert hook.focuses == [f"{api.base}/{seen}", f"{api.base}/{later}"], "asked for again, nothing is lost"


def lost(api: Api, made: str) -> dict[str, Any]:
    """What the Subscription says after its queue was given up: nothing waits, and nothing more is collected."""
    told = api("GET", made).json
    state = SubscriptionState.objects.get(hospital_id=Hospital.objects.get(code=api.base).pk, fhir_id=made.split("/")[1])
    assert (told["status"], state.state) == ("error", "lost") and not Notification.objects.filter(subscription=state).exists()
    return told  # type: ignore[no-any-return]


def test_a_queue_that_nobody_empties_ends_by_age(api: Api, hook: Hook) -> None:
    about = api.create(patient())
    made = active(api, subscription(hook, "Observation?status=final"))
    key = SubscriptionState.objects.get(fhir_id=made.split("/")[1]).pk
    first = api.create(observation(about))
    hook.answers = [410]
    rounds(1)
    assert api("GET", made).json["status"] == "error"
    oldest = api("GET", first).json["meta"]["lastUpdated"]
    api.create(observation(about))
    rounds(1)
    assert overdue.end_overdue() == 0 and Notification.objects.filter(subscription_id=key).count() == 2, "the control: for a week it waits"
    SubscriptionState.objects.filter(pk=key).update(due_at=timezone.now() - overdue.KEPT - dt.timedelta(minutes=1))
    assert overdue.end_overdue() == 1
    told = lost(api, made)
    assert f"read again what changed since {oldest.replace('Z', '+00:00')}" in told["error"] and "7 days" in told["error"]
    api.create(observation(about))
    rounds(1)
    lost(api, made)
    api("PUT", made, {k: v for k, v in told.items() if k != "error"} | {"status": "requested"})
    rounds()
    later = api.create(observation(about))
    rounds()
    assert hook.focuses[-1] == f"{api.base}/{later}" and f"{api.base}/{first}" not in hook.focuses, "asked for again it is told what changes from then on"


def test_a_queue_that_nobody_empties_ends_by_number(api: Api, hook: Hook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overdue, "MOST", 3)
    about = api.create(patient())
    made, other = (active(api, subscription(hook, f"Observation?status={s}")) for s in ("final", "amended"))
    hook.refuse = lambda body: True
    for i in range(3):
        api.create(observation(about, value=i))
    round_()
    assert overdue.end_overdue() == 0 and api("GET", made).json["status"] == "active", "the control: that many may wait"
    api.create(observation(about))
    round_()
    assert overdue.end_overdue() == 1 and "More than 3 changes" in lost(api, made)["error"]
    assert api("GET", other).json["status"] == "active", "whoever has nothing to be told goes on"


def test_one_that_is_turned_off_keeps_nothing(api: Api, hook: Hook) -> None:
    about = api.create(patient())
    made = active(api, subscription(hook, "Observation?status=final"))
    hook.refuse = lambda body: True
    api.create(observation(about))
    round_()
    assert Notification.objects.filter(subscription__fhir_id=made.split("/")[1]).exists()
    api("PUT", made, api("GET", made).json | {"status": "off"})
    assert not Notification.objects.filter(subscription__fhir_id=made.split("/")[1]).exists()


def test_a_round_with_nothing_to_do_writes_nothing(api: Api, hook: Hook) -> None:
    active(api, subscription(hook, "Observation?status=final"))
    rounds(3)
    FeedPosition.objects.update(beat_at=timezone.now() + dt.timedelta(minutes=5))
    matching.held = time.monotonic() + 300
    seen: list[str] = []
    with connection.execute_wrapper(lambda execute, sql, *rest: (seen.append(sql), execute(sql, *rest))[1]):
        matching.match()
    matching.held = -matching.BEAT.total_seconds()
    assert seen and not [s for s in seen if ("FOR UPDATE" in s and "feedposition" in s) or s.startswith(("UPDATE", "INSERT", "DELETE"))]


def test_a_courier_that_never_started_is_noticed(api: Api) -> None:
    def state() -> str:
        return json.loads(ready(RequestFactory().get("/readyz")).content)["checks"]["courier"]  # type: ignore[no-any-return]

    FeedPosition.objects.all().delete()
    assert state() == "failing"
    round_()
    assert state() == "ok"
    FeedPosition.objects.update(beat_at=timezone.now() - dt.timedelta(minutes=4))
    assert state() == "failing"


def test_a_database_that_goes_away_puts_nothing_off(api: Api, hook: Hook) -> None:
    """The endpoint was told, and then the database was gone: the line stays as due as it was. Another failure of ours puts it off by seconds, and longer each time."""
    about = api.create(patient())
    active(api, subscription(hook, f"Observation?patient={about}"))
    api.create(observation(about))
    settle()
    match()
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
        one(waiting.pk)
    assert away(raised.value) == "57P01" and len(hook.events) == 1
    assert list(ours.values_list("due_at", "tries")) == [(waiting.due_at, waiting.tries)]
    hook.refuse = None
    SubscriptionState.objects.update(scopes="no/scope.at-all")
    for times in (1, 2):
        one(waiting.pk)
        due, tries = ours.values_list("due_at", "tries").get()
        assert tries == times and due < timezone.now() + dt.timedelta(seconds=WAITS[times - 1])
