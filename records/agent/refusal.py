"""Define a refusal: one fault of the input, with its place, its reason and its mend, in Chinese and
English.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Rule:
    """A rule and its words; {value} and further names are filled in by str.format."""

    code: str  # `room.fault`, such as "cell.rounded-number"
    why_zh: str
    mend_zh: str
    why_en: str
    mend_en: str


@dataclass(frozen=True)
class Refusal:
    """file, row (counted from 1 as a spreadsheet counts) and column as people find them; row 0: the
    whole file. warning: the row is taken all the same.
    """

    file: str
    row: int
    column: str
    value: str
    rule: Rule
    words: dict[str, Any] = field(default_factory=dict)
    warning: bool = False

    def why(self, language: str = "zh") -> str:
        return self._say(self.rule.why_zh if language == "zh" else self.rule.why_en)

    def mend(self, language: str = "zh") -> str:
        return self._say(self.rule.mend_zh if language == "zh" else self.rule.mend_en)

    def _say(self, text: str) -> str:
        return text.format(value=self.value, column=self.column, **self.words)
