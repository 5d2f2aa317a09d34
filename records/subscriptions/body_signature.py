"""Sign the body of a call, so that its receiver knows who calls and when."""

import datetime as dt
import hashlib
import hmac


def sign_body(secret: str, body: bytes, at: dt.datetime) -> str:
    """ "t=<seconds>,v1=<hex>": HMAC-SHA-256 over seconds, a full stop and the body, so that a call
    that somebody has recorded is known by its age.
    """
    seconds = str(int(at.timestamp()))
    mark = hmac.new(secret.encode(), seconds.encode() + b"." + body, hashlib.sha256).hexdigest()
    return f"t={seconds},v1={mark}"
