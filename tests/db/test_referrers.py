"""Who refers to a resource is in the index, whatever the element is called (records/search/referrers.py)."""

from typing import Any

import pytest
from django.db import connection

from records.fhir.hashes import named
from records.search.referrers import REFERS, referrers
from tests.factories import alliance
from tests.factories.fhir import Api, bundle, observation, patient


@pytest.fixture
def api(server: str) -> Api:
    at = alliance.hospital("refer")
    return Api(server, at.code, credentials=alliance.credentials(at))


def referring(api: Api, key: str) -> set[str]:
    """The ids of those that the index says refer to it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT r.fhir_id FROM record_reference x JOIN record_resource r ON r.rid = x.rid JOIN alliance_hospital h ON h.id = r.hospital "
                       "WHERE h.code = %s AND x.target = %s AND x.parameter = ANY(%s)", [api.base, named(key), referrers(key.split("/")[0])])
        return {i for (i,) in cursor.fetchall()}


def test_every_reference_counts_but_those_of_a_closed_world(api: Api) -> None:
    about = api.create(patient())
    house = api.create({"resourceType": "Organization", "name": "x"})
    visit = api.create({"resourceType": "Encounter", "status": "finished", "class": {"code": "AMB"}, "subject": {"reference": about}})
    url = "urn:x"

    def made(**more: Any) -> str:
        return api.create(observation(about, **more)).split("/")[1]

    by_parameter = made(encounter={"reference": visit})
    by_version = made(encounter={"reference": f"{visit}/_history/1"})
    by_extension = made(extension=[{"url": url, "valueReference": {"reference": visit}}])
    from_inside = made(contained=[observation(about) | {"id": "o", "encounter": {"reference": visit}}], hasMember=[{"reference": "#o"}])
    by_author = made(note=[{"authorReference": {"reference": house}, "text": "x"}])
    assert referring(api, visit) == {by_parameter, by_version, by_extension, from_inside} and referring(api, house) == {by_author}
    document = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": observation(about) | {"encounter": {"reference": visit}}}]}
    api.create(document)
    assert referring(api, visit) == {by_parameter, by_version, by_extension, from_inside}, "a Bundle's entries are a closed world"
    assert api("PUT", f"Observation/{by_extension}", observation(about) | {"id": by_extension}).status == 200
    assert referring(api, visit) == {by_parameter, by_version, from_inside}, "written anew"
    other = api.create(patient() | {"link": [{"other": {"reference": about}, "type": "seealso"}]}).split("/")[1]
    named_too = made(performer=[{"reference": about}])
    aside = api.create({"resourceType": "Basic", "code": {"text": "x"}, "extension": [{"url": url, "valueReference": {"reference": about}}]}).split("/")[1]
    assert referring(api, about) >= {other, named_too, aside} and by_author not in referring(api, about), "whom a row is about is its column"


def test_only_what_no_parameter_looks_at_has_a_row_of_its_own(api: Api) -> None:
    about = api.create(patient())
    visit = "Encounter/v"
    sent = bundle(("PUT", visit, {"resourceType": "Encounter", "id": "v", "status": "finished", "class": {"code": "AMB"}, "subject": {"reference": about}}),
                  ("POST", "Observation", observation(about, encounter={"reference": visit})),
                  ("POST", "Observation", observation(about, extension=[{"url": "urn:x", "valueReference": {"reference": visit}}])))
    assert api("POST", "", sent).status == 200
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM record_reference x JOIN record_resource r ON r.rid = x.rid JOIN alliance_hospital h ON h.id = r.hospital "
                       "WHERE h.code = %s AND x.parameter = %s", [api.base, REFERS])
        assert cursor.fetchone() == (1,)
    assert len(referring(api, visit)) == 2
