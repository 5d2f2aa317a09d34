"""Addresses of the auditor's pages."""

from django.urls import path

from consent.web import (
    audit_evidence,
    audit_filters,
    audit_pages,
    hospital_activity_page,
    package_pages,
    policy,
    report_pages,
    staff_activity_page,
)

urlpatterns = [
    path("", audit_pages.show_audit_log, name="audit"),
    path("package/", package_pages.show_package, name="audit-package"),
    path("export/", audit_evidence.export_audit_log, name="audit-export"),
    path("verify/", audit_evidence.check_audit_log, name="audit-verify"),
    path("filters/", audit_filters.save_audit_filter, name="audit-filters"),
    path("reports/", report_pages.show_reports, name="audit-reports"),
    path("reports/set/", report_pages.set_report, name="audit-report-set"),
    path("reports/<int:report_id>/end/", report_pages.end_report, name="audit-report-end"),
    path("reports/<int:run_id>/file/", report_pages.fetch_report, name="audit-report-file"),
    path("staff/<int:staff_id>/", staff_activity_page.show_staff_activity, name="audit-staff"),
    path(
        "hospital/<slug:code>/",
        hospital_activity_page.show_hospital_activity,
        name="audit-hospital",
    ),
    path("policy/", policy.propose_policy, name="policy"),
]
