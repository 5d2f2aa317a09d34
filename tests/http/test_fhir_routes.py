"""Each address below a FHIR base, with each method: what a view declares is served, 405 lists that
and nothing else, and CapabilityStatement and OpenAPI say the same.
"""

import re
from typing import Any

import pytest
from django.http import HttpRequest
from django.test import Client
from django.urls import get_resolver
from drf_spectacular.validation import validate_schema
from jsonschema import ValidationError

from records.api import urls
from records.api.fhir_view import FhirView
from records.capability import BASE_INTERACTIONS, TYPE_INTERACTIONS
from records.fhir.resource_types import TYPES
from records.requests.interaction import METHODS, Interaction
from records.requests.served_routes import ServedRoute, list_fhir_patterns, list_routes
from tests.factories.fhir import Api, make_patient

VALUES = {
    "type_name": "Basic",
    "fhir_id": "none",
    "version": "1",
    "types": "*",
    "job_id": "none",
    "number": "0",
    "push_id": "none",
}
ROUTES = pytest.mark.parametrize("route", list_routes(), ids=lambda r: r.name)


def fill(template: str) -> str:
    return re.sub(r"\{(\w+)\}", lambda m: VALUES[m[1]], template)


def try_method(api: Api, method: str, path: str, **more: Any) -> Any:
    return api(method, path, None if method in ("GET", "HEAD", "DELETE") else {}, **more)


def test_each_view_declares_what_its_methods_are() -> None:
    patterns = list_fhir_patterns(get_resolver().url_patterns)
    assert len(patterns) == len(urls.urlpatterns) > 40
    names = [p.name for p in patterns]
    assert all(names) and len(names) == len(set(names)), "each has a name of its own"
    for pattern in patterns:
        view = pattern.callback.view_class
        methods = [m for m in METHODS if hasattr(view, m.lower())]
        assert list(view.interactions) == methods and (methods or pattern.name == "other")
        assert all(isinstance(i, Interaction) for i in view.interactions.values())


def test_a_method_without_a_declaration_does_not_load() -> None:
    def get(self: FhirView, request: HttpRequest) -> None: ...

    with pytest.raises(TypeError, match="Bare: decorate GET"):
        type("Bare", (FhirView,), {"get": get})
    declared = type("Said", (FhirView,), {"get": Interaction("read", "read")(get)})
    assert declared.interactions["GET"].work == "read", "the control"  # type: ignore[attr-defined]


def test_operations_are_called_as_their_address_says() -> None:
    for route in list_routes():
        last = route.path.rpartition("/")[2]
        called = {i.name for i in route.interactions.values()}
        assert (route.operation is not None) == last.startswith("$")
        assert route.operation is None or called == {last}, route.path


@ROUTES
def test_405_lists_what_is_served_and_only_that(api: Api, route: ServedRoute) -> None:
    path = fill(route.template)
    for method in (*METHODS, "HEAD", "OPTIONS"):
        reply = try_method(api, method, path)
        if method in route.interactions or (method == "HEAD" and "GET" in route.interactions):
            assert reply.status != 405 and reply.status < 500, (method, path, reply.body)
            assert b"no such address" not in reply.body, (method, path)
        elif method == "OPTIONS" and not route.needs_token:
            assert (reply.status, reply.headers["allow"]) == (204, "GET, HEAD, OPTIONS"), (
                "pages of every origin may read it"
            )
        else:
            allowed = ", ".join(sorted(route.interactions))
            assert reply.status == 405, (method, path, reply.status, reply.body)
            assert reply.headers["allow"] == allowed
            assert method == "HEAD" or reply.says.endswith(
                f"{method} is not served here; {allowed} is."
            ), reply.says


@ROUTES
def test_a_slash_too_many_is_the_same_address(api: Api, route: ServedRoute) -> None:
    path = fill(route.template)
    method = next(iter(route.interactions))
    plain = try_method(api, method, path)
    for odd in (f"{path}/", f"/{path}", path.replace("/", "//") + "//"):
        reply = try_method(api, method, odd)
        assert reply.status == plain.status, (odd, reply.body)
        assert reply.json.get("issue") == plain.json.get("issue") if reply.body else not plain.body


@ROUTES
def test_nothing_but_what_is_for_everyone_without_a_token(api: Api, route: ServedRoute) -> None:
    path = fill(route.template)
    for method in METHODS:
        reply = try_method(api, method, path, Authorization="Bearer nobody")
        served = not route.needs_token and method in route.interactions
        assert reply.status == (200 if served else 401), (method, path)
    assert route.needs_token or route.name in ("capabilities", "openapi")


def test_unknown_addresses(api: Api) -> None:
    for path in ("a/b/c/d/e", "$nothing", "Basic/$nothing", "Basic/x/$nothing", "_bulk", "_x/y"):
        for method in METHODS:
            reply = try_method(api, method, path)
            assert reply.status == 404 and "no such address" in reply.says, (method, path)
            assert try_method(api, method, path, Authorization="Bearer nobody").status == 401


