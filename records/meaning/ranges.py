"""Reference ranges: as structure, and as the texts that laboratories write; which one fits a patient, and where a number stands to it
(FHIR R4 Observation.referenceRange). What is not understood says nothing."""

import re
import unicodedata
from dataclasses import dataclass, replace
from typing import Any

from records.meaning.ages import days_passed, months_passed
from records.meaning.marks import Flag, grades, quality
from records.meaning.units import BILLION, NONE, POWERS, Unit, convert, unit, unit_of
from records.meaning.values import LONGEST, join_bounds

NUMBER = r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"
DASHES = str.maketrans({c: "-" for c in "－–—−﹣‐‑―"} | {c: "~" for c in "～〜∼˜﹏"})
PREFIX = re.compile(r"^(?:正常参考值|参考值|参考范围|参考区间|正常值|正常范围)[:：]?")
BETWEEN = re.compile(rf"(?P<low>{NUMBER})(?P<unit1>%|[^\d~\-.+<>≤≥至到]*)(?:~|-{{1,4}}|至|到|to|\.\.)(?P<high>{NUMBER})(?P<unit2>.*)", re.IGNORECASE)
BELOW = re.compile(rf"(?P<sign>[<≤]=?|=<|小于等于|不大于|不超过|小于|低于|upto|lessthan)(?P<high>{NUMBER})(?P<unit>.*)|(?P<high2>{NUMBER})(?P<unit2>[^\d]*?)(?P<sign2>以下|以内)", re.IGNORECASE)
ABOVE = re.compile(rf"(?P<sign>[>≥]=?|=>|大于等于|不小于|不低于|大于|高于|morethan)(?P<low>{NUMBER})(?P<unit>.*)|(?P<low2>{NUMBER})(?P<unit2>[^\d]*?)(?P<sign2>以上)", re.IGNORECASE)
STRICT = frozenset({"<", ">", "小于", "低于", "大于", "高于", "lessthan", "morethan"})
UNIT_TAIL = re.compile(r"[A-Za-zμ%‰°℃个次/^*×·\[\]{}.()\d分拷贝]*")
SEXED = re.compile(r"(男性|女性|男|女|(?<![a-zμ])(?:male|female|m|f)(?![a-zμ]))(?:士|子)?[:：]?", re.IGNORECASE)
SEX_WORDS = {"男": "male", "男性": "male", "male": "male", "m": "male", "女": "female", "女性": "female", "female": "female", "f": "female"}
# 1 and 2 are sexes in one table and phases or groups in another: they choose no range
SEX_CODES = {"248153007": "male", "248152002": "female", "M": "male", "F": "female", "male": "male", "female": "female"}
ALL = frozenset({"全部", "所有", "所有人", "all", "any", "不限", "通用", "成人及儿童"})
NORMAL_TYPES = frozenset({"normal"})
NORMAL_WORDS = frozenset({"正常", "正常范围", "正常值", "参考范围", "参考值", "参考区间", "生物参考区间", "normal", "normalrange", "referencerange", "referenceinterval"})
GROUPS = re.compile(
    r"儿童|小儿|患儿|新生儿|婴|幼儿|少年|学龄|早产|足月|脐血|孕|妊娠|产妇|哺乳|绝经|卵泡|黄体|排卵|月经|老年|老人|吸烟|透析|糖尿病|治疗|目标|\d(?:岁|个?月|天|日龄|周|y\b|years?)|"
    r"\b(?:child|children|p(?:a)?ediatrics?|neonat\w*|newborns?|infants?|bab(?:y|ies)|adolescents?|pregnan\w*|trimester|follic\w*|luteal|midcycle|\w*menopaus\w*|elderly|smokers?|"
    r"therap\w*|target|goal|boys?|girls?)\b", re.IGNORECASE)
ADULTS = re.compile(r"成人|成年|\badults?\b", re.IGNORECASE)
MONTHS, DAYS = {"a": 12, "mo": 1}, {"d": 1, "wk": 7}


@dataclass(frozen=True, slots=True)
class Range:
    """Bounds in `unit` (NONE: that of the value); open_low, open_high: the bound itself lies outside; expected: a quality ("阴性") instead of numbers;
    accepted: several grades of one ("阴性/弱阳性"); text: as sent."""

    low: float | None = None
    high: float | None = None
    unit: Unit = NONE
    open_low: bool = False
    open_high: bool = False
    expected: Flag = Flag.NONE
    text: str = ""
    accepted: frozenset[str] = frozenset()

    @property
    def known(self) -> bool:
        return self.low is not None or self.high is not None or self.graded

    @property
    def graded(self) -> bool:
        return self.expected is not Flag.NONE or bool(self.accepted)


