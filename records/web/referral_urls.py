"""Addresses of the pages of referrals, and of work that is late."""

from django.urls import path

from records.web import (
    arrival_pages,
    draft_pages,
    home_plan_page,
    late_work,
    message_page,
    papers_page,
    patient_slip,
    refer_page,
    referral_list,
    referral_page,
    referral_print,
    sent_record_page,
    work_contacts_page,
)

REFERRAL_PATHS = [
    path("person/<uuid:person_id>/refer/", refer_page.refer_page, name="refer"),
    path("referrals/", referral_list.referrals_page, name="referrals"),
    path("referrals/late/", late_work.late_referrals, name="late-referrals"),
    path("workflow/late/", late_work.late_work, name="late-work"),
    path("workflow/hospitals/<slug:code>/", work_contacts_page.work_contacts, name="work-contacts"),
    path(
        "workflow/hospitals/<slug:code>/address/",
        work_contacts_page.add_notice_address,
        name="add-notice-address",
    ),
    path(
        "workflow/hospitals/<slug:code>/address/<int:address_id>/end/",
        work_contacts_page.end_notice_address,
        name="end-notice-address",
    ),
    path("referrals/<int:item_id>/", referral_page.referral_page, name="referral"),
    path(
        "referrals/<int:item_id>/<slug:sheet>.pdf",
        referral_print.print_referral,
        name="referral-print",
    ),
    path(
        "referrals/<int:item_id>/record/<int:document_id>/",
        sent_record_page.sent_record_page,
        name="referral-record",
    ),
    path("referrals/<int:item_id>/message/", message_page.write_message, name="referral-message"),
    path("referrals/<int:sent_id>/papers/", papers_page.papers_page, name="referral-papers"),
    path(
        "referrals/<int:sent_id>/approve/",
        papers_page.approve_afterwards,
        name="referral-approve",
    ),
    path("person/<uuid:person_id>/arrival/", arrival_pages.report_arrival, name="arrival-new"),
    path("referrals/arrivals/", arrival_pages.arrivals_page, name="arrivals"),
    path("referrals/arrivals/<int:arrival_id>/", arrival_pages.arrival_page, name="arrival"),
    path(
        "referrals/arrivals/<int:arrival_id>/answer/",
        arrival_pages.answer_arrival,
        name="arrival-answer",
    ),
    path("referrals/drafts/", draft_pages.drafts_page, name="referral-drafts"),
    path("referrals/drafts/<int:draft_id>/", draft_pages.draft_page, name="referral-draft"),
    path(
        "referrals/drafts/<int:draft_id>/move/",
        draft_pages.move_draft,
        name="referral-draft-move",
    ),
    path("referrals/<int:item_id>/move/", referral_page.move_referral, name="referral-move"),
    path("referrals/<int:item_id>/plan/", home_plan_page.home_plan_page, name="home-plan"),
    path(
        "referrals/<int:item_id>/tasks/<int:task_id>/",
        home_plan_page.mark_task,
        name="home-task",
    ),
    path(
        "referrals/<int:item_id>/slip/<slug:slip>.pdf",
        patient_slip.print_slip,
        name="referral-slip",
    ),
]
