"""Newborns who are registered before they have a name (families have about a month for that): by
whom they go, which of several they are. Pure.

In characters 王丽之子, 王丽双胎A, 王丽之女（小）; in letters Baby of Wang Li A, Baby Boy A Wang,
Wang Li's Baby 1, B/O Wang Li, Infant Wang.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass

BIRTH_ORDERS = {
    "长": 1,
    "大": 1,
    "甲": 1,
    "a": 1,
    "1": 1,
    "一": 1,
    "老大": 1,
    "first": 1,
    "one": 1,
    "次": 2,
    "二": 2,
    "小": 2,
    "乙": 2,
    "b": 2,
    "2": 2,
    "老二": 2,
    "second": 2,
    "two": 2,
    "三": 3,
    "3": 3,
    "c": 3,
    "丙": 3,
    "老三": 3,
    "third": 3,
    "three": 3,
    "四": 4,
    "4": 4,
    "d": 4,
    "丁": 4,
    "老四": 4,
}
CHILD_PATTERN = re.compile(
    r"^(?P<base>.{2,}?)(?P<of>之|的)?(?P<kind>(?P<rank>[长次大小二三四])?[子女](?P<after>老?[大小二三四甲乙丙丁])?|老(?P<old>[大二三四])|(?P<twin>[大小])双|[双三四多](?:胞胎|胞|胎)(?P<letter>[大小甲乙丙丁一二三四])?|"
    r"双(?P<bare>[甲乙丙一二三])|(?P<pet>[大小二三])宝|宝宝|婴儿?|宝贝|毛毛|bb|儿子|女儿|[男女]婴|[男女]孩)(?P<n>[一二三四甲乙丙丁])?$",
    re.I,
)
PLAIN_KINDS = frozenset(("子", "女"))
TELLING_FIRSTS = frozenset(
    "双三四多婴宝男女儿b"
)  # first characters of a kind that says by itself that somebody's child is meant
BOYS, GIRLS = frozenset("子男儿"), frozenset("女")
BABY_WORDS = frozenset(
    {"baby", "bb", "infant", "newborn", "neonate", "neonatal", "twin", "triplet", "unnamed"}
)
NEWBORN_WORDS = BABY_WORDS | {
    "boy",
    "girl",
    "son",
    "daughter",
    "male",
    "female",
    "child",
    "of",
    "the",
    "mrs",
    "ms",
    "mr",
    "no",
    "first",
    "second",
    "third",
    "one",
    "two",
    "three",
}
SEX_BY_WORD = {"boy": "m", "son": "m", "male": "m", "girl": "f", "daughter": "f", "female": "f"}
CHILD_OF = re.compile(r"\b(?:son|daughter|child|boy|girl) of\b")


@dataclass(frozen=True, slots=True)
class Newborn:
    """base: by whose name the child goes, folded; order: among twins, 0 where nothing says so;
    several: marked as one of several; sex: "m", "f" or ""; whole: whether base is a whole name, not
    a family name alone.
    """

    base: str
    order: int = 0
    several: bool = False
    sex: str = ""
    whole: bool = True


def newborn_from_characters(
    core: str, marks: tuple[str, ...], fresh: bool, parents: Collection[str]
) -> Newborn | None:
    """core: folded, without marks. fresh: written down so soon after birth that 王丽子 means a
    son of 王丽; parents: folded names of those who answer for the child.
    """
    m = CHILD_PATTERN.match(core)
    if not m:
        return None
    kind, known = m["kind"], fresh or m["base"] in parents
    if not (m["of"] or known or (kind not in PLAIN_KINDS and kind[0].lower() in TELLING_FIRSTS)):
        return None
    ranks = [
        r.removeprefix("老")
        for g in ("n", "letter", "bare", "twin", "pet", "old", "after", "rank")
        if (r := m[g])
    ]
    order = next((o for r in (*marks, *ranks) if (o := BIRTH_ORDERS.get(r))), 0)
    return Newborn(m["base"], order, bool(marks or ranks), sex_of_child_kind(kind))


def sex_of_child_kind(kind: str) -> str:
    if any(c in GIRLS for c in kind):
        return "f"
    return "m" if any(c in BOYS for c in kind) else ""


def newborn_from_letters(words: tuple[str, ...], marks: tuple[str, ...]) -> Newborn | None:
    """words: of the folded name, in their order, without marks. None for a name; a child of
    nobody known has an empty base.
    """
    if not BABY_WORDS & set(words) and not CHILD_OF.search(" ".join(words)):
        return None
    base = tuple(w for w in words if w not in NEWBORN_WORDS and len(w) > 1)
    order = next((o for m in (*marks, *words) if (o := BIRTH_ORDERS.get(m))), 0)
    return Newborn(
        " ".join(sorted(base)),
        order,
        bool(marks or order or {"twin", "triplet"} & set(words)),
        next((SEX_BY_WORD[w] for w in words if w in SEX_BY_WORD), ""),
        len(base) > 1,
    )
