"""Read the words and signs by which laboratories flag a result (↑, 偏高, 危急值, 阳性), as one
level.
"""

import re
import unicodedata

from records.meaning.result_flags import ResultFlag, worst_flag

# Words as sent, without brackets, spaces and full stops, in small letters
WORDS: dict[str, ResultFlag] = {
    word: flag
    for flag, words in {
        ResultFlag.HIGH: (
            "高 偏高 升高 增高 过高 略高 稍高 轻度升高 中度升高 明显升高 显著升高 高值 高于正常"
            " 高于参考值 高于参考范围 高于正常值 超上限 高于上限 h hi high elevated above"
        ),
        ResultFlag.LOW: (
            "低 偏低 降低 减低 过低 略低 稍低 减少 轻度降低 中度降低 明显降低 显著降低 低值"
            " 低于正常 低于参考值 低于参考范围 低于正常值 低于下限 l lo low decreased below"
        ),
        ResultFlag.CRITICAL_HIGH: (
            "hh 危急高 危急高值 危急值高 危急值偏高 危急值升高 高危急值 高危急 极高 重度升高 危高"
            " criticalhigh criticallyhigh panichigh"
        ),
        ResultFlag.CRITICAL_LOW: (
            "ll 危急低 危急低值 危急值低 危急值偏低 危急值降低 低危急值 低危急 极低 重度降低 危低"
            " criticallow criticallylow paniclow"
        ),
        ResultFlag.CRITICAL: (
            "危急值 危急 危 危机值 危急结果 警戒值 aa critical panic criticallyabnormal"
            " criticalabnormal"
        ),
        ResultFlag.POSITIVE: (
            "阳性 阳 弱阳性 弱阳 强阳性 强阳 中阳性 检出 有反应 反应性 有反应性 初筛阳性 初筛有反应"
            " pos positive p detected reactive weakpositive weaklypositive"
        ),
        ResultFlag.NORMAL: (
            "正常 阴性 阴 未检出 无反应 无反应性 非反应性 未见异常 无异常 合格 正常范围 正常范围内"
            " 在正常范围内 参考范围内 在参考范围内 敏感 "
            "n s nl normal neg negative nd notdetected nonreactive susceptible"
        ),
        ResultFlag.ABNORMAL: "异常 不正常 结果异常 耐药 不合格 a r ns abn abnormal resistant",
        ResultFlag.UNCLEAR: (
            "可疑 弱阳性可疑 可疑阳性 临界 临界值 灰区 不确定 待定 中介 中敏 剂量依赖敏感 待复查 i"
            " sdd indeterminate equivocal borderline intermediate"
        ),
    }.items()
    for word in words.split()
}

QUALITIES = {
    w: f
    for w, f in WORDS.items()
    if (f in (ResultFlag.POSITIVE, ResultFlag.UNCLEAR) and len(w) > 1)
    or w
    in (
        "阳",
        "阴",
        "阴性",
        "未检出",
        "无反应",
        "无反应性",
        "非反应性",
        "未见异常",
        "neg",
        "negative",
        "notdetected",
        "nonreactive",
    )
}

UP, DOWN = "↑⬆▲⇑⇧", "↓⬇▼⇓⇩"

SIGNS = re.compile(rf"[{UP}]+|[{DOWN}]+")

# "未触发危急值", "危急值：否", "危急值=0", "危急值已取消"; not "危急值：无法联系", "危急值未处理",
# "不排除危急值"
DENIED = re.compile(
    r"(?:非|无|没有|(?<!不能)(?<!不)排除|取消|解除|撤销|未(?:达到?|见|触发|到|检出|发现|构成|出现)|不(?:是|属于?|构成|存在|达到?|在|算|为)|低于|尚未达到?)(?:任何|到|于)?(?:the)?危[急机]"
    r"|危[急机](?:值|结果|报告)*(?:标志|标识|标记|提示|状态)?[=\s(\[]*(?:已|已经|被)?(?:取消|解除|撤销|撤消|排除|作废|误报)"
    r"|危[急机](?:值|结果|报告)*(?:标志|标识|标记|提示|状态)?[=\s(\[/-]*(?:是)?(?:否|无|没有|不是|未触发|未达到?|不成立|阴性|正常|n|no|none|not|na|n/a|0|false|f|x|×|-)$"
    r"|(?:no|not|non)-?critical|critical(?:value)?[=(]*(?:n|no|0|false|none)$"
)

UNKNOWN = frozenset({"n/a", "na", "#n/a", "n\\a", "none", "null", "nil"})

PLUS_MINUS = ("±", "+-", "+/-", "-/+", "-+")

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
    rf"\s*(?P<mark>[{UP}]+|[{DOWN}]+|\*+|[(\[（【]\s*[^()\[\]（）【】]{{1,8}}\s*[)\]）】]|(?:{'|'.join(CHINESE)})[{UP}{DOWN}]*|HH?|LL)"
)

