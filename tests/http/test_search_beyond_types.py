"""Search beyond one type: compartments, whole bases, lists, several sort keys, and what is not
served.
"""

import pytest
from django.db import connection
from django.test import Client as Caller

from records.interactions import search_page
from tests.factories.fhir import Api, make_bundle, make_observation, make_patient
from tests.support.search_ids import ids


def test_the_whole_base_and_compartments(api: Api) -> None:
    about, other = api.create(make_patient()), api.create(make_patient())
    seen, also = api.create(make_observation(about)), api.create(make_observation(other))
    visit = api.create(
        {
            "resourceType": "Encounter",
            "status": "finished",
            "class": {"code": "AMB"},
            "subject": {"reference": about},
        }
    )
    inside = api.create(make_observation(about, encounter={"reference": visit}))
    api("PUT", seen, api("GET", seen).json | {"meta": {"tag": [{"code": "red"}]}})
    assert set(ids(api, "?_type=Observation,Encounter")) == {seen, also, visit, inside}
    assert (
        ids(api, "?_tag=red") == [seen]
        and api("GET", "?_tag=red&_total=accurate").json["total"] == 1
    )
    assert set(ids(api, f"?_type=Observation,Encounter&patient={about}")) == {seen, visit, inside}
    assert set(ids(api, f"{about}/*")) == {about, seen, visit, inside}
    assert set(ids(api, f"{about}/Observation?code=4548-4")) == {seen, inside}
    assert ids(api, f"{visit}/Observation") == [inside]
    form = api.raw(
        "POST",
        f"/fhir/{api.base}/_search",
        b"_type=Encounter",
        {
            "Authorization": f"Bearer {api.token}",
            "Content-Type": "application/x-www-form-urlencoded",
        },
    )
    assert [e["resource"]["id"] for e in form.json["entry"]] == [visit.split("/")[1]]
    assert api("GET", f"{about}/Slot").status == 400 and api("GET", f"{seen}/Patient").status == 400
    assert (
        api("GET", "?_type=Nothing").status == 400
        and api("GET", "?birthdate=2020").status == 400
        and api("GET", "Observation?_type=Patient").status == 400
    )


def test_pages_of_a_compartment_are_its_own(api: Api) -> None:
    about, other = api.create(make_patient()), api.create(make_patient())
    made = {api.create(make_observation(about, value=i)) for i in range(5)}
    api.create(make_observation(other))
    found, link = [], f"{about}/Observation?_count=2"
    while link:
        page = api("GET", link).json
        found += [f"Observation/{e['resource']['id']}" for e in page.get("entry", [])]
        link = next(
            (
                x["url"].split(f"/fhir/{api.base}/")[1]
                for x in page["link"]
                if x["relation"] == "next"
            ),
            "",
        )
        cursor = link.partition("_cursor=")[2]
    assert set(found) == made and len(found) == 5
    first = (
        api("GET", f"{about}/Observation?_count=2").json["link"][1]["url"].partition("_cursor=")[2]
    )
    assert api("GET", f"{other}/Observation?_count=2&_cursor={first}").status == 400, (
        "a cursor belongs to its address"
    )
    assert not cursor


def test_lists(api: Api) -> None:
    about = api.create(make_patient())
    made = [api.create(make_observation(about, value=i)) for i in range(3)]
    listed = api.create(
        {
            "resourceType": "List",
            "status": "current",
            "mode": "working",
            "entry": [{"item": {"reference": m}} for m in made[:2]],
        }
    )
    assert set(ids(api, f"Observation?_list={listed.split('/')[1]}")) == set(made[:2])
    assert (
        ids(api, "Observation?_list=nothing") == []
        and api("GET", "Observation?_list=Patient/1").status == 400
    )


def test_several_sort_keys_page_by_page(api: Api) -> None:
    about = api.create(make_patient())
    rows = [("a", 2), ("a", 1), ("b", 3), ("a", 1), ("b", 1), ("a", None)]
    sent = make_bundle(
        *[
            (
                "PUT",
                f"Observation/s{i}",
                {
                    "id": f"s{i}",
                    **make_observation(about, date=f"2026-0{1 + (text == 'a')}-01"),
                    **({"valueQuantity": {"value": n}} if n else {}),
                },
            )
            for i, (text, n) in enumerate(rows)
        ]
    )
    for e, (_, n) in zip(sent["entry"], rows, strict=True):
        if n is None:
            del e["resource"]["valueQuantity"]
    assert api("POST", "", sent).status == 200
    expected = ["s3", "s1", "s0", "s5", "s4", "s2"]
    found, link = [], "Observation?_sort=-date,value-quantity,-_id&_count=2"
    while link:
        page = api("GET", link).json
        found += [e["resource"]["id"] for e in page.get("entry", [])]
        link = next(
            (
                x["url"].split(f"/fhir/{api.base}/")[1]
                for x in page["link"]
                if x["relation"] == "next"
            ),
            "",
        )
    assert found == expected


