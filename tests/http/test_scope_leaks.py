"""What a token does not cover is neither shown nor felt: in searches of all types, chains,
includes, feeds, exports, Bundles, Subscriptions.
"""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from alliance.models import AccessToken, Client
from records.bulk import bulk_worker
from records.models import SubscriptionState
from tests.factories import alliance
from tests.factories.fhir import Api, make_bundle, make_observation, make_patient
from tests.factories.subscriptions import make_subscription, run_worker_until_idle
from tests.factories.webhook_endpoint import WebhookEndpoint, listening_endpoint


class Store:
    """A hospital's store, its system with everything, and others of the same system with less."""

    def __init__(self, server: str) -> None:
        self.at = alliance.make_hospital("leak")
        self.server, self.who = server, alliance.make_credentials(self.at)
        self.all = self.with_scope("")

    def with_scope(self, scope: str) -> Api:
        return Api(self.server, self.at.code, credentials=self.who, scope=scope)


@pytest.fixture
def store(server: str) -> Store:
    return Store(server)


def kinds(reply: Any) -> list[str]:
    assert reply.status == 200, reply.body
    return sorted(
        {
            e["resource"]["resourceType"] if "resource" in e else e["request"]["url"].split("/")[0]
            for e in reply.json.get("entry", [])
        }
    )


def filled(store: Store) -> tuple[str, str]:
    about = store.all.create(make_patient(name="王小明"))
    visit = store.all.create(
        {
            "resourceType": "Encounter",
            "status": "finished",
            "class": {"code": "AMB"},
            "subject": {"reference": about},
            "meta": {"tag": [{"system": "urn:t", "code": "hidden"}]},
        }
    )
    store.all.create(
        make_observation(
            about,
            encounter={"reference": visit},
            meta={"tag": [{"system": "urn:t", "code": "shown"}]},
        )
    )
    return about, visit


def test_whole_bases_leave_out_what_is_not_covered(store: Store) -> None:
    about, _ = filled(store)
    some = store.with_scope("system/Observation.rs system/Patient.rs")
    assert kinds(store.all("GET", "")) == ["Encounter", "Observation", "Patient"]
    assert kinds(some("GET", "")) == ["Observation", "Patient"]
    for query in ("?_summary=count", "?_total=accurate&_count=1"):
        assert store.all("GET", query).json["total"] == 3, query
        assert some("GET", query).json["total"] == 2, query
    assert kinds(some("GET", f"{about}/*")) == ["Observation", "Patient"]
    assert some("GET", f"{about}/Encounter").status == 403
    assert kinds(some("GET", f"{about}/$everything")) == ["Observation", "Patient"]
    assert len(kinds(store.all("GET", f"{about}/$everything"))) == 3
    told = {t["code"] for t in some("GET", "$meta").json["parameter"][0]["valueMeta"]["tag"]}
    assert told == {"shown"}
    assert len(store.all("GET", "$meta").json["parameter"][0]["valueMeta"]["tag"]) == 2
    assert some("GET", "?_type=Observation,Encounter").status == 403


def test_chains_and_includes(store: Store) -> None:
    filled(store)
    some, both = (
        store.with_scope("system/Observation.rs system/Group.rs"),
        store.with_scope("system/Observation.rs system/Patient.r"),
    )
    assert some("GET", "Observation?subject:Patient.name=王小明").status == 403, "r is not s"
    assert both("GET", "Observation?patient.name=王小明").status == 403, "r is not s"
    assert some("GET", "Observation?subject.identifier=urn:mrn|x").json["total"] == 0, (
        "over Group alone, which it covers"
    )
    assert kinds(some("GET", "Observation?_include=Observation:subject")) == ["Observation"], (
        "it may bring Groups, and brings no Patient"
    )
    assert kinds(both("GET", "Observation?_include=Observation:subject")) == [
        "Observation",
        "Patient",
    ]
    assert kinds(store.all("GET", "Observation?_include=*")) == [
        "Encounter",
        "Observation",
        "Patient",
    ]
    assert kinds(both("GET", "Observation?_include=*")) == ["Observation", "Patient"]
    assert some("GET", "Observation?_include=Observation:subject:Patient").status == 403
    assert (
        some(
            "GET", "Observation?encounter.subject:Patient.name=王小明", Prefer="handling=lenient"
        ).status
        == 403
    )


