"""Addresses of the auditor's pages."""

from django.urls import path

from consent.web import (
    audit_evidence,
    audit_filters,
    audit_pages,
    hospital_activity_page,
    legal_hold_pages,
    package_pages,
    policy,
    staff_activity_page,
)

urlpatterns = [
    path("", audit_pages.show_audit_log, name="audit"),
    path("package/", package_pages.show_package, name="audit-package"),
    path("export/", audit_evidence.export_audit_log, name="audit-export"),
    path("verify/", audit_evidence.check_audit_log, name="audit-verify"),
    path("filters/", audit_filters.save_audit_filter, name="audit-filters"),
    path("staff/<int:staff_id>/", staff_activity_page.show_staff_activity, name="audit-staff"),
    path(
        "hospital/<slug:code>/",
        hospital_activity_page.show_hospital_activity,
        name="audit-hospital",
    ),
    path("holds/", legal_hold_pages.show_legal_holds, name="audit-holds"),
    path("holds/<int:hold_id>/lift/", legal_hold_pages.lift_legal_hold, name="audit-hold-lift"),
    path("policy/", policy.propose_policy, name="policy"),
]
