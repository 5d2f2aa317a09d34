"""Marks of mutual recognition (互认) that laboratories write into the names of their tests:
"【全国HR】乙肝表面抗原", "肌酐(昆明HR)", "★葡萄糖". The name without them is the test's.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from records.meaning.value_text import LONGEST


class RecognitionScope(StrEnum):
    """How far a result is recognised by the mark; PLACE: in the place that the mark names;
    UNSAID: it names none.
    """

    NATION = "nation"
    PROVINCE = "province"
    CITY = "city"
    PLACE = "place"
    UNSAID = "unsaid"


@dataclass(frozen=True, slots=True)
class RecognitionMark:
    """place: the word before the mark, "" where there is none; sent: the mark as it stood."""

    scope: RecognitionScope
    place: str
    sent: str


SCOPES = {
    "全国": RecognitionScope.NATION,
    "国家": RecognitionScope.NATION,
    "全省": RecognitionScope.PROVINCE,
    "本省": RecognitionScope.PROVINCE,
    "省内": RecognitionScope.PROVINCE,
    "省级": RecognitionScope.PROVINCE,
    "省": RecognitionScope.PROVINCE,
    "全市": RecognitionScope.CITY,
    "本市": RecognitionScope.CITY,
    "城市": RecognitionScope.CITY,
    "市内": RecognitionScope.CITY,
    "市级": RecognitionScope.CITY,
    "市": RecognitionScope.CITY,
}
# HR is the heart rate, too: "心率(HR)", "最大HR", "(静息HR)"
OF_THE_HEART = (
    "最大|最小|最高|最低|平均|静息|运动|目标|基础|峰值|夜间|日间|白天|睡眠|清醒|储备|胎|心率"
)
WORD = r"(?:互认(?:项目|标识|标志|结果)?|HR|ＨＲ)"
PLACE = rf"(?!(?:{OF_THE_HEART}))[\u4e00-\u9fff]{{0,8}}?"
IN_BRACKETS = re.compile(rf"[【\[［(（〔<＜]\s*(?P<place>{PLACE})\s*{WORD}\s*[】\]］)）〕>＞]")
# without brackets only with a word that is known, for "最大HR" and "大连HR" look alike
KNOWN = "|".join(sorted(SCOPES, key=len, reverse=True))
PROVINCES = "京津冀晋蒙辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川贵云藏陕甘青宁新"
BARE = re.compile(
    rf"^(?P<place>{KNOWN}|[{PROVINCES}]{{1,4}})(?:HR|互认)[\s:：_-]*(?=[\u4e00-\u9fffA-Za-z])"
    rf"|[\s_-]*(?P<behind>{KNOWN}|[{PROVINCES}]{{1,4}})(?:HR|互认)$"
)
STAR = re.compile(r"^\s*★\s*|\s*★\s*$")


def split_recognition_marks(name: str) -> tuple[str, tuple[RecognitionMark, ...]]:
    """(the name without its marks, the marks). A name of which nothing else is left, and one that
    is too long to be a name, stay as they are.
    """
    if len(name) > LONGEST or not ("HR" in name or "互认" in name or "★" in name or "ＨＲ" in name):
        return name, ()
    found: list[RecognitionMark] = []

    def take(m: re.Match[str]) -> str:
        place = next(filter(None, m.groupdict().values()), "") if m.re is not STAR else ""
        if m.re is IN_BRACKETS and not place and "互认" not in m[0] and m.start() > 0:
            return m[0]  # "心率(HR)" is an abbreviation
        scope = SCOPES.get(place) or (RecognitionScope.PLACE if place else RecognitionScope.UNSAID)
        found.append(RecognitionMark(scope, place, m[0].strip()))
        return ""

    bare = name
    for pattern in (IN_BRACKETS, BARE, STAR):
        bare = pattern.sub(take, bare)
    bare = bare.strip()
    return (bare, tuple(found)) if found and bare else (name, ())