@dataclass(frozen=True, slots=True)
class Patient:
    """Of whom a result is: FHIR gender and birth date, "" where they are not known."""

    sex: str = ""
    birth: str = ""


def number(text: str) -> float:
    return float(text.replace(",", ""))


def parsed(text: str, sex: str = "") -> Range:
    """A range in words: "7 ~ 40", "110～160", "<5", "3.5--5.5 mmol/L", "阴性", "男:57-97 女:41-73". Its bounds are None where it is not understood."""
    sent = text.strip()
    if len(sent) > LONGEST:
        return Range(text=sent)
    plain = re.sub(r"(?<!\d)\s+|\s+(?!\d)", "", unicodedata.normalize("NFKC", sent.translate(DASHES).translate(POWERS)))  # a space between digits parts two numbers
    plain = PREFIX.sub("", plain)
    if SEXED.match(plain) and (part := of_sex(plain, sex)) is not None:
        plain = part
    while len(plain) > 1 and (plain[0], plain[-1]) in (("(", ")"), ("[", "]"), ("【", "】")):
        plain = plain[1:-1]
    if several := grades(plain):
        return Range(accepted=several, text=sent)
    if m := re.fullmatch(r"(阴性|阳性)\((.+)\)", plain):
        inner = parsed(m[2])
        return replace(inner, expected=quality(m[1]), text=sent) if inner.known else Range(expected=quality(m[1]), text=sent)
    if not re.search(r"[/或、|]", plain) and (said := quality(plain)) in (Flag.POSITIVE, Flag.NORMAL):
        return Range(expected=said, text=sent)
    return replace(numbers(plain), text=sent)


def of_sex(plain: str, sex: str) -> str | None:
    """The part for this sex of a text that names sexes, "" where it has none."""
    pieces = SEXED.split(plain)
    parts = {SEX_WORDS[pieces[i].casefold()]: pieces[i + 1].strip(",;/、，；|.。") for i in range(1, len(pieces) - 1, 2)}
    return parts.get(sex, "") if pieces[0] == "" else None


def numbers(plain: str) -> Range:
    if m := BETWEEN.fullmatch(plain):
        low, high = number(m["low"]), number(m["high"])
        if low <= high and good_unit(m["unit1"]) and good_unit(m["unit2"]) and not (m["low"].startswith("-") and "--" in plain):
            return Range(low, high, unit(m["unit2"] or m["unit1"]))
    elif (m := BELOW.fullmatch(plain)) and good_unit(m["unit"] or m["unit2"] or ""):
        return Range(high=number(m["high"] or m["high2"]), unit=unit(m["unit"] or m["unit2"] or ""), open_high=(m["sign"] or m["sign2"]).casefold() in STRICT)
    elif (m := ABOVE.fullmatch(plain)) and good_unit(m["unit"] or m["unit2"] or ""):
        return Range(low=number(m["low"] or m["low2"]), unit=unit(m["unit"] or m["unit2"] or ""), open_low=(m["sign"] or m["sign2"]).casefold() in STRICT)
    return Range()


def good_unit(text: str) -> bool:
    return (bool(UNIT_TAIL.fullmatch(text)) and not re.match(r"[\d.:]", text)) or bool(BILLION.fullmatch(text.replace(" ", "")))


def read(node: dict[str, Any], sex: str) -> Range:
    """One referenceRange, whomever it is for."""
    low, high = read_number(node.get("low")), read_number(node.get("high"))
    text = str(node.get("text") or "").strip()
    if low is None and high is None:
        return parsed(text, sex) if text else Range()
    if disputed(node, sex):
        return Range(text=text)
    units = {u.code: u for u in map(unit_of, (node.get("low"), node.get("high"))) if u.code}
    if len(units) > 1 or any(u.odd for u in units.values()) or (low is not None and high is not None and low > high):
        return Range(text=text)
    return Range(low, high, next(iter(units.values()), NONE), text=text)


def disputed(node: dict[str, Any], sex: str = "") -> bool:
    """Whether its text gives other bounds than its numbers."""
    low, high, said = read_number(node.get("low")), read_number(node.get("high")), parsed(str(node.get("text") or ""), sex)
    if (low is None and high is None) or (said.low is None and said.high is None):
        return False
    by = next((u.code for u in map(unit_of, (node.get("low"), node.get("high"))) if u.code), "")
    same = in_unit(said, by) if by else said
    return same is None or (same.low or 0.0) != (low or 0.0) or same.high != high


