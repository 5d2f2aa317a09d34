"""What a reset, a new password and an end do to sessions, second factors and lists; each refusal
beside what is allowed.
"""

import re
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import decrypt

from alliance.models import Staff, User
from alliance.roles import Role
from alliance.services.credentials import do_reset_credentials
from alliance.services.staffing import do_change_staff, do_end_staff
from consent.audit.log_query import AuditFilter
from consent.audit.log_query import list_audit_lines as lines
from tests.factories import alliance
from tests.support.audit_lines import told
from tests.support.browser import signed_in
from tests.support.html import Browser


def test_a_reset_ends_sessions_and_recovery_codes(world: None) -> None:
    at = alliance.make_hospital("lost")
    acting, who = (
        alliance.get_staff_principal(alliance.make_staff(at, Role.ADMINISTRATOR)),
        alliance.make_staff(at),
    )
    browser = signed_in(who)
    assert browser.get("/patients/").status_code == 200
    first = do_reset_credentials(who, second_factor=False, reason="forgotten", acting=acting)
    assert (
        browser.get("/patients/").status_code == 302
        and Authenticator.objects.filter(user=who.user).exists()
    ), "the second factor stays"
    user = User.objects.get(pk=who.user_id)
    assert user.check_password(first) and user.must_change_password
    do_reset_credentials(who, second_factor=True, reason="lost", acting=acting)
    assert not Authenticator.objects.filter(user=who.user).exists()
    assert [x["detail"] for x in told(f"staff/{who.pk}", "alliance:staff:reset")] == [
        "second-factor: lost",
        "password: forgotten",
    ]


def test_a_new_password_is_another_one_and_ends_other_sessions_only(world: None) -> None:
    who = alliance.make_staff(alliance.make_hospital("pass"))
    User.objects.filter(pk=who.user_id).update(must_change_password=True)
    here, elsewhere = signed_in(who), signed_in(who)
    path, form = "/account/password/change/", {"oldpassword": alliance.PASSWORD}
    assert (
        here.get("/account/").headers["Location"] == path
        and here.get("/account/2fa/totp/activate/").headers["Location"] == path
    )
    same = here.post(path, form | {"password1": alliance.PASSWORD, "password2": alliance.PASSWORD})
    assert same.status_code == 200 and User.objects.get(pk=who.user_id).must_change_password, (
        "who made the first password knows it"
    )
    done = here.post(
        path, form | {"password1": "another-long-one-7", "password2": "another-long-one-7"}
    )
    assert done.status_code == 302 and done.headers["Location"] == "/account/"
    assert not User.objects.get(pk=who.user_id).must_change_password
    assert (
        here.get("/patients/").status_code == 200 and elsewhere.get("/patients/").status_code == 302
    )


@pytest.mark.parametrize(
    "path",
    [
        "signup/",
        "email/",
        "confirm-email/",
        "password/reset/",
        "password/set/",
        "inactive/",
        "2fa/totp/deactivate/",
        "login/code/confirm/",
    ],
)
def test_pages_that_make_no_sense_here_are_not_there(world: None, path: str) -> None:
    assert Browser().get("/account/login/").status_code == 200
    assert (
        signed_in(alliance.make_staff(alliance.make_hospital("dead")))
        .get(f"/account/{path}")
        .status_code
        == 404
        and Browser().get(f"/account/{path}").status_code == 404
    )


def test_who_may_not_sign_in_now_is_told_so_before_the_second_factor(world: None) -> None:
    who = alliance.make_staff(alliance.make_hospital("over"))
    signed_in(who)
    form = {"login": who.user.username, "password": alliance.PASSWORD}
    assert (
        Browser(REMOTE_ADDR="10.9.8.7").post("/account/login/", form).headers["Location"]
        == "/account/2fa/authenticate/"
    ), "the control"
    do_end_staff(who, reason="test", acting=alliance.OPERATOR)
    answer = Browser(REMOTE_ADDR="10.9.8.7").post(
        "/account/login/", form, headers={"Accept-Language": "en"}
    )
    assert (
        answer.status_code == 200
        and b"note error" in answer.content
        and b"not correct" not in answer.content
    )
    assert signs(who) == [
        "refused",
        "success",
    ], "beside the one that made the account known; and the log does not say that they came in"


