"""Addresses of the clinician's and the record clerk's pages. No name or number of a patient
stands in one.
"""

from django.urls import path, register_converter

from records.web import (
    access_actions,
    access_code_pages,
    access_reasons_pages,
    confirmation_list,
    confirmation_pages,
    consent_pages,
    decision_display,
    document_pages,
    documents_page,
    emergency_inbox,
    emergency_letter,
    emergency_page,
    encounter_pages,
    find_pages,
    growth_page,
    history_page,
    home_pages,
    identity_pages,
    index_oversight,
    letter_pages,
    line_reasons_pages,
    mapping_decisions,
    mapping_pages,
    mapping_versions,
    notice_pages,
    oversight_pages,
    own_access_print,
    own_document_pages,
    own_record_pages,
    patient_portal,
    portal_sign_in,
    print_pages,
    print_verification,
    privacy_pages,
    recognition_catalogue_pages,
    recognition_ledger_page,
    recognition_pages,
    record_pages,
    results_pages,
    review_pages,
    sync_pages,
    trend_pages,
    unusual_decisions,
    unusual_pages,
)
from records.web.consultation_urls import CONSULTATION_PATHS
from records.web.referral_urls import REFERRAL_PATHS


class FhirIdConverter:
    """The id of a resource (FHIR R4 datatypes.html#id)."""

    regex = r"[A-Za-z0-9.-]{1,64}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(FhirIdConverter, "fhir_id")
OWN_DOCUMENT = "my/record/document/<slug:hospital>/<slug:type_name>/<fhir_id:fhir_id>/"
DOCUMENT = "person/<uuid:person_id>/document/<slug:hospital>/<slug:type_name>/<fhir_id:fhir_id>/"

