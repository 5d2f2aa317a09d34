"""A name as it is compared: family and given part, how it sounds, whose child a nameless newborn is. Pure.

Newborns are registered as "王丽之子", "王丽双胎A" before they have a name (families have about a month for that)."""

import re
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz.distance import OSA

from records.mpi.rules.name import fold, is_chinese, sounds

COMPOUND = frozenset(re.findall("..", "欧阳司徒司马上官诸葛东方皇甫尉迟公孙慕容令狐夏侯轩辕宇文长孙独孤南宫端木百里呼延澹台公冶钟离闻人太史万俟赫连西门第五拓跋"))
# Family names that registers write in two ways since the second simplification of 1977, or that are taken for each other.
VARIANTS = {b: a for a, b in ("萧肖", "戴代", "阎闫", "傅付", "蓝兰", "邱丘", "佘余", "晏宴", "缪谬", "谭覃", "冼洗")}
HOLES = re.compile(r"[□?？*＊�\ue000-\uf8ff○〇]")
NOBODY = re.compile(
    r"^(无名氏?|无名.{0,4}|未知.{0,3}|不详|不明|佚名|匿名|测试.{0,4}|患者|病人|路人.?|急诊.{0,6}|三无.{0,4}|某某|先生|女士|小姐|姓名|"
    r"unknown|anonymous|john doe|jane doe|test|n/?a|none|null|x+)\d{0,8}$", re.I)
ORDERS = {"长": 1, "大": 1, "甲": 1, "a": 1, "1": 1, "一": 1, "老大": 1, "次": 2, "二": 2, "小": 2, "乙": 2, "b": 2, "2": 2, "老二": 2, "三": 3, "3": 3, "c": 3, "丙": 3}
CHILD = re.compile(
    r"^(?P<base>.{2,}?)(?P<of>之|的)?(?P<kind>(?P<rank>[长次大二三])?[子女]|(?P<twin>[大小])双|双胞?胎?(?P<letter>[abcABC甲乙丙一二三123])|"
    r"婴儿?|宝宝|宝贝|毛毛|bb|儿子|女儿|男婴|女婴)(?P<n>[123一二三])?$", re.I)
PLAIN = frozenset(("子", "女"))


@dataclass(frozen=True, slots=True)
class Spelling:
    """full: folded; chinese: written in characters; words: of a Latin name; sounds: syllables without tones; base: the parent's name of a
    newborn without a name of his own; order: among twins, 0 where nothing says so. An empty full is no information."""

    full: str = ""
    chinese: bool = False
    family: str = ""
    given: str = ""
    words: tuple[str, ...] = ()
    sounds: tuple[str, ...] = ()
    base: str = ""
    order: int = 0
    several: bool = False  # a newborn who is marked as one of several: 双胎A, 之女1


NOTHING = Spelling()


@lru_cache(10_000)
def spell(text: str, newborn: bool = False, parents: frozenset[str] = frozenset()) -> Spelling:
    """newborn: written down so soon after birth that 王丽子 means a son of 王丽; parents: folded names of those who answer for the child."""
    folded = fold(re.sub(r"[（(\[【].*?[）)\]】]", "", text) or text)
    if not folded or NOBODY.match(folded):
        return NOTHING
    if not is_chinese(folded):
        words = tuple(sorted(w for w in re.sub(r"[^a-z ]", " ", folded).split() if w))
        return Spelling(folded, False, words=words, sounds=words) if words else NOTHING
    m = CHILD.match(folded)
    if m and (m["of"] or m["kind"] not in PLAIN or newborn or m["base"] in parents) and (m["of"] or newborn or m["base"] in parents or m["kind"][0] in "双婴宝男女儿b"):
        rank = m["n"] or m["letter"] or m["twin"] or m["rank"] or ""
        return Spelling(folded, True, *split(m["base"]), sounds=sounds(m["base"]), base=m["base"], order=ORDERS.get(rank.lower(), 0),
                        several=bool(m["n"] or m["letter"] or m["twin"]))
    family, given = split(folded)
    return Spelling(folded, True, family, given, sounds=sounds(folded))


