"""Which of this app's tables the web role may not change (alliance/database/grants.py). It may
delete from those of ERASABLE alone.
"""

# of a line it writes what happened: number, moment and transaction are PostgreSQL's own
LINES = "consent_audit_event"
LINE_COLUMNS = (
    "code",
    "actor_kind",
    "actor",
    "actor_hospital",
    "role",
    "purpose",
    "outcome",
    "reason",
    "person",
    "target",
    "detail",
    "refs",
    "address",
    "request_id",
)
APPEND_ONLY = (
    LINES,
    "consent_audit_person",
    "consent_audit_cosignature",
    "consent_change",  # by triggers, as the owner
    "consent_caseitem",
    "consent_caseentry",
    "consent_caselook",
)
READ_ONLY = (
    "consent_audit_leaf",
    "consent_audit_head",
    "consent_audit_sealer",
    "consent_audit_subtree",
    "consent_audit_thinning",
    "consent_audit_archive",
    "consent_audit_second_key",
    "consent_fact_history",  # triggers write it, as the owner
)  # the sealer, another process, writes the others
PARTLY = {
    "consent_confirmation": ("ended_at", "ended_by_id", "ended_reason"),
    "consent_case": ("outcome", "closing_by_id", "closed_by_id", "closed_at"),
    "consent_hold": (
        "lift_reason",
        "lift_asked_by_id",
        "lift_asked_at",
        "lifted_by_id",
        "lifted_at",
    ),
    "consent_audit_witness": ("accepted_at", "accepted_by", "ended_at", "ended_by"),
}
ERASABLE = (
    "consent_auditreportchunk",  # files of reports, which are kept for a time
    # by whom a case may be seen beside those whose it is; both ways stand among its entries
    "consent_caseuserobjectpermission",
)
