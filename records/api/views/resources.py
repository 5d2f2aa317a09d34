"""A type, a resource and a version: search, read, create, update, patch, delete, with and without
a condition (FHIR R4 http.html).
"""

from django.http import HttpRequest

from records.api import binary, negotiate
from records.api.fhir_view import FhirView
from records.api.request_parameters import (
    check_no_parameters,
    is_lenient,
    parse_query_pairs,
    read_patch_operations,
    read_query_string,
)
from records.interactions import conditional, directory, patch, read, search, write
from records.interactions.preconditions import preconditions_from_headers
from records.pushes.push import CONDITION_HEADERS
from records.requests.fhir_request import FhirRequest, FhirResponse
from records.requests.interaction import EVERY_TYPE, Interaction
from records.work_faces import read_work


class ResourceView(FhirView):
    may_give_bytes = True

    @Interaction(
        "read",
        "read",
        asks_proviso=True,
        at_shared_base=("Patient", "Person", "AuditEvent", *read_work.FACES, *directory.FACES),
        headers=("If-None-Match", "If-Modified-Since"),
    )
    def get(
        self, request: HttpRequest, fhir_request: FhirRequest, type_name: str, fhir_id: str
    ) -> FhirResponse:
        """Read the current version."""
        found = read.read_resource(fhir_request, type_name, fhir_id)
        return binary.show_resource(request, type_name, found)

    @Interaction(
        "update",
        "write",
        asks_proviso=True,
        async_option=True,
        headers=("Prefer", *CONDITION_HEADERS),
        takes=negotiate.RESOURCE_IN,
        statuses=(200, 201),
    )
    def put(
        self, request: HttpRequest, fhir_request: FhirRequest, type_name: str, fhir_id: str
    ) -> FhirResponse:
        """Write a new version, or create it under this id."""
        return write.update_by_id(
            fhir_request,
            type_name,
            fhir_id,
            binary.read_resource_body(request, type_name, fhir_id),
            preconditions_from_headers(request.headers),
            warn=fhir_request.returns == "OperationOutcome",
        )

    @Interaction("patch", "write", headers=("Prefer", *CONDITION_HEADERS), takes=negotiate.PATCH_IN)
    def patch(
        self, request: HttpRequest, fhir_request: FhirRequest, type_name: str, fhir_id: str
    ) -> FhirResponse:
        """Change it by a JSON Patch or a FHIRPath Patch."""
        return patch.patch_by_id(
            fhir_request,
            type_name,
            fhir_id,
            read_patch_operations(request),
            preconditions_from_headers(request.headers),
        )

    @Interaction("delete", "write", headers=CONDITION_HEADERS, statuses=(204,), gives="")
    def delete(
        self, request: HttpRequest, fhir_request: FhirRequest, type_name: str, fhir_id: str
    ) -> FhirResponse:
        """Delete it; its versions stay in its history."""
        check_no_parameters(request)
        return write.delete_by_id(
            fhir_request, type_name, fhir_id, preconditions_from_headers(request.headers)
        )


class VersionView(FhirView):
    may_give_bytes = True

    @Interaction("vread", "read", asks_proviso=True, headers=("If-None-Match", "If-Modified-Since"))
    def get(
        self,
        request: HttpRequest,
        fhir_request: FhirRequest,
        type_name: str,
        fhir_id: str,
        version: str,
    ) -> FhirResponse:
        """Read one version."""
        found = read.read_version(fhir_request, type_name, fhir_id, version)
        return binary.show_resource(request, type_name, found)


class TypeView(FhirView):
    @Interaction(
        "search-type",
        "search",
        asks_proviso=True,
        at_shared_base=(EVERY_TYPE, "AuditEvent", *read_work.FACES, *directory.FACES),
    )
    def get(self, request: HttpRequest, fhir_request: FhirRequest, type_name: str) -> FhirResponse:
        """Search a type."""
        return search.search_resources(
            fhir_request, type_name, parse_query_pairs(request), is_lenient(request)
        )

    @Interaction(
        "create",
        "write",
        asks_proviso=True,
        async_option=True,
        headers=("Prefer", "If-None-Exist"),
        takes=negotiate.RESOURCE_IN,
        statuses=(200, 201),
    )
    def post(self, request: HttpRequest, fhir_request: FhirRequest, type_name: str) -> FhirResponse:
        """Create a resource; with If-None-Exist unless there is one."""
        return write.create_resource(
            fhir_request,
            type_name,
            binary.read_resource_body(request, type_name),
            negotiate.read_header(request, "If-None-Exist"),
            preconditions_from_headers(request.headers),
            warn=fhir_request.returns == "OperationOutcome",
        )

    @Interaction(
        "conditional-update",
        "write",
        async_option=True,
        headers=("Prefer", *CONDITION_HEADERS),
        takes=negotiate.JSON_IN,
        statuses=(200, 201),
    )
    def put(self, request: HttpRequest, fhir_request: FhirRequest, type_name: str) -> FhirResponse:
        """Update the one that the search finds, or create it."""
        return conditional.update_by_condition(
            fhir_request,
            type_name,
            read_query_string(request),
            negotiate.read_json_body(request),
            preconditions_from_headers(request.headers),
        )

    @Interaction(
        "conditional-patch",
        "write",
        headers=("Prefer", *CONDITION_HEADERS),
        takes=negotiate.PATCH_IN,
    )
    def patch(
        self, request: HttpRequest, fhir_request: FhirRequest, type_name: str
    ) -> FhirResponse:
        """Patch the one that the search finds."""
        return conditional.patch_by_condition(
            fhir_request,
            type_name,
            read_query_string(request),
            read_patch_operations(request),
            preconditions_from_headers(request.headers),
        )

    @Interaction(
        "conditional-delete", "write", headers=CONDITION_HEADERS, statuses=(204,), gives=""
    )
    def delete(
        self, request: HttpRequest, fhir_request: FhirRequest, type_name: str
    ) -> FhirResponse:
        """Delete the one that the search finds."""
        return conditional.delete_by_condition(
            fhir_request,
            type_name,
            read_query_string(request),
            preconditions_from_headers(request.headers),
        )
