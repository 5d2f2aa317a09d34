"""What is written to a name to tell two people apart: digits, single letters, brackets (王强1,
王丽之子B, 张芳（小）, Baby Wang A). Whoever typed a mark knew that there was another one. Pure.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from records.mpi.matching.rules.name_forms import is_chinese

ROMAN = {first + n: str(n + 1) for first in (0x2160, 0x2170) for n in range(12)}
NUMERALS = {"ii": "2", "iii": "3", "iv": "4"}  # of two letters and more: one letter is a letter
GENERATIONS = {"jr": "jr", "junior": "jr", "sr": "sr", "senior": "sr"}
BRACKET = re.compile(r"[(\[{<【〔〈《「『〖［｛](.*?)(?:[)\]}>】〕〉》」』〗］｝]|$)")
LEFT_OVER = re.compile(r"[\])}>】〕〉》」』〗#№_/\\:;\ufe0f\u20e3]")
RUN = re.compile(r"\d+|(?<![a-z])(?:[a-z]|ii|iii|iv)(?![a-z])", re.I)
RANKS = {
    "长": 1,
    "大": 1,
    "甲": 1,
    "一": 1,
    "次": 2,
    "小": 2,
    "乙": 2,
    "二": 2,
    "丙": 3,
    "三": 3,
    "丁": 4,
    "四": 4,
}
LETTERS = {
    first + n: chr(ord("A") + n) for first in (0x1F150, 0x1F170) for n in range(26)
}  # white in a black circle or square
TONED = re.compile(r"(?:[a-zü]+[1-5]\s*){2,}", re.I)  # wang2 xiao3 ming2: digits that are tones


@dataclass(frozen=True, slots=True)
class MarkedName:
    """core: the name without its marks; marks: in the order in which they stand, in small
    letters and Arabic digits; bare: those that are no initials, which tell even beside a name that
    has none.
    """

    core: str
    marks: tuple[str, ...] = ()
    bare: tuple[str, ...] = ()


NO_MARKS = MarkedName("")


@lru_cache(10_000)
def split_marks(text: str) -> MarkedName:
    """A name and its marks. Full-width, circled and Roman digits are digits; what is nothing but
    a bracket is a name.
    """
    plain = unicodedata.normalize(
        "NFKC", "".join(map(plain_digit, text.translate(ROMAN | LETTERS)))
    ).strip()
    inside = [m[1].strip() for m in BRACKET.finditer(plain) if m[1].strip()]
    rest = BRACKET.sub(" ", plain) if inside or BRACKET.search(plain) else plain
    if not any(c.isalnum() for c in rest):
        rest, inside = " ".join(inside), []
    rest = LEFT_OVER.sub(" ", rest)
    inside = [
        same
        for x in inside
        if (same := re.sub(r"[\s#号]", "", NUMERALS.get(x.casefold(), x.casefold())))
    ]
    if is_chinese(rest):
        found = [NUMERALS.get(m.casefold(), m.casefold()) for m in RUN.findall(rest)]
        core = " ".join(RUN.sub(" ", rest).split())
        if found and core.endswith("号"):
            core = core[:-1]
        marks = (*found, *inside)
        return MarkedName(core, marks, marks) if is_chinese(core) else MarkedName(plain)
    return split_letter_marks(rest, tuple(inside))


def plain_digit(character: str) -> str:
    """A digit in a black or doubled circle (❶ ➀ ⓵), which NFKC leaves as it is, as a digit;
    others as they are.
    """
    value = unicodedata.numeric(character, 0.5)
    return (
        str(int(value))
        if unicodedata.category(character) == "No"
        and value.is_integer()
        and unicodedata.normalize("NFKC", character) == character
        else character
    )


def split_letter_marks(text: str, inside: tuple[str, ...]) -> MarkedName:
    """Initials stay in the name; one that stands at the end (Wang Li A) is a mark as well."""
    if TONED.fullmatch(text.strip()):
        text = re.sub(r"\d", "", text)
    words, marks, bare = [], [], []
    tokens = re.sub(r"(?<=[^\W\d_])(\d+)\b", r" \1", text).split()
    for place, token in enumerate(tokens):
        low = token.casefold().strip(".,")
        if low.isdecimal() or low in NUMERALS or low in GENERATIONS:
            said = NUMERALS.get(low, GENERATIONS.get(low, low))
            marks.append(said)
            bare.append(said)
        elif len(low) == 1 and low.isalpha():
            marks.append(low)
            if place == len(tokens) - 1 and len(tokens) > 2:
                bare.append(low)
            else:
                words.append(token)
        else:
            words.append(token)
    return (
        MarkedName(" ".join(words) or text, (*marks, *inside), (*bare, *inside))
        if words
        else MarkedName(text)
    )


def marks_differ(a: MarkedName, b: MarkedName) -> bool:
    """Whether two names with equal cores are told apart by their marks: by all of them where
    both have some, else by those that are no initials.
    """
    return a.marks != b.marks if a.marks and b.marks else a.bare != b.bare


def differ_by_rank(one: str, two: str, rest: int) -> bool:
    """Whether two names are the same but for a rank at an end (新生儿甲, 新生儿乙; 长子, 次子).
    rest: characters beside it, at least.
    """
    if len(one) != len(two) or len(one) <= rest:
        return False
    return any(
        one[kept] == two[kept]
        and RANKS.get(one[at], 0) * RANKS.get(two[at], 0)
        and RANKS[one[at]] != RANKS[two[at]]
        for at, kept in ((0, slice(1, None)), (-1, slice(-1)))
    )
