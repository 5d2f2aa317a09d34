"""What a question about facts binds: of the viewer, and of each person (consent/facts.py)."""

import datetime as dt
import uuid
from typing import Any

from django.utils import timezone

from alliance.platform.array_literals import unquoted_array_literal
from consent.strength import TRACE_MIN_AGE
from consent.terms import AccessRequest

NOBODY_ID = uuid.UUID(int=0)  # asked about like anybody, so that absence takes as long as refusal


def viewer_parameters(request: AccessRequest, now: dt.datetime) -> dict[str, Any]:
    principal = request.principal
    return {
        "today": timezone.localdate(now),
        "now": now,
        "old": now - TRACE_MIN_AGE,
        "hospital": principal.hospital_id,
        "staff": int(principal.id) if principal.kind == "staff" else 0,
        # a sealed record opens to who is on its list in person
        "listed": int(principal.id)
        if principal.kind == "staff" and not principal.is_launched
        else 0,
    }


def person_parameters(request: AccessRequest) -> dict[str, str]:
    sources = request.all_sources
    return {
        "homes": unquoted_array_literal([s.home for s in sources] or [NOBODY_ID]),
        "known": unquoted_array_literal([s.id for s in sources] or [0]),
        "hospitals": unquoted_array_literal(sorted({s.hospital_id for s in sources}) or [0]),
    }
