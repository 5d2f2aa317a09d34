"""Speak of a patient's registrations while they stay whose they are: whom the speaker means and
whom it will count for are the same (docs/adr/0030).
"""

import datetime as dt
from collections.abc import Iterable

from django.db import connection
from django.utils.translation import gettext_noop

from alliance.auth.errors import Forbidden
from consent.from_records import asked
from consent.terms import Source

REGISTRATION_CHANGED = gettext_noop(
    "A registration of this patient was changed meanwhile. Nothing was recorded: look once more who"
    " this is."
)


def lock_registrations(sources: Iterable[Source]) -> dt.datetime:
    """The moment at which it is said, by the clock that says since when a registration is a
    person's: no registration of `sources` becomes another person's until the caller's transaction
    ends, and one that does so in a transaction which has begun before is waited for.

    Raises Forbidden where one of them has become another person's, or says another name, since
    `sources` were read.
    """
    known = {s.id: s.since for s in sources}
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        [moment] = cursor.fetchone()
        cursor.execute(asked.hold, [sorted(known)])
        now = dict(cursor.fetchall())
    if any(i not in now or now[i] > since for i, since in known.items()):
        raise Forbidden("changed", REGISTRATION_CHANGED)
    return moment  # type: ignore[no-any-return]


def lock_all_registrations() -> dt.datetime:
    """The same of every registration of the alliance."""
    with connection.cursor() as cursor:
        cursor.execute(asked.hold_all)
    return lock_registrations(())
