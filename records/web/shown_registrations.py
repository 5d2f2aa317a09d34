"""Whom a page has shown: what somebody compares and sends is about that patient, whatever has
become of the registrations meanwhile (docs/adr/0030).
"""

import hashlib
from collections.abc import Iterable

from django.http import HttpRequest

from alliance.auth.errors import Forbidden
from consent.services.registration_locks import REGISTRATION_CHANGED
from consent.terms import Source

MARK_FIELD = "whom"


def registrations_mark(found: Iterable[Source]) -> str:
    """Make a mark that identifies this set of registrations of a patient; forms carry it."""
    return hashlib.sha256(repr(sorted((s.id, s.since) for s in found)).encode()).hexdigest()[:16]


def check_registrations_mark(request: HttpRequest, found: Iterable[Source]) -> None:
    """found: the patient's registrations now. Raises Forbidden where the form was rendered of
    others: an id that was one patient's leads to another once a hospital calls its registration so.
    Forms of an earlier release carry nothing.
    """
    shown = request.POST.get(MARK_FIELD) if request.method == "POST" else None
    if shown is not None and shown != registrations_mark(found):
        raise Forbidden("changed", REGISTRATION_CHANGED)
