"""A name as it is compared: family and given part, how it sounds, whose child a nameless newborn
is, and what tells it from another one. Pure.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from records.mpi.matching.rules import name_marks, newborns, pinyin
from records.mpi.matching.rules.name_forms import fold_name, is_chinese, name_syllables
from records.mpi.matching.rules.newborns import Newborn
from records.mpi.matching.rules.pinyin import PinyinMatch

COMPOUND = frozenset(
    re.findall(
        "..",
        "欧阳司徒司马上官诸葛东方皇甫尉迟公孙慕容令狐夏侯轩辕宇文长孙独孤南宫端木百里呼延澹台公冶钟离闻人太史万俟赫连西门第五拓跋",
    )
)

# Family names that registers write in two ways since the second simplification of 1977, or that are
# taken for each other.
VARIANTS = {
    b: a
    for a, b in (
        "萧肖",
        "戴代",
        "阎闫",
        "傅付",
        "蓝兰",
        "邱丘",
        "佘余",
        "晏宴",
        "缪谬",
        "谭覃",
        "冼洗",
    )
}

NO_NAME_PATTERN = re.compile(
    r"^(无|无名氏?|无名.{0,4}|无姓名|未知.{0,3}|[未待]起?取?命?名|暂未.?.?名|[未待]定|待[查补]|暂无|没有|保密|不知道?|不详|不明|佚名|匿名|测试.{0,4}|患者|病人|路人.?|急诊.{0,6}|三无.{0,4}|某某|"
    r"先生|女士|小姐|姓名|"
    r"(?:新生儿|婴儿|[男女][婴孩]|宝宝|宝贝|[双三四多]胞?胎|[大小二三]宝|[大小]双|儿子|女儿|之?[长次大小二三四]?[子女])[大小甲乙丙丁一二三四]?|老[大二三四]|"
    r"unknown(?: (?:male|female|man|woman|boy|girl|patient|person))?|no name|anonymous|john"
    r" doe|jane doe|test|n/?a|none|null|x+)\d{0,8}$",
    re.I,
)

GLUED = re.compile(
    r"\b(baby|bb|infant|newborn|neonate|twin|triplet)(boy|girl|son|daughter|male|female|of)?([a-d]|\d{1,2})?\b",
    re.I,
)

HAN = "[㐀-鿿\U00020000-\U0003ffff]"

MASKED = re.compile(
    rf"[*＊∗✱×✕✖■█]|[●○◯〇]{{2}}|^{HAN}[●○◯〇]{HAN}?$|(?<={HAN})[xXｘＸ](?={HAN})|(?<={HAN})[xXｘＸ]{{2}}"
)  # what somebody hid: 王**, 王*国, 王XX

FAMILY_ONLY_PATTERN = re.compile(
    rf"^{HAN}$|^{HAN}{{1,2}}某{HAN}{{0,2}}$|^某{HAN}{{1,3}}$|^{HAN}{{1,2}}(先生|女士|小姐|太太|夫人|老师|同志|医生|大夫|主任|阿姨|师傅|老板|大爷|大妈|[未待]起?取?命名|[未待]定)$|"
    r"^(mrs?|ms|miss|dr|prof|sir|madam)( [a-z]+)?$|^[a-z]+ (mrs?|ms|miss)$",
    re.I,
)  # a family name, no more: 王, 王某某, 王女士, Mr Smith

POSSESSIVE = re.compile(r"['’`´]s\b", re.I)

BABY_OF = re.compile(r"\b(?:b\s*/\s*o|b\.o\.|bo)\s+(?=\w)", re.I)  # baby of


@dataclass(frozen=True, slots=True)
class ComparedName:
    """full: folded; chinese: written in characters; words: of a Latin name, parts: the same in
    their order; sounds: syllables without tones; child: whose a newborn without a name is; marked:
    the name and what tells it from others that are written alike. An empty full is no information.
    """

    full: str = ""
    chinese: bool = False
    family: str = ""
    given: str = ""
    words: tuple[str, ...] = ()
    sounds: tuple[str, ...] = ()
    child: Newborn | None = None
    marked: name_marks.MarkedName = name_marks.NO_MARKS
    parts: tuple[str, ...] = ()

    @property
    def base(self) -> str:
        """The parent's name of a newborn without a name."""
        return self.child.base if self.child else ""

    @property
    def order(self) -> int:
        return self.child.order if self.child else 0

    @property
    def several(self) -> bool:
        return bool(self.child and self.child.several)


