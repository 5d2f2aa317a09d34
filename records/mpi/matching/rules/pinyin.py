"""Chinese names in Latin letters (Hanyu Pinyin, GB/T 16159; names GB/T 28039): whole syllables
against the readings of characters, or against other syllables. What is not clearly pinyin
(initials, Wade-Giles, Cantonese or Hokkien spellings, western given names) is uncertain. Pure.
"""

from collections.abc import Iterator
from enum import StrEnum
from functools import cache, lru_cache
from itertools import product

from records.mpi.matching.rules.pinyin_reading import pinyin_readings

MAX_WORD_LENGTH = 24  # letters of one word that is cut into syllables
MAX_CUTS = 64  # ways to read one name that are tried
# initial: the finals that follow it (GB/T 16159, table of syllables), as they are typed: v for ü,
# and lyu, nyu of passports
FINALS = {
    "": "a ai an ang ao e ei en er o ou",
    "b": "a ai an ang ao ei en eng i ian iao ie in ing o u",
    "p": "a ai an ang ao ei en eng i ian iao ie in ing o ou u",
    "m": "a ai an ang ao e ei en eng i ian iao ie in ing iu o ou u",
    "f": "a an ang ei en eng o ou u",
    "d": "a ai an ang ao e ei en eng i ia ian iao ie ing iu ong ou u uan ui un uo",
    "t": "a ai an ang ao e eng i ian iao ie ing ong ou u uan ui un uo",
    "n": "a ai an ang ao e ei en eng i ian iang iao ie in ing iu ong ou u uan ue uo v ve yu",
    "l": "a ai an ang ao e ei eng i ia ian iang iao ie in ing iu ong ou u uan ue un uo v ve yu",
    "g": "a ai an ang ao e ei en eng ong ou u ua uai uan uang ui un uo",
    "k": "a ai an ang ao e en eng ong ou u ua uai uan uang ui un uo",
    "h": "a ai an ang ao e ei en eng ong ou u ua uai uan uang ui un uo",
    "j": "i ia ian iang iao ie in ing iong iu u uan ue un",
    "q": "i ia ian iang iao ie in ing iong iu u uan ue un",
    "x": "i ia ian iang iao ie in ing iong iu u uan ue un",
    "zh": "a ai an ang ao e ei en eng i ong ou u ua uai uan uang ui un uo",
    "ch": "a ai an ang ao e en eng i ong ou u ua uai uan uang ui un uo",
    "sh": "a ai an ang ao e ei en eng i ou u ua uai uan uang ui un uo",
    "r": "an ang ao e en eng i ong ou u uan ui un uo",
    "z": "a ai an ang ao e ei en eng i ong ou u uan ui un uo",
    "c": "a ai an ang ao e en eng i ong ou u uan ui un uo",
    "s": "a ai an ang ao e en eng i ong ou u uan ui un uo",
    "y": "a an ang ao e i in ing o ong ou u uan ue un",
    "w": "a ai an ang ei en eng o u",
}
SYLLABLES = frozenset(
    initial + final for initial, finals in FINALS.items() for final in finals.split()
)
# The family names of nine in ten people, and the compound ones: a name in letters without one of
# these is not taken for a Chinese one.
FAMILIES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董潘袁蔡蒋余于杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵"
    "万钱严覃武戴莫孔向汤常温康施文牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单裴霍涂成苗谷曲盛冉翁蓝路游辛靳管柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤阳时穆农司卓古吉缪简车项连芦"
    "麦褚娄窦戚岑景党宫费卜冷晏席卫米柏宗瞿桂全佟应臧闵苟邬边卞姬师和仇栾隋商刁沙荣巫寇桑郎甄丛仲虞敖巩明佘池查麻苑迟邝朴区乐盖员封谈匡鞠惠荆栗花初计满冀"
).replace(" ", "")
COMPOUND = (
    "ou yang",
    "si tu",
    "si ma",
    "shang guan",
    "zhu ge",
    "dong fang",
    "huang fu",
    "yu chi",
    "gong sun",
    "mu rong",
    "ling hu",
    "xia hou",
    "zhang sun",
    "duan mu",
    "mo qi",
    "nan gong",
)
# Whole words that read as pinyin but are more often something else.
WADE_OR_CANTONESE = frozenset({"chan", "chang"})
WESTERN = frozenset(
    [
        "ada",
        "ali",
        "alan",
        "alana",
        "alice",
        "adele",
        "adan",
        "amanda",
        "angela",
        "anita",
        "anna",
        "ben",
        "china",
        "dan",
        "dana",
        "danni",
        "dina",
        "diana",
        "duke",
        "eden",
        "eli",
        "elena",
        "emi",
        "gala",
        "gene",
        "hana",
        "hannah",
        "hugo",
        "jude",
        "jule",
        "julia",
        "julian",
        "juliana",
        "julie",
        "june",
        "kane",
        "kate",
        "ken",
        "lance",
        "lara",
        "lena",
        "lina",
        "linda",
        "lisa",
        "liza",
        "lola",
        "luca",
        "lucia",
        "luke",
        "lulu",
        "mandi",
        "maria",
        "melinda",
        "mia",
        "mike",
        "mimi",
        "mina",
        "mona",
        "monica",
        "nadia",
        "nancy",
        "nana",
        "nate",
        "nike",
        "nina",
        "pamela",
        "pete",
        "pia",
        "rene",
        "sandi",
        "selena",
        "sean",
        "shane",
        "susan",
        "tate",
        "tina",
        "tia",
        "una",
        "wade",
        "wale",
        "wanda",
        "zane",
    ]
)
# A spelling of Hong Kong, Macau or overseas that reads as another pinyin: whose family name it may
# be.
DIALECT = {
    "chu": "朱",
    "fan": "范樊",
    "goh": "吴",
    "ho": "何",
    "hong": "洪康",
    "hui": "许",
    "kan": "简",
    "kong": "江",
    "ku": "古顾",
    "lai": "黎",
    "lin": "连练莲",
    "ling": "凌",
    "lu": "卢鲁陆",
    "man": "文",
    "mo": "巫毛",
    "ning": "宁",
    "pan": "潘",
    "pang": "彭",
    "sha": "谢",
    "shen": "岑",
    "su": "苏",
    "sun": "孙",
    "tan": "陈谈",
    "tang": "邓汤",
    "tong": "唐汤董",
    "wan": "温尹云",
    "wang": "黄",
    "wei": "韦卫",
    "wu": "胡",
    "yu": "余于俞尤",
}
ACCENT = (
    ("zh", "z"),
    ("ch", "c"),
    ("sh", "s"),
    ("ang", "an"),
    ("eng", "en"),
    ("ing", "in"),
)  # what speakers of the south do not tell apart
Readings = tuple[frozenset[str], ...]  # of each character
Syllables = tuple[str, ...]


