"""Whose request it is, by its head alone, before a thread looks at it."""

import hashlib
import re

from django.conf import settings

from alliance.auth import bearer
from alliance.config.front.framing import Head

BEARER = b"bearer "
COOKIE = re.compile(rb"(?:^|;\s*)" + settings.SESSION_COOKIE_NAME.encode() + rb"=([A-Za-z0-9]+)")


def parties(head: Head, peer: str) -> tuple[str, str]:
    """The party, and the group with which together it may not hold all threads. Nothing is proved yet: a system is the one that its token was last
    found to be, and before that one of the unknown ones of its address."""
    address = bearer.past_proxies(head.fields.get(b"x-forwarded-for", b"").decode("latin-1"), peer)
    said = head.fields.get(b"authorization", b"")
    if said[:7].lower() == BEARER:
        digest = hashlib.sha256(said[7:].strip()).digest()
        known = bearer.remembered.get(digest)
        return f"client {known.id}" if known else f"unknown from {address}", "systems"
    session = COOKIE.search(head.fields.get(b"cookie", b""))
    return f"session {session.group(1).decode()}" if session else f"address {address}", f"all of {address}"
