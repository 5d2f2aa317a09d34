"""A name as it is compared: family and given part, how it sounds, whose child a nameless newborn is, and what tells it from another one. Pure."""

import re
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz.distance import OSA

from records.mpi.rules import marks, nameless, pinyin
from records.mpi.rules.name import fold, is_chinese, sounds
from records.mpi.rules.nameless import Newborn
from records.mpi.rules.pinyin import Spoken

COMPOUND = frozenset(re.findall("..", "欧阳司徒司马上官诸葛东方皇甫尉迟公孙慕容令狐夏侯轩辕宇文长孙独孤南宫端木百里呼延澹台公冶钟离闻人太史万俟赫连西门第五拓跋"))
# Family names that registers write in two ways since the second simplification of 1977, or that are taken for each other.
VARIANTS = {b: a for a, b in ("萧肖", "戴代", "阎闫", "傅付", "蓝兰", "邱丘", "佘余", "晏宴", "缪谬", "谭覃", "冼洗")}
HOLES = re.compile(r"[□?？�\ue000-\uf8ff]")  # what a system writes for a character that it does not have
NOBODY = re.compile(
    r"^(无|无名氏?|无名.{0,4}|无姓名|未知.{0,3}|[未待]起?取?命?名|暂未.?.?名|[未待]定|待[查补]|暂无|没有|保密|不知道?|不详|不明|佚名|匿名|测试.{0,4}|患者|病人|路人.?|急诊.{0,6}|三无.{0,4}|某某|"
    r"先生|女士|小姐|姓名|"
    r"(?:新生儿|婴儿|[男女][婴孩]|宝宝|宝贝|[双三四多]胞?胎|[大小二三]宝|[大小]双|儿子|女儿|之?[长次大小二三四]?[子女])[大小甲乙丙丁一二三四]?|老[大二三四]|"
    r"unknown(?: (?:male|female|man|woman|boy|girl|patient|person))?|no name|anonymous|john doe|jane doe|test|n/?a|none|null|x+)\d{0,8}$", re.I)
GLUED = re.compile(r"\b(baby|bb|infant|newborn|neonate|twin|triplet)(boy|girl|son|daughter|male|female|of)?([a-d]|\d{1,2})?\b", re.I)
HAN = "[㐀-鿿\U00020000-\U0003ffff]"
MASKED = re.compile(rf"[*＊∗✱×✕✖■█]|[●○◯〇]{{2}}|^{HAN}[●○◯〇]{HAN}?$|(?<={HAN})[xXｘＸ](?={HAN})|(?<={HAN})[xXｘＸ]{{2}}")  # what somebody hid: 王**, 王*国, 王XX
UNSAID = re.compile(
    rf"^{HAN}$|^{HAN}{{1,2}}某{HAN}{{0,2}}$|^某{HAN}{{1,3}}$|^{HAN}{{1,2}}(先生|女士|小姐|太太|夫人|老师|同志|医生|大夫|主任|阿姨|师傅|老板|大爷|大妈|[未待]起?取?命名|[未待]定)$|"
    r"^(mrs?|ms|miss|dr|prof|sir|madam)( [a-z]+)?$|^[a-z]+ (mrs?|ms|miss)$", re.I)  # a family name, no more: 王, 王某某, 王女士, Mr Smith
POSSESSIVE = re.compile(r"['’`´]s\b", re.I)
SHORT = re.compile(r"\b(?:b\s*/\s*o|b\.o\.|bo)\s+(?=\w)", re.I)  # baby of
SAME = frozenset({"same", "variant", "sound"})


@dataclass(frozen=True, slots=True)
class Spelling:
    """full: folded; chinese: written in characters; words: of a Latin name, parts: the same in their order; sounds: syllables without tones; child: whose a newborn without a
    name is; marked: the name and what tells it from others that are written alike. An empty full is no information."""

    full: str = ""
    chinese: bool = False
    family: str = ""
    given: str = ""
    words: tuple[str, ...] = ()
    sounds: tuple[str, ...] = ()
    child: Newborn | None = None
    marked: marks.Marked = marks.NOTHING
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


NOTHING = Spelling()