class PinyinMatch(StrEnum):
    """How a name in letters stands to another name; FAMILY: another whole name of the same
    family name.
    """

    SAME = "same"
    UNCERTAIN = "uncertain"
    FAMILY = "family"
    OTHER = "other"


def plain_syllable(syllable: str) -> str:
    """One way to type ü: lv, lyu, lü and lu are lu."""
    return (
        syllable[0] + syllable[1:].replace("yu", "u").replace("v", "u")
        if syllable[0] in "ln"
        else syllable
    )


@lru_cache(10_000)
def readings_by_character(folded: str) -> Readings:
    """Of each character of a folded name what it may be read as; a character whose sound is not
    known stands for itself.
    """
    return tuple(
        frozenset(map(plain_syllable, each)) for each in zip(*pinyin_readings(folded), strict=True)
    )


@cache
def family_syllables() -> frozenset[str]:
    return frozenset(r for c in FAMILIES for way in pinyin_readings(c) for r in way)


@lru_cache(10_000)
def cut_syllables(word: str) -> tuple[Syllables, ...]:
    """All ways to cut a word into whole syllables; none for what is not pinyin, for a single
    letter, and for what is longer than any name.
    """
    if len(word) > MAX_WORD_LENGTH or len(word) < 2:
        return ()
    ways: list[list[Syllables]] = [[] for _ in range(len(word) + 1)]
    ways[0] = [()]
    for end in range(1, len(word) + 1):
        for start in range(max(0, end - 6), end):
            if word[start:end] in SYLLABLES:
                ways[end] += [(*way, plain_syllable(word[start:end])) for way in ways[start]][
                    :MAX_CUTS
                ]
    return tuple(w for w in ways[-1] if len(w) <= 5)


def iter_name_cuts(words: Syllables) -> Iterator[Syllables]:
    """A name's words in turn, from each of them on (family name first or last), cut into
    syllables.
    """
    for first in range(len(words)):
        for parts in product(*(cut_syllables(w)[:8] for w in words[first:] + words[:first])):
            yield tuple(s for part in parts for s in part)


@lru_cache(10_000)
def name_cuts(words: Syllables) -> frozenset[Syllables]:
    return frozenset(iter_name_cuts(words)) if len(words) <= 5 else frozenset()


