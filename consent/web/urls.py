"""Addresses of the auditor's pages."""

from django.urls import path

from consent.web import pages, policy

urlpatterns = [
    path("", pages.log, name="audit"),
    path("export/", pages.download, name="audit-export"),
    path("verify/", pages.check, name="audit-verify"),
    path("policy/", policy.policy, name="policy"),
]
