"""Whoever has the server gets an administrator in: the first one, and one that was locked out,
whatever was lost.
"""

import datetime as dt
import io
import re

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.core.management import CommandError, call_command
from django.utils import timezone

from alliance.models import Hospital, HospitalUserObjectPermission, Staff, User
from alliance.roles import Role
from alliance.services.membership import do_suspend_hospital
from alliance.services.staffing import do_end_staff
from consent.audit.log_query import AuditFilter
from consent.audit.log_query import list_audit_lines as lines
from tests import draws
from tests.factories import alliance


def run(*arguments: str) -> str:
    said = io.StringIO()
    call_command("enrol_administrator", *arguments, stdout=said)
    return said.getvalue()


def password(said: str) -> str:
    return re.search(r"^First password: (\S+)$", said, re.M)[1]  # type: ignore[index]


def test_the_first_administrator_and_the_hospital(world: None) -> None:
    code, name = f"new-{draws.token_hex(4)}", f"a{draws.token_hex(4)}"
    with pytest.raises(CommandError, match="--hospital-name"):
        run("--username", name, "--hospital", code)
    assert (
        not User.objects.filter(username=name).exists()
        and not Hospital.objects.filter(code=code).exists()
    )
    said = run(
        "--username", name, "--hospital", code, "--hospital-name", "新医院", "--name", "罗毅"
    )
    who = Staff.objects.get(user__username=name)
    assert (
        who.active
        and who.hospital.active
        and who.alliance_wide
        and who.role == Role.ADMINISTRATOR
        and who.name == "罗毅"
    )
    assert who.user.check_password(password(said)) and who.user.must_change_password
    made = [x for x in lines(AuditFilter(), None, 20) if x["target"] == f"staff/{who.pk}"]
    assert made[0]["actor_kind"] == "operator" and made[0]["code"] == "alliance:staff:enrol"
    with pytest.raises(CommandError, match="code"):
        run("--username", name + "2", "--hospital", "ALLIANCE", "--hospital-name", "x")
    with pytest.raises(CommandError, match="past"):
        run("--username", name + "2", "--hospital", code, "--until", "2020-01-01")


def test_one_who_was_locked_out_comes_back(world: None) -> None:
    at = alliance.make_hospital("lockout")
    who = alliance.make_staff(at, Role.ADMINISTRATOR, wide=True)
    TOTP.activate(who.user, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
    do_end_staff(who, reason="test", acting=alliance.OPERATOR)
    Staff.objects.filter(pk=who.pk).update(
        ends_on=timezone.localdate() - dt.timedelta(days=9), alliance_wide=False
    )
    said = run("--username", who.user.username.upper(), "--hospital", at.code)
    who = Staff.objects.select_related("user", "hospital").get(pk=who.pk)
    assert (
        "Restored" in said
        and who.active
        and who.alliance_wide
        and who.user.check_password(password(said))
    )
    assert not Authenticator.objects.filter(user=who.user).exists(), "the lost phone opens nothing"
    assert HospitalUserObjectPermission.objects.filter(user=who.user, content_object=at).exists()
    again = run("--username", who.user.username, "--hospital", at.code)
    assert password(again) != password(said), "a lost first password too"


def test_an_employment_that_runs_on_is_not_cut_short(world: None) -> None:
    at = alliance.make_hospital("long")
    who = alliance.make_staff(at, Role.AUDITOR, wide=True)
    run("--username", who.user.username, "--hospital", at.code, "--role", "auditor")
    assert Staff.objects.get(pk=who.pk).ends_on == who.ends_on
    run(
        "--username",
        who.user.username,
        "--hospital",
        at.code,
        "--role",
        "auditor",
        "--until",
        "2098-01-01",
    )
    assert Staff.objects.get(pk=who.pk).ends_on == dt.date(2098, 1, 1)


def test_a_hospital_where_nobody_could_sign_in(world: None) -> None:
    at = alliance.make_hospital("shut")
    do_suspend_hospital(at, reason="test", acting=alliance.OPERATOR)
    name = f"a{draws.token_hex(4)}"
    with pytest.raises(CommandError, match="--resume"):
        run("--username", name, "--hospital", at.code)
    run("--username", name, "--hospital", at.code, "--resume")
    assert Hospital.objects.get(pk=at.pk).active and Staff.objects.get(user__username=name).active
    Hospital.objects.filter(pk=at.pk).update(leaves_on=timezone.localdate() - dt.timedelta(days=1))
    with pytest.raises(CommandError, match="not today"):
        run("--username", name, "--hospital", at.code)


def test_nobody_elses_account_is_taken_over_by_a_slip(world: None) -> None:
    at = alliance.make_hospital("slip")
    who = alliance.make_staff(at)
    with pytest.raises(CommandError, match="clinician"):
        run("--username", who.user.username, "--hospital", at.code)
    assert User.objects.get(pk=who.user_id).check_password(alliance.PASSWORD)
