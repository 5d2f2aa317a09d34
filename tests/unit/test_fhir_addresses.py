"""Which line of the URLconf an address below a FHIR base comes to."""

import pytest
from django.urls import resolve, reverse

from records.requests.served_routes import list_routes

KNOWN = {
    "": "base",
    "Patient": "type",
    "nowhere": "type",
    "Patient/a-1.B": "resource",
    "Patient/a_b": "resource",
    "Patient/_searching": "resource",
    "Patient/_search": "type-search",
    "Patient/_history": "type-history",
    "Patient/x/_history": "history",
    "Patient/x/_history/1": "version",
    "Patient/x/_history/_search": "version",
    "Patient/x/Observation": "compartment",
    "Patient/x/*": "compartment",
    "Patient/x/*/_search": "compartment-search",
    "_search": "base-search",
    "_history": "feed",
    "metadata": "capabilities",
    "metadata/x": "resource",
    "$meta": "base-meta",
    "Basic/$meta": "type-meta",
    "Basic/x/$meta": "meta",
    "Patient/$match": "match",
    "ValueSet/$expand": "expand-by-url",
    "ValueSet/x/$expand": "expand",
    "_bulk/x": "bulk-job",
    "_bulk/x/0": "bulk-file",
    "_async/x": "push",
}
UNKNOWN = (
    "/",
    "//",
    "Patient/",
    "/Patient",
    "Patient//x",
    "Patient/x/",
    "Patient/$nothing",
    "Basic/$match",
    "$nothing",
    "_bulk",
    "_async/x/y",
    "a/b/c/d",
    "Patient/_search/x",
    "Patient/$meta/x",
)


@pytest.mark.parametrize("path", KNOWN)
def test_an_address_of_the_table(path: str) -> None:
    assert resolve(f"/{path}", "records.api.urls").url_name == KNOWN[path]


@pytest.mark.parametrize("path", UNKNOWN)
def test_another_address(path: str) -> None:
    found = resolve(f"/{path}", "records.api.urls")
    assert (found.url_name, found.kwargs) == ("other", {"path": path})


def test_each_route_has_the_address_that_its_name_gives() -> None:
    values = {"type_name": "Basic", "fhir_id": "x", "version": "1", "types": "*"}
    values |= {"job_id": "j", "number": "0", "push_id": "p"}
    for route in list_routes():
        named = {k: v for k, v in values.items() if f"{{{k}}}" in route.template}
        address = reverse(f"fhir:{route.name}", kwargs=named | {"base_code": "beishan"})
        assert resolve(address).view_name == f"fhir:{route.name}", address


def test_a_long_address_is_no_work() -> None:
    """Each variable matches what stands between two slashes, once."""
    for path in ("a" * 8000, "/" * 8000, "a/" * 4000, "Patient/" + "$" * 8000):
        assert resolve(f"/{path}", "records.api.urls").url_name in ("type", "other")
