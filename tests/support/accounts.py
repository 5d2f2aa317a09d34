"""Accounts in the states that their tests begin from."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.utils import timezone

from alliance.auth.principal import Principal
from alliance.models import Hospital, Staff, User
from alliance.roles import Role
from alliance.services.credentials import do_set_second_factor
from alliance.services.staffing import do_enrol_staff
from tests import draws
from tests.factories import alliance
from tests.factories.web_session import SECRET

LATER = dt.date(2099, 1, 1)


@contextmanager
def alone(*officers: Staff) -> Iterator[None]:
    """Inside, nobody but these holds an office of the alliance; afterwards all is as it was."""
    with transaction.atomic():
        Staff.objects.filter(alliance_wide=True).exclude(pk__in=[o.pk for o in officers]).update(
            ended_at=timezone.now()
        )
        yield
        transaction.set_rollback(True)


def enrol(at: Hospital, acting: Principal, role: Role = Role.CLINICIAN, **more: Any) -> Staff:
    """A new account, as an administrator makes it."""
    return do_enrol_staff(
        username="v" + draws.token_hex(5),
        name="新人",
        hospital=at,
        role=role.value,
        ends_on=LATER,
        acting=acting,
        **more,
    )[0]


def set_up(who: Staff) -> Staff:
    """The person has signed in: a password and a second factor of their own."""
    User.objects.filter(pk=who.user_id).update(must_change_password=False)
    do_set_second_factor(
        User.objects.get(pk=who.user_id), SECRET, acting=alliance.OPERATOR, replace=True
    )
    return Staff.objects.select_related("hospital", "user").get(pk=who.pk)