SMALL_LETTER = re.compile(r"[(\[（【]\s*[a-z]\s*[)\]）】]")


def strip_mark(text: str) -> str:
    """Full-width as half-width, small letters, without what surrounds a word."""
    return (
        re.sub(r"[\s.。,，;；!！:：]", "", unicodedata.normalize("NFKC", text))
        .casefold()
        .strip("()[]【】{}<>《》\"'“”「」")
    )


def flag_from_word(text: str) -> ResultFlag | None:
    """What a laboratory's word or sign says; None for one that is not known, and for a bare
    dash, which stands for "nothing" as often as for "negative". ↑↑ counts as critical: laboratories
    that write it mean HH.
    """
    said = strip_mark(text)
    if (
        not said
        or said in UNKNOWN
        or unicodedata.normalize("NFKC", text).strip() in MINUS
        or any(
            DENIED.search(strip_mark(clause)) for clause in (text, *re.split("[,，;；。]", text))
        )
    ):
        return None
    if said in WORDS:
        return WORDS[said]
    if PLUSES.fullmatch(said):
        return ResultFlag.POSITIVE
    if said in PLUS_MINUS:
        return ResultFlag.UNCLEAR
    if said in MINUS:
        return ResultFlag.NORMAL
    if STAR.fullmatch(said):
        return ResultFlag.ABNORMAL
    return flag_from_mixed(said)


def flag_from_mixed(said: str) -> ResultFlag | None:
    """Of several signs and words together: "↑ 偏高", "阳性(2+)", "危急值↑", "HH 危急". None
    where a part of it is not known, unless it tells of danger.
    """
    if re.search(r"(?<![a-z])[a-z]{1,2}[+-]+(?![a-z])", said) and not CRITICAL_WORD.search(said):
        return None  # "H-": whether it is high, none can tell
    sides = {WORDS.get(side.strip("()[]")) for side in said.split("/")}
    if len(sides) > 1 and not CRITICAL_WORD.search(said) and not SIGNS.search(said):
        return None  # "H/L", "阴性/弱阳性" are a choice
    found = [
        (
            (ResultFlag.CRITICAL_HIGH if len(a) > 1 else ResultFlag.HIGH)
            if a[0] in UP
            else (ResultFlag.CRITICAL_LOW if len(a) > 1 else ResultFlag.LOW)
        )
        for a in SIGNS.findall(said)
    ]
    rest = SIGNS.sub(" ", said)
    if CRITICAL_WORD.search(rest):
        found.append(ResultFlag.CRITICAL)
        rest = CRITICAL_WORD.sub(" ", rest)
    if "*" in rest:
        found.append(ResultFlag.ABNORMAL)
        rest = rest.replace("*", " ")
    if PLUSES.search(rest):
        found.append(ResultFlag.POSITIVE)
        rest = PLUSES.sub(" ", rest)
    parts = [p for p in re.split(r"[\s()\[\]【】/、|_-]+", rest) if p]
    if any(p not in WORDS for p in parts) and ResultFlag.CRITICAL not in found:
        return None
    found += [WORDS[p] for p in parts if p in WORDS]
    return worst_flag(found) if found else None


def split_value_mark(text: str) -> tuple[str, ResultFlag, str]:
    """(value, level, mark as sent) of a number or titre and a mark in one text: "52↑", "6.8
    危急值", "98(低)"; (text, NONE, "") where there is none.
    """
    sent = text.strip()
    m = BEHIND.fullmatch(sent)
    flag = flag_from_word(m["mark"]) if m else None
    return (
        (m["value"].rstrip(), flag, m["mark"].strip())
        if m and flag is not None and not SMALL_LETTER.fullmatch(m["mark"])
        else (sent, ResultFlag.NONE, "")
    )


def flag_from_quality(text: str) -> ResultFlag:
    """Of a value in words: positive, normal for negative, unclear; NONE for any other text: "A+"
    is a blood group.
    """
    said = strip_mark(text)
    if said in PLUS_MINUS:
        return ResultFlag.UNCLEAR
    if said in MINUS:
        return ResultFlag.NORMAL
    if re.fullmatch(r"\+[1-5]", said):
        return ResultFlag.POSITIVE
    if m := AMOUNT_BEHIND.fullmatch(said):
        return flag_from_quality(m["head"])
    pluses = PLUSES.search(said)
    parts = [p for p in re.split(r"[\s()\[\]【】/、|_±-]+", PLUSES.sub(" ", said)) if p]
    if not all(p in QUALITIES for p in parts) or not (parts or pluses):
        return ResultFlag.NONE
    return worst_flag([QUALITIES[p] for p in parts] + [ResultFlag.POSITIVE] * bool(pluses))
