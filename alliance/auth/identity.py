"""One browser, one identity: who is signed in here, and that nobody inherits a session from
somebody else.
"""

import hashlib
import hmac
import time

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest
from django.middleware.csrf import rotate_token

PATIENT_SESSION_KEY = (  # session key: the patient's way in (records/web/patient_portal.py)
    "patient_access"
)
LAST_IDENTITY_COOKIE = (  # cookie: whose session this browser had last, as label_of says it
    "xinglin_last"
)
SESSION_START_KEY = "began"  # session key: when the person signed in, in seconds


def session_identity(request: HttpRequest) -> str:
    """ "staff/<account>", "patient/<access>", or "" where nobody is signed in."""
    user = getattr(request, "user", None)
    if user is not None and user.is_authenticated:
        return f"staff/{user.pk}"
    access = request.session.get(PATIENT_SESSION_KEY) if hasattr(request, "session") else None
    return f"patient/{access}" if access else ""


def hash_identity(identity: str) -> str:
    """What a browser may keep of an identity: the same for the same one, telling nothing."""
    return (
        hmac.new(
            settings.SECRET_KEY.encode(), b"identity " + identity.encode(), hashlib.sha256
        ).hexdigest()[:24]
        if identity
        else ""
    )


def end_session(request: HttpRequest) -> None:
    """End whoever's session this browser has, with its line in the audit log; forms that were
    rendered until now are refused from here on.
    """
    logout(request)
    rotate_token(request)


def mark_session_start(request: HttpRequest) -> None:
    request.session[SESSION_START_KEY] = int(time.time())


def session_seconds_left(request: HttpRequest) -> int:
    """Seconds until the session is a working day old, 0 when it is over. One that does not know
    its age begins now.
    """
    if SESSION_START_KEY not in request.session:
        mark_session_start(request)
    return max(
        0, int(request.session[SESSION_START_KEY] + settings.SESSION_HOURS * 3600 - time.time())
    )
