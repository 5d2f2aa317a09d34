"""Identify whose request it is, by its head alone, before a thread looks at it."""

import hashlib
import re

from django.conf import settings

from alliance.auth import bearer
from alliance.server.http_server.admission import MACHINES, OTHERS, PEOPLE, RequestParty
from alliance.server.http_server.framing import RequestHead

BEARER = b"bearer "
PROBES = (
    b"/healthz",
    b"/readyz",
    b"/metrics",
    b"/status",
)  # answered also while systems hold all threads that they may
COOKIE = re.compile(rb"(?:^|;\s*)" + settings.SESSION_COOKIE_NAME.encode() + rb"=([A-Za-z0-9]+)")
DOORS = (b"/fhir/", b"/sync/")
PLAIN = (b"/oauth/", b"/api/", b"/healthz", b"/readyz")  # no pages, whatever cookie comes along
MOST = 10_000  # sessions that a process remembers
signed_in_sessions: dict[str, None] = {}  # sessions that were found to be somebody's


def remember_session(session: str, *, somebody: bool) -> None:
    """Remember what an answer has found of a session."""
    if not somebody:
        signed_in_sessions.pop(session, None)
    elif session not in signed_in_sessions:
        if len(signed_in_sessions) >= MOST:
            signed_in_sessions.clear()
        signed_in_sessions[session] = None


def identify_party(head: RequestHead, peer: str) -> RequestParty:
    """Identify the party without proof: a system is the one that its token was last found to be,
    and before that one of the unknown ones of its address; a session is somebody's if it was when
    it was last looked at.
    """
    address = bearer.address_past_proxies(
        head.fields.get(b"x-forwarded-for", b"").decode("latin-1"), peer
    )
    if head.path in PROBES:
        return RequestParty(OTHERS, f"probe from {address}", f"probe from {address}")
    said = head.fields.get(b"authorization", b"")
    if head.path.startswith(DOORS):
        known = (
            bearer.remembered_tokens.get(hashlib.sha256(said[7:].strip()).digest())
            if said[:7].lower() == BEARER
            else None
        )
        return (
            RequestParty(MACHINES, f"hospital {known.hospital_id}", f"client {known.id}")
            if known
            else RequestParty(MACHINES, f"unknown from {address}", f"unknown from {address}")
        )
    session = COOKIE.search(head.fields.get(b"cookie", b""))
    if (
        session
        and not head.path.startswith(PLAIN)
        and (key := session.group(1).decode()) in signed_in_sessions
    ):
        return RequestParty(PEOPLE, f"session {key}", f"session {key}")
    return RequestParty(OTHERS, f"address {address}", f"address {address}")
