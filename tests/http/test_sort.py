"""_sort by any parameter that has an order: whole, in pages, both ways, those without a value
last.
"""

import base64

import pytest

from tests.factories.fhir import Api, make_observation, make_patient


def walk(api: Api, query: str) -> list[str]:
    """Every match in order, by pages of three."""
    out, link = [], f"{query}&_count=3"
    while link:
        page = api("GET", link).json
        out += [e["resource"]["id"] for e in page.get("entry", [])]
        link = next(
            (x["url"].split(f"/{api.base}/")[1] for x in page["link"] if x["relation"] == "next"),
            "",
        )
    return out


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("family", "b d a c e"),
        ("-family", "c a d b e"),
        ("birthdate", "d a c b e"),
        ("-birthdate", "b c a d e"),
        ("_id", "a b c d e"),
        ("-_id", "e d c b a"),
    ],
)
def test_patients(api: Api, sort: str, order: str) -> None:
    for name, family, birth in (
        ("a", "Müller", "1950-01-02"),
        ("b", "Arnold", "1990-05-05"),
        ("c", "欧阳", "1950-02"),
        ("d", "Berg", "1949"),
        ("e", "", ""),
    ):
        body = {
            **make_patient(),
            "id": name,
            "name": [{"family": family, "given": ["x"]}] if family else [{"text": "y"}],
            "birthDate": birth,
        }
        assert api("PUT", f"Patient/{name}", {k: v for k, v in body.items() if v}).status == 201
    assert " ".join(walk(api, f"Patient?_sort={sort}")) == order


@pytest.mark.parametrize(
    ("sort", "order"),
    [("value-quantity", "v2 v10 v100 none"), ("-value-quantity", "v100 v10 v2 none")],
)
def test_quantities(api: Api, sort: str, order: str) -> None:
    about = api.create(make_patient())
    for value in (10, 2, 100):
        api(
            "PUT",
            f"Observation/v{value}",
            make_observation(about, value=value) | {"id": f"v{value}"},
        )
    bare = {k: v for k, v in make_observation(about).items() if k != "valueQuantity"} | {
        "id": "none"
    }
    api("PUT", "Observation/none", bare)
    assert " ".join(walk(api, f"Observation?patient={about}&_sort={sort}")) == order


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("code", "c a b d none"),
        ("-code", "b d a c none"),
        ("status,-_id", "d c b a none"),
        ("-status,date", "none b c a d"),
        ("encounter", "c a b d none"),
        ("-encounter,value-quantity", "d b c a none"),
        ("subject,-date", "none d a c b"),
    ],
)
def test_codes_references_and_several(api: Api, sort: str, order: str) -> None:
    about = api.create(make_patient())
    for e in ("1", "2"):
        api(
            "PUT",
            f"Encounter/{e}",
            {
                "resourceType": "Encounter",
                "id": e,
                "status": "finished",
                "class": {"code": "AMB"},
                "subject": {"reference": about},
            },
        )
    for i, (name, code, visit, value) in enumerate(
        (("b", "9-9", "2", 7), ("c", "1-1", "1", 5), ("a", "4-4", "1", 9), ("d", "9-9", "2", 3))
    ):
        body = make_observation(about, code=code, value=value, date=f"2026-01-0{i + 1}") | {
            "id": name,
            "encounter": {"reference": f"Encounter/{visit}"},
        }
        assert api("PUT", f"Observation/{name}", body).status == 201
    bare = {
        "resourceType": "Observation",
        "id": "none",
        "status": "registered",
        "code": {"text": "无码"},
        "subject": {"reference": about},
        "effectiveDateTime": "2026-02-01",
    }
    assert api("PUT", "Observation/none", bare).status == 201
    assert " ".join(walk(api, f"Observation?_sort={sort}")) == order
    assert api("GET", f"Observation?_sort={sort}&_count=2&_total=accurate").json["total"] == 5


def test_a_page_goes_on_behind_a_resource_that_is_gone(api: Api) -> None:
    about = api.create(make_patient())
    for i in range(5):
        api("PUT", f"Observation/o{i}", make_observation(about, code=f"{i}-0") | {"id": f"o{i}"})
    first = api("GET", "Observation?_sort=code&_count=2").json
    assert [e["resource"]["id"] for e in first["entry"]] == ["o0", "o1"]
    link = next(x["url"] for x in first["link"] if x["relation"] == "next").split(f"/{api.base}/")[
        1
    ]
    assert (
        api("DELETE", "Observation/o1").status == 204
        and api("PUT", "Observation/o9", make_observation(about, code="0-1") | {"id": "o9"}).status
        == 201
    )
    assert [e["resource"]["id"] for e in api("GET", link).json["entry"]] == ["o2", "o3"]


def test_the_next_link_tells_nothing_of_the_last_row_and_bears_no_change(api: Api) -> None:
    for family in ("Geheimrat", "Zweiter"):
        api.create({**make_patient(), "name": [{"family": family, "given": ["x"]}]})
    page = api("GET", "Patient?_sort=family&_count=1").json
    link = next(x["url"].split(f"/{api.base}/")[1] for x in page["link"] if x["relation"] == "next")
    cursor = link.split("_cursor=")[1]
    assert page["entry"][0]["resource"]["name"][0]["family"] == "Geheimrat"
    assert b"eheimrat" not in base64.urlsafe_b64decode(cursor + "===") and "eheimrat" not in link
    assert api("GET", link).json["entry"][0]["resource"]["name"][0]["family"] == "Zweiter", (
        "the control: it leads on"
    )
    for broken in (
        cursor[:-2],
        cursor[:20] + ("A" if cursor[20] != "A" else "B") + cursor[21:],
        "x",
        "%C3%A9",
        "A" * 500,
    ):
        assert api("GET", f"Patient?_sort=family&_count=1&_cursor={broken}").status == 400, broken
