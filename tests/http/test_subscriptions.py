"""Subscriptions: real resources, a real endpoint, the courier's own rounds."""

import datetime as dt
import json
import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import Error, connection
from django.test import RequestFactory
from django.utils import timezone

from alliance.config.away import away
from alliance.config.health import ready
from alliance.models import Client, Hospital
from alliance.roles import Role
from consent.services.directives import do_withdraw_directive
from records.interactions import courier, matching, overdue
from records.interactions.matching import match
from records.interactions.subscribing import CONTENT, FILTER, TOPIC
from records.interactions.subscription import WAITS
from records.interactions.telling import one
from records.models import FeedPosition, Notification, SourcePatient, SubscriptionState
from records.mpi import sources
from records.mpi.decide import do_join, do_undo
from tests.environment import HOOK_PORTS
from tests.factories import alliance
from tests.factories.consents import give
from tests.factories.fhir import Api, number, observation, patient
from tests.factories.hook import Hook, listening, parameter
from tests.factories.ties import tie
from tests.settle import settle


@pytest.fixture
def hook(world: None) -> Iterator[Hook]:
    SubscriptionState.objects.all().delete()  # of other tests
    with listening() as found:
        yield found
    SubscriptionState.objects.all().delete()


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


def test_own_changes_by_criteria(api: Api, hook: Hook) -> None:
    about = api.create(patient())
    made = active(api, subscription(hook, "Observation?code=4548-4", header=["Authorization: Bearer secret"]))
    assert parameter(hook.got[0][3], "type") == "handshake" and hook.got[0][2]["Authorization"] == "Bearer secret"
    seen = api.create(observation(about))
    api.create(observation(about, code="other"))
    api("PUT", seen, api("GET", seen).json | {"status": "amended"})
    rounds()
    assert hook.focuses == [f"{api.base}/{seen}"] * 2
    assert [parameter(b, "events-since-subscription-start") for b in hook.events] == ["1", "2"]
    assert all(b["entry"][0]["fullUrl"] == f"urn:uuid:{b['entry'][0]['resource']['id']}" for b in hook.events) and len({b["entry"][0]["fullUrl"] for b in hook.events}) == 2
    assert [p["name"] for p in parameter(hook.events[0], "notification-event")] == ["event-number", "timestamp", "focus"], "the names of the Backport guide for R4"
    assert [b["entry"][1]["request"]["method"] for b in hook.events] == ["POST", "PUT"] and "resource" not in hook.events[0]["entry"][1]
    api("DELETE", made)
    api.create(observation(about))
    rounds()
    assert len(hook.events) == 2


def test_criteria_compare_as_searches_do(api: Api, hook: Hook) -> None:
    house = {"resourceType": "Organization", "name": "x", "identifier": [{"system": "urn:esc", "value": "a\\b,c|d"}]}
    before = api("GET", api.create(house)).json["meta"]["lastUpdated"]
    active(api, subscription(hook, f"Organization?identifier=urn:esc|a\\\\b\\,c\\|d&_lastUpdated=ge{before}"))
    active(api, subscription(hook, f"Organization?identifier=urn:esc|a\\\\b&_lastUpdated=ge{before}"))
    seen = api.create(house)
    active(api, subscription(hook, f"Organization?identifier=urn:esc|a\\\\b\\,c\\|d&_lastUpdated=eb{api('GET', seen).json['meta']['lastUpdated']}"))
    rounds()
    assert hook.focuses == [f"{api.base}/{seen}"]


def test_plain_r4(api: Api, hook: Hook) -> None:
    about = api.create(patient())
    active(api, subscription(hook, f"Observation?patient={about}", "", payload="application/fhir+json"))
    seen = api.create(observation(about))
    rounds()
    method, path, headers, body = hook.got[-1]
    assert (method, path, headers["Content-Type"]) == ("PUT", f"/hook/{seen}", "application/fhir+json") and body == api("GET", seen).json
    active(api, subscription(hook, "Observation?code=4548-4", ""))
    hook.got.clear()
    api.create(observation(about))
    rounds()
    assert sorted((m, p) for m, p, _, b in hook.got if not b) == [("POST", "/hook")]


def test_order_for_each_patient_through_failures(api: Api, hook: Hook) -> None:
    one, two = api.create(patient("甲")), api.create(patient("乙"))
    active(api, subscription(hook, "Observation?status=final", "full-resource"))
    mine = [api.create(observation(one, value=i)) for i in range(6)]
    other = [api.create(observation(two, value=i)) for i in range(3)]
    stuck = {"left": 4}

    def refuse(body: Any) -> bool:
        if body["entry"][1:] and body["entry"][1]["fullUrl"].endswith(mine[2]) and stuck["left"]:
            stuck["left"] -= 1
            return True
        return False

    hook.refuse = refuse
    for _ in range(4):
        round_()
    assert [f.split("/", 1)[1] for f in hook.focuses if f.split("/", 1)[1] in mine] == mine[:2], "what comes after the one that failed waits"
    rounds()
    told = [f.split("/", 1)[1] for f in hook.focuses]
    assert [t for t in told if t in mine] == mine and [t for t in told if t in other] == other
    assert stuck["left"] == 0 and not Notification.objects.filter(subscription__state="active").exists()


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


