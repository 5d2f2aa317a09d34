"""What a row of a table of states says: from which state which side may move a work item by which
verb, what is needed for it, where it leads and whose turn it is then; and which timers run in a
state. Pure.
"""

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

from alliance.roles import Permission


class Side(StrEnum):
    SENDER = "sender"
    RECEIVER = "receiver"
    PLATFORM = "platform"  # a timer


class Need(StrEnum):
    """What has to come with a verb. REASON, MESSAGE, PLAN: a text of the transition; ARRANGEMENT,
    OUTCOME: one that the item keeps.
    """

    REASON = "reason"
    MESSAGE = "message"
    ARRANGEMENT = "arrangement"
    OUTCOME = "outcome"
    PLAN = "plan"
    FOLLOW_UP = "follow-up"


class Rights(StrEnum):
    """What a verb does to the access that the item gives. KEEP: nothing; END: it ends with the
    verb; LAPSE: it ends a set time later; HOME: the sender sees the receiver's records as well.
    """

    KEEP = "keep"
    END = "end"
    LAPSE = "lapse"
    HOME = "home"


class TimerAction(StrEnum):
    """REMIND: the owner's list shows it as overdue; DUTY: so does the duty office's (总值班);
    OFFICE: so does the alliance's; MISS: the patient is noted as not arrived.
    """

    REMIND = "remind"
    DUTY = "duty"
    OFFICE = "office"
    MISS = "miss"


class Alarm(IntEnum):
    NONE, OWNER, DUTY, OFFICE = range(4)


ALARM_BY_ACTION = {
    TimerAction.REMIND: Alarm.OWNER,
    TimerAction.DUTY: Alarm.DUTY,
    TimerAction.OFFICE: Alarm.OFFICE,
}


@dataclass(frozen=True, slots=True)
class Move:
    """A row: in `state` the side may do `verb`, with the permission, and all of `needs`."""

    state: str
    verb: str
    side: Side
    permission: Permission | None  # None: no person does it
    next: str
    needs: tuple[Need, ...] = ()
    rights: Rights = Rights.KEEP


@dataclass(frozen=True, slots=True)
class State:
    """owner: whose turn it is. timers: (action, name of a deadline), started on entering, cancelled
    on leaving; none where it has ended.
    """

    name: str
    owner: Side
    timers: tuple[tuple[TimerAction, str], ...] = ()

    @property
    def is_end(self) -> bool:
        return not self.timers


@dataclass(frozen=True, slots=True)
class StateTable:
    """Of one kind of work. first: the state in which it is sent; sends: who may send it."""

    first: str
    sends: Permission
    states: tuple[State, ...]
    moves: tuple[Move, ...]
    _by_name: dict[str, State] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_name", {s.name: s for s in self.states})

    def state(self, name: str) -> State:
        return self._by_name[name]

    def moves_from(self, state: str) -> tuple[Move, ...]:
        return tuple(m for m in self.moves if m.state == state)
