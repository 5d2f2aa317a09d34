"""Two profiles -> how far they agree, field by field: an ordered, labelled level each, "" where one of them says nothing. Pure."""

from typing import NamedTuple

from rapidfuzz.distance import OSA

from records.mpi.profile import Profile
from records.mpi.rules import address, birth, phone, spelling


class Levels(NamedTuple):
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


def compare(a: Profile, b: Profile) -> Levels:
    return Levels(
        name(a, b), birth.level(a.birth, b.birth), "" if not a.sex or not b.sex else "same" if a.sex == b.sex else "differ",
        number(a, b), paper(a, b), equal(a.insurance, b.insurance), phone.level(a.phone, b.phone), address.level(a.address, b.address), parents(a, b),
        "" if not a.order or not b.order else "same" if a.order == b.order else "differ")


def name(a: Profile, b: Profile) -> str:
    """Of the names that they have now; where these differ, whether one had the other's before. A child's that sounds alike or is mistyped is no more than near:
    twins are named like each other, and their date and home are the same."""
    now = spelling.level(a.spelling, b.spelling)
    if (a.former or b.former) and now not in spelling.SAME and now != "marked" and not a.spelling.base and not b.spelling.base:
        pairs = [(x, y) for x in (a.spelling, *a.former) for y in (b.spelling, *b.former)]
        if any(spelling.level(x, y) in spelling.SAME for x, y in pairs):
            return "former"
    return "near" if (a.child or b.child) and spelling.may_be_twins(a.spelling, b.spelling, now) else now


def equal(a: str, b: str) -> str:
    if not a or not b:
        return ""
    return "same" if a == b else "near" if close(a, b) else "differ"


def close(a: str, b: str) -> bool:
    """One digit mistyped, left out, doubled or swapped with its neighbour."""
    return abs(len(a) - len(b)) <= 1 and OSA.distance(a, b, score_cutoff=1) <= 1


def number(a: Profile, b: Profile) -> str:
    """The citizen numbers: two that may be their own, or one that is somebody's."""
    if a.number and b.number:
        return equal(a.number, b.number)
    one, two = (a, b) if a.number or a.borrowed else (b, a)
    mine, theirs = one.number or one.borrowed, two.number or two.borrowed
    if mine and theirs:
        return "borrowed_same" if mine == theirs else "borrowed_differ"
    if one.number and one.number in two.parent_numbers:
        return "is_parent"
    if one.number and any(close(one.number, x.partition(":")[2]) for x in two.papers):
        return "near"
    return ""


def paper(a: Profile, b: Profile) -> str:
    """Other papers of one kind; a birth certificate says nothing against a passport."""
    if a.papers & b.papers:
        return "same"
    shared = [(x, y) for x in a.papers for y in b.papers if x.partition(":")[0] == y.partition(":")[0]]
    if not shared:
        return ""
    return "near" if any(close(x, y) for x, y in shared) else "differ"


def parents(a: Profile, b: Profile) -> str:
    """Who answers for the two children; or that one of the two is the other's parent."""
    if a.parent_numbers & b.parent_numbers:
        return "same"
    if a.spelling.full in b.parents or b.spelling.full in a.parents:
        return "is_parent"
    if a.parents & b.parents:
        return "same"
    return "differ" if a.parents and b.parents else ""
