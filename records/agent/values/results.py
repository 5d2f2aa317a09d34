"""Read results as laboratories write them: number with comparator and mark, or words; reference
ranges; flags (HL7 v3 ObservationInterpretation). What is not surely a number stays words.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from .numbers import fold_number

COMPARATORS = {
    "<": "<",
    ">": ">",
    "<=": "<=",
    ">=": ">=",
    "≤": "<=",
    "≥": ">=",
    "=<": "<=",
    "=>": ">=",
}
COMPARATORS.update(
    {"≦": "<=", "≧": ">=", "﹤": "<", "﹥": ">", "小于": "<", "大于": ">", "＜": "<", "＞": ">"}
)
UP, DOWN = "↑⬆▲⇑", "↓⬇▼⇓"
CHINESE_MARKS = "偏高|偏低|升高|降低|高|低|异常|危急值|危急"
VALUE = re.compile(
    r"(?P<sign>[<>]=?|=[<>]|[≤≥≦≧]|小于|大于)?\s*(?P<number>-?(?:\d[\d,]*(?:\.\d+)?|\.\d+)(?:E[+-]?\d{1,2})?)"
    rf"\s*(?P<unit>[%‰]|[A-Za-zμµ个^*/\d.×]*[A-Za-zμµ个]?/(?=[^A-Za-zμµ]*[A-Za-zμµ])[A-Za-zμµ\d.^*]+)??"
    rf"\s*(?P<mark>[{UP}]{{1,3}}|[{DOWN}]{{1,3}}|\*{{1,2}}|\(\s*(?:{CHINESE_MARKS}|H|L|HH|LL)\s*\)|{CHINESE_MARKS}|HH?|LL?)?",
    re.IGNORECASE,
)
LEADING_ZEROS = re.compile(r"-?0\d")

NUMBER = r"[+-]?\d+(?:\.\d+)?"
DASHES = str.maketrans(
    {**dict.fromkeys("－–—−﹣‐‑―", "-"), **dict.fromkeys("～〜∼˜﹏", "~"), "。": ".", "．": "."}
)
RANGE_UNIT = r"(?:\s*[A-Za-zμµ%‰°℃个/^*×\d.]*[A-Za-zμµ%‰℃个])?"
BETWEEN = re.compile(
    rf"[(\[]?\s*({NUMBER}){RANGE_UNIT}\s*(?:-{{1,4}}|~{{1,2}}|至|到)\s*({NUMBER}){RANGE_UNIT}\s*[)\]]?"
)
BELOW = re.compile(rf"(?:<=?|≤|=<|小于|低于|不大于|不超过)\s*({NUMBER}){RANGE_UNIT}")
ABOVE = re.compile(rf"(?:>=?|≥|=>|大于|高于|不小于|不低于)\s*({NUMBER}){RANGE_UNIT}")
PREFIX = re.compile(r"^(?:正常)?(?:参考)?(?:值|范围|区间)?\s*[:：]\s*")

FLAGS = {
    word: code
    for code, words in (
        ("H", "h 高 偏高 升高 增高 ↑ ⬆ ▲ high hi +h 高于参考值 高于正常 略高 轻度升高"),
        ("L", "l 低 偏低 降低 减低 ↓ ⬇ ▼ low lo 低于参考值 低于正常 略低 轻度降低"),
        ("HH", "hh ↑↑ ↑↑↑ 危急高 危急值高 危急高值 高危急值 极高"),
        ("LL", "ll ↓↓ ↓↓↓ 危急低 危急值低 危急低值 低危急值 极低"),
        ("AA", "aa 危急值 危急 危 !! critical"),
        ("A", "a 异常 * ** 不正常 abnormal abn !"),
        ("N", "n 正常 m normal nl 正常范围 z 参考范围内"),
        ("POS", "pos 阳性 阳 + ++ +++ ++++ 弱阳性 强阳性 positive p (+) 阳性(+)"),
        ("NEG", "neg 阴性 阴 negative (-) 阴性(-)"),
        ("IND", "± +- 可疑 临界 灰区"),
    )
    for word in words.split(" ")
}
FLAG_NAMES = {
    "H": "High",
    "L": "Low",
    "HH": "Critical high",
    "LL": "Critical low",
    "AA": "Critical abnormal",
    "A": "Abnormal",
    "N": "Normal",
    "POS": "Positive",
    "NEG": "Negative",
    "IND": "Indeterminate",
}
QUALITY = re.compile(
    r"(?P<neg>阴性?|negative|neg|未检出|未检到|\(-\)|无反应性?|非反应性)|(?P<ind>弱阳性?可疑|可疑|±|\+-|\+/-|\(±\)|临界|灰区)"
    r"|(?P<pos>(?:弱|强|中)?阳性?|positive|pos|检出|有反应性|反应性|[1-4]?\+{1,4}|[1-4]\+|\+[1-4]|\(\+{1,4}\))",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class ParsedResult:
    """number: None for words. unit and mark: what stood behind the number in the same cell."""

    text: str
    number: Decimal | None = None
    comparator: str = ""
    unit: str = ""
    mark: str = ""


@lru_cache(maxsize=1 << 14)
def parse_result(text: str) -> ParsedResult:
    """Never fails: what is no number is words, as written."""
    folded = unicodedata.normalize("NFKC", text).strip() if not text.isascii() else text
    m = VALUE.fullmatch(folded.replace("。", "."))
    if m is None:
        bare = fold_number(folded)
        m = VALUE.fullmatch(bare) if bare != folded else None
    if m is None:
        return ParsedResult(text)
    written = fold_number(m["number"])
    if LEADING_ZEROS.match(written) or written.count(",") or len(written) > 30:
        return ParsedResult(text)
    number = Decimal(written if not written.startswith(".") else f"0{written}")
    return ParsedResult(
        text,
        number,
        COMPARATORS.get(m["sign"] or "", ""),
        m["unit"] or "",
        (m["mark"] or "").strip("() "),
    )


@lru_cache(maxsize=1 << 12)
def flag_code(text: str) -> str:
    """The code of a flag's word or sign; "" where it is not known."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    word = "".join(folded.split()).strip("[]【】")
    return FLAGS.get(word) or FLAGS.get(word.strip("()"), "")


