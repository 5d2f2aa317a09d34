"""Printing, activating and trying a patient's code."""

from alliance.auth.principal import Principal
from alliance.roles import Role
from consent.audit.log_query import AuditFilter, list_audit_lines
from records.mpi.index import source_patients
from tests.factories import alliance
from tests.factories.portal_access import (
    PASSPHRASE,
)
from tests.support.browser import ENGLISH
from tests.support.html import Browser
from tests.support.world import World, w

__all__ = ["BORN", "first_time", "found", "refused", "staff", "tried", "w"]

BORN = "1958-03-12"


def found(w: World):  # type: ignore[no-untyped-def]
    return source_patients.sources_of_person(w.person)  # type: ignore[arg-type]


def staff(w: World, role: Role = Role.CLERK) -> Principal:
    return alliance.get_staff_principal(alliance.make_staff(w.b, role))


def refused(w: World, code: str = "") -> list[str]:
    """Reasons of refusals about codes in the log, the newest first."""
    return [
        x["reason"]
        for x in list_audit_lines(AuditFilter(person=w.person, outcome="refused"), None, 50)
        if x["code"].startswith(f"consent:access:{code}")
    ]  # type: ignore[arg-type]


def tried(code: str, secret: str = "", browser: Browser | None = None) -> str:
    """What the sign-in page, or the one that it leads to, says."""
    return (
        (browser or Browser(headers=ENGLISH))
        .post("/my/sign-in/", {"code": code, "birth_date": BORN, "secret": secret}, follow=True)
        .content.decode()
    )


def first_time(code: str, number: str, passphrase: str = PASSPHRASE) -> Browser:
    """With the number, then a passphrase of one's own."""
    browser = Browser(headers=ENGLISH)
    assert "Set your passphrase" in tried(code, number, browser)
    assert (
        browser.post(
            "/my/passphrase/", {"passphrase": passphrase, "again": passphrase}, follow=True
        ).redirect_chain[-1][0]
        == "/my/"
    )
    return browser