def test_the_feed_passes_over_it_and_goes_on(store: Store) -> None:
    about = store.all.create(make_patient())
    for _ in range(4):
        store.all.create(make_observation(about))
    store.all.create({"resourceType": "Basic", "code": {"text": "last"}})
    assert len(store.all.feed(6)) == 6
    some = store.with_scope("system/Basic.s")
    assert [e["request"]["url"] for e in some("GET", "_history?_count=2").json["entry"]] == [
        "Basic"
    ], "a page of others does not keep the reader where they are"
    assert store.with_scope("system/Basic.r")("GET", "_history").status == 403


def test_batches_and_transactions(store: Store) -> None:
    some = store.with_scope("system/Patient.cr")
    two = [
        ("POST", "Patient", make_patient()),
        ("POST", "Basic", {"resourceType": "Basic", "code": {"text": "x"}}),
    ]
    before = store.all("GET", "?_summary=count").json["total"]
    refused = some("POST", "", make_bundle(*two))
    assert refused.status == 403
    assert "Bundle.entry[1]" in refused.says
    assert "system/Basic.c" in refused.says
    assert store.all("GET", "?_summary=count").json["total"] == before, "nothing of it was stored"
    one = some("POST", "", make_bundle(*two, ("GET", "Patient", None), kind="batch")).json["entry"]
    assert [e["response"]["status"].split()[0] for e in one] == ["201", "403", "403"]
    assert "system/Patient.s" in json.dumps(one[2])
    assert (
        store.all("POST", "", make_bundle(("POST", "Patient", make_patient()), two[1])).status
        == 200
    )


def test_warnings_tell_nothing_of_a_patient_that_may_not_be_read(store: Store) -> None:
    about = store.all.create(make_patient(birth="1990-05-05"))
    early = make_observation(about, date="1980-01-01")
    silent, told = (
        store.with_scope(s)("POST", "Observation", early, Prefer="return=OperationOutcome")
        for s in ("system/Observation.c", "system/Observation.c system/Patient.r")
    )
    assert silent.status == told.status == 201
    assert len(silent.json["issue"]) == 1
    assert len(told.json["issue"]) == 2


def test_exports_and_their_files(store: Store) -> None:
    filled(store)
    some = store.with_scope("system/Observation.rs system/Basic.rs")
    asked = (
        some("GET", "$export", Prefer="respond-async")
        .headers["content-location"]
        .split(f"{store.at.code}/")[1]
    )
    whole = (
        store.all("GET", "$export", Prefer="respond-async")
        .headers["content-location"]
        .split(f"{store.at.code}/")[1]
    )
    for api, address in ((some, asked), (store.all, whole)):
        for _ in range(100):
            bulk_worker.run_bulk_jobs()
            if (found := api("GET", address)).status == 200:
                break
            time.sleep(0.1)
        types = {f["type"] for f in found.json["output"]}
        assert types == (
            {"Observation"} if api is some else {"Observation", "Encounter", "Patient"}
        )
    assert (
        some("GET", whole).status
        == some("GET", f"{whole}/0").status
        == some("DELETE", whole).status
        == 403
    ), "another token of the same system asked for more"
    assert store.all("GET", f"{asked}/0").status == 200 == some("GET", f"{asked}/0").status
    assert some("GET", "$export?_type=Patient", Prefer="respond-async").status == 403


