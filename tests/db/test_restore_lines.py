"""Which lines of the log count as restores: what they say explains a head that a witness misses."""

import pytest
from django.db import transaction

from alliance.auth.principal import Principal, operator_principal
from alliance.roles import Role
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, AuditOutcome, EventCode
from consent.audit.restore_lines import load_recorded_restores
from tests.factories import alliance

DETAIL = (
    "epoch 2, server 7, timeline 3; lost unknown to 2026-12-01T04:00:00.000+00:00; log 9:ab -> 4:cd"
)
OPERATOR = operator_principal("test")


def count_with(acting: Principal, detail: str = DETAIL, **more: object) -> int:
    """How many restores there are more with such a line, which is taken back."""
    with transaction.atomic():
        before = len(load_recorded_restores())
        event = AuditEvent.from_principal(acting, EventCode.RESTORE_RECORD, detail=detail, **more)  # type: ignore[arg-type]
        append_event(event)
        after = len(load_recorded_restores())
        transaction.set_rollback(True)
    return after - before


def test_only_who_has_the_server_records_a_restore(world: None) -> None:
    assert count_with(OPERATOR) == 1, "the control"
    auditor = alliance.make_staff(alliance.make_hospital("restoring"), Role.AUDITOR, wide=True)
    assert count_with(alliance.get_staff_principal(auditor)) == 0
    assert count_with(OPERATOR, outcome=AuditOutcome.REFUSED, reason="role") == 0


@pytest.mark.parametrize("detail", ["", "a\n b ", "nothing lost", "epoch 2; log 9 to 4"])
def test_one_that_says_not_which_log_it_left_explains_nothing(world: None, detail: str) -> None:
    assert count_with(OPERATOR, detail) == 0
