"""What a laboratory says of its own result: codes of interpretation, and the words and signs of Chinese laboratories, as one level
(FHIR R4 valueset-observation-interpretation; HL7 v2 table 0078)."""

import re
import unicodedata
from enum import StrEnum
from typing import Any

from records.meaning.identity import SNOMED


class Flag(StrEnum):
    """How a result stands. UNCLEAR: the laboratory itself cannot say (indeterminate, borderline); NONE: nobody has said anything."""

    CRITICAL_HIGH = "critical-high"
    CRITICAL_LOW = "critical-low"
    CRITICAL = "critical"
    HIGH = "high"
    LOW = "low"
    POSITIVE = "positive"
    ABNORMAL = "abnormal"
    UNCLEAR = "unclear"
    NORMAL = "normal"
    NONE = ""

    @property
    def critical(self) -> bool:
        return self in CRITICALS

    @property
    def high(self) -> bool:
        return self in (Flag.HIGH, Flag.CRITICAL_HIGH)

    @property
    def low(self) -> bool:
        return self in (Flag.LOW, Flag.CRITICAL_LOW)


CRITICALS = frozenset({Flag.CRITICAL_HIGH, Flag.CRITICAL_LOW, Flag.CRITICAL})
ORDER = list(Flag)  # the worst first

# v3-ObservationInterpretation and table 0078. Codes that tell of a change (B, W, U, D) or of the test (IE, QCF …) say nothing of the level.
CODES: dict[str, Flag] = {
    "HH": Flag.CRITICAL_HIGH, "LL": Flag.CRITICAL_LOW, "AA": Flag.CRITICAL, "H": Flag.HIGH, "HU": Flag.HIGH, "HX": Flag.HIGH, ">": Flag.HIGH, "L": Flag.LOW, "LU": Flag.LOW, "LX": Flag.LOW,
    "<": Flag.LOW, "A": Flag.ABNORMAL, "N": Flag.NORMAL, "POS": Flag.POSITIVE, "DET": Flag.POSITIVE, "RR": Flag.POSITIVE, "WR": Flag.POSITIVE, "NEG": Flag.NORMAL, "ND": Flag.NORMAL,
    "NR": Flag.NORMAL, "IND": Flag.UNCLEAR, "E": Flag.UNCLEAR, "R": Flag.ABNORMAL, "NS": Flag.ABNORMAL, "SYN-R": Flag.ABNORMAL, "NWT": Flag.ABNORMAL, "I": Flag.UNCLEAR, "SDD": Flag.UNCLEAR,
    "S": Flag.NORMAL, "SYN-S": Flag.NORMAL, "WT": Flag.NORMAL, "VS": Flag.NORMAL, "MS": Flag.NORMAL, "UNE": Flag.ABNORMAL, "EXP": Flag.NORMAL, "CAR": Flag.POSITIVE, "TOX": Flag.ABNORMAL,
    "EX": Flag.ABNORMAL, "HM": Flag.NONE, "B": Flag.NONE, "W": Flag.NONE, "U": Flag.NONE, "D": Flag.NONE, "IE": Flag.NONE, "NCL": Flag.NONE, "QCF": Flag.NONE, "AC": Flag.NONE, "OBX": Flag.NONE,
}
STANDARD = frozenset({"http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation", "http://terminology.hl7.org/CodeSystem/v2-0078", "http://hl7.org/fhir/v2/0078",
                      "http://hl7.org/fhir/v3/ObservationInterpretation", "urn:oid:2.16.840.1.113883.5.83", "urn:oid:2.16.840.1.113883.12.78"})
SNOMED_CODES = {"281302008": Flag.HIGH, "281300000": Flag.LOW, "281301001": Flag.NORMAL, "10828004": Flag.POSITIVE, "260385009": Flag.NORMAL, "263654008": Flag.ABNORMAL, "17621005": Flag.NORMAL,
                "82334004": Flag.UNCLEAR, "419984006": Flag.UNCLEAR, "260373001": Flag.POSITIVE, "260415000": Flag.NORMAL}

