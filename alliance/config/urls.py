"""All addresses of the site. The Django admin site is not here: it would be a second door."""

from django.urls import include, path

from alliance.auth.tokens import serve_token_request, smart_configuration
from alliance.operations.health import report_liveness, report_readiness
from alliance.operations.metrics_exposition import report_metrics
from alliance.operations.status import report_status
from alliance.web.display import set_display
from alliance.web.pulse import answer_pulse
from records.api.sync.enrolment import serve_enrolment, serve_key_change
from records.api.views.bundles import BaseView
from records.api.views.definitions import DefinitionsView
from records.web.launch_door import answer_launch
from records.web.launch_pages import open_launch_page

urlpatterns = [
    path("fhir/<slug:base>/.well-known/smart-configuration", smart_configuration),
    path("fhir/definitions", DefinitionsView.as_view()),
    path("fhir/definitions/", DefinitionsView.as_view()),
    path("fhir/definitions/<path:path>", DefinitionsView.as_view()),
    path("fhir/<slug:base_code>", BaseView.as_view()),
    path("fhir/<slug:base_code>/", include("records.api.urls")),
    path("healthz", report_liveness),
    path("readyz", report_readiness),
    path("metrics", report_metrics),
    path("status", report_status),
    path("oauth/token", serve_token_request),
    path("sync/enrol", serve_enrolment),
    path("sync/<slug:hospital>/key", serve_key_change),
    path("sync/", include("records.api.sync.urls")),
    path("pulse", answer_pulse, name="pulse"),
    path("launch", answer_launch, name="launch"),
    path("launch/<slug:ticket>/", open_launch_page, name="launch-open"),
    path("account/", include("alliance.web.account_urls")),
    path("display/", set_display, name="set-display"),
    path("language/", include("django.conf.urls.i18n")),
    path("api/", include("alliance.api.urls")),
    path("", include("records.web.urls")),
    path("audit/", include("consent.web.urls")),
    path("alliance/", include("alliance.web.urls")),
    path("workflow/", include("alliance.web.workflow_urls")),
    path("directory/", include("alliance.web.directory_urls")),
]
handler400 = "alliance.web.errors.show_bad_request"
handler403 = "alliance.web.errors.show_forbidden"
handler404 = "alliance.web.errors.show_not_found"
handler500 = "alliance.web.errors.show_server_error"
