"""What a hostile or sloppy system tries at the doors of sync: each refusal beside a control that
passes.
"""

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from records.agent.item import derive_fhir_id
from records.sync.streams import MOST_STREAMS
from tests.factories import alliance
from tests.factories.fhir import Api, Reply, make_bundle, make_observation, make_patient
from tests.support.sync_batches import Sender, build_batch, put, take_out


@pytest.fixture
def sender(api: Api) -> Sender:
    return Sender(api)


def observation(**more: Any) -> dict[str, Any]:
    return make_observation("Patient/his-p1", **more)


def post(api: Api, path: str, body: bytes) -> Reply:
    headers = {"Authorization": f"Bearer {api.token}", "Content-Type": "application/json"}
    return api.raw("POST", f"/sync/{api.base}/{path}", body, headers)


def test_a_version_may_have_nineteen_digits(sender: Sender) -> None:
    """Nanoseconds since 1970 are what some systems count by."""
    patient = make_patient()
    assert sender.outcomes(put(patient, "p1", version=1_790_000_000_000_000_000)) == {"stored": 1}
    last = 2**63 - 1
    assert sender.outcomes(put(patient, "p1", version=last)) == {"stored": 1}
    assert sender.outcomes(put(patient, "p1", version=1_800_000_000_000_000_000)) == {
        "superseded": 1
    }
    for version in (2**63, 1.5, 1e18, -1, "7"):
        reply = sender.post(
            build_batch(sender.stream, sender.number + 1, [put(patient, "p1", version=version)])
        )
        assert reply.status == 400 and "version" in reply.json["en"], version


def test_the_last_version_locks_no_record_for_ever(api: Api, sender: Sender) -> None:
    sender.sent(put(make_patient(), "p1", version=2**63 - 1))
    mended = make_patient()
    assert sender.outcomes(put(mended, "p1", version=2**63 - 1)) == {"stored": 1}
    assert api("GET", "Patient/his-p1").json["name"] == mended["name"]
    other = make_patient()
    assert sender.outcomes(put(other, "p1")) == {"stored": 1}, "without a version, by arrival"
    assert sender.outcomes(put(other, "p1", version=1)) == {"stored": 1}, "and on from there"


def test_many_streams_begun_at_once_are_counted(sender: Sender) -> None:
    def begin(number: int) -> int:
        name = f"{sender.stream}-{number}"
        return sender.post(build_batch(name, 1, [put(make_patient(), f"p{number}")])).status

    with ThreadPoolExecutor(8) as pool:
        found = Counter(pool.map(begin, range(MOST_STREAMS + 12)))
    assert found == {200: MOST_STREAMS, 429: 12}


def test_ten_identical_posts_at_once_are_done_once(api: Api, sender: Sender) -> None:
    data = build_batch(sender.stream, 1, [put(make_patient(), "p1"), put(observation(), "o1")])
    with ThreadPoolExecutor(10) as pool:
        replies = list(pool.map(lambda _: sender.post(data), range(10)))
    assert {r.status for r in replies} == {200} and len({r.body for r in replies}) == 1
    assert api("GET", "Observation/his-o1").json["meta"]["versionId"] == "1"


def test_streams_that_write_the_same_records_end_with_the_newest(api: Api, sender: Sender) -> None:
    """In opposite orders, so that their locks cross."""
    sender.sent(put(make_patient(), "p1"))

    def write(version: int) -> int:
        places = range(20) if version % 2 else reversed(range(20))
        items = [put(observation(value=version), f"x{i}", version=version) for i in places]
        return sender.post(build_batch(f"{sender.stream}-{version}", 1, items)).status

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(write, range(1, 9))) == {200}
    for place in range(20):
        assert api("GET", f"Observation/his-x{place}").json["valueQuantity"]["value"] == 8