# Words as sent, without brackets, spaces and full stops, in small letters
WORDS: dict[str, Flag] = {word: flag for flag, words in {
    Flag.HIGH: "高 偏高 升高 增高 过高 略高 稍高 轻度升高 中度升高 明显升高 显著升高 高值 高于正常 高于参考值 高于参考范围 高于正常值 超上限 高于上限 h hi high elevated above",
    Flag.LOW: "低 偏低 降低 减低 过低 略低 稍低 减少 轻度降低 中度降低 明显降低 显著降低 低值 低于正常 低于参考值 低于参考范围 低于正常值 低于下限 l lo low decreased below",
    Flag.CRITICAL_HIGH: "hh 危急高 危急高值 危急值高 危急值偏高 危急值升高 高危急值 高危急 极高 重度升高 危高 criticalhigh criticallyhigh panichigh",
    Flag.CRITICAL_LOW: "ll 危急低 危急低值 危急值低 危急值偏低 危急值降低 低危急值 低危急 极低 重度降低 危低 criticallow criticallylow paniclow",
    Flag.CRITICAL: "危急值 危急 危 危机值 危急结果 警戒值 aa critical panic criticallyabnormal criticalabnormal",
    Flag.POSITIVE: "阳性 阳 弱阳性 弱阳 强阳性 强阳 中阳性 检出 有反应 反应性 有反应性 初筛阳性 初筛有反应 pos positive p detected reactive weakpositive weaklypositive",
    Flag.NORMAL: "正常 阴性 阴 未检出 无反应 无反应性 非反应性 未见异常 无异常 合格 正常范围 正常范围内 在正常范围内 参考范围内 在参考范围内 敏感 "
                 "n s nl normal neg negative nd notdetected nonreactive susceptible",
    Flag.ABNORMAL: "异常 不正常 结果异常 耐药 不合格 a r ns abn abnormal resistant",
    Flag.UNCLEAR: "可疑 弱阳性可疑 可疑阳性 临界 临界值 灰区 不确定 待定 中介 中敏 剂量依赖敏感 待复查 i sdd indeterminate equivocal borderline intermediate",
}.items() for word in words.split()}
QUALITIES = {w: f for w, f in WORDS.items() if (f in (Flag.POSITIVE, Flag.UNCLEAR) and len(w) > 1) or w in (
    "阳", "阴", "阴性", "未检出", "无反应", "无反应性", "非反应性", "未见异常", "neg", "negative", "notdetected", "nonreactive")}
UP, DOWN = "↑⬆▲⇑⇧", "↓⬇▼⇓⇩"
SIGNS = re.compile(rf"[{UP}]+|[{DOWN}]+")
DENIED = re.compile(  # "未触发危急值", "危急值：否", "危急值=0", "危急值已取消"; not "危急值：无法联系", "危急值未处理", "不排除危急值"
    r"(?:非|无|没有|(?<!不能)(?<!不)排除|取消|解除|撤销|未(?:达到?|见|触发|到|检出|发现|构成|出现)|不(?:是|属于?|构成|存在|达到?|在|算|为)|低于|尚未达到?)(?:任何|到|于)?(?:the)?危[急机]"
    r"|危[急机](?:值|结果|报告)*(?:标志|标识|标记|提示|状态)?[=\s(\[]*(?:已|已经|被)?(?:取消|解除|撤销|撤消|排除|作废|误报)"
    r"|危[急机](?:值|结果|报告)*(?:标志|标识|标记|提示|状态)?[=\s(\[/-]*(?:是)?(?:否|无|没有|不是|未触发|未达到?|不成立|阴性|正常|n|no|none|not|na|n/a|0|false|f|x|×|-)$"
    r"|(?:no|not|non)-?critical|critical(?:value)?[=(]*(?:n|no|0|false|none)$")
UNKNOWN = frozenset({"n/a", "na", "#n/a", "n\\a", "none", "null", "nil"})
PLUS_MINUS = ("±", "+-", "+/-", "-/+", "-+")
GRADES: dict[str, str] = {word: grade for grade, words in {
    "negative": "阴性 阴 - -- 未检出 无反应 无反应性 非反应性 neg negative notdetected nonreactive 阴性(- -(阴性 (-",
    "unclear": f"{' '.join(PLUS_MINUS)} 可疑 可疑阳性 弱阳性可疑 (±",
    "weak": "弱阳性 弱阳 weakpositive weaklypositive 弱阳性(±",
    "1": "+ 1+ +1 阳性(+ 阳性(1+ (+", "2": "++ 2+ +2 阳性(++ 阳性(2+", "3": "+++ 3+ +3 阳性(+++ 阳性(3+", "4": "++++ 4+ +4 阳性(++++ 阳性(4+",
    "positive": "阳性 阳 pos positive 检出 有反应 有反应性 反应性 detected reactive",
    "strong": "强阳性 强阳",
}.items() for word in words.split()}
BETWEEN_GRADES = ["negative", "unclear", "1", "2", "3", "4"]
AMOUNT_BEHIND = re.compile(r"(?P<head>[^()]+)\((?:[<>≤≥]=?)?\d[\d.:]*(?:[a-zμ%/^*²\d.\[\]]*)\)?")
CRITICAL_WORD = re.compile(r"危[急机](?:值|结果|报告)?")
PLUSES = re.compile(r"[1-5]?\+{1,5}|[1-5]\+")
MINUS = frozenset({"-", "--"})
STAR = re.compile(r"\*{1,3}")
CHINESE = sorted((w for w in WORDS if not w.isascii()), key=len, reverse=True)
# A number or a titre, and the sign behind it in one text. "L" alone is no sign, nor are small
# letters: 1.5L and 24h are amounts.
BEHIND = re.compile(
    rf"(?P<value>(?:[<>≤≥＜＞]=?\s*)?[+-]?\d[\d.,]*(?:\s*:\s*\d+)?(?:\s*(?:[%‰℃]|[A-Za-zμµ个次×^*/\d]*/[A-Za-zμµ\d分^.*]+|mmHg|mmol|fl|fL|pg|mL|ml))?)"
    rf"\s*(?P<mark>[{UP}]+|[{DOWN}]+|\*+|[(\[（【]\s*[^()\[\]（）【】]{{1,8}}\s*[)\]）】]|(?:{'|'.join(CHINESE)})[{UP}{DOWN}]*|HH?|LL)")
