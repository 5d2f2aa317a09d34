"""The addresses of the site, as the resolver knows them, and who may open them."""

import re
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from alliance.roles import Role

LETTERS = {
    "C": Role.CLINICIAN,
    "K": Role.CLERK,
    "A": Role.AUDITOR,
    "P": Role.PRIVACY,
    "M": Role.ADMINISTRATOR,
}
ALL = "CKAPM CKAPM KAPM"
# below a FHIR base, for systems with a token
FHIR_ROUTES = (
    "<type:type_name>/<id:fhir_id>",
    "<type:type_name>",
    "",
    "<type:type_name>/_search",
    "_search",
    "_history",
    "<type:type_name>/_history",
    "<type:type_name>/<id:fhir_id>/_history",
    "<type:type_name>/<id:fhir_id>/_history/<str:version>",
    "<type:type_name>/<id:fhir_id>/<types:types>",
    "<type:type_name>/<id:fhir_id>/<types:types>/_search",
    "Patient/<id:fhir_id>/$everything",
    "Patient/<id:fhir_id>/$summary",
    "Patient/<id:fhir_id>/$recognition-check",
    "Patient/<id:fhir_id>/$recognition-decision",
    "Composition/<id:fhir_id>/$document",
    "Task/$send",
    "Task/<id:fhir_id>/$move",
    "Observation/$lastn",
    "Patient/$match",
    "Patient/$ihe-pix",
    "<type:type_name>/$validate",
    "<type:type_name>/<id:fhir_id>/$validate",
    "$meta",
    "<type:type_name>/$meta",
    "<type:type_name>/<id:fhir_id>/$meta",
    "<type:type_name>/<id:fhir_id>/$meta-add",
    "<type:type_name>/<id:fhir_id>/$meta-delete",
    "$export",
    "Patient/$export",
    "Group/<id:fhir_id>/$export",
    "$import",
    "<type:type_name>/$import",
    "ValueSet/$expand",
    "ValueSet/<id:fhir_id>/$expand",
    "ValueSet/$validate-code",
    "ValueSet/<id:fhir_id>/$validate-code",
    "CodeSystem/$validate-code",
    "CodeSystem/<id:fhir_id>/$validate-code",
    "CodeSystem/$lookup",
    "CodeSystem/$subsumes",
    "ConceptMap/$translate",
    "ConceptMap/<id:fhir_id>/$translate",
    "Subscription/<id:fhir_id>/$status",
    "_bulk/<str:job_id>",
    "_bulk/<str:job_id>/<str:number>",
    "_async/<str:push_id>",
    "<path:path>",
)
# address: who is let in by GET, by POST: of the hospital that the things are of, of one that knows
# nothing of them, of the whole alliance (employed by the one that knows nothing); None: no such
# method, whoever asks. What is let in may still be told that something is missing, or be sent on:
# many forms are empty (those of complete_forms are not).
ADDRESSES: dict[str, tuple[str | None, str | None]] = {
    # for machines: a session opens nothing
    "healthz": (ALL, ALL),
    "readyz": (ALL, ALL),
    "metrics": ("- - -", "- - -"),
    "status": ("- - M", "- - -"),  # docs/adr/0045
    "oauth/token": (None, ALL),
    "sync/enrol": (None, ALL),
    "sync/<slug:hospital>/key": (None, "- - -"),
    "sync/<slug:hospital>/acceptance": ("- - -", "- - -"),
    "sync/<slug:hospital>/heartbeat": ("- - -", "- - -"),
    "sync/<slug:hospital>/batches": ("- - -", "- - -"),
    "sync/<slug:hospital>/batches/<str:stream>": ("- - -", "- - -"),
    "sync/<slug:hospital>/batches/<str:stream>/<str:number>": ("- - -", "- - -"),
    "sync/<slug:hospital>/dead-letters": ("- - -", "- - -"),
    "sync/<slug:hospital>/digests": ("- - -", "- - -"),
    "sync/<slug:hospital>/feed": ("- - -", "- - -"),
    "sync/<slug:hospital>/checkpoint": ("- - -", "- - -"),
    "sync/<slug:hospital>/heads": ("- - -", "- - -"),
    "fhir/<slug:base>/.well-known/smart-configuration": (ALL, ALL),
    "fhir/definitions": (ALL, None),
    "fhir/definitions/": (ALL, None),
    "fhir/definitions/<path:path>": (ALL, None),
    "fhir/<slug:base_code>": ("- - -", "- - -"),
    **{f"fhir/<slug:base_code>/{route}": ("- - -", "- - -") for route in FHIR_ROUTES},
    **{f"fhir/<slug:base_code>/{route}": (ALL, "- - -") for route in ("metadata", "openapi.json")},
    # one's own account
    "account/": (ALL, None),
    "account/login/": (ALL, ALL),
    "account/logout/": (ALL, "- - -"),
    "account/reauthenticate/": (ALL, ALL),
    "account/password/change/": (ALL, ALL),
    "account/2fa/": (ALL, ALL),
    "account/2fa/authenticate/": (ALL, ALL),
    "account/2fa/reauthenticate/": (ALL, ALL),
    "account/2fa/totp/activate/": (ALL, ALL),
    "account/2fa/totp/change/": (ALL, ALL),
    "account/2fa/recovery-codes/": (ALL, None),
    "account/2fa/recovery-codes/generate/": (ALL, ALL),
    "account/2fa/recovery-codes/download/": (ALL, None),
    "display/": (None, ALL),
    "account/systems/<slug:client_id>/allow/": (None, "C - -"),
    "account/systems/<slug:client_id>/forbid/": (None, "C - -"),
    "launch": (None, "- - -"),
    "launch/<slug:ticket>/": (ALL, ALL),  # the address is what opens it
    "language/setlang/": (ALL, ALL),
    "": (ALL, None),
    # the administrator's interface
    "api/hospitals/": ("M M M", "- - M"),
    "api/hospitals/<slug:code>/suspension/": (None, None),
    "api/proposals/": ("- - M", None),
    "api/proposals/<int:proposal_id>/": (None, None),
    "api/clients/": ("M M M", "M - M"),
    "api/clients/<slug:client_id>/": (None, None),
    "api/schema/": (ALL, None),
    # clinicians
    "patients/": ("CKP CKP KP", "CKP CKP KP"),
    "person/<uuid:person_id>/": ("C - -", None),  # elsewhere: the page of a record that is closed
    "person/<uuid:person_id>/<slug:tab>/": ("C - -", None),
    "person/<uuid:person_id>/encounters/": ("C - -", None),
    "person/<uuid:person_id>/encounter/<slug:hospital>/<fhir_id:fhir_id>/": ("C - -", None),
    "person/<uuid:person_id>/history/": ("C - -", None),
    "person/<uuid:person_id>/documents/": ("C - -", None),
    "person/<uuid:person_id>/growth/": ("C - -", None),
    "person/<uuid:person_id>/results/": ("C - -", None),
    "person/<uuid:person_id>/results/trend/": ("C - -", None),
    "person/<uuid:person_id>/recognition/": ("C - -", None),
    "person/<uuid:person_id>/recognition/<uuid:prompt_id>/": (None, "C - -"),
    **{
        "person/<uuid:person_id>/document/<slug:hospital>/<slug:type_name>/<fhir_id:fhir_id>/"
        f"{file}": ("C - -", None)
        for file in ("", "<int:number>/", "<int:number>/save/")
    },
    **{
        f"person/<uuid:person_id>/print/{what}": ("C - -", None)
        for what in ("", "<slug:part>.pdf", "ips.json")
    },
    "print/verify/": (ALL, None),
    # who has no registration of the patient sends nobody; what is between others is not there
    "person/<uuid:person_id>/refer/": ("C - -", "C - -"),
    "referrals/": ("CK CK K", None),
    "referrals/<int:item_id>/": ("CK - -", None),
    "referrals/<int:item_id>/<slug:sheet>.pdf": ("C - -", None),
    "referrals/<int:item_id>/record/<int:document_id>/": ("C - -", None),
    "referrals/<int:item_id>/message/": (None, "CK - -"),
    "referrals/<int:sent_id>/papers/": ("C - -", "C - -"),
    "referrals/<int:sent_id>/approve/": (None, "CK - -"),
    "person/<uuid:person_id>/arrival/": ("CK - -", "CK - -"),
    "referrals/arrivals/": ("CK CK K", None),
    "referrals/arrivals/<int:arrival_id>/": ("CK - -", None),
    "referrals/arrivals/<int:arrival_id>/answer/": (None, "CK - -"),
    "referrals/drafts/": ("CK CK K", None),
    "referrals/drafts/<int:draft_id>/": ("CK - -", None),
    "referrals/drafts/<int:draft_id>/move/": (None, "CK - -"),
    "referrals/<int:item_id>/move/": (None, "CK - -"),
    "referrals/<int:item_id>/plan/": ("C - -", "C - -"),
    "referrals/<int:item_id>/tasks/<int:task_id>/": (None, "C - -"),
    "referrals/<int:item_id>/slip/<slug:slip>.pdf": ("CK - -", None),
    # a page's own mark opens it, and nobody's session
    "pulse": ("- - -", None),
    "referrals/late/": ("CK CK K", None),
    "workflow/late/": ("- - M", None),
    "workflow/deadlines/": ("M M M", "- - M"),
    "workflow/calendar/": (None, "- - M"),
    "workflow/hospitals/<slug:code>/": ("M - M", "M - M"),
    "workflow/hospitals/<slug:code>/address/": (None, "M - M"),
    "workflow/hospitals/<slug:code>/address/<int:address_id>/end/": (None, "M - M"),
    "person/<uuid:person_id>/consult/": ("C - -", "C - -"),
    "consultations/": ("CK CK K", None),
    "consultations/<int:consultation_id>/": ("CK - -", None),
    "consultations/<int:consultation_id>/move/": (None, "CK - -"),
    # the experts who were named, whom these roles do not have (tests/http/test_consultations.py)
    "consultations/<int:consultation_id>/opinion/": ("- - -", "- - -"),
    "consultations/<int:consultation_id>/sign/": ("- - -", "- - -"),
    "consultations/<int:consultation_id>/record/<int:attachment_id>/": ("C - -", None),
    "consultations/<int:consultation_id>/opinion.json": ("C - -", None),
    "consultations/<int:consultation_id>/opinion.pdf": ("C - -", None),
    # the directory: each hospital its own part, others' is not there
    "directory/": ("KM KM KM", None),
    "directory/department/": ("KM KM KM", "KM KM KM"),
    "directory/department/<int:department_id>/": ("KM - -", "KM - -"),
    "directory/department/<int:department_id>/end/": ("KM - -", "KM - -"),
    "directory/department/<int:department_id>/clinic/": ("KM - -", "KM - -"),
    "directory/clinic/<int:clinic_id>/": ("KM - -", "KM - -"),
    "directory/clinic/<int:clinic_id>/change/": ("KM - -", "KM - -"),
    "directory/clinic/<int:clinic_id>/end/": ("KM - -", "KM - -"),
    "directory/clinic/<int:clinic_id>/stop/": ("KM - -", "KM - -"),
    "person/<uuid:person_id>/treat/": ("C C -", "C C -"),
    "person/<uuid:person_id>/emergency/": ("C C -", "C C -"),
    "person/<uuid:person_id>/emergency/close/": ("C C -", "C C -"),
    "person/<uuid:person_id>/why/": ("C C -", None),
    # decisions and codes of the patient: a hospital that does not know them speaks for them in
    # nothing, its clerks for the whole alliance neither (docs/adr/0030)
    "person/<uuid:person_id>/consent/": ("CK - -", "CK - -"),
    "person/<uuid:person_id>/consent/<int:directive_id>/withdraw/": ("CK - -", "CK - -"),
    "person/<uuid:person_id>/consent/<int:directive_id>/verify/": (None, "CK - -"),
    "person/<uuid:person_id>/consent/<int:directive_id>/image/": ("CK - -", None),
    "person/<uuid:person_id>/consent/access/": ("CK - -", "CK - -"),
    # a clerk has printed it: another role activates it
    "person/<uuid:person_id>/consent/access/<int:access_id>/activate/": ("CP - P", "CP - P"),
    "person/<uuid:person_id>/consent/access/<int:access_id>/stop/": (None, "P - P"),
    # who stands behind what is said
    "person/<uuid:person_id>/consent/<int:directive_id>/confirm/": ("CKP - P", "CKP - P"),
    "person/<uuid:person_id>/tie/<int:hospital_id>/": ("CKP - P", "CKP - P"),
    "confirmations/": ("CKP CKP KP", None),
    "confirmations/<int:confirmation_id>/end/": (None, "P - P"),  # or who has given it
    # record clerks
    "person/<uuid:person_id>/identity/": ("K - K", "K - K"),
    "person/<uuid:person_id>/identity/merge/": (None, "K - K"),
    "person/<uuid:person_id>/identity/split/": (None, "K - K"),
    "person/<uuid:person_id>/identity/<int:source_id>/confirm/": (None, "K - K"),
    "person/<uuid:person_id>/identity/<int:source_id>/number/": (None, "K - K"),
    "reviews/": ("K K K", None),
    "reviews/crowded/<int:source_id>/": (None, "K - K"),
    "reviews/next/": ("K K K", None),
    "reviews/<int:review_id>/": ("K - K", None),
    "reviews/<int:review_id>/verdict/": (None, "K - K"),
    "decisions/<int:decision_id>/undo/": ("K - K", "K - K"),
    # whoever is there for the whole alliance is the second clerk, and browses nobody's codes
    "mapping/": ("K K K", None),
    "mapping/inbox/": ("K K K", None),
    "mapping/versions/": ("K K K", None),
    "mapping/table/<slug:kind>/<slug:form>/": ("K K K", None),
    "mapping/upload/": (None, "K K K"),
    "mapping/brand/": (None, "K - -"),
    "mapping/take-over/": (None, "K - -"),
    "mapping/<int:code_id>/": ("K - -", None),
    "mapping/<int:code_id>/propose/": (None, "K - -"),
    "mapping/proposals/<int:mapping_id>/agree/": (None, "K - K"),
    "mapping/proposals/<int:mapping_id>/refuse/": (None, "K - K"),
    "mapping/proposals/<int:mapping_id>/withdraw/": (None, "K - K"),
    # mutual recognition: administrators see it, those of the whole alliance change it
    "recognition/": ("M M M", None),
    "recognition/table/<slug:which>.csv": ("M M M", None),
    "recognition/upload/": (None, "- - M"),
    "recognition/item/": ("- - M", "- - M"),
    "recognition/item/<str:item_code>/": ("- - M", "- - M"),
    "recognition/qualifications/": ("M M M", "- - M"),
    "recognition/qualifications/<int:qualification_id>/end/": ("- - M", "- - M"),
    "recognition/ledger/": ("M M M", None),
    "recognition/ledger/table.<slug:form>": ("M M M", None),
    # sync: administrators see counts, the hospital's own clerks its dead letters
    "sync-board/": ("KM KM KM", None),
    "sync-board/<slug:code>/": ("KM - M", None),
    "sync-board/<slug:code>/letters/": ("K - -", None),
    **{
        f"sync-board/<slug:code>/letters/{act}/": (None, "K - -")
        for act in ("replay", "drop", "export")
    },
    "sync-board/<slug:code>/notices/": ("M - M", "M - M"),
    # privacy officers
    # elsewhere: what one's own staff did, no decision; and that there is nothing to seal
    "person/<uuid:person_id>/privacy/": ("P P P", None),
    "person/<uuid:person_id>/seal/": ("P P P", "P P P"),
    "privacy/": ("P P P", "P P P"),
    "privacy/index/": ("P P P", None),
    "privacy/standing/": ("P P P", None),
    "privacy/intake/": (None, "- - P"),
    "privacy/emergencies/<int:emergency_id>/review/": (None, "P - P"),
    "privacy/emergencies/<int:emergency_id>/tell/": (None, "P - P"),
    "privacy/seals/<int:seal_id>/lift/": ("P - P", "P - P"),
    "privacy/seals/<int:seal_id>/manifest.txt": ("P - P", None),
    # auditors
    "audit/<int:line_id>/why/": ("A - A", None),
    "audit/unusual/": ("A A A", None),
    "audit/unusual/<int:episode_id>/": ("A - A", None),
    "audit/unusual/<int:episode_id>/outcome/": (None, "A - A"),
    "audit/unusual/<int:episode_id>/rule/": (None, "A - A"),
    "audit/unusual/rules/": ("A A A", None),
    "audit/unusual/rules/<int:rule_id>/agree/": (None, "A - A"),
    "audit/unusual/rules/<int:rule_id>/refuse/": (None, "A - A"),
    "audit/unusual/rules/<int:rule_id>/end/": (None, "A - A"),
    "audit/": ("A A A", None),
    "audit/export/": (None, "A A A"),
    "audit/package/": ("A A A", None),
    "audit/verify/": (None, "A A A"),
    "audit/filters/": (None, "A A A"),
    "audit/reports/": ("A A A", None),
    "audit/reports/set/": (None, "A A A"),
    "audit/reports/<int:report_id>/end/": (None, "- - -"),  # one's own
    "audit/reports/<int:run_id>/file/": ("- - -", None),  # likewise
    "audit/staff/<int:staff_id>/": ("A - A", None),
    "audit/hospital/<slug:code>/": ("A - A", None),
    "audit/holds/": ("- - A", None),
    "audit/patient/": ("A A A", "A A A"),
    "audit/witness/": ("AM AM AM", "AM AM AM"),
    "audit/witness/head/": (None, "AM AM AM"),
    "audit/witness/<slug:code>/accept/": (None, "M - M"),
    "audit/witness/<slug:code>/end/": (None, "M - M"),
    "audit/emergencies/": ("AP AP AP", None),
    "audit/emergencies/rates/": ("AP AP AP", None),
    "audit/emergencies/<int:emergency_id>/": ("AP - AP", "P - P"),
    "audit/emergencies/<int:emergency_id>/notice.pdf": ("P - P", None),
    "audit/cases/": ("A A A", None),
    "audit/cases/open/": ("A A A", "A A A"),
    "audit/cases/gather/": ("A A A", "A A A"),
    "audit/cases/<int:case_id>/": ("A - A", None),
    **{
        f"audit/cases/<int:case_id>/{verb}/": (None, "A - A")
        for verb in ("note", "access", "state", "package", "holds", "holds/<int:hold_id>")
    },
    # administrators
    "audit/policy/": ("- - M", "- - M"),
    "alliance/operations/": ("- - M", None),
    "alliance/hospitals/": ("M M M", "- - M"),
    "alliance/referral-approval/": ("M M M", "M M M"),  # of their own hospital
    **{
        f"alliance/hospitals/<slug:code>/{page}/": ("- - M", "- - M")
        for page in ("change", "suspend", "resume")
    },
    "alliance/staff/": ("M M M", "M M M"),
    **{
        f"alliance/staff/<int:staff_id>/{page}/": ("M - M", "M - M")
        for page in ("change", "reset", "end", "return")
    },
    "alliance/staff/<int:staff_id>/": ("M - M", None),
    "alliance/staff/<int:staff_id>/first-password/": ("M - M", None),
    "alliance/staff/<int:staff_id>/appoint/": ("- - M", "- - M"),
    "alliance/appointments/": ("M M M", None),
    "alliance/appointments/<int:appointment_id>/end/": ("M - M", "M - M"),
    # administrators vouch for each other and for officers alone: a clinician waits
    "alliance/vouching/": ("APM APM APM", "AP - AP"),
    "alliance/vouching/systems/<slug:client_id>/": (None, "AP - AP"),
    "alliance/proposals/": ("- - M", None),
    **{
        f"alliance/proposals/<int:proposal_id>/{verb}/": ("- - M", "- - M")
        for verb in ("agree", "refuse")
    },
    "alliance/enrolment-codes/": ("M M M", "M M M"),
    "alliance/enrolment-codes/<int:enrolment_id>/": ("M - M", None),
    "alliance/enrolment-codes/<int:enrolment_id>/withdraw/": ("M - M", "M - M"),
    "alliance/clients/": ("M M M", "M M M"),
    **{
        f"alliance/clients/<slug:client_id>/{page}/": ("M - M", "M - M")
        for page in ("change", "revoke")
    },
    "alliance/clients/<slug:client_id>/secret/": ("M - M", None),
    "alliance/administrator-clients/": ("M M M", None),
    "alliance/administrator-clients/register/": ("M M M", "M M M"),
    # whose it is alone; who manages their account ends it
    "alliance/administrator-clients/<slug:client_id>/secret/": ("- - -", None),
    "alliance/administrator-clients/<slug:client_id>/revoke/": ("M - M", "M - M"),
    # the patient's own pages: whoever is employed is nobody there
    "my/": ("- - -", "- - -"),
    "my/record/": ("- - -", None),
    "my/who-looked.pdf": ("- - -", None),
    "my/record/<slug:section>/": ("- - -", None),
    **{
        f"my/record/document/<slug:hospital>/<slug:type_name>/<fhir_id:fhir_id>/{file}": (
            "- - -",
            None,
        )
        for file in ("", "<int:number>/", "<int:number>/save/")
    },
    "my/sign-in/": (ALL, ALL),
    "my/passphrase/": ("- - -", "- - -"),
    "my/sign-out/": (None, "- - -"),
    "my/codes/<int:access_id>/stop/": (None, "- - -"),
    "my/tie/<int:hospital_id>/": (None, "- - -"),
    "my/consent/<int:directive_id>/stand/": (None, "- - -"),
    "my/consent/<int:directive_id>/withdraw/": ("- - -", "- - -"),
}
# address: {method that is neither GET nor POST: who is let in}
OTHER_METHODS: dict[str, dict[str, str]] = {
    "api/hospitals/<slug:code>/suspension/": {"put": "- - M"},
    "api/proposals/<int:proposal_id>/": {"put": "- - M"},
    "api/clients/<slug:client_id>/": {"patch": "M - M", "delete": "M - M"},
}
PUBLIC = frozenset(
    {
        "healthz",
        "readyz",
        "oauth/token",
        "sync/enrol",
        "fhir/<slug:base>/.well-known/smart-configuration",
        "fhir/<slug:base_code>/metadata",
        "fhir/<slug:base_code>/openapi.json",
        "fhir/definitions",
        "fhir/definitions/",
        "fhir/definitions/<path:path>",
        "api/schema/",
        "account/login/",
        "account/2fa/",
        "account/2fa/reauthenticate/",
        "display/",
        "language/setlang/",
        "launch/<slug:ticket>/",
        "my/sign-in/",
        "print/verify/",
    }
)  # what opens to whoever comes: of account/2fa/ two say where the page is, which asks who comes
OWN_PAGES = frozenset(
    {
        "my/",
        "my/record/",
        "my/who-looked.pdf",
        "my/record/<slug:section>/",
        *(
            "my/record/document/<slug:hospital>/<slug:type_name>/<fhir_id:fhir_id>/" + file
            for file in ("", "<int:number>/", "<int:number>/save/")
        ),
        "my/codes/<int:access_id>/stop/",
        "my/tie/<int:hospital_id>/",
        "my/consent/<int:directive_id>/stand/",
        "my/consent/<int:directive_id>/withdraw/",
    }
)  # and to the patient whose they are
NAMED_PAGES = frozenset(
    {f"consultations/<int:consultation_id>/{page}/" for page in ("opinion", "sign")}
)  # and to those alone who were named for it
WITHOUT_SESSION = re.compile(
    r"metrics$|launch$|sync/<slug:hospital>|fhir/<slug:base_code>(?!/metadata|/openapi)|my/passphrase/|my/sign-out/"
    r"metrics$|launch$|pulse$|sync/<slug:hospital>/|fhir/<slug:base_code>(?!/metadata|/openapi)|my/passphrase/|my/sign-out/"
    r"|alliance/administrator-clients/<slug:client_id>/secret/"
    r"|audit/reports/<int:(report|run)_id>/"
)  # a token opens them, or the first half of a sign-in; they end the session; or they are one's own
FOR_ALL = re.compile(
    r"healthz|readyz|metrics|oauth/|fhir/|sync/|account/|display/|language/|launch|my/|print/|pulse"
)  # where no role is asked for: one of each place asks


def addresses(of: Any = None, before: str = "") -> list[tuple[str, str]]:
    """(pattern, name) of all that the site serves."""
    out: list[tuple[str, str]] = []
    for p in (of or get_resolver()).url_patterns:
        if isinstance(p, URLResolver):
            out += addresses(p, before + str(p.pattern))
        elif isinstance(p, URLPattern):
            out.append((before + str(p.pattern), p.name or ""))
    return out
