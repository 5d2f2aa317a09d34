"""A question to the gate, without a database."""

import datetime as dt
from uuid import UUID

from alliance.auth.principal import Principal
from alliance.roles import Permission, Role
from consent.audit.event import EventCode
from consent.provision import parse_consent
from consent.strength import Strength
from consent.templates import ConsentChoice, ConsentTemplate, build_consent
from consent.terms import AccessRequest, ActiveConsent, Source

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
OWN, OTHER, THIRD = 1, 2, 3
DOCTOR = Principal("staff", "9", OWN, "own", Role.CLINICIAN)
PERMIT = ActiveConsent(
    1, parse_consent(build_consent(ConsentChoice(ConsentTemplate.SHARE))), Strength.FULL
)
DENY_ME = ActiveConsent(
    4, parse_consent(build_consent(ConsentChoice(ConsentTemplate.REFUSE, ["own"]))), Strength.FULL
)


def request(**more):  # type: ignore[no-untyped-def]
    """A clinician of "own" asks about a patient whom both hospitals know."""
    sources = (
        Source(11, OWN, "own", "a", UUID(int=11)),
        Source(12, OTHER, "other", "b", UUID(int=12)),
    )
    values = {
        "principal": DOCTOR,
        "permission": Permission.RECORD_READ,
        "code": EventCode.RECORD_OPEN,
        "target": "t",
        "sources": sources,
    } | more
    return AccessRequest(**values)
