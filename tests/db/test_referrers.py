"""Who refers to a resource is in the index, whatever the element is called
(records/search/referrers.py).
"""

from typing import Any

import pytest
from django.db import connection

from records.fhir.hashes import reference_hash
from records.search.referrers import OTHER_REFERENCES, referrer_parameters
from tests.factories import alliance
from tests.factories.fhir import Api, make_bundle, make_observation, make_patient


@pytest.fixture
def api(server: str) -> Api:
    at = alliance.make_hospital("refer")
    return Api(server, at.code, credentials=alliance.make_credentials(at))


def referring(api: Api, key: str) -> set[str]:
    """The ids of those that the index says refer to it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT r.fhir_id FROM record_reference x JOIN record_resource r ON r.rid = x.rid JOIN"
            " alliance_hospital h ON h.id = r.hospital WHERE h.code = %s AND x.target = %s AND"
            " x.parameter = ANY(%s)",
            [api.base, reference_hash(key), referrer_parameters(key.split("/")[0])],
        )
        return {i for (i,) in cursor.fetchall()}


def test_every_reference_counts_but_those_of_a_closed_world(api: Api) -> None:
    about = api.create(make_patient())
    house = api.create({"resourceType": "Organization", "name": "x"})
    visit = api.create(
        {
            "resourceType": "Encounter",
            "status": "finished",
            "class": {"code": "AMB"},
            "subject": {"reference": about},
        }
    )
    url = "urn:x"

    def made(**more: Any) -> str:
        return api.create(make_observation(about, **more)).split("/")[1]

    by_parameter = made(encounter={"reference": visit})
    by_version = made(encounter={"reference": f"{visit}/_history/1"})
    by_extension = made(extension=[{"url": url, "valueReference": {"reference": visit}}])
    from_inside = made(
        contained=[make_observation(about) | {"id": "o", "encounter": {"reference": visit}}],
        hasMember=[{"reference": "#o"}],
    )
    by_author = made(note=[{"authorReference": {"reference": house}, "text": "x"}])
    assert referring(api, visit) == {
        by_parameter,
        by_version,
        by_extension,
        from_inside,
    } and referring(api, house) == {by_author}
    document = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": make_observation(about) | {"encounter": {"reference": visit}}}],
    }
    api.create(document)
    assert referring(api, visit) == {
        by_parameter,
        by_version,
        by_extension,
        from_inside,
    }, "a Bundle's entries are a closed world"
    assert (
        api(
            "PUT", f"Observation/{by_extension}", make_observation(about) | {"id": by_extension}
        ).status
        == 200
    )
    assert referring(api, visit) == {by_parameter, by_version, from_inside}, "written anew"
    other = api.create(
        make_patient() | {"link": [{"other": {"reference": about}, "type": "seealso"}]}
    ).split("/")[1]
    named_too = made(performer=[{"reference": about}])
    aside = api.create(
        {
            "resourceType": "Basic",
            "code": {"text": "x"},
            "extension": [{"url": url, "valueReference": {"reference": about}}],
        }
    ).split("/")[1]
    assert referring(api, about) >= {other, named_too, aside} and by_author not in referring(
        api, about
    ), "whom a row is about is its column"


def test_only_what_no_parameter_looks_at_has_a_row_of_its_own(api: Api) -> None:
    about = api.create(make_patient())
    visit = "Encounter/v"
    sent = make_bundle(
        (
            "PUT",
            visit,
            {
                "resourceType": "Encounter",
                "id": "v",
                "status": "finished",
                "class": {"code": "AMB"},
                "subject": {"reference": about},
            },
        ),
        ("POST", "Observation", make_observation(about, encounter={"reference": visit})),
        (
            "POST",
            "Observation",
            make_observation(
                about, extension=[{"url": "urn:x", "valueReference": {"reference": visit}}]
            ),
        ),
    )
    assert api("POST", "", sent).status == 200
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM record_reference x JOIN record_resource r ON r.rid = x.rid JOIN"
            " alliance_hospital h ON h.id = r.hospital WHERE h.code = %s AND x.parameter = %s",
            [api.base, OTHER_REFERENCES],
        )
        assert cursor.fetchone() == (1,)
    assert len(referring(api, visit)) == 2