def test_who_is_let_go_between_the_two_factors_does_not_sign_in(world: None) -> None:
    from tests.browser.conftest import unused_code

    for ends in (False, True):
        who = alliance.make_staff(alliance.make_hospital("between"))
        signed_in(who)
        browser = Browser(REMOTE_ADDR="10.9.8.6")
        assert (
            browser.post(
                "/account/login/", {"login": who.user.username, "password": alliance.PASSWORD}
            ).headers["Location"]
            == "/account/2fa/authenticate/"
        )
        if ends:
            do_end_staff(who, reason="test", acting=alliance.OPERATOR)
        answer = browser.post(
            "/account/2fa/authenticate/", {"code": unused_code(who.user.username)}
        )
        assert answer.headers["Location"] == ("/account/login/" if ends else "/"), ends
        assert browser.get("/patients/").status_code == (302 if ends else 200)
        assert signs(who) == [
            "refused" if ends else "success",
            "success",
        ], "the control is who stays"


def signs(who: Staff) -> list[str]:
    """How the log says that this person's sign-ins ended."""
    return [
        x["outcome"]
        for x in lines(AuditFilter(), None, 300)
        if x["code"] == "alliance:session:sign-in" and x["actor"] == str(who.pk)
    ]


def test_own_recovery_codes_and_authenticator_ask_for_the_password_first(world: None) -> None:
    who = alliance.make_staff(alliance.make_hospital("codes"))
    browser = signed_in(who)
    for path in (
        "2fa/recovery-codes/",
        "2fa/recovery-codes/generate/",
        "2fa/recovery-codes/download/",
        "2fa/totp/change/",
    ):
        assert (
            browser.get(f"/account/{path}")
            .headers["Location"]
            .startswith("/account/reauthenticate/")
        ), path
    back = browser.post(
        "/account/reauthenticate/",
        {"password": alliance.PASSWORD, "next": "/account/2fa/recovery-codes/generate/"},
    )
    assert back.headers["Location"] == "/account/2fa/recovery-codes/generate/"
    page = browser.post("/account/2fa/recovery-codes/generate/", follow=True).content.decode()
    codes = re.findall(r"<li><code>(\d+)</code>", page)
    assert (
        len(codes) == 10
        and codes[0] in browser.get("/account/2fa/recovery-codes/download/").content.decode()
    )
    before = Authenticator.objects.get(user=who.user, type="totp").data["secret"]
    secret = re.search(
        r"<code>([A-Z2-7]{16,})</code>", browser.get("/account/2fa/totp/change/").content.decode()
    )[1]  # type: ignore[index]
    wrong = browser.post("/account/2fa/totp/change/", {"code": "000000x"})
    assert (
        wrong.status_code == 200
        and Authenticator.objects.get(user=who.user, type="totp").data["secret"] == before
    ), "a slip keeps the old one"
    from tests.browser.conftest import code

    new = browser.post(
        "/account/2fa/totp/change/", {"code": code(secret)}, follow=True
    ).content.decode()
    assert (
        decrypt(Authenticator.objects.get(user=who.user, type="totp").data["secret"]) == secret
        and codes[0] not in new
    ), "and the old codes are gone"


def test_the_list_is_searched(world: None) -> None:
    at, other = alliance.make_hospital("list"), alliance.make_hospital("list")
    one, two = alliance.make_staff(at), alliance.make_staff(at, Role.CLERK)
    elsewhere = alliance.make_staff(other)
    do_change_staff(one, name="欧阳锋", acting=alliance.OPERATOR)
    do_end_staff(two, reason="test", acting=alliance.OPERATOR)
    browser = signed_in(alliance.make_staff(at, Role.ADMINISTRATOR, wide=True))

    def found(**wanted: Any) -> set[int]:
        return {
            int(n)
            for n in re.findall(
                r'href="/alliance/staff/(\d+)/"',
                browser.get("/alliance/staff/", wanted).content.decode(),
            )
        }

    assert found(q="欧阳", hospital=at.pk) == {one.pk} and found(
        q=two.user.username[:6].upper()
    ) == {two.pk}
    assert two.pk in found(hospital=at.pk, role="clerk", state="over") and two.pk not in found(
        hospital=at.pk, state="active"
    )
    assert elsewhere.pk not in found(hospital=at.pk) and elsewhere.pk in found(hospital=other.pk)
    assert found(state="bogus") == set(), "what is not understood is not widened"
