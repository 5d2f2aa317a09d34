"""Whom a page has shown: what somebody compares and sends is about that patient, whatever has become of the registrations meanwhile (docs/adr/0030)."""

import hashlib
from collections.abc import Iterable

from django.http import HttpRequest

from alliance.auth.errors import Forbidden
from consent.services.hold import CHANGED
from consent.terms import Source

FIELD = "whom"


def whom(found: Iterable[Source]) -> str:
    """Tells these registrations of a patient from any others; forms carry it."""
    return hashlib.sha256(repr(sorted((s.id, s.since) for s in found)).encode()).hexdigest()[:16]


def check_whom(request: HttpRequest, found: Iterable[Source]) -> None:
    """found: the patient's registrations now. Raises Forbidden where the form was rendered of others: an id that was one patient's leads to another once a
    hospital calls its registration so. Forms of an earlier release carry nothing."""
    shown = request.POST.get(FIELD) if request.method == "POST" else None
    if shown is not None and shown != whom(found):
        raise Forbidden("changed", CHANGED)
