"""Accounts of the demo, whose secrets are published, open nothing where the demo is off, though
they were left in the database.
"""

from importlib import import_module

import pytest
from django.db import connection, transaction

from alliance.auth.principal import operator_principal
from alliance.models import Staff, User
from alliance.roles import Role
from alliance.services.credentials import do_reset_credentials
from alliance.services.officer_restoration import do_restore_officer
from alliance.services.staffing import do_enrol_staff
from tests.factories import alliance
from tests.factories.web_session import WebSession, extract_page_text
from tests.support.html import Browser

LOGIN = "/account/login/"


def left(who: Staff) -> Staff:
    """As the demo leaves its accounts."""
    User.objects.filter(pk=who.user_id).update(demo=True)
    return who


def tried(who: Staff) -> tuple[int, str]:
    answer = Browser().post(
        LOGIN,
        {"login": who.user.username, "password": alliance.PASSWORD},
        headers={"Accept-Language": "en"},
    )
    return answer.status_code, answer.content.decode()


def test_it_signs_in_only_while_the_demo_is_on(
    world: None, settings: pytest.FixtureRequest
) -> None:
    at = alliance.make_hospital("demo")
    assert tried(alliance.make_staff(at))[0] == 302, "the control"
    who = left(alliance.make_staff(at))
    status, said = tried(who)
    assert status == 200 and "belongs to the demo" in said
    wrong = (
        Browser()
        .post(
            LOGIN,
            {"login": who.user.username, "password": "another-long-one-7"},
            headers={"Accept-Language": "en"},
        )
        .content.decode()
    )
    assert "belongs to the demo" not in wrong, "told to who knows the password alone"
    settings.DEMO = True  # type: ignore[attr-defined]
    assert tried(who)[0] == 302


def test_an_open_session_of_it_ends(world: None, server: str) -> None:
    who = alliance.make_staff(alliance.make_hospital("demo"))
    web = WebSession(server, who)
    assert web.get("/patients/").url.endswith("/patients/"), "the control"
    left(who)
    assert "/account/login/" in web.get("/patients/").url
    assert "Sign in" in extract_page_text(web.get("/patients/"))


def test_whoever_is_enrolled_while_it_is_on_is_of_it(
    world: None, settings: pytest.FixtureRequest
) -> None:
    at = alliance.make_hospital("demo")
    assert not alliance.make_staff(at).user.demo
    settings.DEMO = True  # type: ignore[attr-defined]
    officer = alliance.make_staff(at, Role.ADMINISTRATOR)
    assert officer.user.demo
    settings.DEMO = False  # type: ignore[attr-defined]
    do_reset_credentials(officer, second_factor=True, reason="lost", acting=alliance.OPERATOR)
    assert User.objects.get(pk=officer.user_id).demo, "a new password makes it nobody's own"
    do_restore_officer(
        officer,
        hospital=at,
        role=Role.ADMINISTRATOR,
        ends_on=officer.ends_on,
        acting=alliance.OPERATOR,
    )
    assert not User.objects.get(pk=officer.user_id).demo, (
        "the operator of the server does, who gives it new factors"
    )


def test_those_that_an_earlier_release_has_loaded_are_known(world: None) -> None:
    mark = import_module("alliance.migrations.0011_demo_accounts").MARK
    with transaction.atomic(), connection.cursor() as cursor:
        at, made = alliance.make_hospital("demo"), {}
        for name, by in (
            ("chen", operator_principal("demo")),
            ("zhou", alliance.OPERATOR),
            ("somebody", operator_principal("demo")),
        ):
            made[name], _ = do_enrol_staff(
                username=name,
                name="x",
                hospital=at,
                role="clinician",
                ends_on=alliance.make_staff(at).ends_on,
                password=alliance.PASSWORD,
                acting=by,
            )
        cursor.execute(mark)
        assert {name: User.objects.get(pk=s.user_id).demo for name, s in made.items()} == {
            "chen": True,
            "zhou": False,
            "somebody": False,
        }
        transaction.set_rollback(True)
