"""Subscriptions: real resources, a real endpoint, the courier's own rounds."""

from typing import Any

import pytest
from django.utils import timezone

from alliance.models import Client, Hospital
from alliance.roles import Role
from consent.services.directive_withdrawals import do_withdraw_directive
from records.ingest.subscription_request import FILTER_EXTENSION
from records.models import Notification, SourcePatient, SubscriptionState
from records.mpi.curation.decisions import do_join_persons, do_undo_decision
from records.mpi.index import source_patients
from tests.environment import HOOK_PORTS
from tests.factories import alliance
from tests.factories.consents import record_choice
from tests.factories.fhir import Api, make_citizen_number, make_observation, make_patient
from tests.factories.subscriptions import (
    activate_subscription,
    make_subscription,
    run_worker_once,
    run_worker_until_idle,
)
from tests.factories.ties import confirm_tie
from tests.factories.webhook_endpoint import WebhookEndpoint, get_status_parameter


def test_own_changes_by_criteria(api: Api, hook: WebhookEndpoint) -> None:
    about = api.create(make_patient())
    made = activate_subscription(
        api,
        make_subscription(hook, "Observation?code=4548-4", header=["Authorization: Bearer secret"]),
    )
    assert (
        get_status_parameter(hook.got[0][3], "type") == "handshake"
        and hook.got[0][2]["Authorization"] == "Bearer secret"
    )
    seen = api.create(make_observation(about))
    api.create(make_observation(about, code="other"))
    api("PUT", seen, api("GET", seen).json | {"status": "amended"})
    run_worker_until_idle()
    assert hook.focuses == [f"{api.base}/{seen}"] * 2
    assert [get_status_parameter(b, "events-since-subscription-start") for b in hook.events] == [
        "1",
        "2",
    ]
    assert (
        all(
            b["entry"][0]["fullUrl"] == f"urn:uuid:{b['entry'][0]['resource']['id']}"
            for b in hook.events
        )
        and len({b["entry"][0]["fullUrl"] for b in hook.events}) == 2
    )
    assert [p["name"] for p in get_status_parameter(hook.events[0], "notification-event")] == [
        "event-number",
        "timestamp",
        "focus",
    ], "the names of the Backport guide for R4"
    assert [b["entry"][1]["request"]["method"] for b in hook.events] == [
        "POST",
        "PUT",
    ] and "resource" not in hook.events[0]["entry"][1]
    api("DELETE", made)
    api.create(make_observation(about))
    run_worker_until_idle()
    assert len(hook.events) == 2


def test_criteria_compare_as_searches_do(api: Api, hook: WebhookEndpoint) -> None:
    house = {
        "resourceType": "Organization",
        "name": "x",
        "identifier": [{"system": "urn:esc", "value": "a\\b,c|d"}],
    }
    before = api("GET", api.create(house)).json["meta"]["lastUpdated"]
    activate_subscription(
        api,
        make_subscription(
            hook, f"Organization?identifier=urn:esc|a\\\\b\\,c\\|d&_lastUpdated=ge{before}"
        ),
    )
    activate_subscription(
        api,
        make_subscription(hook, f"Organization?identifier=urn:esc|a\\\\b&_lastUpdated=ge{before}"),
    )
    seen = api.create(house)
    activate_subscription(
        api,
        make_subscription(
            hook,
            "Organization?identifier=urn:esc|a\\\\b\\,c\\|d"
            f"&_lastUpdated=eb{api('GET', seen).json['meta']['lastUpdated']}",
        ),
    )
    run_worker_until_idle()
    assert hook.focuses == [f"{api.base}/{seen}"]


def test_plain_r4(api: Api, hook: WebhookEndpoint) -> None:
    about = api.create(make_patient())
    activate_subscription(
        api,
        make_subscription(
            hook, f"Observation?patient={about}", "", payload="application/fhir+json"
        ),
    )
    seen = api.create(make_observation(about))
    run_worker_until_idle()
    method, path, headers, body = hook.got[-1]
    assert (method, path, headers["Content-Type"]) == (
        "PUT",
        f"/hook/{seen}",
        "application/fhir+json",
    ) and body == api("GET", seen).json
    activate_subscription(api, make_subscription(hook, "Observation?code=4548-4", ""))
    hook.got.clear()
    api.create(make_observation(about))
    run_worker_until_idle()
    assert sorted((m, p) for m, p, _, b in hook.got if not b) == [("POST", "/hook")]


def test_order_for_each_patient_through_failures(api: Api, hook: WebhookEndpoint) -> None:
    one, two = api.create(make_patient("甲")), api.create(make_patient("乙"))
    activate_subscription(api, make_subscription(hook, "Observation?status=final", "full-resource"))
    mine = [api.create(make_observation(one, value=i)) for i in range(6)]
    other = [api.create(make_observation(two, value=i)) for i in range(3)]
    stuck = {"left": 4}

    def refuse(body: Any) -> bool:
        if body["entry"][1:] and body["entry"][1]["fullUrl"].endswith(mine[2]) and stuck["left"]:
            stuck["left"] -= 1
            return True
        return False

    hook.refuse = refuse
    for _ in range(4):
        run_worker_once()
    assert [f.split("/", 1)[1] for f in hook.focuses if f.split("/", 1)[1] in mine] == mine[:2], (
        "what comes after the one that failed waits"
    )
    run_worker_until_idle()
    told = [f.split("/", 1)[1] for f in hook.focuses]
    assert [t for t in told if t in mine] == mine and [t for t in told if t in other] == other
    assert (
        stuck["left"] == 0
        and not Notification.objects.filter(subscription__state="active").exists()
    )


