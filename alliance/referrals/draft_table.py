"""TABLE of the states and moves of a referral before it is sent: written, approved inside the
sending hospital where it wants that (院内审核). All of it is the sender's; nothing of it opens a
record.
"""

from alliance.roles import Permission
from alliance.workflow.state_table import Move, Need, Side, State, StateTable, TimerAction

SENDER = Side.SENDER
SEND, APPROVE = Permission.REFERRAL_SEND, Permission.REFERRAL_APPROVE

DRAFT_TABLE = StateTable(
    "draft",
    SEND,
    (
        State("draft", SENDER, ((TimerAction.REMIND, "draft"),)),
        State("to-approve", SENDER, ((TimerAction.REMIND, "approve"),)),
        State("sent", SENDER),
        State("discarded", SENDER),
    ),
    (
        Move("draft", "save", SENDER, SEND, "draft"),
        Move("draft", "submit", SENDER, SEND, "to-approve"),
        Move("draft", "send", SENDER, SEND, "sent"),
        Move("draft", "discard", SENDER, SEND, "discarded", (Need.REASON,)),
        Move("to-approve", "approve", SENDER, APPROVE, "sent"),
        Move("to-approve", "send-back", SENDER, APPROVE, "draft", (Need.REASON,)),
        Move("to-approve", "take-back", SENDER, SEND, "draft"),
    ),
)
OF_THE_AUTHOR = frozenset({"save", "submit", "send", "take-back"})  # nobody does them for them
OF_ANOTHER = frozenset({"approve", "send-back"})
