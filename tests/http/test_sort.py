"""_sort by any parameter that has an order: whole, in pages, both ways, those without a value last."""

import pytest

from tests.factories.fhir import Api, observation, patient


def walk(api: Api, query: str) -> list[str]:
    """Every match in order, by pages of three."""
    out, link = [], f"{query}&_count=3"
    while link:
        page = api("GET", link).json
        out += [e["resource"]["id"] for e in page.get("entry", [])]
        link = next((x["url"].split(f"/{api.base}/")[1] for x in page["link"] if x["relation"] == "next"), "")
    return out


@pytest.mark.parametrize(("sort", "order"), [
    ("family", "b d a c e"), ("-family", "c a d b e"), ("birthdate", "d a c b e"), ("-birthdate", "b c a d e"), ("_id", "a b c d e"), ("-_id", "e d c b a"),
])
def test_patients(api: Api, sort: str, order: str) -> None:
    for name, family, birth in (("a", "Müller", "1950-01-02"), ("b", "Arnold", "1990-05-05"), ("c", "欧阳", "1950-02"), ("d", "Berg", "1949"), ("e", "", "")):
        body = {**patient(), "id": name, "name": [{"family": family, "given": ["x"]}] if family else [{"text": "y"}], "birthDate": birth}
        assert api("PUT", f"Patient/{name}", {k: v for k, v in body.items() if v}).status == 201
    assert " ".join(walk(api, f"Patient?_sort={sort}")) == order


@pytest.mark.parametrize(("sort", "order"), [("value-quantity", "v2 v10 v100 none"), ("-value-quantity", "v100 v10 v2 none")])
def test_quantities(api: Api, sort: str, order: str) -> None:
    about = api.create(patient())
    for value in (10, 2, 100):
        api("PUT", f"Observation/v{value}", observation(about, value=value) | {"id": f"v{value}"})
    bare = {k: v for k, v in observation(about).items() if k != "valueQuantity"} | {"id": "none"}
    api("PUT", "Observation/none", bare)
    assert " ".join(walk(api, f"Observation?patient={about}&_sort={sort}")) == order
