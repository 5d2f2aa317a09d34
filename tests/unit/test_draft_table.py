"""The table of a referral before it is sent, walked whole: all of it is the sender's, nothing of it
opens a record, and who writes does not approve (docs/adr/0093).
"""

from itertools import product

from alliance.referrals.draft_table import DRAFT_TABLE, OF_ANOTHER, OF_THE_AUTHOR
from alliance.roles import PERMISSIONS_BY_ROLE, Permission, Role
from alliance.workflow.deadlines import DEADLINES
from alliance.workflow.moves import find_move
from alliance.workflow.state_table import Need, Rights, Side
from records.web.referral_words import DONE_WORDS, DRAFT_WORDS, VERB_WORDS


def test_every_state_is_reached_has_a_timer_and_leads_to_an_end() -> None:
    table = DRAFT_TABLE
    names = {s.name for s in table.states}
    assert {m.state for m in table.moves} | {m.next for m in table.moves} == names
    leads = {s.name for s in table.states if s.is_end}
    assert leads == {"sent", "discarded"}
    assert not [m for m in table.moves if m.state in leads], "an end is an end"
    while more := {m.state for m in table.moves if m.next in leads} - leads:
        leads |= more
    assert leads == names
    for state in table.states:
        assert all(deadline in DEADLINES for _action, deadline in state.timers)
        assert state.name in DRAFT_WORDS


def test_all_of_it_is_the_senders_and_opens_nothing() -> None:
    for m in DRAFT_TABLE.moves:
        assert (m.side, m.rights) == (Side.SENDER, Rights.KEEP), m
        assert m.verb in VERB_WORDS or m.verb == "send"
        assert m.verb in DONE_WORDS
    for state, verb in product((s.name for s in DRAFT_TABLE.states), VERB_WORDS):
        for side in (Side.RECEIVER, Side.PLATFORM):
            assert find_move(DRAFT_TABLE, state, verb, side) is None


def test_what_waits_for_approval_goes_by_another_alone_and_a_refusal_says_why() -> None:
    waiting = {m.verb: m for m in DRAFT_TABLE.moves_from("to-approve")}
    assert {v for v, m in waiting.items() if m.next == "sent"} == {"approve"} <= OF_ANOTHER
    assert waiting["approve"].permission is Permission.REFERRAL_APPROVE
    assert not OF_ANOTHER & OF_THE_AUTHOR
    needs = {m.verb: m.needs for m in DRAFT_TABLE.moves}
    assert needs["discard"] == needs["send-back"] == (Need.REASON,)
    holders = {r for r, held in PERMISSIONS_BY_ROLE.items() if Permission.REFERRAL_APPROVE in held}
    assert holders == {Role.CLINICIAN, Role.CLERK}