def test_a_narrow_token_learns_nothing_of_what_it_could_not_send(server: str) -> None:
    at = alliance.make_hospital("own")
    credentials = alliance.make_credentials(at)
    full = Sender(Api(server, at.code, credentials=credentials))
    full.sent(
        put(make_patient(), "p1"),
        put(observation() | {"status": "no"}, "o1", at="row 7"),
        put(make_patient() | {"gender": "no"}, "p2"),
    )

    def narrowed(scope: str) -> Sender:
        return Sender(Api(server, at.code, credentials=credentials, scope=scope), full.stream)

    assert [x["record"] for x in full.letters()] == ["o1", "p2"], "the control"
    assert [x["record"] for x in narrowed("system/Observation.cu").letters()] == ["o1"]
    assert [x["record"] for x in narrowed("system/Patient.r").letters()] == ["p2"]
    assert narrowed("system/Condition.cruds").letters() == []
    another = build_batch(full.stream, 1, [put(observation(), "o9")])
    told = full.post(another)
    assert told.status == 409 and told.json["receipt"]["refused"]
    narrow = narrowed("system/Observation.cu").post(another)
    assert narrow.status == 409 and narrow.json["error"] == "other-root"
    assert narrow.json["receipt"] is None and narrow.json["root"]


@pytest.mark.parametrize("version", ["\ud800", "a\x00b", "\x1b[2J", "a\nb"])
def test_a_heartbeat_says_no_half_characters(api: Api, version: str) -> None:
    reply = post(api, "heartbeat", json.dumps({"version": version}).encode())
    assert reply.status == 400 and "version" in reply.json["en"]
    assert post(api, "heartbeat", b'{"version": "0.6.0"}').status == 200


@pytest.mark.parametrize("path", ["digests", "heads"])
def test_json_that_is_too_long_is_told_so(api: Api, path: str) -> None:
    reply = post(api, path, b'{"pad": "' + b"x" * (8 << 20) + b'"}')
    assert reply.status == 413 and reply.json["error"] == "too-large"


def test_two_hundred_thousand_prints_are_taken(api: Api, sender: Sender) -> None:
    """2.4 MB: more than forms may have."""
    sender.sent(put(make_patient(), "p1", day="2026-01-05"))
    asked = {
        "source": "his",
        "level": "day",
        "sums": {"Patient": {"2026-01-05": [200_000, "0" * 32]}},
        "prints": {"Patient": {"2026-01-05": "0" * 12 * 200_000}},
    }
    reply = post(api, "digests", json.dumps(asked).encode())
    assert reply.status == 200, reply.body[:200]
    assert [r[0] for r in reply.json["records"]["Patient"]["2026-01-05"]] == ["p1"]


def test_what_fhir_deleted_is_in_no_sum_and_comes_back(api: Api, sender: Sender) -> None:
    """A proof of completeness that counts what is gone would be none."""
    kept, p2, p3 = make_patient(), make_patient(), make_patient()
    items = [
        put(kept, "p1", version=1, day="2026-01-05"),
        put(p2, "p2", version=1, day="2026-01-05"),
        put(p3, "张/3", version=1, day="2026-01-06"),
    ]
    sender.sent(*items)
    whole = years(api)
    assert whole == {"2026-01": 3}
    assert api("DELETE", "Patient/his-p2").status == 204
    hashed = derive_fhir_id("his", "张/3")
    entry = make_bundle(("DELETE", f"Patient/{hashed}", None))
    assert api("POST", "", entry).status == 200
    assert years(api) == {"2026-01": 1}, "the one that stands there"
    assert sender.outcomes(items[1], items[2]) == {"stored": 2}, "the same version, as it was"
    assert api("GET", "Patient/his-p2").status == api("GET", f"Patient/{hashed}").status == 200
    assert years(api) == whole
    assert sender.outcomes(*items) == {"unchanged": 3}, "the control"
    assert sender.outcomes(take_out("delete", "Patient", "p2", version=2)) == {"deleted": 1}
    assert api("DELETE", "Patient/his-p2").status == 204
    assert sender.outcomes(items[1]) == {"superseded": 1}, "what sync took out stays out"


def years(api: Api) -> dict[str, int]:
    """How many patients of which month; the sums fit, or the platform would say so."""
    asked = {"source": "his", "level": "year", "sums": {}}
    found = post(api, "digests", json.dumps(asked).encode()).json["differ"]
    return {month: count for month, (count, _) in found.get("Patient", {}).items()}