urlpatterns = [
    path("", home_pages.home_page, name="home"),
    path("patients/", find_pages.patients_page, name="patients"),
    path("person/<uuid:person_id>/", record_pages.record_page, name="person"),
    path("person/<uuid:person_id>/treat/", access_actions.treatment_page, name="treat"),
    path("person/<uuid:person_id>/emergency/", access_actions.emergency_page, name="emergency"),
    path(
        "person/<uuid:person_id>/emergency/close/",
        access_actions.close_emergency_page,
        name="emergency-close",
    ),
    path("person/<uuid:person_id>/consent/", consent_pages.consents_page, name="consent"),
    path(
        "person/<uuid:person_id>/consent/<int:directive_id>/withdraw/",
        consent_pages.withdraw_consent_page,
        name="withdraw",
    ),
    path(
        "person/<uuid:person_id>/consent/<int:directive_id>/verify/",
        consent_pages.verify_consent,
        name="verify",
    ),
    path(
        "person/<uuid:person_id>/consent/<int:directive_id>/image/",
        consent_pages.consent_image,
        name="consent-image",
    ),
    path(
        "person/<uuid:person_id>/consent/access/",
        access_code_pages.access_codes_page,
        name="access",
    ),
    path(
        "person/<uuid:person_id>/consent/access/<int:access_id>/activate/",
        access_code_pages.activate_code_page,
        name="activate",
    ),
    path(
        "person/<uuid:person_id>/consent/access/<int:access_id>/stop/",
        access_code_pages.stop_access_code,
        name="access-stop",
    ),
    path(
        "person/<uuid:person_id>/consent/<int:directive_id>/confirm/",
        confirmation_pages.confirm_directive_page,
        name="confirm-decision",
    ),
    path(
        "person/<uuid:person_id>/tie/<int:hospital_id>/",
        confirmation_pages.confirm_tie_page,
        name="confirm-tie",
    ),
    path("person/<uuid:person_id>/why/", access_reasons_pages.access_reasons_page, name="why"),
    path("audit/<int:line_id>/why/", line_reasons_pages.line_reasons_page, name="line-why"),
    path("audit/unusual/", unusual_pages.unusual_page, name="unusual"),
    path("audit/unusual/<int:episode_id>/", unusual_pages.episode_page, name="episode"),
    path(
        "audit/unusual/<int:episode_id>/outcome/",
        unusual_decisions.judge_episode,
        name="episode-outcome",
    ),
    path(
        "audit/unusual/<int:episode_id>/rule/",
        unusual_decisions.propose_access_rule,
        name="access-rule-propose",
    ),
    path("audit/unusual/rules/", unusual_decisions.access_rules_page, name="access-rules"),
    path(
        "audit/unusual/rules/<int:rule_id>/agree/",
        unusual_decisions.agree_to_rule,
        name="access-rule-agree",
    ),
    path(
        "audit/unusual/rules/<int:rule_id>/refuse/",
        unusual_decisions.refuse_rule,
        name="access-rule-refuse",
    ),
    path(
        "audit/unusual/rules/<int:rule_id>/end/",
        unusual_decisions.end_rule,
        name="access-rule-end",
    ),
    path("person/<uuid:person_id>/identity/", identity_pages.identity_page, name="identity"),
    path("person/<uuid:person_id>/identity/merge/", identity_pages.merge_persons, name="merge"),
    path("person/<uuid:person_id>/identity/split/", identity_pages.split_person, name="split"),
    path(
        "person/<uuid:person_id>/identity/<int:source_id>/confirm/",
        identity_pages.confirm_card,
        name="confirm",
    ),
    path(
        "person/<uuid:person_id>/identity/<int:source_id>/number/",
        identity_pages.correct_number,
        name="correct",
    ),
    path(
        "person/<uuid:person_id>/privacy/",
        privacy_pages.patient_privacy_page,
        name="person-privacy",
    ),
    path("person/<uuid:person_id>/seal/", privacy_pages.seal_record_page, name="seal"),
    path(DOCUMENT, document_pages.document_page, name="document"),
    path(f"{DOCUMENT}<int:number>/", document_pages.document_file, name="document-file"),
    path(
        f"{DOCUMENT}<int:number>/save/",
        document_pages.document_file,
        {"saved": True},
        name="document-save",
    ),
    path("person/<uuid:person_id>/encounters/", encounter_pages.timeline_page, name="timeline"),
    path(
        "person/<uuid:person_id>/encounter/<slug:hospital>/<fhir_id:fhir_id>/",
        encounter_pages.encounter_page,
        name="encounter",
    ),
    path("person/<uuid:person_id>/history/", history_page.history_page, name="history"),
    path("person/<uuid:person_id>/documents/", documents_page.documents_page, name="documents"),
    path("person/<uuid:person_id>/growth/", growth_page.growth_page, name="growth"),
    path("person/<uuid:person_id>/print/", print_pages.take_along_page, name="take-along"),
    path(
        "person/<uuid:person_id>/print/<slug:part>.pdf", print_pages.print_record, name="print-pdf"
    ),
    path(
        "person/<uuid:person_id>/print/ips.json",
        print_pages.patient_summary_file,
        name="summary-file",
    ),
    *REFERRAL_PATHS,
    *CONSULTATION_PATHS,
    path("print/verify/", print_verification.verify_print_page, name="print-verify"),
    path("person/<uuid:person_id>/results/", results_pages.results_page, name="results"),
    path("person/<uuid:person_id>/results/trend/", trend_pages.trend_page, name="trend"),
    path(
        "person/<uuid:person_id>/recognition/",
        recognition_pages.recognition_page,
        name="recognise",
    ),
    path(
        "person/<uuid:person_id>/recognition/<uuid:prompt_id>/",
        recognition_pages.decide_recognition,
        name="recognition-decide",
    ),
    path("person/<uuid:person_id>/<slug:tab>/", record_pages.record_page, name="person-tab"),
    path("my/", patient_portal.portal_page, name="my"),
    path("my/record/", own_record_pages.own_record_page, name="my-record"),
    path(OWN_DOCUMENT, own_document_pages.own_document_page, name="my-document"),
    path(f"{OWN_DOCUMENT}<int:number>/", own_document_pages.own_document_file, name="my-file"),
    path(
        f"{OWN_DOCUMENT}<int:number>/save/",
        own_document_pages.own_document_file,
        {"saved": True},
        name="my-save",
    ),
    path("my/record/<slug:section>/", own_record_pages.own_record_page, name="my-section"),
    path("my/who-looked.pdf", own_access_print.own_access_print, name="my-who-looked"),
    path("my/sign-in/", portal_sign_in.portal_sign_in_page, name="my-sign-in"),
    path("my/passphrase/", portal_sign_in.portal_passphrase_page, name="my-passphrase"),
    path("my/sign-out/", portal_sign_in.portal_sign_out, name="my-sign-out"),
    path("my/codes/<int:access_id>/stop/", patient_portal.stop_own_code, name="my-stop"),
    path("my/tie/<int:hospital_id>/", patient_portal.answer_own_tie, name="my-stand-tie"),
    path(
        "my/consent/<int:directive_id>/stand/",
        patient_portal.answer_own_directive,
        name="my-stand-decision",
    ),
    path(
        "my/consent/<int:directive_id>/withdraw/",
        patient_portal.withdraw_own_directive,
        name="my-withdraw",
    ),
    path("recognition/", recognition_catalogue_pages.catalogue_page, name="recognition"),
    path(
        "recognition/table/<slug:which>.csv",
        recognition_catalogue_pages.catalogue_table,
        name="recognition-table",
    ),
    path(
        "recognition/upload/",
        recognition_catalogue_pages.upload_catalogue,
        name="recognition-upload",
    ),
    path("recognition/item/", recognition_catalogue_pages.change_item, name="new-item"),
    path(
        "recognition/item/<str:item_code>/",
        recognition_catalogue_pages.change_item,
        name="change-item",
    ),
    path(
        "recognition/qualifications/",
        recognition_catalogue_pages.qualifications_page,
        name="qualifications",
    ),
    path(
        "recognition/qualifications/<int:qualification_id>/end/",
        recognition_catalogue_pages.end_qualification,
        name="qualification-end",
    ),
    path("recognition/ledger/", recognition_ledger_page.ledger_page, name="recognition-ledger"),
    path(
        "recognition/ledger/table.<slug:form>",
        recognition_ledger_page.ledger_table,
        name="ledger-table",
    ),
    path("mapping/", mapping_pages.local_codes_page, name="mapping"),
    path("mapping/inbox/", mapping_decisions.mapping_inbox_page, name="mapping-inbox"),
    path("mapping/versions/", mapping_versions.mapping_versions_page, name="mapping-versions"),
    path(
        "mapping/table/<slug:kind>/<slug:form>/",
        mapping_versions.mapping_table,
        name="mapping-table",
    ),
    path("mapping/upload/", mapping_versions.upload_mapping_table, name="mapping-upload"),
    path("mapping/brand/", mapping_versions.set_source_brand, name="mapping-brand"),
    path("mapping/take-over/", mapping_versions.take_over_members_map, name="mapping-take-over"),
    path("mapping/<int:code_id>/", mapping_pages.local_code_page, name="local-code"),
    path("mapping/<int:code_id>/propose/", mapping_pages.propose_mapping, name="mapping-propose"),
    path(
        "mapping/proposals/<int:mapping_id>/agree/",
        mapping_decisions.agree_to_mapping,
        name="mapping-agree",
    ),
    path(
        "mapping/proposals/<int:mapping_id>/refuse/",
        mapping_decisions.refuse_mapping,
        name="mapping-refuse",
    ),
    path(
        "mapping/proposals/<int:mapping_id>/withdraw/",
        mapping_decisions.withdraw_mapping,
        name="mapping-withdraw",
    ),
    path("privacy/", privacy_pages.privacy_page, name="privacy"),
    path("privacy/index/", index_oversight.index_oversight_page, name="index-watch"),
    path("privacy/standing/", oversight_pages.oversight_page, name="oversight"),
    path("privacy/intake/", oversight_pages.confirm_intake, name="intake"),
    path("confirmations/", confirmation_list.confirmations_page, name="confirmations"),
    path(
        "confirmations/<int:confirmation_id>/end/",
        confirmation_pages.end_confirmation,
        name="confirmation-end",
    ),
    path(
        "privacy/emergencies/<int:emergency_id>/review/",
        privacy_pages.review_emergency,
        name="emergency-review",
    ),
    path(
        "privacy/emergencies/<int:emergency_id>/tell/",
        privacy_pages.record_patient_told,
        name="emergency-tell",
    ),
    path("privacy/seals/<int:seal_id>/lift/", privacy_pages.unseal_record_page, name="seal-lift"),
    path(
        "privacy/seals/<int:seal_id>/manifest.txt",
        privacy_pages.incident_seal_manifest,
        name="seal-manifest",
    ),
    path("reviews/", review_pages.reviews_page, name="reviews"),
    path("reviews/crowded/<int:source_id>/", review_pages.mark_looked_through, name="look-through"),
    path("reviews/next/", review_pages.next_review, name="following"),
    path("reviews/<int:review_id>/", review_pages.review_page, name="review"),
    path("reviews/<int:review_id>/verdict/", review_pages.submit_verdict, name="verdict"),
    path("decisions/<int:decision_id>/undo/", decision_display.undo_decision_page, name="undo"),
    path("sync-board/", sync_pages.board_page, name="sync-board"),
    path("sync-board/<slug:code>/", sync_pages.member_page, name="sync-member"),
    path("sync-board/<slug:code>/letters/", letter_pages.letters_page, name="sync-letters"),
    path("sync-board/<slug:code>/letters/replay/", letter_pages.replay_letters, name="sync-replay"),
    path("sync-board/<slug:code>/letters/drop/", letter_pages.drop_letters, name="sync-drop"),
    path("sync-board/<slug:code>/letters/export/", letter_pages.export_letters, name="sync-export"),
    path("sync-board/<slug:code>/notices/", notice_pages.notices_page, name="sync-notices"),
    path("audit/emergencies/", emergency_inbox.emergency_inbox_page, name="emergencies"),
    path(
        "audit/emergencies/<int:emergency_id>/",
        emergency_page.emergency_page,
        name="emergency-page",
    ),
    path(
        "audit/emergencies/<int:emergency_id>/notice.pdf",
        emergency_letter.print_emergency_notice,
        name="emergency-notice",
    ),
    path("audit/patient/", find_pages.audited_patient_page, name="audited-patient"),
]