def test_where_nobody_is_the_others_are_told(api: Api, hook: Hook) -> None:
    about, other = api.create(patient()), api.create(patient())
    gone = active(api, subscription(hook, "Observation?status=final"))
    resource = api("GET", gone).json
    active(api, subscription(hook, "Observation?code=4548-4"))
    api("PUT", gone, resource | {"channel": resource["channel"] | {"endpoint": f"http://127.0.0.1:{HOOK_PORTS[-1]}/x"}})
    SubscriptionState.objects.filter(fhir_id=gone.split("/")[1]).update(state="active")
    seen = [api.create(observation(about)), api.create(observation(other))]
    round_()
    round_()
    assert set(hook.focuses) == {f"{api.base}/{s}" for s in seen}
    left = Notification.objects.filter(subscription__fhir_id=gone.split("/")[1])
    assert left.count() == 2 and all(n.due_at > timezone.now() for n in left), "one knock in vain is enough for all of its lines"


def test_a_redirect_is_not_followed_and_410_ends_it(api: Api, hook: Hook) -> None:
    about = api.create(patient())
    made = active(api, subscription(hook, "Observation?status=final"))
    hook.answers = [307, 410]
    api.create(observation(about))
    round_()
    Notification.objects.update(due_at=timezone.now())
    round_()
    assert api("GET", made).json["status"] == "error" and not hook.events


def test_the_endpoint_must_listen(api: Api, hook: Hook) -> None:
    hook.answers = [500] * 5
    made = api.create(subscription(hook))
    for _ in range(6):
        SubscriptionState.objects.update(due_at=timezone.now())
        round_()
    assert api("GET", made).json["status"] == "error" and "does not answer" in api("GET", made).json["error"]


@pytest.mark.parametrize(("change", "says"), [
    ({"channel": {"type": "rest-hook", "endpoint": "http://169.254.169.254/"}}, "XINGLIN_HOOKS"),
    ({"channel": {"type": "rest-hook", "endpoint": "http://127.0.0.1:8000/"}}, "XINGLIN_HOOKS"),
    ({"channel": {"type": "rest-hook", "endpoint": "http://user@127.0.0.1:18600/"}}, "XINGLIN_HOOKS"),
    ({"channel": {"type": "rest-hook"}}, "XINGLIN_HOOKS"),
    ({"channel": {"type": "email", "endpoint": "mailto:x"}}, "Only the channel rest-hook"),
    ({"criteria": "Observation?colour=blue"}, "no search parameter 'colour'"), ({"criteria": "Nothing?x=y"}, "hosted type"),
    ({"criteria": "Observation?code=1&_include=*"}, "leave _include"),
    ({"_criteria": {"extension": [{"url": FILTER, "valueString": "name=x"}]}}, "one filter"),
])
def test_what_cannot_be_asked(api: Api, hook: Hook, change: dict[str, Any], says: str) -> None:
    reply = api("POST", "Subscription", subscription(hook) | change)
    assert reply.status == 422 and says in reply.says, reply.body
    header = subscription(hook, header=["Host: elsewhere"])
    assert "none that HTTP itself sets" in api("POST", "Subscription", header).says


def shared(api: Api, stranger: Api) -> tuple[str, str, SourcePatient]:
    card = number()
    mine, there = api.create(patient("老舍", resident=card)), stranger.create(patient("老舍", resident=card))
    stranger.create({"resourceType": "Encounter", "status": "in-progress", "class": {"code": "AMB"}, "subject": {"reference": there}, "period": {"start": timezone.now().isoformat()}})
    source = SourcePatient.objects.get(hospital__code=api.base, fhir_id=mine.split("/")[1])
    tie(source.person_id, Hospital.objects.get(code=stranger.base))
    return mine, there, source


def consent(api: Api, source: SourcePatient) -> Any:
    acting = alliance.principal(alliance.staff(Hospital.objects.get(code=api.base)))
    given = give(source.person_id, sources=sources.of_person(source.person_id), acting=acting)
    return lambda: do_withdraw_directive(given.pk, source.person_id, sources=sources.of_person(source.person_id), acting=acting, reason="test", evidence="asked at the counter")


