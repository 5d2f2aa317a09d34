"""Addresses of the auditor's pages."""

from django.urls import path

from consent.web import (
    audit_evidence,
    audit_filters,
    audit_pages,
    case_gather,
    case_list,
    case_page,
    case_verbs,
    emergency_rates_page,
    hold_list,
    hospital_activity_page,
    package_pages,
    policy,
    report_pages,
    staff_activity_page,
    witness_page,
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
    path("emergencies/rates/", emergency_rates_page.show_emergency_rates, name="emergency-rates"),
    path("cases/", case_list.show_cases, name="cases"),
    path("cases/open/", case_list.open_case, name="case-open"),
    path("cases/gather/", case_gather.gather, name="case-gather"),
    path("cases/<int:case_id>/", case_page.show_case, name="case"),
    path("cases/<int:case_id>/note/", case_verbs.write_note, name="case-note"),
    path("cases/<int:case_id>/access/", case_verbs.change_access, name="case-access"),
    path("cases/<int:case_id>/state/", case_verbs.change_state, name="case-state"),
    path("cases/<int:case_id>/package/", case_verbs.add_package, name="case-package"),
    path("cases/<int:case_id>/holds/", case_verbs.set_hold, name="case-hold"),
    path(
        "cases/<int:case_id>/holds/<int:hold_id>/", case_verbs.change_hold, name="case-hold-change"
    ),
    path("witness/", witness_page.show_witness_page, name="audit-witness"),
    path("witness/head/", witness_page.exchange_heads, name="audit-witness-head"),
    path("witness/<slug:code>/accept/", witness_page.accept_witness, name="accept-witness"),
    path("witness/<slug:code>/end/", witness_page.end_witness, name="end-witness"),
    path("holds/", hold_list.show_holds, name="audit-holds"),
    path("policy/", policy.propose_policy, name="policy"),
]