NO_NAME = ComparedName()


@lru_cache(10_000)
def parse_compared_name(
    text: str, newborn: bool = False, parents: frozenset[str] = frozenset()
) -> ComparedName:
    """newborn: written down so soon after birth that 王丽子 means a son of 王丽; parents: folded
    names of those who answer for the child.
    """
    found = name_marks.split_marks(
        GLUED.sub(separate_glued_words, POSSESSIVE.sub("", BABY_OF.sub("baby of ", text)))
    )
    core = fold_name(found.core)
    if (
        not core
        or NO_NAME_PATTERN.match(core)
        or FAMILY_ONLY_PATTERN.match(core.replace(".", ""))
        or MASKED.search(text)
    ):
        return ComparedName(marked=name_marks.MarkedName(core, found.marks, found.marks))
    marked = name_marks.MarkedName(core, found.marks, found.bare)
    if not is_chinese(core):
        return parse_letter_name(core, marked)
    full = core + "".join(found.marks)
    if child := newborns.newborn_from_characters(core, found.marks, newborn, parents):
        return ComparedName(
            full,
            True,
            *split_chinese_name(child.base),
            sounds=name_syllables(child.base),
            child=child,
            marked=marked,
        )
    family, given = split_chinese_name(core)
    marked = name_marks.MarkedName(
        core,
        *(
            tuple(m for m in row if not is_transliteration(core, family, m))
            for row in (found.marks, found.bare)
        ),
    )
    return ComparedName(
        core + "".join(marked.marks),
        True,
        family,
        given,
        sounds=name_syllables(core),
        marked=marked,
    )


def separate_glued_words(found: re.Match[str]) -> str:
    """BabyboyA as Baby boy A."""
    return " ".join(part for part in found.groups() if part)


def parse_letter_name(core: str, marked: name_marks.MarkedName) -> ComparedName:
    parts = tuple(w for w in re.sub(r"[^a-z ]", " ", core).split() if w)
    if not parts:
        return NO_NAME
    if child := newborns.newborn_from_letters(parts, marked.marks):
        known = tuple(sorted(child.base.split()))
        whose = name_marks.MarkedName(
            " ".join(w for w in parts if len(w) > 1), marked.marks, marked.marks
        )
        return (
            ComparedName(
                core, False, words=known, sounds=known, child=child, marked=whose, parts=known
            )
            if known
            else ComparedName(marked=name_marks.MarkedName("baby", marked.marks, marked.marks))
        )
    words = tuple(sorted(parts))
    return ComparedName(
        " ".join((core, *(m for m in marked.bare if m not in parts))),
        False,
        words=words,
        sounds=words,
        marked=name_marks.MarkedName("", marked.marks, marked.bare),
        parts=parts,
    )


def is_transliteration(core: str, family: str, mark: str) -> bool:
    """Whether a bracket says nothing but the same name in letters: 王丽(Wang Li)."""
    words = tuple(re.sub(r"[^a-z ]", " ", fold_name(mark)).split())
    return (
        bool(words)
        and not is_chinese(mark)
        and pinyin.match_characters(core, family, words) is PinyinMatch.SAME
    )


def split_chinese_name(folded: str) -> tuple[str, str]:
    """(family, given) of a name in characters; a long name without a known family name is all
    given, as with Uyghurs and Mongols.
    """
    size = 2 if folded[:2] in COMPOUND and len(folded) > 2 else 1
    if len(folded) - size > 3:
        return "", folded
    return VARIANTS.get(folded[:size], folded[:size]), folded[size:]
