"""The tables of states of referrals and consultations, walked whole: no state without a way on, no
end without an outcome or a reason, and nobody moves what the table does not give them
(docs/adr/0086, docs/adr/0088).
"""

from itertools import product

import pytest

from alliance.consultations.consultation_table import CONSULTATION, CONSULTATION_TABLES
from alliance.models.work_item import WorkItem
from alliance.referrals.referral_table import REFERRAL_TABLES
from alliance.roles import PERMISSIONS_BY_ROLE, Permission, Role
from alliance.workflow.deadlines import DEADLINES
from alliance.workflow.moves import find_move, list_moves
from alliance.workflow.state_table import Need, Rights, Side, StateTable

TABLES = REFERRAL_TABLES | CONSULTATION_TABLES
KINDS = [*sorted(REFERRAL_TABLES), WorkItem.Kind.CONSULTATION.value]  # consultations have one table
# the states by which the work of the other hospital is over, and the access lapses
WORK_DONE = {kind: "closed" for kind in REFERRAL_TABLES} | {
    kind: "acknowledged" for kind in CONSULTATION_TABLES
}
TELLING = {Need.OUTCOME, Need.REASON}
WORK_PERMISSIONS = (
    Permission.REFERRAL_SEND,
    Permission.REFERRAL_ARRANGE,
    Permission.REFERRAL_CARE,
)


def walk(table: StateTable) -> set[tuple[str, frozenset[Need], bool]]:
    """Each (state, what was told on a way to it, whether access is open) that some way leads to."""
    seen: set[tuple[str, frozenset[Need], bool]] = set()
    ahead = [(table.first, frozenset[Need](), True)]
    while ahead:
        at = ahead.pop()
        if at in seen:
            continue
        seen.add(at)
        state, told, is_open = at
        for m in table.moves_from(state):
            shuts = m.rights in (Rights.END, Rights.LAPSE)
            ahead.append((m.next, told | TELLING.intersection(m.needs), is_open and not shuts))
    return seen


@pytest.mark.parametrize("kind", KINDS)
def test_every_state_is_reached_and_leads_to_an_end(kind: str) -> None:
    table = TABLES[kind]
    names = {s.name for s in table.states}
    assert {m.state for m in table.moves} | {m.next for m in table.moves} == names
    leads = {s.name for s in table.states if s.is_end}
    assert leads == {"closed", "declined", "cancelled"}
    while more := {m.state for m in table.moves if m.next in leads} - leads:
        leads |= more
    assert leads == names, "a state from which no way leads to an end"


@pytest.mark.parametrize("kind", KINDS)
def test_whoever_has_the_turn_can_move_and_ends_are_ends(kind: str) -> None:
    table = TABLES[kind]
    for state in table.states:
        moves = table.moves_from(state.name)
        if state.is_end:
            assert not moves, state.name
            continue
        assert any(m.side is state.owner and m.permission for m in moves), state.name
        assert all(deadline in DEADLINES for _action, deadline in state.timers)
        for action, _deadline in state.timers:
            if action.value == "miss":
                assert find_move(table, state.name, "miss", Side.PLATFORM)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_ends_without_an_outcome_or_a_reason_and_access_ends_with_it(kind: str) -> None:
    table, done = TABLES[kind], WORK_DONE[kind]
    ends = {s.name for s in table.states if s.is_end}
    found = walk(table)
    assert len(found) > 10, "the control: there are many ways"
    for state, told, is_open in found:
        assert told or state not in ends, state
        assert Need.OUTCOME in told or state not in ("closed", done)
        assert is_open == (state not in ends | {done}), state
    for move in table.moves:
        if move.next == done:
            assert Need.OUTCOME in move.needs and move.rights is Rights.LAPSE, move
        assert (move.rights is Rights.END) == (move.next in ("declined", "cancelled")), move


@pytest.mark.parametrize("kind", KINDS)
def test_each_state_verb_side_and_permission_is_possible_where_the_table_has_it_alone(
    kind: str,
) -> None:
    table = TABLES[kind]
    rows = {(m.state, m.verb, m.side): m for m in table.moves}
    assert len(rows) == len(table.moves), "two rows for the same"
    verbs = sorted({m.verb for m in table.moves})
    for state, verb, side in product([s.name for s in table.states], verbs, Side):
        row = rows.get((state, verb, side))
        assert find_move(table, state, verb, side) == row
        for held in WORK_PERMISSIONS:
            shown = [m.verb for m in list_moves(table, state, side, lambda p, h=held: p is h)]
            assert (verb in shown) == (row is not None and row.permission is held)


def test_what_was_accepted_is_cancelled_by_the_receivers_word_alone() -> None:
    for kind in KINDS:
        table = TABLES[kind]
        for state in ("accepted", "arranged", "in-session", "writing", "delivered"):
            assert not [m for m in table.moves_from(state) if m.next == "cancelled"], (kind, state)
        into = [m for m in table.moves if m.next == "cancelled" and m.state == "cancel-requested"]
        assert [m.side for m in into] == [Side.RECEIVER]
        assert {m.next for m in table.moves_from("no-show")}.isdisjoint({"cancelled", "declined"})


def test_clinicians_and_clerks_alone_move_referrals_and_a_clerk_treats_nobody() -> None:
    holders = {
        role: {p for p in WORK_PERMISSIONS if p in held}
        for role, held in PERMISSIONS_BY_ROLE.items()
    }
    assert holders[Role.CLINICIAN] == set(WORK_PERMISSIONS)
    assert holders[Role.CLERK] == {Permission.REFERRAL_ARRANGE}
    assert not any(
        held for role, held in holders.items() if role not in (Role.CLINICIAN, Role.CLERK)
    )
    assert set(REFERRAL_TABLES) == WorkItem.REFERRALS
    assert set(CONSULTATION_TABLES) == WorkItem.CONSULTATIONS
    assert set(TABLES) == set(WorkItem.Kind)


def test_an_opinion_is_signed_once_and_what_was_signed_changes_no_more() -> None:
    signing = [m for m in CONSULTATION.moves if m.next == "delivered"]
    assert [(m.verb, m.side) for m in signing] == [("sign", Side.RECEIVER)]
    assert {m.side for s in ("delivered", "acknowledged") for m in CONSULTATION.moves_from(s)} == {
        Side.SENDER
    }, "the decision stays with whoever asked"
