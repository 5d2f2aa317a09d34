"""Emergency accesses for tests, of a patient who is nobody."""

import datetime as dt
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from django.utils import timezone

from alliance.models import Staff
from consent.models import Emergency
from consent.services.emergencies import do_break_glass
from tests.factories import alliance


@contextmanager
def opened_emergency(
    doctor: Staff, *, hours_ago: float = 0, reason: str = "unconscious, no papers"
) -> Iterator[Emergency]:
    """It goes again: other tests walk from the officer's list to each patient."""
    made = do_break_glass(
        uuid.uuid4(),
        ground="rescue",
        reason=reason,
        hours=1,
        acting=alliance.get_staff_principal(doctor),
    )
    begun = timezone.now() - dt.timedelta(hours=hours_ago)
    Emergency.objects.filter(pk=made.pk).update(
        opened_at=begun, until=begun + dt.timedelta(hours=1)
    )
    made.refresh_from_db()
    try:
        yield made
    finally:
        Emergency.objects.filter(pk=made.pk).delete()
