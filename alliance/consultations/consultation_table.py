"""TABLE of a consultation's states and moves (远程会诊; 国卫医发〔2018〕50号, WS/T 529-2016).
Written opinion first, a meeting where it is wanted. The decision stays with whoever asked: an
opinion is acknowledged with what was decided, and nothing closes without that.
"""

from alliance.models.work_item import WorkItem
from alliance.roles import Permission
from alliance.workflow.state_table import Move, Need, Rights, Side, State, StateTable, TimerAction

SENDER, RECEIVER = Side.SENDER, Side.RECEIVER
SEND, ARRANGE, CARE = (
    Permission.REFERRAL_SEND,
    Permission.REFERRAL_ARRANGE,
    Permission.REFERRAL_CARE,
)
REMIND, DUTY, OFFICE = TimerAction.REMIND, TimerAction.DUTY, TimerAction.OFFICE
END, LAPSE = Rights.END, Rights.LAPSE
REASON, MESSAGE = (Need.REASON,), (Need.MESSAGE,)
ACCEPT = ((DUTY, "accept"), (OFFICE, "accept-escalated"))
OPINION = ((REMIND, "opinion"), (DUTY, "opinion-escalated"))

STATES = (
    State("sent", RECEIVER, ACCEPT),
    State("info-requested", SENDER, ((REMIND, "answer"), (OFFICE, "accept-escalated"))),
    State("arranged", RECEIVER, OPINION),
    State("in-session", RECEIVER, OPINION),
    State("not-held", RECEIVER, ((REMIND, "answer"), (DUTY, "accept-escalated"))),
    State("writing", RECEIVER, OPINION),
    State("asked-back", SENDER, ((REMIND, "answer"), (OFFICE, "opinion-escalated"))),
    State("cancel-requested", RECEIVER, ACCEPT),
    State("delivered", SENDER, ((REMIND, "acknowledge"), (DUTY, "acknowledge-escalated"))),
    State("acknowledged", SENDER, ((REMIND, "rating"),)),
    State("closed", SENDER),
    State("declined", SENDER),
    State("cancelled", SENDER),
)
BEFORE_ACCEPTING = (
    Move("sent", "accept", RECEIVER, ARRANGE, "arranged"),
    Move("sent", "ask", RECEIVER, ARRANGE, "info-requested", MESSAGE),
    Move("sent", "decline", RECEIVER, ARRANGE, "declined", REASON, END),
    Move("sent", "withdraw", SENDER, SEND, "cancelled", REASON, END),
    Move("info-requested", "answer", SENDER, SEND, "sent", MESSAGE),
    Move("info-requested", "withdraw", SENDER, SEND, "cancelled", REASON, END),
    Move("info-requested", "decline", RECEIVER, ARRANGE, "declined", REASON, END),
)
AT_WORK = (
    Move("arranged", "write", RECEIVER, CARE, "writing"),
    Move("arranged", "start", RECEIVER, CARE, "in-session"),
    Move("arranged", "not-hold", RECEIVER, ARRANGE, "not-held", REASON),
    Move("in-session", "end", RECEIVER, CARE, "writing"),
    Move("in-session", "not-hold", RECEIVER, ARRANGE, "not-held", REASON),
    Move("not-held", "write", RECEIVER, CARE, "writing"),
    Move("writing", "start", RECEIVER, CARE, "in-session"),
    Move("writing", "sign", RECEIVER, CARE, "delivered"),
    Move("asked-back", "answer", SENDER, SEND, "writing", MESSAGE),
    Move("asked-back", "cancel", SENDER, SEND, "cancel-requested", REASON),
    Move("asked-back", "decline", RECEIVER, ARRANGE, "declined", REASON, END),
    *(
        move
        for state in ("arranged", "not-held", "writing")
        for move in (
            Move(state, "ask", RECEIVER, CARE, "asked-back", MESSAGE),
            Move(
                state, "arrange", RECEIVER, ARRANGE, "writing" if state == "writing" else "arranged"
            ),
            Move(state, "decline", RECEIVER, ARRANGE, "declined", REASON, END),
            Move(state, "cancel", SENDER, SEND, "cancel-requested", REASON),
        )
    ),
    Move("cancel-requested", "confirm-cancel", RECEIVER, ARRANGE, "cancelled", (), END),
    Move("cancel-requested", "keep", RECEIVER, ARRANGE, "arranged", REASON),
)
AFTER_SIGNING = (
    Move("delivered", "acknowledge", SENDER, SEND, "acknowledged", (Need.OUTCOME,), LAPSE),
    Move("acknowledged", "rate", SENDER, SEND, "closed"),
    Move("acknowledged", "close", SENDER, SEND, "closed"),
)
CONSULTATION = StateTable("sent", SEND, STATES, (*BEFORE_ACCEPTING, *AT_WORK, *AFTER_SIGNING))
CONSULTATION_TABLES: dict[str, StateTable] = {
    kind: CONSULTATION for kind in WorkItem.Kind if kind in WorkItem.CONSULTATIONS
}
