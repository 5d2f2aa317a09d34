"""Which verbs are possible: in a state, for a side, with a role's permissions. Pure."""

from collections.abc import Callable

from alliance.roles import Permission
from alliance.workflow.state_table import Move, Side, StateTable


def find_move(table: StateTable, state: str, verb: str, side: Side) -> Move | None:
    """The row of the table, whoever asks for it; None where it has none."""
    return next(
        (m for m in table.moves_from(state) if m.verb == verb and m.side is side),
        None,
    )


def list_moves(
    table: StateTable, state: str, side: Side, may: Callable[[Permission], bool]
) -> list[Move]:
    """What somebody of this side can do now, in the order of the table."""
    return [
        m
        for m in table.moves_from(state)
        if m.side is side and m.permission is not None and may(m.permission)
    ]