def test_the_text_of_a_code(api: Api) -> None:
    about = api.create(make_patient())
    made = api.create(make_observation(about))
    other = api.create(
        make_observation(about)
        | {
            "code": {
                "coding": [
                    {
                        "system": "http://loinc.org",
                        "code": "1-1",
                        "display": "Glucose [Mass/volume]",
                    }
                ]
            }
        }
    )
    assert ids(api, "Observation?code:text=糖化") == [made] and ids(
        api, "Observation?code:text=GLUCOSE"
    ) == [other]
    assert set(ids(api, "Observation?code:text=糖化,gluc")) == {made, other}
    assert ids(api, "Observation?code:text=红蛋白") == [], "it begins so, as FHIR says"
    assert ids(
        api, f"Patient?_has:Observation:patient:code:text=糖化&_id={about.split('/')[1]}"
    ) == [about]
    assert ids(api, "Observation?combo-code:text=糖化") == [made]
    api("PUT", made, api("GET", made).json | {"code": {"text": "血糖"}})
    assert ids(api, "Observation?code:text=糖化") == [] and ids(
        api, "Observation?code:text=血"
    ) == [made]
    assert api("GET", "Observation?code:text=%20").status == 400


@pytest.mark.parametrize("name", ["_filter=name eq x", "_query=x", "_contained=true"])
def test_what_is_not_served_says_what_is(api: Api, name: str) -> None:
    reply = api("GET", f"Patient?{name}")
    assert reply.status == 400 and "is not served: " in reply.says


def test_whole_texts(api: Api) -> None:
    about = api.create(make_patient())
    said = {
        "text": {
            "status": "generated",
            "div": (
                '<div xmlns="http://www.w3.org/1999/xhtml"><p class="fieber">Bone'
                " <b>Metástases</b>，骨转移</p></div>"
            ),
        }
    }
    one = api.create(make_observation(about) | said)
    two = api.create(
        make_observation(about, code="1-1")
        | {
            "note": [{"text": "患者诉胸痛，骨转移待查"}],
            "valueQuantity": {"value": 43.75, "unit": "%"},
        }
    )
    api.create(make_observation(about))
    assert (
        ids(api, "Observation?_text=metastases bone") == [one]
        and ids(api, "Observation?_text=metastases heart") == []
    )
    assert ids(api, "Observation?_text=fieber") == [], "markup is no text"
    assert set(ids(api, "Observation?_content=骨转移")) == {one, two} and ids(
        api, "Observation?_content=43.75"
    ) == [two]
    assert set(ids(api, "Observation?_content=胸痛,BONE")) == {one, two} and ids(
        api, "Observation?_content=骨转移&_text=骨转移"
    ) == [one]
    assert ids(api, "?_type=Observation,Patient&_content=胸痛") == [two] and ids(
        api, f"{about}/Observation?_content=胸痛&code=1-1"
    ) == [two]
    assert api("GET", "Observation?_content=骨转移&_summary=count").json["total"] == 2
    for bad in (
        "Observation?_content=%20",
        "Observation?_content:exact=x",
        f"Observation?patient={about}&_sort=spoon",
    ):
        assert api("GET", bad).status == 400, bad
    for method, path in (("PUT", "Observation?_content=x"), ("DELETE", "Observation?_content=x")):
        assert (
            api(method, path, make_observation(about) if method == "PUT" else None).status == 400
        ), "no condition hangs on it"
    assert (
        api("POST", "Observation", make_observation(about), If_None_Exist="_text=x").status == 400
    )
    assert (
        api("GET", "Patient?_has:Observation:patient:_content=x").status == 400
        and api("GET", "Observation/$lastn?patient=" + about + "&_content=x").status == 400
    )


def test_looking_into_too_many_is_refused(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    about = api.create(make_patient())
    for i in range(4):
        api.create(make_observation(about, code=f"{i}-0"))
    monkeypatch.setattr(search_page, "MOST", 3)  # the page is made in this process
    ask = Caller()

    def status(query: str) -> int:
        return ask.get(
            f"/fhir/{api.base}/{query}", headers={"Authorization": f"Bearer {api.token}"}
        ).status_code

    assert status("Observation?_content=糖化") == status("Observation?_sort=code") == 413
    assert (
        status("Observation?_content=糖化&code=1-0")
        == status("Observation?_sort=code&code=1-0")
        == status("Observation?_sort=date")
        == 200
    )


def test_what_takes_too_long_is_refused_as_such(api: Api) -> None:
    """One careless search held a thread of the site until it ended."""

    def ask(query: str) -> tuple[int, str]:
        reply = Caller().get(
            f"/fhir/{api.base}/{query}", headers={"Authorization": f"Bearer {api.token}"}
        )
        return reply.status_code, reply.content.decode()

    assert ask("Observation?code=1")[0] == 200
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = '1ms'")
        try:
            status, says = ask(
                "Observation?code="
                + ",".join(f"c{i}" for i in range(150))
                + "&_has:Observation:has-member:code=1&date=gt2000&date=lt2030"
                + "&_sort=value-quantity&_total=accurate"
            )
        finally:
            cursor.execute("RESET statement_timeout")
    assert status == 413 and "too-costly" in says and "Narrow it" in says
    assert ask("Observation?code=1")[0] == 200
