"""Subscriptions: real resources, a real endpoint, the courier's own rounds."""

from typing import Any

import pytest
from django.utils import timezone

from alliance.models import Client, Hospital
from alliance.roles import Role
from consent.services.directives import do_withdraw_directive
from records.interactions.subscribing import FILTER
from records.models import Notification, SourcePatient, SubscriptionState
from records.mpi import sources
from records.mpi.decide import do_join, do_undo
from tests.environment import HOOK_PORTS
from tests.factories import alliance
from tests.factories.consents import give
from tests.factories.fhir import Api, number, observation, patient
from tests.factories.hook import Hook, parameter
from tests.factories.subscriptions import active, round_, rounds, subscription
from tests.factories.ties import tie


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
