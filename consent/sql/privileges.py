"""Which of this app's tables the web role may not change (alliance/database/grants.py). It may
delete from none.
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
)
READ_ONLY = (
    "consent_audit_leaf",
    "consent_audit_head",
    "consent_audit_sealer",
    "consent_audit_subtree",
    "consent_audit_thinning",
    "consent_fact_history",  # triggers write it, as the owner
)  # the sealer, another process, writes the others
PARTLY = {
    "consent_confirmation": ("ended_at", "ended_by_id", "ended_reason"),
    "consent_audit_witness": ("accepted_at", "accepted_by", "ended_at", "ended_by"),
}
