"""Which of this app's tables the web role may not change, or may delete from
(alliance/database/grants.py).
"""

APPEND_ONLY = (
    "record_history",
    "records_claim",
    "records_episodeoutcome",
    "records_hospitalsigningkey",
    "records_opinion",
    "records_printeddocument",
    "records_recognitiondecision",
    "record_key",
    "record_vocabulary",
)
READ_ONLY = (
    # the worker writes them: what is found of an access is not the web's word
    "record_access_day",
    "record_access_draw",
    "record_access_episode",
    "record_access_listed",
    "record_access_listing",
    "record_access_position",
    "record_access_staff_key",
    "record_access_template",
    "record_access_weight",
    "record_clock",
    "record_dictionary",
    "record_index",
    "record_local_use",
    "records_codelist",
    "records_mappingposition",
    "records_standardcode",
    "records_standarduse",
)
PARTLY = {
    # whose accesses a rule explains is never changed
    "records_accessrule": (
        "state",
        "decided_by_id",
        "decided_at",
        "ended_by_id",
        "ended_at",
    ),
    "records_codemap": ("version", "changed_at"),
    # what is mapped to what is never changed: another mapping replaces it
    "records_codemapping": (
        "state",
        "decided_by_id",
        "decided_at",
        "ended_by_id",
        "ended_at",
        "end_reason",
        "version",
        "ended_version",
    ),
    "records_decision": ("undone_by_id", "moved", "told"),
    "records_localcode": ("waiting", "redo_after"),
    "records_recognitionprompt": ("hits",),
    "records_recognitionqualification": ("ends", "end_reason"),
}
ERASABLE = (
    "record_bulk_chunk",
    "record_date",
    "record_push",
    "record_quantity",
    "record_reference",
    "record_string",
    "record_sync_notice",
    "record_sync_batch",  # of systems that were revoked long ago
    "record_sync_dead_letter",  # those that were settled long ago
    "record_sync_stream",
    "records_bulkjob",
    "records_matchkey",
    "records_namekey",
    "records_notification",
    "records_patientidentifier",
    "records_subscriptionstate",
    "records_worktopicnotice",
)