def test_where_nobody_is_the_others_are_told(api: Api, hook: WebhookEndpoint) -> None:
    about, other = api.create(make_patient()), api.create(make_patient())
    gone = activate_subscription(api, make_subscription(hook, "Observation?status=final"))
    resource = api("GET", gone).json
    activate_subscription(api, make_subscription(hook, "Observation?code=4548-4"))
    api(
        "PUT",
        gone,
        resource
        | {"channel": resource["channel"] | {"endpoint": f"http://127.0.0.1:{HOOK_PORTS[-1]}/x"}},
    )
    SubscriptionState.objects.filter(fhir_id=gone.split("/")[1]).update(state="active")
    seen = [api.create(make_observation(about)), api.create(make_observation(other))]
    run_worker_once()
    run_worker_once()
    assert set(hook.focuses) == {f"{api.base}/{s}" for s in seen}
    left = Notification.objects.filter(subscription__fhir_id=gone.split("/")[1])
    assert left.count() == 2 and all(n.due_at > timezone.now() for n in left), (
        "one knock in vain is enough for all of its lines"
    )


def test_a_redirect_is_not_followed_and_410_ends_it(api: Api, hook: WebhookEndpoint) -> None:
    about = api.create(make_patient())
    made = activate_subscription(api, make_subscription(hook, "Observation?status=final"))
    hook.answers = [307, 410]
    api.create(make_observation(about))
    run_worker_once()
    Notification.objects.update(due_at=timezone.now())
    run_worker_once()
    assert api("GET", made).json["status"] == "error" and not hook.events


def test_the_endpoint_must_listen(api: Api, hook: WebhookEndpoint) -> None:
    hook.answers = [500] * 5
    made = api.create(make_subscription(hook))
    for _ in range(6):
        SubscriptionState.objects.update(due_at=timezone.now())
        run_worker_once()
    assert (
        api("GET", made).json["status"] == "error"
        and "does not answer" in api("GET", made).json["error"]
    )


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            {"channel": {"type": "rest-hook", "endpoint": "http://169.254.169.254/"}},
            "XINGLIN_HOOKS",
        ),
        ({"channel": {"type": "rest-hook", "endpoint": "http://127.0.0.1:8000/"}}, "XINGLIN_HOOKS"),
        (
            {"channel": {"type": "rest-hook", "endpoint": "http://user@127.0.0.1:18600/"}},
            "XINGLIN_HOOKS",
        ),
        ({"channel": {"type": "rest-hook"}}, "XINGLIN_HOOKS"),
        ({"channel": {"type": "email", "endpoint": "mailto:x"}}, "Only the channel rest-hook"),
        ({"criteria": "Observation?colour=blue"}, "no search parameter 'colour'"),
        ({"criteria": "Nothing?x=y"}, "hosted type"),
        ({"criteria": "Observation?code=1&_include=*"}, "leave _include"),
        (
            {"_criteria": {"extension": [{"url": FILTER_EXTENSION, "valueString": "name=x"}]}},
            "one filter",
        ),
    ],
)
def test_what_cannot_be_asked(
    api: Api, hook: WebhookEndpoint, change: dict[str, Any], says: str
) -> None:
    reply = api("POST", "Subscription", make_subscription(hook) | change)
    assert reply.status == 422 and says in reply.says, reply.body
    header = make_subscription(hook, header=["Host: elsewhere"])
    assert "none that HTTP itself sets" in api("POST", "Subscription", header).says


def shared(api: Api, stranger: Api) -> tuple[str, str, SourcePatient]:
    card = make_citizen_number()
    mine, there = (
        api.create(make_patient("老舍", resident=card)),
        stranger.create(make_patient("老舍", resident=card)),
    )
    stranger.create(
        {
            "resourceType": "Encounter",
            "status": "in-progress",
            "class": {"code": "AMB"},
            "subject": {"reference": there},
            "period": {"start": timezone.now().isoformat()},
        }
    )
    source = SourcePatient.objects.get(hospital__code=api.base, fhir_id=mine.split("/")[1])
    confirm_tie(source.person_id, Hospital.objects.get(code=stranger.base))
    return mine, there, source


def consent(api: Api, source: SourcePatient) -> Any:
    acting = alliance.get_staff_principal(alliance.make_staff(Hospital.objects.get(code=api.base)))
    given = record_choice(
        source.person_id, sources=source_patients.sources_of_person(source.person_id), acting=acting
    )
    return lambda: do_withdraw_directive(
        given.pk,
        source.person_id,
        sources=source_patients.sources_of_person(source.person_id),
        acting=acting,
        reason="test",
        evidence="asked at the counter",
    )