@lru_cache(10_000)
def spell(text: str, newborn: bool = False, parents: frozenset[str] = frozenset()) -> Spelling:
    """newborn: written down so soon after birth that 王丽子 means a son of 王丽; parents: folded names of those who answer for the child."""
    found = marks.part(GLUED.sub(apart, POSSESSIVE.sub("", SHORT.sub("baby of ", text))))
    core = fold(found.core)
    if not core or NOBODY.match(core) or UNSAID.match(core.replace(".", "")) or MASKED.search(text):
        return Spelling(marked=marks.Marked(core, found.marks, found.marks))
    marked = marks.Marked(core, found.marks, found.bare)
    if not is_chinese(core):
        return of_letters(core, marked)
    full = core + "".join(found.marks)
    if child := nameless.of_characters(core, found.marks, newborn, parents):
        return Spelling(full, True, *split(child.base), sounds=sounds(child.base), child=child, marked=marked)
    family, given = split(core)
    marked = marks.Marked(core, *(tuple(m for m in row if not translates(core, family, m)) for row in (found.marks, found.bare)))
    return Spelling(core + "".join(marked.marks), True, family, given, sounds=sounds(core), marked=marked)


def apart(found: re.Match[str]) -> str:
    """BabyboyA as Baby boy A."""
    return " ".join(part for part in found.groups() if part)


def of_letters(core: str, marked: marks.Marked) -> Spelling:
    parts = tuple(w for w in re.sub(r"[^a-z ]", " ", core).split() if w)
    if not parts:
        return NOTHING
    if child := nameless.of_letters(parts, marked.marks):
        known = tuple(sorted(child.base.split()))
        whose = marks.Marked(" ".join(w for w in parts if len(w) > 1), marked.marks, marked.marks)
        return Spelling(core, False, words=known, sounds=known, child=child, marked=whose, parts=known) if known else Spelling(marked=marks.Marked("baby", marked.marks, marked.marks))
    words = tuple(sorted(parts))
    return Spelling(" ".join((core, *(m for m in marked.bare if m not in parts))), False, words=words, sounds=words, marked=marks.Marked("", marked.marks, marked.bare), parts=parts)


def translates(core: str, family: str, mark: str) -> bool:
    """Whether a bracket says nothing but the same name in letters: 王丽(Wang Li)."""
    words = tuple(re.sub(r"[^a-z ]", " ", fold(mark)).split())
    return bool(words) and not is_chinese(mark) and pinyin.of_characters(core, family, words) is Spoken.SAME


def split(folded: str) -> tuple[str, str]:
    """(family, given) of a name in characters; a long name without a known family name is all given, as with Uyghurs and Mongols."""
    size = 2 if folded[:2] in COMPOUND and len(folded) > 2 else 1
    if len(folded) - size > 3:
        return "", folded
    return VARIANTS.get(folded[:size], folded[:size]), folded[size:]


def level(a: Spelling, b: Spelling) -> str:
    """How alike two names are; see model.LEVELS. "" where one says nothing."""
    if not a.full or not b.full:
        one, two = a.marked, b.marked
        return "marked" if not a.full and not b.full and ((one.core == two.core and marks.differ(one, two)) or marks.ranked(one.core, two.core, 1)) else ""
    if a.child or b.child:
        return of_newborns(a, b)
    found = "same" if a.full == b.full else chinese(a, b) if a.chinese and b.chinese else spoken(a, b) if a.chinese or b.chinese else latin(a, b)
    if a.chinese and b.chinese and marks.ranked(a.marked.core, b.marked.core, 2):
        return "marked"
    return "marked" if marks.differ(a.marked, b.marked) and (found in SAME or found == "typo" or alike_but_for_initials(a, b)) else found


def may_be_twins(a: Spelling, b: Spelling, found: str) -> bool:
    """Whether two names that are alike at this level may be two children's of one home: 王浩宇 and 王昊宇, 王心怡 and 王怡心, Maria and Marie, 艾力·买买提 and 买买提·艾力.
    A family name written last, or in another form, and one name in characters and in letters, are one child's."""
    if found == "variant":
        one, two = a.marked.core, b.marked.core
        turned = bool(a.family) and len(one) == len(two) and any(one in (two[n:] + two[:n], two[-n:] + two[:-n]) for n in (len(x.marked.core) - len(x.given) for x in (a, b)) if n)
        return a.chinese and b.chinese and sorted(one) == sorted(two) and not turned
    return found in ("typo", "cut", "part") or (found == "sound" and a.chinese == b.chinese)