def split(folded: str) -> tuple[str, str]:
    """(family, given) of a name in characters; a long name without a known family name is all given, as with Uyghurs and Mongols."""
    size = 2 if folded[:2] in COMPOUND and len(folded) > 2 else 1
    if len(folded) - size > 3:
        return "", folded
    return VARIANTS.get(folded[:size], folded[:size]), folded[size:]


def level(a: Spelling, b: Spelling) -> str:
    """How alike two names are; see model.LEVELS. "" where one says nothing."""
    if not a.full or not b.full:
        return ""
    if a.base or b.base:
        return of_newborns(a, b)
    if a.full == b.full:
        return "same"
    if a.chinese and b.chinese:
        return chinese(a, b)
    return spoken(a, b) if a.chinese or b.chinese else latin(a, b)


def of_newborns(a: Spelling, b: Spelling) -> str:
    if a.base and b.base:
        return "same_parent" if a.base == b.base else "unnamed_family" if a.family and a.family == b.family else "unnamed"
    named, base = (b, a.base) if a.base else (a, b.base)
    if named.full == base:
        return "is_parent"
    return "unnamed_family" if a.family and a.family == b.family else "unnamed"


def chinese(a: Spelling, b: Spelling) -> str:
    one, two = a.full, b.full
    if (a.family == b.family and a.given == b.given) or (sorted(one) == sorted(two) and len(one) > 2):
        return "variant"
    if len(one) == len(two) and all(x == y or HOLES.match(x) or HOLES.match(y) for x, y in zip(one, two, strict=True)):
        return "variant" if len(one) > 2 else "near"
    if a.sounds and a.sounds == b.sounds:
        return "sound"
    if min(len(one), len(two)) >= 3 and not (a.family and b.family) and (one.startswith(two) or two.startswith(one)):
        return "cut"
    if a.family and a.family == b.family:
        if HOLES.search(one) or HOLES.search(two) or (OSA.distance(a.given, b.given) == 1 and max(len(a.given), len(b.given)) > 1):
            return "near"
        return "family"
    if a.given == b.given and len(a.given) > 1:
        return "near"
    if len(one) > 4 and len(two) > 4 and OSA.distance(one, two) <= 2:
        return "near"
    return "differ"


def spoken(a: Spelling, b: Spelling) -> str:
    """One in characters, the other in letters."""
    han, words = (a, b.words) if a.chinese else (b, a.words)
    letters = "".join(sorted("".join(han.sounds)))
    if letters == "".join(sorted("".join(words))) and set("".join(words)) == set(letters):
        return "sound"
    family = "".join(sounds(han.family)) if han.family else ""
    return "family" if family and family in words else "foreign"


def latin(a: Spelling, b: Spelling) -> str:
    """Words in any order and cut anywhere; typo: the whole name but for a letter or two, part: one of its words, no_word: none."""
    if a.words == b.words or "".join(a.words) == "".join(b.words):
        return "variant"
    one, two = " ".join(a.words), " ".join(b.words)
    if set(a.words) < set(b.words) or set(b.words) < set(a.words):
        return "cut"
    if OSA.distance(one, two) <= 3 or alike(a.words, b.words) or alike((one.replace(" ", ""),), (two.replace(" ", ""),)):
        return "typo"
    return "part" if any(alike((x,), (y,)) for x in a.words for y in b.words) else "no_word"


def alike(a: tuple[str, ...], b: tuple[str, ...]) -> bool:
    """Each word is one of the other's, but for a letter in five."""
    return len(a) == len(b) and all(OSA.distance(x, y) <= max(1, len(x) // 5) + (len(x) > 3) for x, y in zip(a, b, strict=True))