def test_the_record_of_a_patient_wherever_it_changes(api: Api, stranger: Api, hook: Hook) -> None:
    """Told is what the subscriber may see when he is told: nothing before consent, nothing sensitive, nothing after it is withdrawn."""
    mine, there, source = shared(api, stranger)
    other = api.create(patient("无关"))
    active(stranger, subscription(hook, content="full-resource", patient=there))
    api.create(observation(mine, value=1))
    rounds()
    assert hook.focuses == [], "no consent"
    withdraw = consent(api, source)
    seen = api.create(observation(mine, value=2))
    api.create({"resourceType": "Condition", "subject": {"reference": mine}, "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "B20"}]}})
    api.create(observation(other))
    after = api.create(observation(mine, value=3))
    rounds()
    assert hook.focuses == [f"{api.base}/{seen}", f"{api.base}/{after}"]
    assert [parameter(b, "events-since-subscription-start") for b in hook.events] == ["1", "2"], "no gap tells of the hidden one"
    assert hook.events[0]["entry"][1]["resource"]["valueQuantity"]["value"] == 2
    api("DELETE", seen)
    rounds()
    assert hook.events[-1]["entry"][1]["request"]["method"] == "DELETE"
    api.create(observation(mine, value=4))
    withdraw()
    rounds()
    assert len(hook.events) == 3, "withdrawn between the change and the telling"


def test_a_deleted_sensitive_record_is_not_told(api: Api, stranger: Api, hook: Hook) -> None:
    mine, there, source = shared(api, stranger)
    consent(api, source)
    hidden = api.create({"resourceType": "Condition", "subject": {"reference": mine}, "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "B20"}]}})
    active(stranger, subscription(hook, patient=there))
    api("DELETE", hidden)
    rounds()
    assert hook.events == []
    api("DELETE", api.create(observation(mine)))
    rounds()
    assert [b["entry"][1]["request"]["method"] for b in hook.events][-1:] == ["DELETE"], "the control"


def test_a_revoked_system_is_told_nothing_more(api: Api, hook: Hook) -> None:
    about = api.create(patient())
    made = active(api, subscription(hook, "Observation?status=final"))
    Client.objects.filter(client_id=SubscriptionState.objects.get(fhir_id=made.split("/")[1]).client).update(revoked_at=timezone.now())
    again = Api(f"http://{api.at.netloc}", api.base, credentials=alliance.credentials(Hospital.objects.get(code=api.base)))
    again.create(observation(about))
    rounds(5)
    assert hook.events == [] and SubscriptionState.objects.get(fhir_id=made.split("/")[1]).state == "off"


def test_a_courier_that_never_started_is_noticed(api: Api) -> None:
    def state() -> str:
        return json.loads(ready(RequestFactory().get("/readyz")).content)["checks"]["courier"]  # type: ignore[no-any-return]

    FeedPosition.objects.all().delete()
    assert state() == "failing"
    round_()
    assert state() == "ok"
    FeedPosition.objects.update(beat_at=timezone.now() - dt.timedelta(minutes=4))
    assert state() == "failing"


def test_who_follows_a_record_is_told_when_its_registrations_are_linked_or_parted(api: Api, hook: Hook, server: str) -> None:
    mine, other = api.create(patient()), api.create(patient())
    stranger = alliance.hospital("other")
    elsewhere = Api(server, stranger.code, credentials=alliance.credentials(stranger))
    theirs = elsewhere.create(patient())
    active(api, subscription(hook))
    one, two = (SourcePatient.objects.get(fhir_id=p.split("/")[1], hospital__code=a.base) for p, a in ((mine, api), (theirs, elsewhere)))
    curator = alliance.principal(alliance.staff(stranger, Role.CLERK, wide=True))
    decision = do_join(one.pk, two.pk, acting=curator, others=[alliance.another_curator()])
    rounds()
    assert hook.focuses == [f"{api.base}/{mine}"], "his own patient; the other one is not shared with him"
    do_undo(decision.pk, acting=curator, note="test")
    rounds()
    assert hook.focuses == [f"{api.base}/{mine}"] * 2 and f"{api.base}/{other}" not in hook.focuses


def test_criteria_with_an_absolute_address(api: Api, hook: Hook) -> None:
    about, other = api.create(patient()), api.create(patient())
    own = next(x["url"] for x in api("GET", "Basic").json["link"]).removesuffix("/Basic")
    made = active(api, subscription(hook, f"Observation?subject={own}/{about}&code=4548-4"))
    assert api("GET", made).json["criteria"] == f"Observation?subject={about}&code=4548-4", "as the store keeps references"
    seen = api.create(observation(about))
    api.create(observation(other))
    rounds()
    assert hook.focuses == [f"{api.base}/{seen}"]
    assert "Type/id" in api("POST", "Subscription", subscription(hook, "Observation?subject=patient/x")).says


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
