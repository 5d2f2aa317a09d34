"""Know what stands for nothing in an export, and fold what is written in full width."""

from __future__ import annotations

import re
import unicodedata

NOTHING = frozenset(
    ("", "null", "(null)", "<null>", "\\n", "nan", "none", "n/a", "/", "//", "\\")
    + ("-", "--", "---", "—", "——", "－", "／", "undefined", "nil", "[null]")
)
# of dates, numbers and codes: words that say that there is none; of a text they may be the answer
NOT_SAID = NOTHING | frozenset(
    ("无", "不详", "未知", "不明", "不清楚", "未填", "未提供", "空", "暂无", "未查", "没有", "待补")
    + (
        "无法提供",
        "拒绝提供",
        "未录入",
        "无身份证",
        "未带",
        "unknown",
        "*",
        "**",
        "?",
        "？",
        ".",
        "。",
    )
)
INVISIBLE = re.compile(
    "[\u200b-\u200f\u202a-\u202e\u2060\ufeff\u00ad\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]"
)
BLANKS = re.compile(r"[\s\u3000]+")


def tidy(text: str) -> str:
    """Without what nobody sees at its ends and between; line ends as they are."""
    if text.isascii() and text.isprintable():
        return text.strip()
    return INVISIBLE.sub("", text).strip().strip("\u3000\xa0")


def fold(text: str) -> str:
    """Full width as half width, for numbers, dates and codes."""
    return text if text.isascii() else unicodedata.normalize("NFKC", text).strip()


def is_nothing(text: str) -> bool:
    return text.casefold() in NOTHING


def is_not_said(text: str) -> bool:
    return text.casefold() in NOT_SAID
