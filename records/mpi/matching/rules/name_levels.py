"""Compare two names: one level of the field name in records/mpi/matching/models. Pure."""

import re

from rapidfuzz.distance import OSA

from records.mpi.matching.rules import name_marks, pinyin
from records.mpi.matching.rules.compared_name import ComparedName
from records.mpi.matching.rules.name_forms import name_syllables
from records.mpi.matching.rules.newborns import Newborn
from records.mpi.matching.rules.pinyin import PinyinMatch

MISSING_CHARACTER = re.compile(
    r"[□?？�\ue000-\uf8ff]"
)  # what a system writes for a character that it does not have

SAME_NAME_LEVELS = frozenset({"same", "variant", "sound"})


def name_level(a: ComparedName, b: ComparedName) -> str:
    """How alike two names are: a level of the field name in records/mpi/models. "" where one
    says nothing.
    """
    if not a.full or not b.full:
        one, two = a.marked, b.marked
        return (
            "marked"
            if not a.full
            and not b.full
            and (
                (one.core == two.core and name_marks.marks_differ(one, two))
                or name_marks.differ_by_rank(one.core, two.core, 1)
            )
            else ""
        )
    if a.child or b.child:
        return newborn_level(a, b)
    found = (
        "same"
        if a.full == b.full
        else (
            chinese_name_level(a, b)
            if a.chinese and b.chinese
            else mixed_script_level(a, b)
            if a.chinese or b.chinese
            else latin_name_level(a, b)
        )
    )
    if a.chinese and b.chinese and name_marks.differ_by_rank(a.marked.core, b.marked.core, 2):
        return "marked"
    return (
        "marked"
        if name_marks.marks_differ(a.marked, b.marked)
        and (found in SAME_NAME_LEVELS or found == "typo" or differ_in_initials(a, b))
        else found
    )


def may_be_twins(a: ComparedName, b: ComparedName, found: str) -> bool:
    """Whether two names that are alike at this level may be two children's of one home: 王浩宇
    and 王昊宇, 王心怡 and 王怡心, Maria and Marie, 艾力·买买提 and 买买提·艾力. A family name
    written last, or in another form, and one name in characters and in letters, are one child's.
    """
    if found == "variant":
        one, two = a.marked.core, b.marked.core
        turned = (
            bool(a.family)
            and len(one) == len(two)
            and any(
                one in (two[n:] + two[:n], two[-n:] + two[:-n])
                for n in (len(x.marked.core) - len(x.given) for x in (a, b))
                if n
            )
        )
        return a.chinese and b.chinese and sorted(one) == sorted(two) and not turned
    return found in ("typo", "cut", "part") or (found == "sound" and a.chinese == b.chinese)


def differ_in_initials(a: ComparedName, b: ComparedName) -> bool:
    """Of two names in letters: the same words, other single letters."""
    one, two = (tuple(w for w in s.words if len(w) > 1) for s in (a, b))
    return bool(one) and one == two


def newborn_level(a: ComparedName, b: ComparedName) -> str:
    if a.child and b.child:
        return two_newborns_level(a, b, a.child, b.child)
    named, nameless = (b, a) if a.child else (a, b)
    whole = bool(nameless.child and nameless.child.whole)
    if named.full == nameless.base or (
        whole
        and (
            is_one_name(named, nameless)
            if named.chinese != nameless.chinese
            else not named.chinese and named.words == nameless.words
        )
    ):
        return "is_parent"
    return "unnamed_family" if a.family and a.family == b.family else "unnamed"


def two_newborns_level(a: ComparedName, b: ComparedName, one: Newborn, two: Newborn) -> str:
    """Children of other parents are others, and so are a son and a daughter, and two that are
    numbered.
    """
    if one.base != two.base and not is_one_name(a, b):
        return "other_parents"
    if (
        (one.sex and two.sex and one.sex != two.sex)
        or (one.order and two.order and one.order != two.order)
        or (a.marked.core == b.marked.core and name_marks.marks_differ(a.marked, b.marked))
    ):
        return "marked"
    return "same_parent"