def alike_but_for_initials(a: Spelling, b: Spelling) -> bool:
    """Of two names in letters: the same words, other single letters."""
    one, two = (tuple(w for w in s.words if len(w) > 1) for s in (a, b))
    return bool(one) and one == two


def of_newborns(a: Spelling, b: Spelling) -> str:
    if a.child and b.child:
        return of_two_newborns(a, b, a.child, b.child)
    named, nameless = (b, a) if a.child else (a, b)
    whole = bool(nameless.child and nameless.child.whole)
    if named.full == nameless.base or (whole and (one_name(named, nameless) if named.chinese != nameless.chinese else not named.chinese and named.words == nameless.words)):
        return "is_parent"
    return "unnamed_family" if a.family and a.family == b.family else "unnamed"


def of_two_newborns(a: Spelling, b: Spelling, one: Newborn, two: Newborn) -> str:
    """Children of other parents are others, and so are a son and a daughter, and two that are numbered."""
    if one.base != two.base and not one_name(a, b):
        return "other_parents"
    if (one.sex and two.sex and one.sex != two.sex) or (one.order and two.order and one.order != two.order) or (a.marked.core == b.marked.core and marks.differ(a.marked, b.marked)):
        return "marked"
    return "same_parent"


def one_name(a: Spelling, b: Spelling) -> bool:
    """Of a name or a parent's name in characters and one in letters: whether they sound the same; or one is no more than the other's family name."""
    if a.chinese and b.chinese:
        return False
    if a.chinese or b.chinese:
        han, letters = (a, b) if a.chinese else (b, a)
        whose = han.base or han.marked.core
        return any(pinyin.of_characters(whose, han.family, way) is Spoken.SAME for way in (letters.parts, letters.parts[::-1])) or letters.parts == sounds(han.family)
    return set(a.words) <= set(b.words) or set(b.words) <= set(a.words)


def chinese(a: Spelling, b: Spelling) -> str:
    one, two = a.marked.core, b.marked.core
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
    """One in characters, the other in letters: the same where it sounds so, another name where it is a whole other one; all else says nothing."""
    han, letters = (a, b) if a.chinese else (b, a)
    return SPOKEN[pinyin.of_characters(han.marked.core, han.family, letters.parts)]


SPOKEN = {Spoken.SAME: "sound", Spoken.UNCERTAIN: "foreign", Spoken.FAMILY: "family", Spoken.OTHER: "other_pinyin"}


def latin(a: Spelling, b: Spelling) -> str:
    """Words in any order and cut anywhere; typo: the whole name but for a letter or two, part: one of its words, no_word: none. Two Chinese names go by their syllables."""
    if a.words == b.words or "".join(a.words) == "".join(b.words):
        return "variant"
    if pinyin.whole(a.parts) and pinyin.whole(b.parts):
        said = pinyin.of_letters(a.parts, b.parts)
        return "variant" if said is Spoken.SAME else SPOKEN[said]
    if initials(a.words, b.words) or initials(b.words, a.words):
        return "foreign"
    one, two = " ".join(a.words), " ".join(b.words)
    if set(a.words) < set(b.words) or set(b.words) < set(a.words):
        return "cut"
    if OSA.distance(one, two) <= 3 or alike(a.words, b.words) or alike((one.replace(" ", ""),), (two.replace(" ", ""),)):
        return "typo"
    return "part" if any(alike((x,), (y,)) for x in a.words for y in b.words) else "no_word"


def initials(short: tuple[str, ...], long: tuple[str, ...]) -> bool:
    """Whether the first has initials for words that the other has whole: J Wang, Jianguo Wang."""
    letters = sorted(c for w in set(short) - set(long) for c in w)
    left = [w for w in long if w not in short]
    return bool(letters) and set(short) & set(long) != set() and all(len(w) <= 2 for w in set(short) - set(long)) and len(left) <= len(letters) and all(w[0] in letters for w in left) and bool(left)


def alike(a: tuple[str, ...], b: tuple[str, ...]) -> bool:
    """Each word is one of the other's, but for a letter in five."""
    return len(a) == len(b) and all(OSA.distance(x, y) <= max(1, len(x) // 5) + (len(x) > 3) for x, y in zip(a, b, strict=True))