def test_an_import_refuses_lines_of_other_types(store: Store) -> None:
    some = store.with_scope("system/Basic.cu system/Basic.r")
    lines = [
        {"resourceType": "Basic", "id": "b1", "code": {"text": "x"}},
        {**make_patient(), "id": "p1"},
    ]
    reply = some.raw(
        "POST",
        f"/fhir/{store.at.code}/$import",
        "\n".join(map(json.dumps, lines)).encode(),
        {"Content-Type": "application/fhir+ndjson", "Authorization": f"Bearer {some.token}"},
    )
    address = reply.headers["content-location"].split(f"{store.at.code}/")[1]
    for _ in range(100):
        bulk_worker.run_bulk_jobs()
        if (found := some("GET", address)).status == 200:
            break
        time.sleep(0.1)
    assert found.json["extension"] == {"lines": 2, "taken": 1, "refused": 1}
    told = some("GET", address + found.json["error"][0]["url"].rsplit(address)[1]).json["issue"][0]
    assert told["code"] == "forbidden"
    assert "system/Patient.cu" in told["diagnostics"]
    assert store.all("GET", "Basic/b1").status == 200
    assert store.all("GET", "Patient/p1").status == 404


def test_the_shared_base(server: str) -> None:
    from records.models import SourcePatient
    from tests.factories.ties import confirm_tie

    store = Store(server)
    about, _ = filled(store)
    person = SourcePatient.objects.get(hospital=store.at, fhir_id=about.split("/")[1]).person_id
    confirm_tie(person, store.at)
    some = store.with_scope("system/Observation.rs")
    for path in (
        f"Patient/{person}",
        f"Patient?_id={person}",
        f"Person/{person}",
        f"Patient/{person}/$summary",
        f"Patient/{person}/$everything",
        "Patient/_history",
        f"Encounter?patient={person}",
    ):
        assert some("GET", path, base="alliance").status == 403, path
        assert store.all("GET", path, base="alliance").status == 200, path
    assert kinds(some("GET", f"Patient/{person}/*", base="alliance")) == ["Observation"]
    assert len(kinds(store.all("GET", f"Patient/{person}/*", base="alliance"))) >= 2
    assert some("GET", f"Patient/{person}/*?_summary=count", base="alliance").json["total"] == 1
    assert (
        some("GET", f"?_type=Observation,Encounter&patient={person}", base="alliance").status
        == 403
        != store.all(
            "GET", f"?_type=Observation,Encounter&patient={person}", base="alliance"
        ).status
    )


@pytest.fixture
def hook(world: None) -> Iterator[WebhookEndpoint]:
    SubscriptionState.objects.all().delete()
    with listening_endpoint() as found:
        yield found
    SubscriptionState.objects.all().delete()


def test_a_subscription_keeps_the_scopes_of_whoever_wrote_it(
    store: Store, hook: WebhookEndpoint
) -> None:
    about = store.all.create(make_patient())
    some = store.with_scope("system/Subscription.crus system/Observation.rs")
    assert (
        some("POST", "Subscription", make_subscription(hook, "Patient?gender=male")).status == 403
    ), "the criteria are about a type that it may not read"
    assert (
        some(
            "POST",
            "Subscription",
            make_subscription(hook, "Observation?subject:Patient.gender=male"),
        ).status
        == 403
    )
    made = some.create(make_subscription(hook))
    run_worker_until_idle()
    assert some("GET", made).json["status"] == "active"
    store.all("PUT", about, store.all("GET", about).json | {"gender": "female"})
    seen = store.all.create(make_observation(about))
    run_worker_until_idle()
    assert hook.focuses == [f"{store.at.code}/{seen}"], (
        "the Patient's change is not told, to the topic either"
    )
    Client.objects.filter(client_id=store.who[0]).update(scopes="system/Subscription.cruds")
    store.all.create(make_observation(about))
    run_worker_until_idle()
    assert len(hook.events) == 1, "what the system may not read any more is not told"
    Client.objects.filter(client_id=store.who[0]).update(scopes="system/*.cruds")
    store.all("PUT", made, store.all("GET", made).json | {"status": "requested"})
    run_worker_until_idle()
    store.all("PUT", about, store.all("GET", about).json | {"gender": "male"})
    run_worker_until_idle()
    assert hook.focuses[1:] == [f"{store.at.code}/{about}"], (
        "written anew with more scopes, it tells more"
    )


def test_a_token_that_is_remembered_ends_with_its_row(store: Store) -> None:
    some = store.with_scope("system/Patient.rs")
    assert some("GET", "Patient").status == 200
    AccessToken.objects.filter(client__client_id=store.who[0]).delete()
    assert some("GET", "Patient").status == 401
