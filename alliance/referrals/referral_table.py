"""TABLE of a referral's states and moves (双向转诊; IHE 360X, HL7 BSeR Task.businessStatus).
Nothing ends without an outcome or a reason; cancelling what was accepted is confirmed by the
receiver; who does not come is no cancellation.
"""

from alliance.models.work_item import WorkItem
from alliance.roles import Permission
from alliance.workflow.state_table import Move, Need, Rights, Side, State, StateTable, TimerAction

SENDER, RECEIVER, PLATFORM = Side
SEND, ARRANGE, CARE = (
    Permission.REFERRAL_SEND,
    Permission.REFERRAL_ARRANGE,
    Permission.REFERRAL_CARE,
)
REMIND, DUTY, OFFICE, MISS = TimerAction
END, LAPSE, HOME = Rights.END, Rights.LAPSE, Rights.HOME

WAITING = (
    State("sent", RECEIVER, ((DUTY, "accept"), (OFFICE, "accept-escalated"))),
    State("info-requested", SENDER, ((REMIND, "answer"), (OFFICE, "accept-escalated"))),
    State("cancel-requested", RECEIVER, ((DUTY, "accept"), (OFFICE, "accept-escalated"))),
    State("no-show", SENDER, ((REMIND, "missed"),)),
    State("home-confirmed", SENDER, ((REMIND, "follow-up"),)),
    State("followed-up", SENDER, ((REMIND, "outcome"),)),
    State("closed", SENDER),
    State("declined", SENDER),
    State("cancelled", SENDER),
)
BEFORE_ARRIVAL = (
    Move("sent", "accept", RECEIVER, ARRANGE, "accepted", (Need.ARRANGEMENT,)),
    Move("sent", "ask", RECEIVER, ARRANGE, "info-requested", (Need.MESSAGE,)),
    Move("sent", "decline", RECEIVER, ARRANGE, "declined", (Need.REASON,), END),
    Move("sent", "withdraw", SENDER, SEND, "cancelled", (Need.REASON,), END),
    Move("info-requested", "answer", SENDER, SEND, "sent", (Need.MESSAGE,)),
    Move("info-requested", "withdraw", SENDER, SEND, "cancelled", (Need.REASON,), END),
    Move("info-requested", "decline", RECEIVER, ARRANGE, "declined", (Need.REASON,), END),
    Move("accepted", "arrange", RECEIVER, ARRANGE, "accepted", (Need.ARRANGEMENT,)),
    Move("accepted", "decline", RECEIVER, ARRANGE, "declined", (Need.REASON,), END),
    Move("accepted", "cancel", SENDER, SEND, "cancel-requested", (Need.REASON,)),
    Move("cancel-requested", "confirm-cancel", RECEIVER, ARRANGE, "cancelled", (), END),
    Move("cancel-requested", "keep", RECEIVER, ARRANGE, "accepted", (Need.REASON,)),
)
AT_HOME = (
    Move("home-confirmed", "follow-up", SENDER, CARE, "followed-up", (Need.FOLLOW_UP,)),
    Move("followed-up", "follow-up", SENDER, CARE, "followed-up", (Need.FOLLOW_UP,)),
    Move("followed-up", "close", SENDER, CARE, "closed", (Need.OUTCOME,), LAPSE),
)
TO_A_HOSPITAL = StateTable(
    "sent",
    SEND,
    (
        State("accepted", RECEIVER, ((MISS, "no-show"),)),
        State("arrived", RECEIVER, ((REMIND, "outcome"),)),
        State("admitted", RECEIVER, ((REMIND, "stay"),)),
        State("treated", RECEIVER, ((REMIND, "outcome"), (DUTY, "home"))),
        State("returned", SENDER, ((REMIND, "home"),)),
        *WAITING,
    ),
    (
        *BEFORE_ARRIVAL,
        Move("sent", "arrive", RECEIVER, ARRANGE, "arrived"),  # before anybody has answered
        Move("accepted", "arrive", RECEIVER, ARRANGE, "arrived"),
        Move("accepted", "miss", RECEIVER, ARRANGE, "no-show"),
        Move("accepted", "miss", PLATFORM, None, "no-show"),
        Move("cancel-requested", "arrive", RECEIVER, ARRANGE, "arrived"),
        Move("no-show", "arrive", RECEIVER, ARRANGE, "arrived"),
        Move("no-show", "arrange", RECEIVER, ARRANGE, "accepted", (Need.ARRANGEMENT,)),
        Move("no-show", "close", SENDER, SEND, "closed", (Need.OUTCOME,), LAPSE),
        Move("arrived", "admit", RECEIVER, CARE, "admitted"),
        Move("arrived", "treat", RECEIVER, CARE, "treated", (Need.OUTCOME,)),
        Move("admitted", "treat", RECEIVER, CARE, "treated", (Need.OUTCOME,)),
        Move("treated", "return", RECEIVER, CARE, "returned", (Need.PLAN,), HOME),
        Move("treated", "close", RECEIVER, CARE, "closed", (Need.OUTCOME,), LAPSE),
        Move("returned", "confirm-home", SENDER, CARE, "home-confirmed"),
        *AT_HOME,
    ),
)


def at_receiver(table: tuple[Move, ...]) -> tuple[Move, ...]:
    """The same moves, of the receiver: for a referral down the receiver is the home."""
    return tuple(
        Move(m.state, m.verb, RECEIVER, m.permission, m.next, m.needs, m.rights) for m in table
    )


DOWN = StateTable(
    "sent",
    SEND,
    (
        State("accepted", RECEIVER, ((MISS, "no-show"),)),
        *(
            State(s.name, RECEIVER, s.timers) if s.name in ("home-confirmed", "followed-up") else s
            for s in WAITING
        ),
    ),
    (
        *BEFORE_ARRIVAL,
        Move("accepted", "confirm-home", RECEIVER, CARE, "home-confirmed"),
        Move("accepted", "miss", RECEIVER, ARRANGE, "no-show"),
        Move("accepted", "miss", PLATFORM, None, "no-show"),
        Move("cancel-requested", "confirm-home", RECEIVER, CARE, "home-confirmed"),
        Move("no-show", "confirm-home", RECEIVER, CARE, "home-confirmed"),
        Move("no-show", "arrange", RECEIVER, ARRANGE, "accepted", (Need.ARRANGEMENT,)),
        Move("no-show", "close", SENDER, SEND, "closed", (Need.OUTCOME,), LAPSE),
        *at_receiver(AT_HOME),
    ),
)
REFERRAL_TABLES: dict[str, StateTable] = {
    WorkItem.Kind.UP: TO_A_HOSPITAL,
    WorkItem.Kind.SIDEWAYS: TO_A_HOSPITAL,
    WorkItem.Kind.DOWN: DOWN,
}
