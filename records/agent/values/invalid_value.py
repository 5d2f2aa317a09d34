"""Say that a value breaks a rule."""

from __future__ import annotations

from typing import Any

from ..refusal import Rule


class InvalidValue(ValueError):
    """kept: where the row is taken all the same, what stands for the value (None: it is left
    out); soft says so.
    """

    def __init__(self, rule: Rule, soft: bool = False, kept: Any = None, **words: Any) -> None:
        super().__init__(rule.code)
        self.rule, self.soft, self.kept, self.words = rule, soft, kept, words