@lru_cache(maxsize=1 << 12)
def quality_code(text: str) -> str:
    """POS, NEG or IND of a result in words: 阴性(-), +-, 1+; "" for any other."""
    folded = "".join(unicodedata.normalize("NFKC", text).casefold().split())
    kinds, end = set(), 0
    for m in QUALITY.finditer(folded):
        if m.start() != end:
            return ""
        kinds.add(m.lastgroup)
        end = m.end()
    if end != len(folded) or len(kinds) != 1:
        return ""
    return {"neg": "NEG", "pos": "POS", "ind": "IND"}[str(kinds.pop())]


@lru_cache(maxsize=1 << 12)
def parse_range(text: str) -> tuple[Decimal | None, Decimal | None]:
    """(low, high); both None for words, for several parts, and for bounds the wrong way round."""
    plain = PREFIX.sub("", unicodedata.normalize("NFKC", text.translate(DASHES)).strip())
    if m := BETWEEN.fullmatch(plain):
        low, high = Decimal(m[1]), Decimal(m[2])
        return (low, high) if low <= high else (None, None)
    if m := BELOW.fullmatch(plain):
        return None, Decimal(m[1])
    if m := ABOVE.fullmatch(plain):
        return Decimal(m[1]), None
    return None, None


def is_turned(text: str) -> bool:
    plain = PREFIX.sub("", unicodedata.normalize("NFKC", text.translate(DASHES)).strip())
    m = BETWEEN.fullmatch(plain)
    return bool(m and Decimal(m[1]) > Decimal(m[2]))
