"""LINK, REVIEW or NEW, with reasons. Pure. Two patients are one only by a valid citizen number that does not contradict them."""

from dataclasses import dataclass
from enum import StrEnum

from records.mpi.rules import name, resident_number


class Decision(StrEnum):
    LINK = "link"
    REVIEW = "review"
    NEW = "new"


@dataclass(frozen=True, slots=True)
class Features:
    """What the rules compare: number is the normal citizen number or ""; dates are ISO, possibly partial."""

    names: tuple[str, ...]
    gender: str
    birth_date: str
    number: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    decision: Decision
    reasons: tuple[str, ...]


def compare(one: Features, two: Features, number: str) -> Evidence:
    """one and two carry the same valid citizen number; do the rest of their words agree?

    Reasons are codes; alliance.web translates them.
    """
    same_name = any(name.same(a, b) for a in one.names for b in two.names)
    same_birth = bool(one.birth_date) and one.birth_date == two.birth_date
    reasons = ["number_equal", "name_equal" if same_name else "name_differs", "birth_equal" if same_birth else "birth_differs"]
    if one.gender and two.gender and one.gender != two.gender:
        reasons.append("sex_differs")
    doubts = [r for side in (one, two) for r in contradictions(side, number)]
    reasons += sorted(set(doubts))
    agree = (same_name or same_birth) and not doubts and "sex_differs" not in reasons
    return Evidence(Decision.LINK if agree else Decision.REVIEW, tuple(reasons))


def contradictions(side: Features, number: str) -> list[str]:
    """A number whose built-in birth date or sex is not the stated one speaks against itself."""
    out = []
    if len(side.birth_date) == 10 and side.birth_date != resident_number.birth_date(number).isoformat():
        out.append("number_contradicts_birth")
    if side.gender in ("male", "female") and side.gender != resident_number.sex(number):
        out.append("number_contradicts_sex")
    return out
