"""$lastn, $summary, $meta, $status."""

import datetime as dt
import time
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone

from alliance.models import Hospital
from records.fhir.validate import check_by_model
from records.models import SourcePatient
from records.mpi.index import source_patients
from records.operations.meta import EMPTY_META
from tests.factories import alliance
from tests.factories.consents import record_choice
from tests.factories.fhir import Api, Reply, make_citizen_number, make_observation, make_patient
from tests.factories.ties import confirm_tie


def ids(reply: object) -> list[str]:
    assert reply.status == 200, reply.body  # type: ignore[attr-defined]
    return [e["resource"]["id"] for e in reply.json.get("entry", [])]  # type: ignore[attr-defined]


def test_lastn(api: Api) -> None:
    about, other = api.create(make_patient()), api.create(make_patient())
    made = {
        (code, day): (
            api.create(make_observation(about, code=code, date=f"2026-01-0{day}")).split("/")[1]
        )
        for code in ("a", "b")
        for day in (1, 2, 3)
    }
    api.create(make_observation(other, code="a", date="2026-02-01"))
    assert set(ids(api("GET", f"Observation/$lastn?patient={about}"))) == {
        made["a", 3],
        made["b", 3],
    }
    assert set(ids(api("GET", f"Observation/$lastn?patient={about}&max=2&code=a"))) == {
        made["a", 3],
        made["a", 2],
    }
    assert (
        api("GET", "Observation/$lastn").status == 400
        and api("GET", f"Observation/$lastn?patient={about}&max=0").status == 400
    )
    assert (
        api("GET", f"Observation/$lastn?patient={about}&_sort=date").status == 400
        and api("GET", f"Patient/$lastn?patient={about}").status == 400
    )


def story(api: Api, about: str) -> None:
    api.create(
        {
            "resourceType": "Condition",
            "subject": {"reference": about},
            "code": {"text": "高血压 <b>"},
            "clinicalStatus": {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/condition-clinical",
                        "code": "active",
                    }
                ]
            },
        }
    )
    api.create(
        {
            "resourceType": "Condition",
            "subject": {"reference": about},
            "code": {"text": "肺炎"},
            "verificationStatus": {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/condition-ver-status",
                        "code": "refuted",
                    }
                ]
            },
        }
    )
    api.create(make_observation(about))
    api.create(make_observation(about) | {"status": "entered-in-error"})


def test_summary_of_a_store(api: Api) -> None:
    about, other = api.create(make_patient("祝英台")), api.create(make_patient())
    story(api, about)
    api.create(make_observation(other))
    found = api("GET", f"{about}/$summary").json
    judge_all(found)
    sections = {s["code"]["coding"][0]["code"]: s for s in found["entry"][0]["resource"]["section"]}
    assert (
        len(sections["11450-4"]["entry"]) == 1
        and "高血压 &lt;b&gt;" in sections["11450-4"]["text"]["div"]
        and "肺炎" not in str(found)
    )
    assert len(sections["30954-2"]["entry"]) == 1, (
        "the other patient's, and the one in error, are left out"
    )
    assert sections["48765-2"]["emptyReason"]["coding"][0]["code"] == "unavailable", (
        "never: no known allergies"
    )
    urls = {e["fullUrl"] for e in found["entry"]}
    assert (
        all(e["reference"] in urls for s in sections.values() for e in s.get("entry", []))
        and found["entry"][0]["resource"]["subject"]["reference"] in urls
    )
    assert api("GET", "Patient/nobody/$summary").status == 404


def judge_all(found: dict[str, object]) -> None:
    assert (found["resourceType"], found["type"]) == ("Bundle", "document")
    check_by_model(found, "Bundle")


def test_summary_of_the_shared_record(api: Api, stranger: Api) -> None:
    card = make_citizen_number()
    mine, there = (
        api.create(make_patient("梁山伯", resident=card)),
        stranger.create(make_patient("梁山伯", resident=card)),
    )
    story(api, mine)
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
    path = f"Patient/{source.person_id}/$summary"
    before = stranger("GET", path, base="alliance").json
    assert "高血压" not in str(before), "no consent"
    acting = alliance.get_staff_principal(alliance.make_staff(Hospital.objects.get(code=api.base)))
    confirm_tie(source.person_id, Hospital.objects.get(code=stranger.base))
    record_choice(
        source.person_id, sources=source_patients.sources_of_person(source.person_id), acting=acting
    )
    after = stranger("GET", path, base="alliance").json
    judge_all(after)
    assert "高血压" in str(after) and any(
        f"/{api.base}/Condition/" in e["fullUrl"] for e in after["entry"]
    )


