"""Define what waits for somebody on the first page: a number, the oldest or most urgent of it, and
one link.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Min, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from alliance.operations.state_verdict import describe_duration


@dataclass(frozen=True, slots=True)
class HomeBlock:
    """count: None where it is no number; says: of the oldest or most urgent, or what is; empty:
    what is said where nothing waits.
    """

    title: str
    href: str
    count: int | None = None
    says: str = ""
    empty: str = ""
    urgent: bool = False

    @property
    def waits(self) -> bool:
        return self.count is None or self.count > 0


def oldest_since(rows: QuerySet[Any], column: str) -> str:
    """Since when the oldest of them waits."""
    found = rows.order_by().aggregate(first=Min(column))["first"]
    return tell_wait(found) if found else ""


def tell_wait(since: dt.datetime) -> str:
    span = describe_duration((timezone.now() - since).total_seconds())
    return _("the oldest waits for %(span)s") % {"span": span}


def tell_left(until: dt.datetime) -> str:
    span = describe_duration(max(0.0, (until - timezone.now()).total_seconds()))
    return _("the first ends in %(span)s") % {"span": span}