@pytest.mark.parametrize(
    "path",
    [
        "Basic/$match",
        "Basic/x/$everything",
        "Patient/$expand",
        "Patient/x/$translate",
        "Basic/x/$export",
        "Basic/$validate-code",
    ],
)
def test_an_operation_of_another_type_says_of_which_it_is(api: Api, path: str) -> None:
    operation = path.rpartition("/")[2]
    routes = [
        r
        for r in list_routes()
        if r.path.endswith(operation) and r.path.count("/") == path.count("/")
    ]
    types = " or a ".join(dict.fromkeys(r.type_name for r in routes))
    for method in METHODS:
        for odd in (path, f"{path}/"):
            reply = try_method(api, method, odd)
            if method in routes[0].interactions:
                assert reply.status == 400, (method, odd)
                assert reply.says.endswith(f"{operation} is served here for a {types}.")
            else:
                assert reply.status == 405, (method, odd)


def test_machines_come_to_a_view_by_djangos_handler(api: Api) -> None:
    about = api.create(make_patient())
    token = {"Authorization": f"Bearer {api.token}"}
    reply = Client().get(f"/fhir/{api.base}/{about}", headers=token)
    assert reply.status_code == 200
    match = reply.wsgi_request.resolver_match
    assert match.view_name == "fhir:resource" and match.kwargs["fhir_id"] == about.split("/")[1]
    assert not hasattr(reply.wsgi_request, "session"), "and by no middleware of pages"
    assert hasattr(Client().get("/account/login/").wsgi_request, "session"), "the control"


def read_openapi(api: Api, base: str = "") -> dict[str, Any]:
    reply = api("GET", "openapi.json", base=base, Authorization="Bearer nobody")
    assert reply.status == 200 and reply.headers["content-type"] == "application/json"
    return reply.json  # type: ignore[no-any-return]


def test_openapi_names_what_is_served(api: Api) -> None:
    said = read_openapi(api)
    assert {(path, m) for path, calls in said["paths"].items() for m in calls} == {
        (f"/{r.template}", m.lower())
        for r in list_routes()
        if not r.operation or r.operation.at_own_base
        for m in r.interactions
    }
    assert said["servers"][0]["url"].endswith(f"/fhir/{api.base}")
    assert said["components"]["parameters"]["type_name"]["schema"]["enum"] == list(TYPES)
    calls = [c for path in said["paths"].values() for c in path.values()]
    assert len({c["operationId"] for c in calls}) == len(calls) and all(c["summary"] for c in calls)
    open_calls = [c["operationId"] for c in calls if c.get("security") == []]
    assert open_calls == ["capabilities-get", "openapi-get"]


def test_openapi_is_openapi(api: Api) -> None:
    for base in ("", "alliance"):
        said = read_openapi(api, base)
        validate_schema(said)
        with pytest.raises(ValidationError):
            validate_schema({**said, "paths": {"no slash": {}}})


def test_openapi_refers_to_what_it_holds(api: Api) -> None:
    for base in ("", "alliance"):
        said = read_openapi(api, base)
        refs = set(re.findall(r"'\$ref': '#/components/(\w+)/(\w+)'", str(said)))
        assert refs and all(name in said["components"][kind] for kind, name in refs)
        for path, calls in said["paths"].items():
            for call in calls.values():
                named = {
                    said["components"]["parameters"][p["$ref"].rpartition("/")[2]]["name"]
                    if "$ref" in p
                    else p["name"]
                    for p in call["parameters"]
                }
                assert set(re.findall(r"\{(\w+)\}", path)) <= named, path


def test_statement_and_openapi_agree(api: Api) -> None:
    """Of a member's own base and of the shared one."""
    for base in ("", "alliance"):
        rest = api("GET", "metadata", base=base).json["rest"][0]
        calls = {
            (path, method): call
            for path, methods in read_openapi(api, base)["paths"].items()
            for method, call in methods.items()
        }
        names = {call["x-fhir-interaction"] for call in calls.values()}
        stated = {i["code"] for r in (rest, *rest["resource"]) for i in r.get("interaction", [])}
        assert stated - {"batch"} == names & {*TYPE_INTERACTIONS, *BASE_INTERACTIONS}
        operations = {
            "$" + o["name"].removeprefix("patient-").removeprefix("group-")
            for r in (rest, *rest["resource"])
            for o in r.get("operation", [])
        }
        assert operations == {n for n in names if n.startswith("$")}


def test_the_shared_base_describes_less(api: Api) -> None:
    shared, own = read_openapi(api, "alliance")["paths"], read_openapi(api)["paths"]
    assert set(shared["/{type_name}/{fhir_id}"]) == {"get"} and "/$meta" not in shared
    assert {"get", "put", "patch", "delete"} == set(own["/{type_name}/{fhir_id}"])
    read = shared["/{type_name}/{fhir_id}"]["get"]["parameters"][0]
    assert read["schema"]["enum"] == [
        "AuditEvent",
        "Communication",
        "HealthcareService",
        "Patient",
        "Person",
        "Provenance",
        "Schedule",
        "ServiceRequest",
        "Slot",
        "Task",
    ]
    about = api.create(make_patient())
    assert api("PUT", about, make_patient(), base="alliance").status == 403, (
        "what it does not describe is refused"
    )