def concerns(text: str, patient: Patient, at: str) -> bool:
    """Whether a text beside bounds leaves them to this patient: False where it names a group, unless that is adults or their sex; and where
    it is too long to be read."""
    if len(text) > LONGEST:
        return False
    plain = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))
    if GROUPS.search(text) or GROUPS.search(plain):
        return False
    if ADULTS.search(text):
        years = completed(patient.birth, at, "a")
        return years is not None and years[0] >= 18
    sexes = {SEX_WORDS[w.casefold()] for w in SEXED.findall(plain)}
    return not sexes or patient.sex in sexes


def read_number(quantity: Any) -> float | None:
    value = quantity.get("value") if isinstance(quantity, dict) else None
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def make_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value] if value else []


def words_of(concept: Any) -> list[str]:
    if not isinstance(concept, dict):
        return []
    found = [str(concept.get("text") or ""), *(str(c.get(k) or "") for c in make_list(concept.get("coding")) if isinstance(c, dict) for k in ("code", "display"))]
    return [re.sub(r"\s+", "", w) for w in found if w]


def normal(node: dict[str, Any]) -> bool:
    """Whether it tells what is normal: not a treatment's goal, a phase of the cycle, a recommendation."""
    kind = node.get("type")
    if isinstance(kind, str):
        kind = {"text": kind}
    if kind and not isinstance(kind, dict):
        return False
    codes = {str(c.get("code")) for c in make_list((kind or {}).get("coding")) if isinstance(c, dict)}
    return not kind or (codes <= NORMAL_TYPES if codes else any(w.casefold() in NORMAL_WORDS for w in words_of(kind)))


def fits(node: dict[str, Any], patient: Patient, at: str) -> int | None:
    """How many conditions of a range the patient meets at the time of the result; None where one is not met, or cannot be judged."""
    met = 0
    if not concerns(str(node.get("text") or "") if "low" in node or "high" in node else "", patient, at):
        return None
    for concept in make_list(node.get("appliesTo")):
        said = {SEX_WORDS.get(w.casefold(), SEX_CODES.get(w)) for w in words_of(concept)} - {None}
        if any(w.casefold() in ALL for w in words_of(concept)):
            continue
        if len(said) != 1 or said != {patient.sex}:
            return None
        met += 1
    if isinstance(node.get("age"), dict):
        if not of_age(node["age"], patient.birth, at):
            return None
        met += 1
    return met


def of_age(age: dict[str, Any], birth: str, at: str) -> bool:
    """Whether somebody's completed years, months, weeks or days lie within; False where the dates are too coarse to tell."""
    for name in ("low", "high"):
        bound = age.get(name)
        if not isinstance(bound, dict):
            continue
        value, passed = read_number(bound), completed(birth, at, unit_of(bound).code)
        if value is None or passed is None or (passed[0] < value if name == "low" else passed[1] > value):
            return False
    return "low" in age or "high" in age


