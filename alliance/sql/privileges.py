"""Which of this app's tables the web role may not change, or may delete from
(alliance/database/grants.py).
"""

READ_ONLY = (
    "alliance_keyprint",
    "alliance_columnkey",
    "alliance_release",
    "alliance_epoch",
    "alliance_backup",
)
APPEND_ONLY = ("alliance_worktransition", "alliance_workdocument")
# of what was sent and of a timer's moment nothing changes any more
PARTLY = {
    "alliance_workitem": (
        "owner_id",
        "state",
        "version",
        "arrangement",
        "arranged_for",
        "outcome",
        "entered_at",
        "due_at",
        "closed_at",
        "alarm",
        "opened_home",
        "rights_end",
    ),
    "alliance_worktimer": ("fired_at", "cancelled_at"),
    "alliance_placetaken": ("freed_at", "freed_by"),
    "alliance_appointment": ("ended_at", "ended_by_id", "ended_reason"),
    "alliance_enrolmentcode": ("withdrawn_at", "used_at", "client_id"),
}
ERASABLE = (
    "alliance_accesstoken",
    "alliance_administratortoken",
    "alliance_cache",
    "alliance_formuse",
    "alliance_guesscount",
    "alliance_handover",
    "alliance_knownplace",
    "alliance_launch",
    "alliance_hospitaluserobjectpermission",
    "alliance_departmentuserobjectpermission",  # by the last release, which still knows it
)
