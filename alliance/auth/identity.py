"""One browser, one identity: who is signed in here, and that nobody inherits a session from somebody else."""

import hashlib
import hmac
import time

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest
from django.middleware.csrf import rotate_token

PATIENT = "patient_access"  # session key: the patient's way in (records/web/my.py)
LAST = "xinglin_last"  # cookie: whose session this browser had last, as label_of says it
BEGAN = "began"  # session key: when the person signed in, in seconds


def identity_of(request: HttpRequest) -> str:
    """"staff/<account>", "patient/<access>", or "" where nobody is signed in."""
    user = getattr(request, "user", None)
    if user is not None and user.is_authenticated:
        return f"staff/{user.pk}"
    access = request.session.get(PATIENT) if hasattr(request, "session") else None
    return f"patient/{access}" if access else ""


def label_of(identity: str) -> str:
    """What a browser may keep of an identity: the same for the same one, telling nothing."""
    return hmac.new(settings.SECRET_KEY.encode(), b"identity " + identity.encode(), hashlib.sha256).hexdigest()[:24] if identity else ""


def leave(request: HttpRequest) -> None:
    """End whoever's session this browser has, with its line in the audit log; forms that were rendered until now are refused from here on."""
    logout(request)
    rotate_token(request)


def begin(request: HttpRequest) -> None:
    request.session[BEGAN] = int(time.time())


def left(request: HttpRequest) -> int:
    """Seconds until the session is a working day old, 0 when it is over. One that does not know its age begins now."""
    if BEGAN not in request.session:
        begin(request)
    return max(0, int(request.session[BEGAN] + settings.SESSION_HOURS * 3600 - time.time()))
