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
APPEND_ONLY = (
    "alliance_worktransition",
    "alliance_workdocument",
    "alliance_homeplan",
    "alliance_homemedicine",
    "alliance_hometaskentry",
    "alliance_homemeasure",
    "alliance_workdeadline",
    "alliance_consultationrequest",
    "alliance_consultationexpert",
    "alliance_consultationmeeting",
    "alliance_opiniondraft",
    "alliance_signedopinion",
    "alliance_consultationrating",
    "alliance_workmessage",
    "alliance_workdraftstep",
    "alliance_worknumber",
)
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
    "alliance_hometask": ("state", "entries"),
    "alliance_worknoticeaddress": ("ended_at", "secret"),
    "alliance_worknotice": ("due_at", "tries", "fault", "sent_at", "given_up_at"),
    "alliance_workmessagesight": ("last",),
    "alliance_approvalrule": ("ended_at", "ended_by_id"),
    "alliance_workarrival": ("state", "closed_at", "closed_by_id", "answer", "item_id"),
    "alliance_workdebt": ("settled_at", "settled_by_id"),
    # whose it is, and about whom, stays; what it says is the author's until it is sent
    "alliance_workdraft": (
        "receiver_id",
        "kind",
        "urgency",
        "department",
        "reason",
        "question",
        "transport",
        "wish",
        "along",
        "plan",
        "state",
        "version",
        "saved_at",
        "due_at",
        "closed_at",
        "item_id",
    ),
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
    "alliance_dutyoffice_members",
    "alliance_departmentuserobjectpermission",  # by the last release, which still knows it
)
