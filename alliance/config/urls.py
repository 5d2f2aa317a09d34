"""All addresses of the site. The Django admin site is not here: it would be a second door."""

from django.urls import include, path

from alliance.auth.tokens import smart_configuration, token
from alliance.config.health import alive, ready
from records.api.dispatch import dispatch

urlpatterns = [
    path("healthz", alive),
    path("readyz", ready),
    path("oauth/token", token),
    path("fhir/<slug:base>/.well-known/smart-configuration", smart_configuration),
    path("fhir/<slug:base_code>", dispatch),
    path("fhir/<slug:base_code>/", dispatch),
    path("fhir/<slug:base_code>/<path:path>", dispatch),
    path("account/", include("alliance.web.account_urls")),
    path("language/", include("django.conf.urls.i18n")),
    path("api/", include("alliance.api.urls")),
    path("", include("records.web.urls")),
    path("audit/", include("consent.web.urls")),
    path("alliance/", include("alliance.web.urls")),
]
handler400 = "alliance.web.errors.unreadable"
handler403 = "alliance.web.errors.forbidden"
handler404 = "alliance.web.errors.missing"
handler500 = "alliance.web.errors.broken"
