"""Define the verdict on one number of the state, its urgency, and the words for amounts in it."""

from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext as _

from alliance.operations.database_state import COUNTED

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
NAMED = 5  # names that one sentence holds


class Urgency(StrEnum):
    """ok: nothing to do. look: in the next days, in office hours. act: now, also at night."""

    OK = "ok"
    LOOK = "look"
    ACT = "act"


@dataclass(frozen=True, slots=True)
class StateVerdict:
    """key: as /status calls it; about: in words; says: what is; do: what to do where it is
    not ok.
    """

    key: str
    level: Urgency
    about: str
    says: str
    do: str = ""


def rate_urgency(value: float, look: float, act: float = float("inf")) -> Urgency:
    return Urgency.ACT if value > act else Urgency.LOOK if value > look else Urgency.OK


def describe_duration(seconds: float) -> str:
    """In the largest unit of which there are two."""
    if seconds < 2 * MINUTE:
        return _("%(n)d s") % {"n": seconds}
    if seconds < 2 * HOUR:
        return _("%(n)d min") % {"n": seconds / MINUTE}
    return (
        _("%(n)d h") % {"n": seconds / HOUR}
        if seconds < 2 * DAY
        else _("%(n)d days") % {"n": seconds / DAY}
    )


def many(count: float) -> str:
    """With "+" where it was not counted any further."""
    return f"{count:,.0f}+" if count >= COUNTED else f"{count:,.0f}"


def few(names: list[str]) -> str:
    """The first of them; how many there are in all, where that is more."""
    return ", ".join(names[:NAMED]) + (f" … ({len(names):,})" if len(names) > NAMED else "")


def format_bytes(count: float) -> str:
    return f"{count / 2**30:.1f} GiB" if count >= 2**30 else f"{count / 2**20:.0f} MiB"
