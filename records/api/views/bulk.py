"""Bulk jobs: kick-off of exports and imports, polling, files, deletion (Bulk Data Access 2.0)."""

from django.http import HttpRequest, HttpResponse, HttpResponseBase

from records.api.bulk_transfer import (
    NDJSON,
    NDJSON_IN,
    download_bulk_file,
    poll_bulk_job,
    start_export,
    start_import,
)
from records.api.fhir_view import FhirView
from records.api.http_response import build_accepted_response
from records.bulk import bulk_jobs
from records.requests.fhir_request import FhirRequest
from records.requests.interaction import Interaction, Operation

BULK = "http://hl7.org/fhir/uv/bulkdata/OperationDefinition/"


class ExportView(FhirView):
    operation = Operation("export", BULK + "export")

    @Interaction("$export", "write", headers=("Prefer",), statuses=(202,), gives="")
    def get(self, request: HttpRequest, fhir_request: FhirRequest) -> HttpResponse:
        """Begin an export of the whole store."""
        return start_export(request, fhir_request, "system")

    post = get


class PatientExportView(FhirView):
    operation = Operation("patient-export", BULK + "patient-export", at_shared_base=True)

    @Interaction("$export", "write", headers=("Prefer",), statuses=(202,), gives="")
    def get(self, request: HttpRequest, fhir_request: FhirRequest) -> HttpResponse:
        """Begin an export of what is about patients."""
        return start_export(request, fhir_request, "patient")

    post = get


class GroupExportView(FhirView):
    operation = Operation("group-export", BULK + "group-export")

    @Interaction("$export", "write", headers=("Prefer",), statuses=(202,), gives="")
    def get(self, request: HttpRequest, fhir_request: FhirRequest, fhir_id: str) -> HttpResponse:
        """Begin an export of what is about a group's patients."""
        return start_export(request, fhir_request, "group", fhir_id)

    post = get


class ImportView(FhirView):
    operation = Operation("import", "urn:xinglin:operation:import")

    @Interaction("$import", "write", takes=NDJSON_IN, statuses=(202,), gives="")
    def post(
        self, request: HttpRequest, fhir_request: FhirRequest, type_name: str = ""
    ) -> HttpResponse:
        """Begin an import of one resource a line, of one type or of many."""
        return start_import(request, fhir_request, type_name)


class BulkJobView(FhirView):
    @Interaction("bulk-status", "read", statuses=(200, 202), gives="application/json")
    def get(self, request: HttpRequest, fhir_request: FhirRequest, job_id: str) -> HttpResponse:
        """Ask how far a job is; once it is done, for its manifest."""
        return poll_bulk_job(fhir_request, job_id)

    @Interaction("bulk-delete", "write", statuses=(202,), gives="")
    def delete(self, request: HttpRequest, fhir_request: FhirRequest, job_id: str) -> HttpResponse:
        """Cancel a job, or delete its files."""
        bulk_jobs.delete_bulk_job(fhir_request, job_id)
        return build_accepted_response({})


class BulkFileView(FhirView):
    @Interaction("bulk-file", "read", headers=("Range",), statuses=(200, 206), gives=NDJSON)
    def get(
        self, request: HttpRequest, fhir_request: FhirRequest, job_id: str, number: str
    ) -> HttpResponseBase:
        """Fetch a file, or the rest of it."""
        return download_bulk_file(request, fhir_request, job_id, number)
