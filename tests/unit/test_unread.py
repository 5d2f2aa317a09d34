"""Whatever a release cannot read in a valid resource is refused by the element it stumbles over,
not by a failure of the server.
"""

from typing import Any

import pytest
from django.db import DataError

from records.fhir.issues import NotFound, Unprocessable
from records.ingest.unreadable import MOST_COPIES, naming_unreadable_element

RESOURCE = {
    "resourceType": "Patient",
    "gender": "male",
    "_birthDate": {"extension": [{"url": "urn:x"}]},
    "name": [{"family": "a"}, {"given": ["b", "odd"]}],
}


def stumbling(value: Any) -> Any:
    def read(node: Any) -> None:
        if node == value:
            raise ValueError("a patient's own words")
        for inner in (
            node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
        ):
            read(inner)

    return read


@pytest.mark.parametrize(
    ("value", "where"),
    [
        ("odd", "Patient.name[1].given[1]"),
        ({"family": "a"}, "Patient.name[0].family"),
        ("urn:x", "Patient.birthDate.extension[0].url"),
        ("male", "Patient.gender"),
    ],
)
def test_the_element_is_named(value: Any, where: str) -> None:
    read = stumbling(value)
    with (
        pytest.raises(Unprocessable) as told,
        naming_unreadable_element([("", {"resourceType": "Patient"}), ("", RESOURCE)], read),
    ):
        read(RESOURCE)
    assert [i.where for i in told.value.issues] == [where] and "own words" not in told.value.issues[
        0
    ].says
    with (
        pytest.raises(Unprocessable) as told,
        naming_unreadable_element([("Bundle.entry[3].resource", RESOURCE)], read),
    ):
        read(RESOURCE)
    assert told.value.issues[0].where == where.replace("Patient", "Bundle.entry[3].resource", 1)


def test_what_only_the_database_refuses_names_the_resource() -> None:
    with (
        pytest.raises(Unprocessable) as told,
        naming_unreadable_element([("", RESOURCE)], lambda r: None),
    ):
        raise DataError
    assert told.value.issues[0].where == "Patient"
    with (
        pytest.raises(Unprocessable) as told,
        naming_unreadable_element(
            [("Bundle.entry[0].resource", RESOURCE), ("Bundle.entry[1].resource", RESOURCE)],
            lambda r: None,
        ),
    ):
        raise DataError
    assert told.value.issues[0].where == ""


def test_other_refusals_pass_as_they_are_and_the_search_ends() -> None:
    with pytest.raises(NotFound), naming_unreadable_element([("", RESOURCE)], lambda r: None):
        raise NotFound
    looks = []
    large = {
        "resourceType": "Patient",
        "name": [{"family": str(i)} for i in range(10 * MOST_COPIES)],
    }

    def never(resource: Any) -> None:
        looks.append(1)
        raise KeyError

    with pytest.raises(Unprocessable), naming_unreadable_element([("", large)], never):
        never(large)
    assert len(looks) < 3 * MOST_COPIES
