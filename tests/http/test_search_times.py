"""Times as searches compare them: instants at their own precision, Timings by their outer
limits, ranges that are open, and what has no time.
"""

import datetime as dt
from typing import Any

import pytest

from tests.factories.fhir import Api, make_bundle, make_observation, make_patient
from tests.support.asking import ids

# prefix -> whether it finds what was written 1 ms before, at, and 1 ms after the time that is asked
# for (R4 search.html#prefix)
INSTANT = {
    "": "no yes no",
    "eq": "no yes no",
    "ne": "yes no yes",
    "ge": "no yes yes",
    "gt": "no no yes",
    "sa": "no no yes",
    "le": "yes yes no",
    "lt": "yes no no",
    "eb": "yes no no",
    "ap": "yes yes yes",
}


@pytest.mark.parametrize("prefix", INSTANT)
def test_when_it_was_written_is_a_range_of_a_millisecond(api: Api, prefix: str) -> None:
    about = api.create(make_patient())
    made = api.create(make_observation(about))
    for target, query in (
        (about, "Patient?_id={id}&_lastUpdated={t}"),
        (made, "Observation?_id={id}&_lastUpdated={t}"),
        (about, "Patient?_id={id}&_has:Observation:patient:_lastUpdated={o}"),
        (made, "Observation?_id={id}&patient._lastUpdated={p}"),
    ):
        for step, fits in zip((1, 0, -1), INSTANT[prefix].split(), strict=True):
            stamps = {}
            for name, which in (("t", target), ("o", made), ("p", about)):
                own = dt.datetime.fromisoformat(api("GET", which).json["meta"]["lastUpdated"])
                stamps[name] = prefix + (own + dt.timedelta(milliseconds=step)).isoformat(
                    timespec="milliseconds"
                )
            asked = query.format(id=target.split("/")[1], **stamps)
            assert bool(ids(api, asked)) == (fits == "yes"), asked


def test_a_reader_goes_on_where_the_last_one_ended(api: Api) -> None:
    """With ge, all of the last millisecond come again, a whole transaction too; the feed's own
    link repeats and leaves out nothing.
    """
    about = api.create(make_patient())
    api(
        "POST",
        "",
        make_bundle(
            *[
                ("POST", "Observation", make_observation(about, date=f"2026-01-{d:02d}"))
                for d in range(1, 6)
            ]
        ),
    )
    found = api("GET", f"Observation?patient={about}&_sort=_lastUpdated&_count=2").json["entry"]
    last = found[-1]["resource"]["meta"]["lastUpdated"]
    assert (
        len(ids(api, f"Observation?patient={about}&_lastUpdated=ge{last}")) == 5
        and ids(api, f"Observation?patient={about}&_lastUpdated=gt{last}") == []
    )
    assert len(api.feed(6)) == 6
    page = api("GET", "_history?_count=3").json
    following = next(x["url"] for x in page["link"] if x["relation"] == "next").split(
        f"/{api.base}/"
    )[1]
    seen = [e["fullUrl"] for p in (page, api("GET", following).json) for e in p["entry"]]
    assert len(seen) == len(set(seen)) == 6


EVENT, BOUNDS = (
    {"event": ["2026-03-01", "2026-03-20T08:00:00Z"]},
    {"repeat": {"boundsPeriod": {"start": "2026-03-01", "end": "2026-03-20"}}},
)
LENGTH = {
    "event": ["2026-03-01"],
    "repeat": {"boundsDuration": {"value": 20, "system": "http://unitsofmeasure.org", "code": "d"}},
}
UNTIL = {
    "event": ["2026-03-01"],
    "repeat": {
        "boundsRange": {"high": {"value": 480, "system": "http://unitsofmeasure.org", "code": "h"}}
    },
}
OPEN = {"repeat": {"boundsPeriod": {"start": "2026-03-01"}}}
SAYS_NONE = {
    "repeat": {
        "boundsDuration": {"value": 20, "system": "http://unitsofmeasure.org", "code": "d"},
        "frequency": 1,
        "period": 1,
        "periodUnit": "d",
    }
}


