"""What is sent to the addresses whose verbs ask once more who may: a form that lacks nothing, so
that the verb is reached and not only the page before it.
"""

from typing import Any

from alliance.models import Staff
from alliance.services.vouching import account_issue_mark
from alliance.web.deadline_form import DeadlineForm
from records.mpi.curation.opinion_basis import digest_opinion_basis

REASON = {"reason": "test of the roles"}
EVIDENCE = {"evidence": "test of the roles"}
NOTE = {"note": "test of the roles"}
LETTERS = {"rule": "server.error", "field": "", "state": "open"}
ITEM = {
    "name_zh": "试验",
    "name_en": "Test",
    "loincs": "99999-0",
    "window": "7",
    "scope": "alliance",
    "active": "on",
}
GRANT = {"scopes": "system/Patient.r", "origins": []}


def deadline_form(**other: Any) -> dict[str, Any]:
    """As the page shows it, but access lasts a day longer; other: likewise by field."""
    form = DeadlineForm()
    shown = {name: form.get_initial_for_field(f, name) for name, f in form.fields.items()}
    return shown | {"reason": "test of the form", "rights": shown["rights"] + 1} | other


def complete_forms(values: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """{address: its form}. values: one of each thing, as `known` has them."""
    new_hospital = {
        "code": "one-more",
        "name_zh": "又一医院",
        "name_en": "One more",
        "tier": "community",
        "admitted_on": "2020-01-01",
    }
    return {
        "api/hospitals/": new_hospital,
        "api/hospitals/<slug:code>/suspension/": {"suspended": True} | REASON,
        "api/proposals/<int:proposal_id>/": {"agreed": False} | REASON,
        "api/clients/": {"hospital": values["code"], "name": "one more"} | GRANT,
        "api/clients/<slug:client_id>/": GRANT | REASON,
        "alliance/hospitals/": new_hospital,
        "alliance/hospitals/<slug:code>/suspend/": REASON,
        "alliance/staff/<int:staff_id>/end/": REASON,
        "alliance/staff/<int:staff_id>/reset/": {"lost": "password"} | REASON,
        "alliance/clients/<slug:client_id>/revoke/": REASON,
        "alliance/vouching/": {
            "staff": values["staff_id"],
            "ground": "card",
            "seen": account_issue_mark(Staff.objects.get(pk=values["staff_id"])),
        },
        "alliance/proposals/<int:proposal_id>/agree/": {"sure": "on"},
        "alliance/proposals/<int:proposal_id>/refuse/": REASON,
        "audit/unusual/<int:episode_id>/outcome/": {
            "outcome": "missing",
            "note": "test of the roles",
        },
        "audit/policy/": {"code": "Policy-basic-normal", "basis": "test", "sure": "on"} | REASON,
        "privacy/intake/": {"hospital": values["code"], "sure": "on"} | EVIDENCE,
        "privacy/emergencies/<int:emergency_id>/review/": {
            "finding": "justified",
            "comment": "test",
        },
        "privacy/emergencies/<int:emergency_id>/tell/": {"how": "by letter"},
        "audit/emergencies/<int:emergency_id>/": {"finding": "justified", "comment": "test"},
        "audit/cases/<int:case_id>/note/": {"text": "test"},
        "audit/cases/<int:case_id>/holds/<int:hold_id>/": REASON,
        "privacy/seals/<int:seal_id>/lift/": REASON,
        "confirmations/<int:confirmation_id>/end/": EVIDENCE,
        "person/<uuid:person_id>/treat/": REASON,
        "referrals/<int:sent_id>/papers/": REASON,
        "person/<uuid:person_id>/arrival/": NOTE,
        "referrals/arrivals/<int:arrival_id>/answer/": NOTE,
        "referrals/<int:item_id>/message/": {"text": "test"},
        "referrals/drafts/<int:draft_id>/move/": {"verb": "approve", "version": 2},
        "referrals/<int:item_id>/move/": {"verb": "accept", "version": 1} | NOTE,
        "referrals/<int:item_id>/plan/": {"version": 1} | NOTE,
        "referrals/<int:item_id>/tasks/<int:task_id>/": {"state": "done", "entries": 0} | NOTE,
        "workflow/deadlines/": deadline_form(),
        "workflow/calendar/": {"days": "2040-01-02 休 test"},
        "workflow/hospitals/<slug:code>/": {"phone": "010-1234"},
        "workflow/hospitals/<slug:code>/address/": {
            "channel": "mail",
            "target": "duty@b.example",
        },
        "consultations/<int:consultation_id>/move/": {"verb": "acknowledge", "version": 1} | NOTE,
        "directory/department/": {
            "code": "one-more",
            "name_zh": "内科",
            "most_urgent": "routine",
        },
        "directory/department/<int:department_id>/": {
            "name_zh": "内科",
            "most_urgent": "routine",
        },
        "directory/department/<int:department_id>/clinic/": {
            "code": "one-more",
            "kind": "clinic",
            "name": "专家门诊",
        },
        "directory/clinic/<int:clinic_id>/": {
            "weekdays": ["0"],
            "begins": "08:00",
            "ends": "12:00",
            "minutes": "0",
            "places": "1",
            "first": "2030-01-07",
            "weeks": "1",
        },
        "directory/clinic/<int:clinic_id>/change/": {"kind": "clinic", "name": "专家门诊"},
        "directory/clinic/<int:clinic_id>/stop/": {"day": "2030-01-07"} | REASON,
        "person/<uuid:person_id>/emergency/": {
            "ground": "rescue",
            "hours": "1",
            "sure": "on",
        }
        | REASON,
        "person/<uuid:person_id>/seal/": {"ground": "dispute", "listed": ""} | REASON,
        "person/<uuid:person_id>/consent/<int:directive_id>/withdraw/": EVIDENCE | REASON,
        "person/<uuid:person_id>/consent/<int:directive_id>/verify/": EVIDENCE,
        "person/<uuid:person_id>/consent/access/<int:access_id>/stop/": REASON,
        "person/<uuid:person_id>/identity/merge/": {"other": str(values["other_person"])} | NOTE,
        "person/<uuid:person_id>/identity/split/": {"source": str(values["source_id"])} | NOTE,
        "person/<uuid:person_id>/identity/<int:source_id>/number/": {"number": ""} | NOTE,
        "reviews/<int:review_id>/verdict/": {
            "verdict": "different",
            "basis": digest_opinion_basis(values["review_id"]),
        },
        "decisions/<int:decision_id>/undo/": NOTE,
        "person/<uuid:person_id>/recognition/<uuid:prompt_id>/": {
            "decision": "repeated",
            "reason": "fast",
            "told": "on",
        },
        "recognition/upload/": {"starting": "yes"},
        "recognition/item/": ITEM | {"code": "ONE-MORE"},
        "recognition/item/<str:item_code>/": ITEM,
        "recognition/qualifications/": {
            "hospital": values["code"],
            "item": values["item_code"],
            "starts": "2019-01-01",
            "ends": "2019-12-31",
            "quality": "passed",
        },
        "recognition/qualifications/<int:qualification_id>/end/": {"last": "2026-01-01"} | REASON,
        "mapping/brand/": {"source": "lis", "brand": "LIS 5"},
        "mapping/take-over/": {"kind": "laboratory", "member": values["member"]},
        "mapping/<int:code_id>/propose/": {
            "target": "http://loinc.org|1920-8",
            "equivalence": "equivalent",
        },
        "mapping/proposals/<int:mapping_id>/refuse/": REASON,
        "mapping/proposals/<int:mapping_id>/withdraw/": REASON,
        **{f"sync-board/<slug:code>/letters/{act}/": LETTERS for act in ("replay", "export")},
        "sync-board/<slug:code>/letters/drop/": LETTERS | REASON | {"sure": "on"},
    }