def test_the_record_of_a_patient_wherever_it_changes(
    api: Api, stranger: Api, hook: WebhookEndpoint
) -> None:
    """Told is what the subscriber may see when they are told: nothing before consent, nothing
    sensitive, nothing after it is withdrawn.
    """
    mine, there, source = shared(api, stranger)
    other = api.create(make_patient("无关"))
    activate_subscription(stranger, make_subscription(hook, content="full-resource", patient=there))
    api.create(make_observation(mine, value=1))
    run_worker_until_idle()
    assert hook.focuses == [], "no consent"
    withdraw = consent(api, source)
    seen = api.create(make_observation(mine, value=2))
    api.create(
        {
            "resourceType": "Condition",
            "subject": {"reference": mine},
            "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "B20"}]},
        }
    )
    api.create(make_observation(other))
    after = api.create(make_observation(mine, value=3))
    run_worker_until_idle()
    assert hook.focuses == [f"{api.base}/{seen}", f"{api.base}/{after}"]
    assert [get_status_parameter(b, "events-since-subscription-start") for b in hook.events] == [
        "1",
        "2",
    ], "no gap tells of the hidden one"
    assert hook.events[0]["entry"][1]["resource"]["valueQuantity"]["value"] == 2
    api("DELETE", seen)
    run_worker_until_idle()
    assert hook.events[-1]["entry"][1]["request"]["method"] == "DELETE"
    api.create(make_observation(mine, value=4))
    withdraw()
    run_worker_until_idle()
    assert len(hook.events) == 3, "withdrawn between the change and the telling"


def test_a_deleted_sensitive_record_is_not_told(
    api: Api, stranger: Api, hook: WebhookEndpoint
) -> None:
    mine, there, source = shared(api, stranger)
    consent(api, source)
    hidden = api.create(
        {
            "resourceType": "Condition",
            "subject": {"reference": mine},
            "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "B20"}]},
        }
    )
    activate_subscription(stranger, make_subscription(hook, patient=there))
    api("DELETE", hidden)
    run_worker_until_idle()
    assert hook.events == []
    api("DELETE", api.create(make_observation(mine)))
    run_worker_until_idle()
    assert [b["entry"][1]["request"]["method"] for b in hook.events][-1:] == ["DELETE"], (
        "the control"
    )


def test_a_revoked_system_is_told_nothing_more(api: Api, hook: WebhookEndpoint) -> None:
    about = api.create(make_patient())
    made = activate_subscription(api, make_subscription(hook, "Observation?status=final"))
    Client.objects.filter(
        client_id=SubscriptionState.objects.get(fhir_id=made.split("/")[1]).client
    ).update(revoked_at=timezone.now())
    again = Api(
        f"http://{api.at.netloc}",
        api.base,
        credentials=alliance.make_credentials(Hospital.objects.get(code=api.base)),
    )
    again.create(make_observation(about))
    run_worker_until_idle(5)
    assert (
        hook.events == []
        and SubscriptionState.objects.get(fhir_id=made.split("/")[1]).state == "off"
    )


def test_who_follows_a_record_is_told_when_its_registrations_are_linked_or_parted(
    api: Api, hook: WebhookEndpoint, server: str
) -> None:
    mine, other = api.create(make_patient()), api.create(make_patient())
    stranger = alliance.make_hospital("other")
    elsewhere = Api(server, stranger.code, credentials=alliance.make_credentials(stranger))
    theirs = elsewhere.create(make_patient())
    activate_subscription(api, make_subscription(hook))
    one, two = (
        SourcePatient.objects.get(fhir_id=p.split("/")[1], hospital__code=a.base)
        for p, a in ((mine, api), (theirs, elsewhere))
    )
    curator = alliance.get_staff_principal(alliance.make_staff(stranger, Role.CLERK, wide=True))
    decision = do_join_persons(
        one.pk, two.pk, acting=curator, others=[alliance.make_alliance_curator()]
    )
    run_worker_until_idle()
    assert hook.focuses == [f"{api.base}/{mine}"], (
        "its own patient; the other one is not shared with it"
    )
    do_undo_decision(decision.pk, acting=curator, note="test")
    run_worker_until_idle()
    assert hook.focuses == [f"{api.base}/{mine}"] * 2 and f"{api.base}/{other}" not in hook.focuses


def test_criteria_with_an_absolute_address(api: Api, hook: WebhookEndpoint) -> None:
    about, other = api.create(make_patient()), api.create(make_patient())
    own = next(x["url"] for x in api("GET", "Basic").json["link"]).removesuffix("/Basic")
    made = activate_subscription(
        api, make_subscription(hook, f"Observation?subject={own}/{about}&code=4548-4")
    )
    assert api("GET", made).json["criteria"] == f"Observation?subject={about}&code=4548-4", (
        "as the store keeps references"
    )
    seen = api.create(make_observation(about))
    api.create(make_observation(other))
    run_worker_until_idle()
    assert hook.focuses == [f"{api.base}/{seen}"]
    assert (
        "Type/id"
        in api(
            "POST", "Subscription", make_subscription(hook, "Observation?subject=patient/x")
        ).says
    )
