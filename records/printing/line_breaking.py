"""Break a text into lines of a width: between Chinese characters, between words, after signs; no
line begins with a closing sign or ends with an opening one (GB/T 15834-2011 5.1).
"""

import re
from collections.abc import Iterator

from records.printing.han_font import character_width

OPENING = "（【《〈「『“‘〔［｛"
CLOSING = "，。、；：！？）】》〉」』”’〕］｝…—·％℃%"
UNIT = re.compile(
    rf"[ \t]+|[{OPENING}]*(?:[\x21-\x7e\xa1-\u024f\u0370-\u03ff]+|[^ \t])[{CLOSING}]*"
)
AFTER_SIGN = re.compile(r"(?<=[/,;&?=_-])(?=[^\d\s])")


def break_lines(text: str, width: float, size: float) -> list[str]:
    """At least one line; width, size: points."""
    return [line for part in text.split("\n") for line in break_paragraph(part, width, size)]


def break_paragraph(text: str, width: float, size: float) -> list[str]:
    lines: list[str] = []
    line, filled = "", 0.0
    for unit in iter_units(text):
        needs = text_width(unit, size)
        if filled + needs > width and line:
            lines.append(line.rstrip())
            line, filled = "", 0.0
            if unit.isspace():
                continue
        if needs > width:
            for c in unit:  # no place to break it but anywhere
                step = character_width(c, size)
                if filled + step > width and line:
                    lines.append(line)
                    line, filled = "", 0.0
                line, filled = line + c, filled + step
            continue
        line, filled = line + unit, filled + needs
    return [*lines, line.rstrip()] if line.strip() or not lines else lines


def iter_units(text: str) -> Iterator[str]:
    """What is not parted."""
    for m in UNIT.finditer(text):
        yield from AFTER_SIGN.split(m[0]) if len(m[0]) > 12 else (m[0],)


def text_width(text: str, size: float) -> float:
    return sum(character_width(c, size) for c in text)