SMALL_LETTER = re.compile(r"[(\[（【]\s*[a-z]\s*[)\]）】]")


def strip_mark(text: str) -> str:
    """Full-width as half-width, small letters, without what surrounds a word."""
    return re.sub(r"[\s.。,，;；!！:：]", "", unicodedata.normalize("NFKC", text)).casefold().strip("()[]【】{}<>《》\"'“”「」")


def worst(found: list[Flag]) -> Flag:
    """Of several, the worst; where one says high and another low, only that it is abnormal (critical, where one of them is)."""
    said = set(found)
    if {f.high for f in said if f.high} and {f.low for f in said if f.low}:
        return Flag.CRITICAL if said & CRITICALS else Flag.ABNORMAL
    if Flag.CRITICAL in said and (sided := [f for f in ORDER[3:5] if f in said]):
        return Flag.CRITICAL_HIGH if sided[0] is Flag.HIGH else Flag.CRITICAL_LOW
    return min(found, key=ORDER.index, default=Flag.NONE)


def word(text: str) -> Flag | None:
    """What a laboratory's word or sign says; None for one that is not known, and for a bare dash, which stands for "nothing" as often as for "negative".
    ↑↑ counts as critical: laboratories that write it mean HH."""
    said = strip_mark(text)
    if not said or said in UNKNOWN or unicodedata.normalize("NFKC", text).strip() in MINUS or any(DENIED.search(strip_mark(clause)) for clause in (text, *re.split("[,，;；。]", text))):
        return None
    if said in WORDS:
        return WORDS[said]
    if PLUSES.fullmatch(said):
        return Flag.POSITIVE
    if said in PLUS_MINUS:
        return Flag.UNCLEAR
    if said in MINUS:
        return Flag.NORMAL
    if STAR.fullmatch(said):
        return Flag.ABNORMAL
    return mixed(said)


def mixed(said: str) -> Flag | None:
    """Of several signs and words together: "↑ 偏高", "阳性(2+)", "危急值↑", "HH 危急". None where a part of it is not known, unless it tells of danger."""
    if re.search(r"(?<![a-z])[a-z]{1,2}[+-]+(?![a-z])", said) and not CRITICAL_WORD.search(said):
        return None  # "H-": whether it is high, none can tell
    sides = {WORDS.get(side.strip("()[]")) for side in said.split("/")}
    if len(sides) > 1 and not CRITICAL_WORD.search(said) and not SIGNS.search(said):
        return None  # "H/L", "阴性/弱阳性" are a choice
    found = [(Flag.CRITICAL_HIGH if len(a) > 1 else Flag.HIGH) if a[0] in UP else (Flag.CRITICAL_LOW if len(a) > 1 else Flag.LOW) for a in SIGNS.findall(said)]
    rest = SIGNS.sub(" ", said)
    if CRITICAL_WORD.search(rest):
        found.append(Flag.CRITICAL)
        rest = CRITICAL_WORD.sub(" ", rest)
    if "*" in rest:
        found.append(Flag.ABNORMAL)
        rest = rest.replace("*", " ")
    if PLUSES.search(rest):
        found.append(Flag.POSITIVE)
        rest = PLUSES.sub(" ", rest)
    parts = [p for p in re.split(r"[\s()\[\]【】/、|_-]+", rest) if p]
    if any(p not in WORDS for p in parts) and Flag.CRITICAL not in found:
        return None
    found += [WORDS[p] for p in parts if p in WORDS]
    return worst(found) if found else None