def orders(about: str, timing: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    who = {"reference": about}
    drug = {
        "resourceType": "MedicationRequest",
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": {"text": "x"},
        "subject": who,
    }
    device = {
        "resourceType": "DeviceRequest",
        "intent": "order",
        "codeCodeableConcept": {"text": "x"},
        "subject": who,
        "occurrenceTiming": timing,
    }
    return [
        (
            "Observation?date=",
            {
                "resourceType": "Observation",
                "status": "final",
                "code": {"text": "x"},
                "subject": who,
                "effectiveTiming": timing,
            },
        ),
        (
            "ServiceRequest?occurrence=",
            {
                "resourceType": "ServiceRequest",
                "status": "active",
                "intent": "order",
                "subject": who,
                "occurrenceTiming": timing,
            },
        ),
        ("DeviceRequest?event-date=", device),
        ("MedicationRequest?date=", {**drug, "dosageInstruction": [{"timing": timing}]}),
    ]


@pytest.mark.parametrize(
    "timing",
    [EVENT, BOUNDS, LENGTH, UNTIL, OPEN, SAYS_NONE],
    ids=["events", "period", "length", "longest", "open", "none"],
)
def test_of_a_timing_the_outer_limits_matter(api: Api, timing: dict[str, Any]) -> None:
    about = api.create(make_patient())
    for path, resource in orders(about, timing):
        made = api.create(resource).split("/")[1]
        found = {
            asked
            for asked in (
                "2026-03",
                "ge2026-03-10",
                "le2026-03-10",
                "sa2026-02-28",
                "sa2026-03-01",
                "eb2026-03-10",
                "eb2026-04",
                "ge2027",
            )
            if made in ids(api, path + asked)
        }
        expected = {"2026-03", "ge2026-03-10", "le2026-03-10", "sa2026-02-28", "eb2026-04"}
        if timing is OPEN:
            expected = expected - {"2026-03", "eb2026-04"} | {"ge2027"}
        if timing is EVENT and "dosageInstruction" in resource:
            expected |= {
                "sa2026-03-01",
                "eb2026-03-10",
                # by its definition each event is a value of its own (SearchParameter
                # medications-date)
            }
        if timing in (LENGTH, UNTIL) and "dosageInstruction" in resource:
            expected |= {"eb2026-03-10"}
        assert found == (expected if timing is not SAYS_NONE else set()), path


def test_what_has_no_time_comes_last_both_ways(api: Api) -> None:
    about = api.create(make_patient())
    made = [
        api.create(
            {
                k: v
                for k, v in make_observation(about, date=d or "2026").items()
                if d or k != "effectiveDateTime"
            }
        ).split("/")[1]
        for d in ("2026-02-01", "", "2026-01-01", "", "2026-03-01")
    ]
    feb, none, jan, nor, mar = made

    def walk(sort: str) -> list[str]:
        out, link = [], f"Observation?patient={about}&_sort={sort}&_count=2"
        while link:
            page = api("GET", link).json
            out += [e["resource"]["id"] for e in page.get("entry", [])]
            link = next(
                (
                    x["url"].split(f"/{api.base}/")[1]
                    for x in page["link"]
                    if x["relation"] == "next"
                ),
                "",
            )
        return out

    assert walk("date") == [jan, feb, mar, none, nor] and walk("-date") == [
        mar,
        feb,
        jan,
        nor,
        none,
    ]
    assert walk("date,_id") == [jan, feb, mar, *sorted((none, nor))] and walk("-date,_id") == [
        mar,
        feb,
        jan,
        *sorted((none, nor)),
    ]
    assert walk("date,code") == walk("date"), "also where it is sifted"


@pytest.mark.parametrize(
    "date",
    [
        "9999",
        "9999-12",
        "9999-12-31",
        "9999-12-31T23:59:59.9999999Z",
        "0001-01-01",
        "2026-01-02T03:04:05.1234567890Z",
        "2016-12-31T23:59:60Z",
    ],
)
def test_the_ends_of_time_are_found_by_themselves(api: Api, date: str) -> None:
    about = api.create(make_patient())
    made = api.create(
        {
            "resourceType": "Encounter",
            "status": "finished",
            "class": {"code": "AMB"},
            "subject": {"reference": about},
            "period": {"start": date, "end": date},
        }
    ).split("/")[1]
    going_on = api.create(
        {
            "resourceType": "Encounter",
            "status": "in-progress",
            "class": {"code": "AMB"},
            "subject": {"reference": about},
            "period": {"start": "2026"},
        }
    ).split("/")[1]
    for prefix in ("", "ge", "le"):
        assert made in ids(api, f"Encounter?date={prefix}{date}"), prefix
    assert made not in ids(api, f"Encounter?date=sa{date}") and made not in ids(
        api, f"Encounter?date=eb{date}"
    )
    assert going_on in ids(api, f"Encounter?date=ge{date}"), "what has no end goes on until then"


def test_about_a_date_is_a_tenth_of_the_way_to_now(api: Api) -> None:
    about = api.create(make_patient())
    now = dt.datetime.now(dt.UTC)
    days = {
        name: (now - dt.timedelta(days=n)).date().isoformat()
        for name, n in (("near", 1000), ("inside", 1080), ("outside", 1200), ("after", 850))
    }
    made = {
        name: api.create(make_observation(about, date=d)).split("/")[1] for name, d in days.items()
    }
    assert set(ids(api, f"Observation?patient={about}&date=ap{days['near']}")) == {
        made["near"],
        made["inside"],
    }
    assert (
        ids(api, f"Observation?patient={about}&date=ap1990") == []
        and len(ids(api, f"Observation?patient={about}&date=ap{days['near'][:4]}")) >= 2
    )


def test_everything_of_a_time_has_what_began_before_and_goes_on(api: Api) -> None:
    about = api.create(make_patient())
    who = {"reference": about}

    def condition(**more: Any) -> str:
        return api.create(
            {
                "resourceType": "Condition",
                "code": {"text": "x"},
                "subject": who,
                "onsetDateTime": "2020",
                **more,
            }
        )

    going_on, over_then, over, later = (
        condition(),
        condition(abatementDateTime="2025-06"),
        condition(abatementDateTime="2021"),
        condition(onsetDateTime="2026-06"),
    )
    unknown = condition(abatementString="long ago")
    allergy = api.create(
        {
            "resourceType": "AllergyIntolerance",
            "patient": who,
            "recordedDate": "2010-01-01",
            "code": {"text": "x"},
        }
    )
    seen = api.create(make_observation(about, date="2020-05-05"))
    found = {
        f"{e['resource']['resourceType']}/{e['resource']['id']}"
        for e in api("GET", f"{about}/$everything?start=2025-01-01&end=2025-12-31").json["entry"]
    }
    assert {going_on, over_then, unknown, allergy} <= found and not {over, later, seen} & found
