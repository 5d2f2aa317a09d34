"""What must speak for two registrations being one person before a rule joins them, whatever the
model's probability and however small or large the register is. Everybody else is for a human. Pure.

Name, sex and birth date are one sign: namesakes have them in common. A phone or an address is a
household's: beside the birth date it is a second sign, without it a father and a son of one name
have it in common. An identity document stands for itself.
"""

from records.mpi.matching.comparison_levels import ComparisonLevels

DOCUMENT_FIELDS = ("number", "paper", "insurance")
AGREEING_NAMES = frozenset(
    {"same", "variant", "sound", "near", "typo", "cut", "part", "former"}
)  # what agrees as far as it goes
UNNAMED_LEVELS = frozenset(
    {"unnamed", "unnamed_family"}
)  # of two, a newborn who goes by a parent's name and one who may be the same, with a name
NAMELESS_LEVELS = UNNAMED_LEVELS | {
    "same_parent"
}  # or both: a guardian and a home are what is known
SAME_DAY_LEVELS = frozenset(
    {"same", "lunar"}
    # the same day, in either calendar; a date with a fault is like a brother's, a twin's, a
    # parent's, who have the home in common
)
MISTYPED_DATE_LEVELS = frozenset(
    {"swapped", "day", "month", "year"}
)  # but for a fault that people make
# name level: identity documents that have to agree. Twins differ in no more than the given name,
# and who comes with another's card brings all that stands on it.
NEEDED_DOCUMENTS = {
    "near": 1,
    "no_word": 1,
    "foreign": 1,
    "family": 2,
    "differ": 2,
    "other_pinyin": 2,
    "other_parents": 2,
}


def other_name_reason(levels: ComparisonLevels, twinless: bool = False) -> str:
    """Why their names hold two back, or "": however probable they are one, another given name
    needs an identity document (but where there are no twins), another name altogether two (a
    brother's and a sister's may sound the same), and names that differ in a mark alone (王强1,
    王强2) were marked by somebody who knew two people.
    """
    if levels.name == "marked":
        return "marked_name"
    if twinless and levels.name in ("near", "no_word"):
        return ""
    needed = (
        1
        if levels.name == "sound" and levels.sex == "differ"
        else NEEDED_DOCUMENTS.get(levels.name, 0)
    )
    return "another_name" if count_equal_documents(levels) < needed else ""


def sole_sign_reason(levels: ComparisonLevels) -> str:
    """ "sole_sign" where nothing but name, sex and birth date, or a name and a household's phone
    or address, speaks for one person; else "".
    """
    if count_equal_documents(levels):
        return ""
    names_agree = levels.name in AGREEING_NAMES | NAMELESS_LEVELS
    parent_agrees = levels.parents == "same" and (
        levels.birth in SAME_DAY_LEVELS or not levels.birth
    )
    home_agrees = levels.birth in SAME_DAY_LEVELS and (
        levels.phone in ("same", "near") or levels.address in ("same", "road")
    )
    document_near = levels.birth in SAME_DAY_LEVELS | MISTYPED_DATE_LEVELS and any(
        getattr(levels, d) == "near" for d in DOCUMENT_FIELDS
    )
    return "" if names_agree and (parent_agrees or home_agrees or document_near) else "sole_sign"


def count_equal_documents(levels: ComparisonLevels) -> int:
    """How many identity documents agree to the last digit."""
    return sum(getattr(levels, d) == "same" for d in DOCUMENT_FIELDS)


def join_obstacle(levels: ComparisonLevels, twinless: bool = False) -> str:
    """What keeps a rule from joining two registrations, or "": the one answer for arrivals,
    whole files and the grades of `$match`.
    """
    return other_name_reason(levels, twinless) or sole_sign_reason(levels)