def coding(c: dict[str, Any]) -> Flag | None:
    """Of one coding: a standard code and its display, the worse of them; else what its display, or else its local code says; None where it is not known."""
    system, code, display = c.get("system"), str(c.get("code") or "").strip(), str(c.get("display") or "")
    if system == SNOMED:
        return SNOMED_CODES.get(code, word(display))
    if system in STANDARD or system is None:
        found = CODES.get(code, CODES.get(code.upper()))
        if found is not None:
            return worst([found, word(display) or found])
    said = word(display) if display else None
    if said is not None or (display and system is not None and system not in STANDARD):
        return said  # a hospital's own letter says what its display says: N may be "not reviewed"
    return CODES.get(code.upper()) if code.upper() in CODES else word(code)


def interpretation(found: Any) -> tuple[Flag | None, str]:
    """(level, the laboratory's words) of Observation.interpretation: all its codings and texts. The level is None where it says nothing, or nothing that
    is known; Flag.NONE where it tells of something else than the level."""
    flags: list[Flag] = []
    texts: list[str] = []
    for concept in found if isinstance(found, list) else [found]:
        if not isinstance(concept, dict):
            continue
        codings = [c for c in concept.get("coding") or [] if isinstance(c, dict)]
        text = str(concept.get("text") or "").strip()
        read = [f for f in (*map(coding, codings), word(text) if text else None) if f is not None]
        flags += read
        texts.append(text or next((str(c.get("display") or c.get("code")) for c in codings if c.get("display") or c.get("code")), ""))
    return (worst(flags) if flags else None), "、".join(dict.fromkeys(t for t in texts if t))


def glued(text: str) -> tuple[str, Flag, str]:
    """(value, level, mark as sent) of a number or titre and a mark in one text: "52↑", "6.8 危急值", "98(低)"; (text, NONE, "") where there is none."""
    sent = text.strip()
    m = BEHIND.fullmatch(sent)
    flag = word(m["mark"]) if m else None
    return (m["value"].rstrip(), flag, m["mark"].strip()) if m and flag is not None and not SMALL_LETTER.fullmatch(m["mark"]) else (sent, Flag.NONE, "")


def quality(text: str) -> Flag:
    """Of a value in words: positive, normal for negative, unclear; NONE for any other text: "A+" is a blood group."""
    said = strip_mark(text)
    if said in PLUS_MINUS:
        return Flag.UNCLEAR
    if said in MINUS:
        return Flag.NORMAL
    if re.fullmatch(r"\+[1-5]", said):
        return Flag.POSITIVE
    if m := AMOUNT_BEHIND.fullmatch(said):
        return quality(m["head"])
    pluses = PLUSES.search(said)
    parts = [p for p in re.split(r"[\s()\[\]【】/、|_±-]+", PLUSES.sub(" ", said)) if p]
    if not all(p in QUALITIES for p in parts) or not (parts or pluses):
        return Flag.NONE
    return worst([QUALITIES[p] for p in parts] + [Flag.POSITIVE] * bool(pluses))


def grade(text: str) -> str:
    """Which grade of a quality a word is: negative, unclear, weak, 1 to 4, positive, strong; "" for any other text."""
    said = strip_mark(text)
    if m := AMOUNT_BEHIND.fullmatch(said):
        said = m["head"]
    return GRADES.get(said, "")


def grades(text: str) -> frozenset[str]:
    """The grades that a text accepts, where it names several: "阴性/弱阳性", "- ~ ±", "阴性或±"; empty for any other."""
    said = strip_mark(text)
    if said in GRADES:
        return frozenset()
    for by in ("/", "或", "、", "~", "至", "到", "|", "-"):
        parts = [grade(p) for p in said.split(by)]
        if by == "-" and said.startswith("-"):
            parts = [grade("-"), *map(grade, said.strip("-").split("-"))] if said.strip("-") else []
        if len(parts) > 1 and all(parts):
            if by in ("~", "至", "到", "-") and all(p in BETWEEN_GRADES for p in parts):
                at = sorted(map(BETWEEN_GRADES.index, parts))
                return frozenset(BETWEEN_GRADES[at[0]:at[-1] + 1]) | ({"weak"} if at[-1] > 0 else frozenset())
            more = {"unclear"} if by in ("~", "至", "到", "-") and "negative" in parts else set()
            return frozenset({*parts, *more})
    return frozenset()