def test_meta(api: Api) -> None:
    made = api.create(make_patient() | {"meta": {"tag": [{"code": "red"}]}})
    meta = api("GET", f"{made}/$meta").json["parameter"][0]["valueMeta"]
    assert meta["tag"] == [{"code": "red"}] and meta["versionId"] == "1"
    assert api("GET", "Patient/nobody/$meta").status == 404


def meta_of(reply: Reply) -> Any:
    assert reply.status == 200, reply.body
    return reply.json["parameter"][0]["valueMeta"]


def parameters(**meta: Any) -> dict[str, Any]:
    return {"resourceType": "Parameters", "parameter": [{"name": "meta", "valueMeta": meta}]}


def test_meta_without_any_says_so(api: Api) -> None:
    api.create(make_patient())
    for asked in ("$meta", "Patient/$meta", "Observation/$meta"):
        assert meta_of(api("GET", asked)) == EMPTY_META, "no empty value"
    api.create(make_patient() | {"meta": {"tag": [{"code": "red"}]}})
    assert (
        meta_of(api("GET", "Patient/$meta")) == {"tag": [{"code": "red"}]}
        and meta_of(api("GET", "Observation/$meta")) == EMPTY_META
    )


def test_meta_of_a_type_and_of_a_base(api: Api, stranger: Api) -> None:
    made = api.create(
        make_patient() | {"meta": {"tag": [{"code": "red"}], "profile": ["http://p"]}}
    )
    api.create(make_patient() | {"meta": {"tag": [{"code": "red"}, {"code": "blue"}]}})
    api.create(make_observation(made) | {"meta": {"security": [{"system": "urn:s", "code": "N"}]}})
    gone = api.create(make_patient() | {"meta": {"tag": [{"code": "gone"}]}})
    api("DELETE", gone)
    of_patients, of_all = meta_of(api("GET", "Patient/$meta")), meta_of(api("GET", "$meta"))
    assert (
        sorted(t["code"] for t in of_patients["tag"]) == ["blue", "red"]
        and of_patients["profile"] == ["http://p"]
        and "security" not in of_patients
    )
    assert of_all["security"] == [{"system": "urn:s", "code": "N"}] and len(of_all["tag"]) == 2
    assert (
        api("GET", "Patient/$meta", base="alliance").status == 400
        and api("GET", "Spoon/$meta").status == 400
    )
    assert stranger("GET", "Patient/$meta", base=api.base).status == 403
    for asked in ("$meta?_tag=red", "Patient/$meta?gender=male", f"{made}/$meta?mode=x"):
        assert (
            api("GET", asked).status == 400
            and api("GET", asked.partition("?")[0] + "?_format=json").status == 200
        ), "nothing that was asked is passed over"
    assert api("DELETE", f"{made}?_cascade=delete").status == 400 and api("GET", made).status == 200


def test_meta_is_added_and_taken_away(api: Api) -> None:
    made = api.create(
        make_patient() | {"meta": {"tag": [{"system": "urn:t", "code": "red", "display": "Red"}]}}
    )
    more = meta_of(
        api(
            "POST",
            f"{made}/$meta-add",
            parameters(
                tag=[{"system": "urn:t", "code": "red"}, {"system": "urn:t", "code": "blue"}],
                profile=["http://p"],
            ),
        )
    )
    assert (
        [t["code"] for t in more["tag"]] == ["red", "blue"]
        and more["versionId"] == "2"
        and more["profile"] == ["http://p"]
    )
    assert (
        api("GET", "Patient?_tag=urn:t|blue").json["total"] == 1
        and api("GET", f"{made}/_history/1").status == 200
    )
    less = meta_of(
        api("POST", f"{made}/$meta-delete", parameters(tag=[{"system": "urn:t", "code": "red"}]))
    )
    assert (
        [t["code"] for t in less["tag"]] == ["blue"]
        and less["versionId"] == "3"
        and api("GET", "Patient?_tag=urn:t|red").json["total"] == 0
    )
    for wrong in (
        {"resourceType": "Parameters"},
        parameters(versionId="9"),
        parameters(tag="red"),
        [],
    ):
        assert api("POST", f"{made}/$meta-add", wrong).status in (400, 422), wrong
    for odd in (
        {"tag": [None]},
        {"tag": [{"code": 5}]},
        {"profile": [{}, ["x"]]},
        {"security": [{"system": [], "code": {}}]},
        {"tag": ["x", {"a": {}}]},
    ):
        assert api("POST", f"{made}/$meta-add", parameters(**odd)).status in (400, 422), odd
        assert api("POST", f"{made}/$meta-delete", parameters(**odd)).status in (200, 400, 422), odd
    assert api("POST", "Patient/nobody/$meta-add", parameters(tag=[{"code": "x"}])).status == 404
    assert api("POST", f"{made}/$meta-add", parameters(tag=["red"])).status == 422, (
        "the result is validated like any other write"
    )


