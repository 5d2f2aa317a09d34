"""Legal holds over the audit log: an auditor of the whole alliance sets one, another one lifts it;
each act leaves its line.
"""

from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction

from alliance.roles import Role
from consent.models import LegalHold
from tests.factories.alliance import make_hospital, make_staff
from tests.support.browser import ENGLISH, signed_in

PAGE = "/audit/holds/"


def lines_of(hold: LegalHold) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT code FROM consent_audit_event WHERE target = %s AND outcome = 'success'"
            " ORDER BY id",
            [f"legal-hold/{hold.pk}"],
        )
        return [row[0] for row in cursor.fetchall()]


def test_another_auditor_lifts_what_one_has_set(server: str) -> None:
    at = make_hospital("holding")
    one, other, local = (make_staff(at, Role.AUDITOR, wide=wide) for wide in (True, True, False))
    setting, lifting, elsewhere = (signed_in(who) for who in (one, other, local))
    reason = f"case {uuid4()}"
    for form, says in (
        ({"scope": "person", "reason": reason}, "Say what is held"),
        ({"scope": "lines", "first_line": 9, "last_line": 3, "reason": reason}, "Say what is"),
        ({"scope": "all", "reason": ""}, "wrong"),
    ):
        reply = setting.post(PAGE, form, headers=ENGLISH)
        assert reply.status_code == 400 and says in reply.content.decode(), form
    assert elsewhere.get(PAGE).status_code == 403
    assert elsewhere.post(PAGE, {"scope": "all", "reason": reason}).status_code == 403
    assert not LegalHold.objects.filter(reason=reason).exists()
    assert (
        setting.post(
            PAGE, {"scope": "lines", "first_line": 3, "last_line": 9, "reason": reason}
        ).status_code
        == 302
    )
    hold = LegalHold.objects.get(reason=reason)
    assert (hold.first_line, hold.last_line, hold.set_by) == (3, 9, one)
    lift = f"{PAGE}{hold.pk}/lift/"
    assert reason in lifting.get(PAGE).content.decode()
    assert f'action="{lift}"' not in setting.get(PAGE).content.decode()
    for who, form in ((setting, {"reason": "mine"}), (elsewhere, {"reason": "not mine"})):
        assert who.post(lift, form).status_code == 403
    assert lifting.post(lift, {"reason": " "}).status_code == 302
    hold.refresh_from_db()
    assert hold.lifted_at is None
    assert f'action="{lift}"' in lifting.get(PAGE).content.decode(), "the control"
    assert lifting.post(lift, {"reason": "the case is closed"}).status_code == 302
    hold.refresh_from_db()
    assert hold.lifted_by == other and hold.lift_reason == "the case is closed"
    assert lines_of(hold) == ["consent:legal-hold:set", "consent:legal-hold:lift"]
    assert lifting.post(lift, {"reason": "once more"}).status_code == 302
    assert lines_of(hold) == ["consent:legal-hold:set", "consent:legal-hold:lift"]
    with pytest.raises(IntegrityError), transaction.atomic():
        LegalHold.objects.filter(pk=hold.pk).update(lifted_by=one)
    assert lifting.post(f"{PAGE}999999999/lift/", {"reason": "nobody's"}).status_code == 404
