"""Every address below a FHIR base, the ones most often asked first. What each verb does there its
view declares; `records.requests.served_routes` lists both for whoever tells what is served.
"""

from django.urls import path, register_converter

from records.api import converters
from records.api.views.bulk import (
    BulkFileView,
    BulkJobView,
    ExportView,
    GroupExportView,
    ImportView,
    PatientExportView,
)
from records.api.views.bundles import BaseView
from records.api.views.capabilities import CapabilitiesView, OpenApiView
from records.api.views.histories import FeedView, ResourceHistoryView, TypeHistoryView
from records.api.views.operations import (
    MetaAddView,
    MetaDeleteView,
    MetaView,
    SubscriptionStatusView,
    TypeMetaView,
    ValidateView,
)
from records.api.views.other_addresses import OtherAddressView
from records.api.views.patients import (
    EverythingView,
    LastnView,
    MatchView,
    PixView,
    SummaryView,
)
from records.api.views.pushes import PushView
from records.api.views.recognition import RecognitionCheckView, RecognitionDecisionView
from records.api.views.resources import ResourceView, TypeView, VersionView
from records.api.views.search import (
    BaseSearchView,
    CompartmentSearchView,
    CompartmentView,
    TypeSearchView,
)
from records.api.views.terminology import (
    ExpandView,
    LookupView,
    SubsumesView,
    TranslateView,
    ValidateCodeView,
)
from records.api.views.work import MoveView, OpinionDocumentView, SendView
from records.requests.served_routes import NAMESPACE

register_converter(converters.TypeConverter, "type")
register_converter(converters.IdConverter, "id")
register_converter(converters.TypesConverter, "types")

VALUES, CODES = {"kind": "ValueSet"}, {"kind": "CodeSystem"}
app_name = NAMESPACE
urlpatterns = [
    # what FHIR does with resources; metadata and openapi.json are for everyone
    path("<type:type_name>/<id:fhir_id>", ResourceView.as_view(), name="resource"),
    path("metadata", CapabilitiesView.as_view(), name="capabilities"),
    path("openapi.json", OpenApiView.as_view(), name="openapi"),
    path("<type:type_name>", TypeView.as_view(), name="type"),
    path("", BaseView.as_view(), name="base"),
    path("<type:type_name>/_search", TypeSearchView.as_view(), name="type-search"),
    path("_search", BaseSearchView.as_view(), name="base-search"),
    path("_history", FeedView.as_view(), name="feed"),
    path("<type:type_name>/_history", TypeHistoryView.as_view(), name="type-history"),
    path("<type:type_name>/<id:fhir_id>/_history", ResourceHistoryView.as_view(), name="history"),
    path("<type:type_name>/<id:fhir_id>/_history/<str:version>", VersionView.as_view(), name="version"),
    path("<type:type_name>/<id:fhir_id>/<types:types>", CompartmentView.as_view(), name="compartment"),
    path("<type:type_name>/<id:fhir_id>/<types:types>/_search", CompartmentSearchView.as_view(), name="compartment-search"),
    # operations
    path("Patient/<id:fhir_id>/$everything", EverythingView.as_view(), name="everything"),
    path("Patient/<id:fhir_id>/$summary", SummaryView.as_view(), name="summary"),
    path("Patient/<id:fhir_id>/$recognition-check", RecognitionCheckView.as_view(), name="recognition-check"),
    path("Patient/<id:fhir_id>/$recognition-decision", RecognitionDecisionView.as_view(), name="recognition-decision"),
    path("Composition/<id:fhir_id>/$document", OpinionDocumentView.as_view(), name="document"),
    path("Task/$send", SendView.as_view(), name="send"),
    path("Task/<id:fhir_id>/$move", MoveView.as_view(), name="move"),
    path("Observation/$lastn", LastnView.as_view(), name="lastn"),
    path("Patient/$match", MatchView.as_view(), name="match"),
    path("Patient/$ihe-pix", PixView.as_view(), name="ihe-pix"),
    path("<type:type_name>/$validate", ValidateView.as_view(), name="type-validate"),
    path("<type:type_name>/<id:fhir_id>/$validate", ValidateView.as_view(), name="validate"),
    path("$meta", TypeMetaView.as_view(), name="base-meta"),
    path("<type:type_name>/$meta", TypeMetaView.as_view(), name="type-meta"),
    path("<type:type_name>/<id:fhir_id>/$meta", MetaView.as_view(), name="meta"),
    path("<type:type_name>/<id:fhir_id>/$meta-add", MetaAddView.as_view(), name="meta-add"),
    path("<type:type_name>/<id:fhir_id>/$meta-delete", MetaDeleteView.as_view(), name="meta-delete"),
    path("$export", ExportView.as_view(), name="export"),
    path("Patient/$export", PatientExportView.as_view(), name="patient-export"),
    path("Group/<id:fhir_id>/$export", GroupExportView.as_view(), name="group-export"),
    path("$import", ImportView.as_view(), name="import"),
    path("<type:type_name>/$import", ImportView.as_view(), name="type-import"),
    path("ValueSet/$expand", ExpandView.as_view(), name="expand-by-url"),
    path("ValueSet/<id:fhir_id>/$expand", ExpandView.as_view(), name="expand"),
    path("ValueSet/$validate-code", ValidateCodeView.as_view(), VALUES, "value-set-code-by-url"),
    path("ValueSet/<id:fhir_id>/$validate-code", ValidateCodeView.as_view(), VALUES, "value-set-code"),
    path("CodeSystem/$validate-code", ValidateCodeView.as_view(), CODES, "code-system-code-by-url"),
    path("CodeSystem/<id:fhir_id>/$validate-code", ValidateCodeView.as_view(), CODES, "code-system-code"),
    path("CodeSystem/$lookup", LookupView.as_view(), name="lookup"),
    path("CodeSystem/$subsumes", SubsumesView.as_view(), name="subsumes"),
    path("ConceptMap/$translate", TranslateView.as_view(), name="translate-by-url"),
    path("ConceptMap/<id:fhir_id>/$translate", TranslateView.as_view(), name="translate"),
    path("Subscription/<id:fhir_id>/$status", SubscriptionStatusView.as_view(), name="subscription-status"),
    # what runs beside a request
    path("_bulk/<str:job_id>", BulkJobView.as_view(), name="bulk-job"),
    path("_bulk/<str:job_id>/<str:number>", BulkFileView.as_view(), name="bulk-file"),
    path("_async/<str:push_id>", PushView.as_view(), name="push"),
    # anything else
    path("<path:path>", OtherAddressView.as_view(), name="other"),
]  # fmt: skip