@lru_cache(10_000)
def is_whole_pinyin_name(words: Syllables) -> bool:
    """Whether this is a whole Chinese name in pinyin: a family name first or last with a given
    name of one or two syllables, and no word that is more often another language's.
    """
    if any(w in WESTERN or w in WADE_OR_CANTONESE for w in words):
        return False
    return any(starts_with_family(w) for w in name_cuts(words)) and (
        len(words) == 1 or is_family_name(words[0]) or is_family_name(words[-1])
    )


def is_family_name(word: str) -> bool:
    """Whether a word is a family name and no more."""
    return any(
        (len(way) == 1 and way[0] in family_syllables()) or " ".join(way) in COMPOUND
        for way in cut_syllables(word)
    )


def starts_with_family(syllables: Syllables) -> bool:
    """Whether they begin with a family name that one or two more follow."""
    return (syllables[0] in family_syllables() and 2 <= len(syllables) <= 3) or (
        " ".join(syllables[:2]) in COMPOUND and 3 <= len(syllables) <= 4
    )


def fits_readings(syllables: Syllables, name: Readings) -> bool:
    return len(syllables) == len(name) and all(s in r for s, r in zip(syllables, name, strict=True))


def wade_giles_readings(syllable: str) -> frozenset[str]:
    """What it is in pinyin if it was written after Wade and Giles, without their apostrophes."""
    out = {syllable, "you"} if syllable == "yu" else {syllable}
    for initial, others in (
        ("ch", ("zh", "j", "q")),
        ("k", ("g",)),
        ("p", ("b",)),
        ("t", ("d",)),
        ("j", ("r",)),
    ):
        if syllable.startswith(initial):
            out |= {other + syllable[len(initial) :] for other in others}
    return frozenset(out)


def drop_accent(syllable: str) -> str:
    for one, other in ACCENT:
        syllable = syllable.replace(one, other)
    return syllable


def is_shortened_name(one: Readings, two: Readings) -> bool:
    """Whether one of two names is the other without some of its syllables."""
    short, long = sorted((one, two), key=len)
    rest = iter(long)
    return len(short) < len(long) and all(any(s & x for x in rest) for s in short)


def is_explained_difference(syllables: Syllables, name: Readings) -> bool:
    """Whether another spelling, an accent or a name cut short explains the difference."""
    if is_shortened_name(tuple(frozenset({s}) for s in syllables), name):
        return True
    if len(syllables) != len(name):
        return False
    return all(wade_giles_readings(s) & r for s, r in zip(syllables, name, strict=True)) or all(
        drop_accent(s) in {drop_accent(x) for x in r} for s, r in zip(syllables, name, strict=True)
    )


def match_characters(folded: str, family: str, words: Syllables) -> PinyinMatch:
    """A name in letters, in its words' order, against one in characters with its family name (""
    where it is not known).
    """
    size = len(family)
    told = readings_by_character(folded)
    orders = (told, told[size:] + told[:size]) if size else (told,)
    found = name_cuts(words)
    if any(fits_readings(w, o) for w in found for o in orders):
        return PinyinMatch.SAME
    if (
        not is_whole_pinyin_name(words)
        or any(not next(iter(r)).isascii() for r in told)
        or any(folded[:1] in DIALECT.get(w, "") for w in (words[0], words[-1]))
    ):
        return PinyinMatch.UNCERTAIN
    if any(is_explained_difference(w, o) for w in found for o in orders):
        return PinyinMatch.UNCERTAIN
    return (
        PinyinMatch.FAMILY
        if size and any(fits_readings(w[:size], told[:size]) for w in found)
        else PinyinMatch.OTHER
    )


def match_letters(one: Syllables, two: Syllables) -> PinyinMatch:
    """Two names in letters; uncertain unless both are whole Chinese ones."""
    if not is_whole_pinyin_name(one) or not is_whole_pinyin_name(two):
        return PinyinMatch.UNCERTAIN
    a, b = name_cuts(one), name_cuts(two)
    if a & b:
        return PinyinMatch.SAME
    if any(
        is_explained_difference(x, tuple(frozenset({s}) for s in y))
        or is_explained_difference(y, tuple(frozenset({s}) for s in x))
        for x in a
        for y in b
    ):
        return PinyinMatch.UNCERTAIN
    ends = [{w for w in (x[0], x[-1]) if w in family_syllables()} for x in (one, two)]
    return PinyinMatch.FAMILY if ends[0] & ends[1] else PinyinMatch.OTHER