def completed(birth: str, at: str, by: str) -> tuple[int, int] | None:
    """(least, most) whole units that have passed since birth; None where that cannot be said."""
    if by in MONTHS:
        months = months_passed(birth, at)
        return months and (months[0] // MONTHS[by], months[1] // MONTHS[by])
    days = days_passed(birth, at) if by in DAYS else None
    return None if days is None else (int(days / DAYS[by]), int(days / DAYS[by]))


def choose(nodes: Any, patient: Patient, at: str, unit_code: str = "") -> Range | None:
    """The one range that tells what is normal for this patient at this time, text as sent; None where none does, or several do that differ."""
    found: dict[Range, tuple[int, str]] = {}
    for node in nodes if isinstance(nodes, list) else []:
        met = fits(node, patient, at) if isinstance(node, dict) and normal(node) else None
        if met is not None and (one := replace(read(node, patient.sex), text="")).known:
            found[one] = max((met, shown(node, unit_code, whole=False)), found.get(one, (0, "")))
    most = max((met for met, _ in found.values()), default=0)
    best = [replace(r, text=text) for r, (met, text) in found.items() if met == most]
    return best[0] if len(best) == 1 else None


def summary(nodes: Any, fit: Range | None, unit_code: str, chinese: bool = True) -> str:
    """What stands beside a value: the range that fits, then those that are no norm (a treatment's goal), each with its name; where none fits, all as sent."""
    known = [n for n in nodes if isinstance(n, dict)] if isinstance(nodes, list) else []
    apart = "；" if chinese else "; "
    if fit is None:
        return apart.join(filter(None, (shown(n, unit_code, chinese=chinese) for n in known)))
    return apart.join(filter(None, (fit.text, *(shown(n, unit_code, chinese=chinese) for n in known if not normal(n)))))


def shown(node: dict[str, Any], unit_code: str = "", whole: bool = True, chinese: bool = True) -> str:
    """As sent: its text, or its bounds, with their unit where it is not the value's; whole: and whom or what it is for."""
    ends: list[dict[str, Any]] = [e if isinstance(e := node.get(k), dict) else {} for k in ("low", "high")]
    units = [unit_of(e) for e in ends if e]
    body = str(node.get("text") or "").strip() or join_bounds(*map(exact, ends))
    if not node.get("text") and any(u.code not in ("", unit_code) for u in units):
        alike = len({u.code for u in units}) == 1
        body = f"{body} {units[0].shown()}" if alike else "–".join(f"{exact(e)} {unit_of(e).shown()}".strip() for e in ends if e)
    if node.get("text") and (disputed(node) or (not parsed(body).known and any(e and exact(e) not in body for e in ends))):
        body = f"{body}{'；' if chinese else '; '}{join_bounds(*map(exact, ends))}"
    for_whom = [name for concept in (node.get("type"), *make_list(node.get("appliesTo"))) if (name := label(concept))]
    if isinstance(age := node.get("age"), dict):
        for_whom.append(ages(age, chinese))
    return f"{'·'.join(filter(None, for_whom))}{'：' if chinese else ': '}{body}" if whole and any(for_whom) and body else body


def ages(age: dict[str, Any], chinese: bool) -> str:
    """Both ends, or one with its direction in words: "18岁及以上", "up to 17 y"."""
    low, high = (f"{exact(e)}{unit_of(e).shown(chinese)}" if isinstance(e := age.get(k), dict) and "value" in e else "" for k in ("low", "high"))
    if low and high:
        return f"{low}–{high}"
    if chinese:
        return f"{low}及以上" if low else f"{high}及以下" if high else ""
    return f"{low} and over" if low else f"up to {high}" if high else ""


def label(concept: Any) -> str:
    if not isinstance(concept, dict):
        return concept if isinstance(concept, str) and concept.casefold() not in NORMAL_WORDS else ""
    found = [c for c in make_list(concept.get("coding")) if isinstance(c, dict)]
    sexes = {SEX_CODES.get(str(c.get("code"))) for c in found} & {"male", "female"}
    if not concept.get("text") and not any(c.get("display") for c in found) and len(sexes) == 1:
        return "♂" if sexes == {"male"} else "♀"
    return "" if {c.get("code") for c in found} == {"normal"} else str(concept.get("text") or next((c.get("display") or c.get("code") for c in found), ""))


def exact(quantity: Any) -> str:
    value = quantity.get("value") if isinstance(quantity, dict) else None
    return str(getattr(value, "text", value)) if value is not None else ""


def compare(value: float, comparator: str, unit_code: str, bounds: Range) -> Flag:
    """Where a number stands: high, low, normal, or NONE where that cannot be said (another unit; "<5" with the range 0–4)."""
    same = in_unit(bounds, unit_code)
    if same is None:
        return Flag.NONE
    low, high = same.low, same.high
    match comparator:
        case "":
            if high is not None and (value > high or (value == high and same.open_high)):
                return Flag.HIGH
            if low is not None and (value < low or (value == low and same.open_low)):
                return Flag.LOW
            return Flag.NORMAL
        case "<" | "<=":
            if low is not None and (value < low or (value == low and (comparator == "<" or same.open_low))):
                return Flag.LOW
            fits_high = high is not None and (value < high or (value == high and (comparator == "<" or not same.open_high)))
            return Flag.NORMAL if low is None and fits_high else Flag.NONE
        case ">" | ">=":
            if high is not None and (value > high or (value == high and (comparator == ">" or same.open_high))):
                return Flag.HIGH
            fits_low = low is not None and (value > low or (value == low and (comparator == ">" or not same.open_low)))
            return Flag.NORMAL if high is None and fits_low else Flag.NONE
    return Flag.NONE


def in_unit(bounds: Range, unit_code: str) -> Range | None:
    """The same range in another unit; None where it has no numbers, or its unit is another."""
    if bounds.low is None and bounds.high is None:
        return None
    if not bounds.unit.code or bounds.unit.code == unit_code:
        return bounds
    ends = [None if b is None else convert(b, bounds.unit.code, unit_code) for b in (bounds.low, bounds.high)]
    if any(e is None and b is not None for e, b in zip(ends, (bounds.low, bounds.high), strict=True)):
        return None
    return replace(bounds, low=ends[0], high=ends[1], unit=Unit(unit_code))
