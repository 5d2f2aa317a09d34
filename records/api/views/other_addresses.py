"""What no line of the URLconf knows: an address with a slash too many is the one without; an
operation of another type says of which it is; anything else is not there. As everywhere, whoever
asks is authenticated first.
"""

from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponseBase
from django.urls import get_resolver

from records.api.fhir_view import Answer, FhirView, split_path
from records.fhir.issues import Issue, NotFound, NotSupported, Problem
from records.requests.fhir_request import FhirRequest
from records.requests.interaction import EVERY_TYPE, THE_BASE
from records.requests.served_routes import ServedRoute, list_routes

URLCONF = "records.api.urls"


class OtherAddressView(FhirView):
    def dispatch(self, request: HttpRequest, *_: Any, **about: str) -> HttpResponseBase:
        base_code, parts = about["base_code"], split_path(about["path"])
        if (plain := "/".join(parts)) != about["path"]:
            match = get_resolver(URLCONF).resolve(f"/{plain}")
            return match.func(request, base_code=base_code, **match.kwargs)  # type: ignore[no-any-return]
        if routes := find_routes_of_other_types(parts):
            view = OtherTypeView.as_view(interactions=routes[0].interactions, routes=routes)
            return view(request, base_code=base_code)
        return super().dispatch(request, base_code=base_code)

    def refuse_method(self, method: str) -> Problem:
        return NotFound(
            Issue(
                "not-found",
                "There is no such address below a FHIR base; GET metadata tells what there is.",
            )
        )


class OtherTypeView(FhirView):
    """An operation, asked of a type that does not have it."""

    routes: ClassVar[list[ServedRoute]] = []

    def run(
        self, method: str, request: HttpRequest, fhir_request: FhirRequest, **about: str
    ) -> Answer:
        operation = self.routes[0].path.rpartition("/")[2]
        types = " or a ".join(dict.fromkeys(r.type_name for r in self.routes))
        raise NotSupported(Issue("not-supported", f"{operation} is served here for a {types}."))


def find_routes_of_other_types(parts: list[str]) -> list[ServedRoute]:
    """Those of an operation at such an address, but for its type."""
    if len(parts) < 2 or not parts[-1].startswith("$"):
        return []
    return [
        route
        for route in list_routes()
        if route.operation
        and route.type_name not in (THE_BASE, EVERY_TYPE)
        and (segments := route.path.split("/"))[-1] == parts[-1]
        and len(segments) == len(parts)
    ]