def is_one_name(a: ComparedName, b: ComparedName) -> bool:
    """Of a name or a parent's name in characters and one in letters: whether they sound the
    same; or one is no more than the other's family name.
    """
    if a.chinese and b.chinese:
        return False
    if a.chinese or b.chinese:
        han, letters = (a, b) if a.chinese else (b, a)
        whose = han.base or han.marked.core
        return any(
            pinyin.match_characters(whose, han.family, way) is PinyinMatch.SAME
            for way in (letters.parts, letters.parts[::-1])
        ) or letters.parts == name_syllables(han.family)
    return set(a.words) <= set(b.words) or set(b.words) <= set(a.words)


def chinese_name_level(a: ComparedName, b: ComparedName) -> str:
    one, two = a.marked.core, b.marked.core
    if (a.family == b.family and a.given == b.given) or (
        sorted(one) == sorted(two) and len(one) > 2
    ):
        return "variant"
    if len(one) == len(two) and all(
        x == y or MISSING_CHARACTER.match(x) or MISSING_CHARACTER.match(y)
        for x, y in zip(one, two, strict=True)
    ):
        return "variant" if len(one) > 2 else "near"
    if a.sounds and a.sounds == b.sounds:
        return "sound"
    if (
        min(len(one), len(two)) >= 3
        and not (a.family and b.family)
        and (one.startswith(two) or two.startswith(one))
    ):
        return "cut"
    if a.family and a.family == b.family:
        if (
            MISSING_CHARACTER.search(one)
            or MISSING_CHARACTER.search(two)
            or (OSA.distance(a.given, b.given) == 1 and max(len(a.given), len(b.given)) > 1)
        ):
            return "near"
        return "family"
    if a.given == b.given and len(a.given) > 1:
        return "near"
    if len(one) > 4 and len(two) > 4 and OSA.distance(one, two) <= 2:
        return "near"
    return "differ"


def mixed_script_level(a: ComparedName, b: ComparedName) -> str:
    """One in characters, the other in letters: the same where it sounds so, another name where
    it is a whole other one; all else says nothing.
    """
    han, letters = (a, b) if a.chinese else (b, a)
    return LEVEL_BY_PINYIN_MATCH[
        pinyin.match_characters(han.marked.core, han.family, letters.parts)
    ]


LEVEL_BY_PINYIN_MATCH = {
    PinyinMatch.SAME: "sound",
    PinyinMatch.UNCERTAIN: "foreign",
    PinyinMatch.FAMILY: "family",
    PinyinMatch.OTHER: "other_pinyin",
}


def latin_name_level(a: ComparedName, b: ComparedName) -> str:
    """Words in any order and cut anywhere; typo: the whole name but for a letter or two, part:
    one of its words, no_word: none. Two Chinese names go by their syllables.
    """
    if a.words == b.words or "".join(a.words) == "".join(b.words):
        return "variant"
    if pinyin.is_whole_pinyin_name(a.parts) and pinyin.is_whole_pinyin_name(b.parts):
        said = pinyin.match_letters(a.parts, b.parts)
        return "variant" if said is PinyinMatch.SAME else LEVEL_BY_PINYIN_MATCH[said]
    if has_initials_of(a.words, b.words) or has_initials_of(b.words, a.words):
        return "foreign"
    one, two = " ".join(a.words), " ".join(b.words)
    if set(a.words) < set(b.words) or set(b.words) < set(a.words):
        return "cut"
    if (
        OSA.distance(one, two) <= 3
        or words_nearly_equal(a.words, b.words)
        or words_nearly_equal((one.replace(" ", ""),), (two.replace(" ", ""),))
    ):
        return "typo"
    return (
        "part"
        if any(words_nearly_equal((x,), (y,)) for x in a.words for y in b.words)
        else "no_word"
    )


def has_initials_of(short: tuple[str, ...], long: tuple[str, ...]) -> bool:
    """Whether the first has initials for words that the other has whole: J Wang, Jianguo Wang."""
    letters = sorted(c for w in set(short) - set(long) for c in w)
    left = [w for w in long if w not in short]
    return (
        bool(letters)
        and set(short) & set(long) != set()
        and all(len(w) <= 2 for w in set(short) - set(long))
        and len(left) <= len(letters)
        and all(w[0] in letters for w in left)
        and bool(left)
    )


def words_nearly_equal(a: tuple[str, ...], b: tuple[str, ...]) -> bool:
    """Each word is one of the other's, but for a letter in five."""
    return len(a) == len(b) and all(
        OSA.distance(x, y) <= max(1, len(x) // 5) + (len(x) > 3) for x, y in zip(a, b, strict=True)
    )