def test_status_of_a_subscription(api: Api) -> None:
    made = api.create(
        {
            "resourceType": "Subscription",
            "status": "off",
            "reason": "x",
            "criteria": "Observation?code=1",
            "channel": {"type": "rest-hook", "endpoint": "http://127.0.0.1:18600/x"},
        }
    )
    told = api("GET", f"{made}/$status").json["entry"][0]["resource"]["parameter"]
    assert {p["name"]: p.get("valueCode") for p in told}["status"] == "off" and {
        p["name"]: p.get("valueCode") for p in told
    }["type"] == "query-status"


def test_history_at_a_moment(api: Api) -> None:
    made = api.create(make_patient("甲"))
    times = []
    for gender in ("female", "other"):
        time.sleep(0.02)
        times.append(
            api("PUT", made, api("GET", made).json | {"gender": gender}).json["meta"]["lastUpdated"]
        )
    created = api("GET", f"{made}/_history/1").json["meta"]["lastUpdated"]

    def versions(path: str) -> list[str]:
        return [e["resource"]["meta"]["versionId"] for e in api("GET", path).json.get("entry", [])]

    assert versions(f"{made}/_history?_at={times[0]}") == ["2"] and versions(
        f"Patient/_history?_at={times[1]}"
    ) == ["3"]
    assert (
        versions(f"{made}/_history?_at={created}") == ["1"]
        and versions(f"{made}/_history?_at=2020") == []
    )
    day = (
        dt.datetime.fromisoformat(created).astimezone(ZoneInfo("Asia/Shanghai")).date()
    )  # a date says nothing of a zone: it is the server's
    assert versions(f"{made}/_history?_at={day}") == [
        "3",
        "2",
        "1",
    ], "on that day all three were current for a while"
    assert [e["resource"]["meta"]["versionId"] for e in api.feed(1, f"?_at={times[0]}")] == [
        "2"
    ] and api("GET", f"{made}/_history?_at=soon").status == 400


def test_feed_at_a_moment_passes_over_what_was_not_current(api: Api) -> None:
    """A page that held only versions of other moments came empty, and the reader stood still
    before the one it asked for.
    """
    made = api.create(make_patient("乙"))
    for gender in ("female", "other", "male", "unknown"):
        time.sleep(0.02)
        api("PUT", made, api("GET", made).json | {"gender": gender})
    moment = api("GET", f"{made}/_history/4").json["meta"]["lastUpdated"]
    assert [e["resource"]["meta"]["versionId"] for e in api.feed(1, f"?_at={moment}&_count=1")] == [
        "4"
    ]


def test_everything_by_post_and_what_a_write_returns(api: Api) -> None:
    about = api.create(make_patient())
    api.create(make_observation(about))
    asked = {
        "resourceType": "Parameters",
        "parameter": [{"name": "_type", "valueString": "Observation"}],
    }
    assert [
        e["resource"]["resourceType"]
        for e in api("POST", f"{about}/$everything", asked).json["entry"]
    ] == ["Observation"]
    assert (
        api(
            "POST",
            f"{about}/$everything",
            {"resourceType": "Parameters", "parameter": [{"name": "colour", "valueString": "x"}]},
        ).status
        == 400
    )
    told = api("POST", "Observation", make_observation(about), Prefer="return=OperationOutcome")
    assert (
        told.status == 201
        and told.json["resourceType"] == "OperationOutcome"
        and told.headers["location"]
    )
    assert api("POST", "Observation", make_observation(about), Prefer="return=minimal").body == b""
