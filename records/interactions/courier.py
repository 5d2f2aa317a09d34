"""The courier's round: try what was asked for, note what changed, tell what is due, end what nobody takes (docs/adr/0012)."""

from records.interactions.matching import match
from records.interactions.overdue import look
from records.interactions.subscription import shake_hands
from records.interactions.telling import deliver


def round_() -> int:
    """One look at everything; how much there was to do."""
    return shake_hands() + match() + deliver() + look()
