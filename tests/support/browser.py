"""Browsers of this process, without a network between: somebody signed in with both factors,
somebody who is not.
"""

import time

from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value

from alliance.models import Staff
from tests import draws
from tests.factories.portal_access import PASSPHRASE
from tests.factories.web_session import SECRET
from tests.support.html import Browser

LOGIN, ENGLISH = "/account/login/", {"Accept-Language": "en"}


def signed_in(who: Staff) -> Browser:
    """A browser of theirs, both factors given."""
    if not who.user.authenticator_set.exists():
        TOTP.activate(who.user, SECRET)
    browser = Browser()
    browser.force_login(who.user, backend="alliance.auth.backend.StaffBackend")
    return browser


def from_somewhere() -> Browser:
    """Nobody yet, at an address of their own: guesses are counted by address."""
    return Browser(REMOTE_ADDR=draws.address("10.77"))


def code(step: int = 0) -> str:
    """The six digits of the half minute that is so many steps from now (RFC 6238)."""
    return str(format_hotp_value(hotp_value(SECRET, int(time.time()) // 30 + step)))


def enter(code: str, birth: str = "1958-03-12", secret: str = PASSPHRASE) -> Browser:
    """The patient's own browser, signed in with code, date of birth and passphrase; nobody where
    they do not fit.
    """
    browser = Browser(headers=ENGLISH)
    browser.post("/my/sign-in/", {"code": code, "birth_date": birth, "secret": secret})
    return browser
