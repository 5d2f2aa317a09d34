"""Each address that the resolver knows, asked for by each role of the hospital that it is about,
of another one, and of the whole alliance, by the patient and by nobody: what the table says, and
no more.
"""

from contextlib import nullcontext
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.db import connection

from alliance.models import Hospital
from alliance.roles import Role
from tests.factories import alliance
from tests.factories.portal_access import open_access
from tests.support.addresses import (
    ADDRESSES,
    FOR_ALL,
    LETTERS,
    NAMED_PAGES,
    OTHER_METHODS,
    OWN_PAGES,
    PUBLIC,
    WITHOUT_SESSION,
    addresses,
)
from tests.support.browser import enter, signed_in
from tests.support.complete_forms import complete_forms
from tests.support.html import Browser
from tests.support.things import address, known, undone
from tests.support.world import World, world_of_two

__all__ = ["world_of_two"]

PLACES = ("own", "far", "all")
ASKERS = [
    (place, letter)
    for place in PLACES
    for letter in LETTERS
    if (place, letter) != ("all", "C")  # no clinician is for the whole alliance
]
ONE_OF_EACH_PLACE = [("own", "C"), ("far", "M"), ("all", "A")]
LASTING = {"audit/verify/"}  # has a transaction of its own, and leaves a line of the log alone


@dataclass
class Asker:
    """Who asks: a session, "" for nobody, and the number of the staff whose it is."""

    session: str = ""
    staff: str = ""


@dataclass
class Walk:
    """The things that addresses name, the forms that lack nothing, and the two hospitals."""

    world: World
    far: Hospital
    values: dict[str, Any]
    forms: dict[str, dict[str, Any]] = field(default_factory=dict)

    def asker(self, place: str, letter: str) -> Asker:
        """Of this role: both factors given, and the password a moment ago."""
        at = self.world.b if place == "own" else self.far
        who = alliance.make_staff(at, LETTERS[letter], wide=place == "all")
        browser = signed_in(who)
        RecoveryCodes.activate(who.user)
        browser.post("/account/reauthenticate/", {"password": alliance.PASSWORD})
        return Asker(browser.cookies["sessionid"].value, str(who.pk))

    def ask(self, asker: Asker, method: str, pattern: str) -> str:
        """What came of it, before it is undone: "in", "out" (refused, not there, sent to a
        door), "none" (no such method).
        """
        browser, path = Browser(), address(pattern, self.values)
        browser.cookies = SimpleCookie({"sessionid": asker.session} if asker.session else {})
        form, more = (self.forms.get(pattern, {}), {}) if method != "get" else ({}, {})
        if path.startswith("/api/") and method != "get":
            more = {"content_type": "application/json"}
        refused = count_refusals(asker)
        with nullcontext() if pattern in LASTING else undone():
            reply = getattr(browser, method)(path, form, **more)
            refused = count_refusals(asker) - refused
        assert reply.status_code < 500 or path == "/readyz", (method, path, reply.status_code)
        assert b"---------" not in getattr(reply, "content", b""), (path, "a choice without words")
        if reply.status_code == 405:
            return "none"
        away = reply.status_code == 302 and reply["Location"].startswith(
            ("/account/login/", "/my/sign-in/")
        )
        return "out" if reply.status_code in (401, 403, 404) or away or refused else "in"


def count_refusals(asker: Asker) -> int:
    """In the log: a page shows in its form what a verb has refused."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM consent_audit_event WHERE actor_kind = 'staff' AND actor = %s"
            " AND outcome = 'refused'",
            [asker.staff],
        )
        return int(cursor.fetchone()[0])


@pytest.fixture(scope="module")
def walk(world_of_two: World, server: str) -> Walk:
    values = known(world_of_two, server)
    return Walk(world_of_two, alliance.make_hospital("far"), values, complete_forms(values))


def test_every_address_is_in_the_table() -> None:
    served = {pattern for pattern, _ in addresses()}
    assert not served - ADDRESSES.keys(), (
        f"say in ADDRESSES who may open them: {sorted(served - ADDRESSES.keys())}"
    )
    assert not ADDRESSES.keys() - served, "no longer served"


def test_every_address_opens_to_somebody() -> None:
    """The control of the table: what opens to no role is the patient's, opens to those who were
    named, or asks for a token.
    """
    shut = {
        pattern
        for pattern, cells in ADDRESSES.items()
        if not any(
            set(cell) - set(" -")
            for cell in (*cells, *OTHER_METHODS.get(pattern, {}).values())
            if cell
        )
    }
    of_persons = OWN_PAGES | NAMED_PAGES
    assert shut == {p for p in ADDRESSES if p in of_persons or WITHOUT_SESSION.match(p)}


@pytest.mark.parametrize(("place", "letter"), ASKERS, ids=str)
def test_a_role_is_let_in_where_the_table_says_and_nowhere_else(
    walk: Walk, place: str, letter: str
) -> None:
    asker, wrong = walk.asker(place, letter), []
    for pattern, cells in ADDRESSES.items():
        if FOR_ALL.match(pattern) and (place, letter) not in ONE_OF_EACH_PLACE:
            continue
        by_method = dict(zip(("get", "post"), cells, strict=True)) | OTHER_METHODS.get(pattern, {})
        for method, cell in by_method.items():
            found = walk.ask(asker, method, pattern)
            let_in = cell is not None and letter in cell.split()[PLACES.index(place)]
            if (found == "in") != let_in:
                wrong.append(f"{method} {pattern}: {found}, and the table says {cell}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("who", ["nobody", "patient"])
def test_who_is_not_employed_is_let_in_to_what_is_public_or_their_own(walk: Walk, who: str) -> None:
    asker, opened = Asker(), set(PUBLIC)
    if who == "patient":
        clerk = alliance.get_staff_principal(alliance.make_staff(walk.world.b, Role.CLERK))
        code, _ = open_access(walk.world.person, clerk)  # type: ignore[arg-type]
        asker, opened = Asker(enter(code).cookies["sessionid"].value), {*PUBLIC, *OWN_PAGES}
    found = {
        pattern
        for pattern in ADDRESSES
        for method in ("get", "post", *OTHER_METHODS.get(pattern, {}))
        if walk.ask(asker, method, pattern) == "in"
    }
    assert found == opened, {"let in": found - opened, "not let in": opened - found}
