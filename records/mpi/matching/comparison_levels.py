"""Two profiles -> how far they agree, field by field: an ordered, labelled level each, "" where
one of them says nothing. Pure.
"""

from typing import NamedTuple

from rapidfuzz.distance import OSA

from records.mpi.matching.profile import Profile
from records.mpi.matching.rules import address, birth_dates, name_levels, phone


class ComparisonLevels(NamedTuple):
    name: str
    birth: str
    sex: str
    number: str
    paper: str
    insurance: str
    phone: str
    address: str
    parents: str
    order: str


def compare_profiles(first: Profile, second: Profile) -> ComparisonLevels:
    return ComparisonLevels(
        profile_name_level(first, second),
        birth_dates.birth_date_level(first.birth, second.birth),
        "" if not first.sex or not second.sex else "same" if first.sex == second.sex else "differ",
        number_level(first, second),
        paper_level(first, second),
        identifier_level(first.insurance, second.insurance),
        phone.phone_level(first.phone, second.phone),
        address.address_level(first.address, second.address),
        parents_level(first, second),
        ""
        if not first.order or not second.order
        else "same"
        if first.order == second.order
        else "differ",
    )


def profile_name_level(first: Profile, second: Profile) -> str:
    """Of the names that they have now; where these differ, whether one had the other's before. A
    child's that sounds alike or is mistyped is no more than near: twins are named like each other,
    and their date and home are the same.
    """
    current_level = name_levels.name_level(first.spelling, second.spelling)
    if (
        (first.former or second.former)
        and current_level not in name_levels.SAME_NAME_LEVELS
        and current_level != "marked"
        and not first.spelling.base
        and not second.spelling.base
    ):
        pairs = [
            (x, y)
            for x in (first.spelling, *first.former)
            for y in (second.spelling, *second.former)
        ]
        if any(name_levels.name_level(x, y) in name_levels.SAME_NAME_LEVELS for x, y in pairs):
            return "former"
    return (
        "near"
        if (first.child or second.child)
        and name_levels.may_be_twins(first.spelling, second.spelling, current_level)
        else current_level
    )


def identifier_level(first: str, second: str) -> str:
    if not first or not second:
        return ""
    return "same" if first == second else "near" if is_one_edit_apart(first, second) else "differ"


def is_one_edit_apart(first: str, second: str) -> bool:
    """One digit mistyped, left out, doubled or swapped with its neighbour."""
    return abs(len(first) - len(second)) <= 1 and OSA.distance(first, second, score_cutoff=1) <= 1


def number_level(first: Profile, second: Profile) -> str:
    """The citizen numbers: two that may be their own, or one that is somebody's."""
    if first.number and second.number:
        return identifier_level(first.number, second.number)
    numbered, other = (first, second) if first.number or first.borrowed else (second, first)
    number, other_number = numbered.number or numbered.borrowed, other.number or other.borrowed
    if number and other_number:
        return "borrowed_same" if number == other_number else "borrowed_differ"
    if numbered.number and numbered.number in other.parent_numbers:
        return "is_parent"
    if numbered.number and any(
        is_one_edit_apart(numbered.number, x.partition(":")[2]) for x in other.papers
    ):
        return "near"
    return ""


def paper_level(first: Profile, second: Profile) -> str:
    """Other papers of one kind; a birth certificate says nothing against a passport."""
    if first.papers & second.papers:
        return "same"
    shared = [
        (x, y)
        for x in first.papers
        for y in second.papers
        if x.partition(":")[0] == y.partition(":")[0]
    ]
    if not shared:
        return ""
    return "near" if any(is_one_edit_apart(x, y) for x, y in shared) else "differ"


def parents_level(first: Profile, second: Profile) -> str:
    """Who answers for the two children; or that one of the two is the other's parent."""
    if first.parent_numbers & second.parent_numbers:
        return "same"
    if first.spelling.full in second.parents or second.spelling.full in first.parents:
        return "is_parent"
    if first.parents & second.parents:
        return "same"
    return "differ" if first.parents and second.parents else ""
