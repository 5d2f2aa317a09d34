"""Read reference ranges: as structure, and as the texts that laboratories write. What is not
understood says nothing.
"""

import re
import unicodedata
from dataclasses import replace
from typing import Any

from alliance.platform.remembering import remember_short
from records.meaning.flag_words import flag_from_quality
from records.meaning.range_concepts import SEX_WORDS
from records.meaning.reference_ranges import ReferenceRange, convert_range
from records.meaning.result_flags import ResultFlag
from records.meaning.result_grades import parse_grades
from records.meaning.result_units import NONE, unit_from_text, unit_of_quantity
from records.meaning.value_text import LONGEST
from records.meaning.written_units import BILLION, POWERS

NUMBER = r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"

DASHES = str.maketrans({c: "-" for c in "－–—−﹣‐‑―"} | {c: "~" for c in "～〜∼˜﹏"})

PREFIX = re.compile(r"^(?:正常参考值|参考值|参考范围|参考区间|正常值|正常范围)[:：]?")

BETWEEN = re.compile(
    rf"(?P<low>{NUMBER})(?P<unit1>%|[^\d~\-.+<>≤≥至到]*)(?:~|-{{1,4}}|至|到|to|\.\.)(?P<high>{NUMBER})(?P<unit2>.*)",
    re.IGNORECASE,
)

BELOW = re.compile(
    rf"(?P<sign>[<≤]=?|=<|小于等于|不大于|不超过|小于|低于|upto|lessthan)(?P<high>{NUMBER})(?P<unit>.*)|(?P<high2>{NUMBER})(?P<unit2>[^\d]*?)(?P<sign2>以下|以内)",
    re.IGNORECASE,
)

ABOVE = re.compile(
    rf"(?P<sign>[>≥]=?|=>|大于等于|不小于|不低于|大于|高于|morethan)(?P<low>{NUMBER})(?P<unit>.*)|(?P<low2>{NUMBER})(?P<unit2>[^\d]*?)(?P<sign2>以上)",
    re.IGNORECASE,
)

STRICT = frozenset({"<", ">", "小于", "低于", "大于", "高于", "lessthan", "morethan"})

UNIT_TAIL = re.compile(r"[A-Za-zμ%‰°℃个次/^*×·\[\]{}.()\d分拷贝]*")

SEXED = re.compile(
    r"(男性|女性|男|女|(?<![a-zμ])(?:male|female|m|f)(?![a-zμ]))(?:士|子)?[:：]?", re.IGNORECASE
)


def number_from_text(text: str) -> float:
    return float(text.replace(",", ""))


@remember_short
def parse_range(text: str, sex: str = "") -> ReferenceRange:
    """A range in words: "7 ~ 40", "110～160", "<5", "3.5--5.5 mmol/L", "阴性", "男:57-97
    女:41-73". Its bounds are None where it is not understood.
    """
    sent = text.strip()
    if len(sent) > LONGEST:
        return ReferenceRange(text=sent)
    plain = re.sub(
        r"(?<!\d)\s+|\s+(?!\d)",
        "",
        unicodedata.normalize("NFKC", sent.translate(DASHES).translate(POWERS)),
    )  # a space between digits parts two numbers
    plain = PREFIX.sub("", plain)
    if SEXED.match(plain) and (part := part_for_sex(plain, sex)) is not None:
        plain = part
    while len(plain) > 1 and (plain[0], plain[-1]) in (("(", ")"), ("[", "]"), ("【", "】")):
        plain = plain[1:-1]
    if several := parse_grades(plain):
        return ReferenceRange(accepted=several, text=sent)
    if m := re.fullmatch(r"(阴性|阳性)\((.+)\)", plain):
        inner = parse_range(m[2])
        return (
            replace(inner, expected=flag_from_quality(m[1]), text=sent)
            if inner.known
            else ReferenceRange(expected=flag_from_quality(m[1]), text=sent)
        )
    if not re.search(r"[/或、|]", plain) and (said := flag_from_quality(plain)) in (
        ResultFlag.POSITIVE,
        ResultFlag.NORMAL,
    ):
        return ReferenceRange(expected=said, text=sent)
    return replace(parse_numeric_range(plain), text=sent)


def part_for_sex(plain: str, sex: str) -> str | None:
    """The part for this sex of a text that names sexes, "" where it has none."""
    pieces = SEXED.split(plain)
    parts = {
        SEX_WORDS[pieces[i].casefold()]: pieces[i + 1].strip(",;/、，；|.。")
        for i in range(1, len(pieces) - 1, 2)
    }
    return parts.get(sex, "") if pieces[0] == "" else None


def parse_numeric_range(plain: str) -> ReferenceRange:
    if m := BETWEEN.fullmatch(plain):
        low, high = number_from_text(m["low"]), number_from_text(m["high"])
        if (
            low <= high
            and is_unit_text(m["unit1"])
            and is_unit_text(m["unit2"])
            and not (m["low"].startswith("-") and "--" in plain)
        ):
            return ReferenceRange(low, high, unit_from_text(m["unit2"] or m["unit1"]))
    elif (m := BELOW.fullmatch(plain)) and is_unit_text(m["unit"] or m["unit2"] or ""):
        return ReferenceRange(
            high=number_from_text(m["high"] or m["high2"]),
            unit=unit_from_text(m["unit"] or m["unit2"] or ""),
            open_high=(m["sign"] or m["sign2"]).casefold() in STRICT,
        )
    elif (m := ABOVE.fullmatch(plain)) and is_unit_text(m["unit"] or m["unit2"] or ""):
        return ReferenceRange(
            low=number_from_text(m["low"] or m["low2"]),
            unit=unit_from_text(m["unit"] or m["unit2"] or ""),
            open_low=(m["sign"] or m["sign2"]).casefold() in STRICT,
        )
    return ReferenceRange()


def is_unit_text(text: str) -> bool:
    return (bool(UNIT_TAIL.fullmatch(text)) and not re.match(r"[\d.:]", text)) or bool(
        BILLION.fullmatch(text.replace(" ", ""))
    )


def read_range(node: dict[str, Any], sex: str) -> ReferenceRange:
    """One referenceRange, whomever it is for."""
    low, high = read_number(node.get("low")), read_number(node.get("high"))
    text = str(node.get("text") or "").strip()
    if low is None and high is None:
        return parse_range(text, sex) if text else ReferenceRange()
    if is_disputed(node, sex):
        return ReferenceRange(text=text)
    units = {
        u.code: u for u in map(unit_of_quantity, (node.get("low"), node.get("high"))) if u.code
    }
    if (
        len(units) > 1
        or any(u.odd for u in units.values())
        or (low is not None and high is not None and low > high)
    ):
        return ReferenceRange(text=text)
    return ReferenceRange(low, high, next(iter(units.values()), NONE), text=text)


def is_disputed(node: dict[str, Any], sex: str = "") -> bool:
    """Whether its text gives other bounds than its numbers."""
    low, high, said = (
        read_number(node.get("low")),
        read_number(node.get("high")),
        parse_range(str(node.get("text") or ""), sex),
    )
    if (low is None and high is None) or (said.low is None and said.high is None):
        return False
    by = next(
        (u.code for u in map(unit_of_quantity, (node.get("low"), node.get("high"))) if u.code), ""
    )
    same = convert_range(said, by) if by else said
    return same is None or (same.low or 0.0) != (low or 0.0) or same.high != high


def read_number(quantity: Any) -> float | None:
    value = quantity.get("value") if isinstance(quantity, dict) else None
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
