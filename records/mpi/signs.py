"""What must speak for two registrations being one person before a rule joins them, whatever the model's probability and however small or large the
register is. Everybody else is for a human. Pure.

Name, sex and birth date are one sign: namesakes have them in common. A phone or an address is a household's: beside the birth date it is a second sign,
without it a father and a son of one name have it in common. An identity document stands for itself.
"""

from records.mpi.levels import Levels

DOCUMENTS = ("number", "paper", "insurance")
NAMED = frozenset({"same", "variant", "sound", "near", "typo", "cut", "part", "former"})  # what agrees as far as it goes
UNNAMED = frozenset({"unnamed", "unnamed_family"})  # of two, a newborn who goes by a parent's name and one who may be the same, with a name
NAMELESS = UNNAMED | {"same_parent"}  # or both: a guardian and a home are what is known
DATED = frozenset({"same", "lunar"})  # the same day, in either calendar; a date with a fault is like a brother's, a twin's, a parent's, who have the home in common
FAULTY = frozenset({"swapped", "day", "month", "year"})  # but for a fault that people make
# name level: identity documents that have to agree. Twins differ in no more than the given name, and who comes with another's card brings all that stands on it.
ANOTHER = {"near": 1, "no_word": 1, "foreign": 1, "family": 2, "differ": 2, "other_pinyin": 2, "other_parents": 2}


def another_name(levels: Levels, twinless: bool = False) -> str:
    """Why their names hold two back, or "": however probable they are one, another given name needs an identity document (but where there are no twins), another
    name altogether two (a brother's and a sister's may sound the same), and names that differ in a mark alone (王强1, 王强2) were marked by somebody who knew two people."""
    if levels.name == "marked":
        return "marked_name"
    if twinless and levels.name in ("near", "no_word"):
        return ""
    needed = 1 if levels.name == "sound" and levels.sex == "differ" else ANOTHER.get(levels.name, 0)
    return "another_name" if documents(levels) < needed else ""


def sole_sign(levels: Levels) -> str:
    """"sole_sign" where nothing but name, sex and birth date, or a name and a household's phone or address, speaks for one person; else ""."""
    if documents(levels):
        return ""
    named = levels.name in NAMED | NAMELESS
    guarded = levels.parents == "same" and (levels.birth in DATED or not levels.birth)
    reached = levels.birth in DATED and (levels.phone in ("same", "near") or levels.address in ("same", "road"))
    numbered = levels.birth in DATED | FAULTY and any(getattr(levels, d) == "near" for d in DOCUMENTS)
    return "" if named and (guarded or reached or numbered) else "sole_sign"


def documents(levels: Levels) -> int:
    """How many identity documents agree to the last digit."""
    return sum(getattr(levels, d) == "same" for d in DOCUMENTS)


def obstacle(levels: Levels, twinless: bool = False) -> str:
    """What keeps a rule from joining two registrations, or "": the one answer for arrivals, whole files and the grades of `$match`."""
    return another_name(levels, twinless) or sole_sign(levels)
