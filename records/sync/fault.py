"""A fault of an item: which rule, at which place, with which value; in Chinese and English."""

import re
from dataclasses import dataclass
from typing import Any

from records.fhir.issues import Issue, Problem
from records.sync.detail_words import translate_detail
from records.sync.resident_number_words import explain_resident_number
from records.sync.rules import RULES

LONGEST_VALUE, LONGEST_FIELD = 200, 200  # characters that are told
STEP = re.compile(r"([A-Za-z_]\w*)|\[(\d+)\]")
MOST_FAULTS = 20  # that are kept of one item


@dataclass(frozen=True, slots=True)
class Fault:
    """rule: a key of RULES; field: FHIRPath; value: what stands there, shortened."""

    rule: str
    field: str
    value: str
    words: dict[str, str]

    def say(self, text: str) -> str:
        return text.format_map(FaultWords(self.words, field=self.field, value=self.value))

    def as_json(self) -> dict[str, Any]:
        rule = RULES[self.rule]
        return {
            "rule": self.rule,
            "field": self.field,
            "value": self.value,
            "why": {"zh": self.say(rule.why_zh), "en": self.say(rule.why_en)},
            "mend": {"zh": self.say(rule.mend_zh), "en": self.say(rule.mend_en)},
        }


class FaultWords(dict[str, str]):
    """What a fault does not bring along is said as nothing."""

    def __init__(self, words: dict[str, str], **more: str) -> None:
        super().__init__(words, **more)

    def __missing__(self, key: str) -> str:
        return ""


def make_fault(rule: str, field: str = "", value: Any = None, **words: str) -> Fault:
    if detail := words.get("detail"):
        words.setdefault("detail_zh", translate_detail(detail))
    return Fault(
        rule,
        shorten(field, LONGEST_FIELD),
        show_value(value),
        {k: shorten(v, LONGEST_VALUE) for k, v in words.items()},
    )


def faults_from_problem(problem: Problem, resource: Any) -> list[Fault]:
    """The errors among its issues, the first ones."""
    issues = [i for i in problem.issues if i.severity in ("error", "fatal")]
    return [fault_from_issue(i, resource) for i in (issues or problem.issues)[:MOST_FAULTS]]


def fault_from_issue(issue: Issue, resource: Any) -> Fault:
    rule = issue.rule if issue.rule in RULES else f"fhir.{issue.code}"
    words = {"detail": issue.says, **dict(issue.words)}
    if rule == "identifier.resident-number":
        words["detail_zh"] = explain_resident_number(words["detail"])
    return make_fault(
        rule if rule in RULES else "fhir.other",
        issue.where,
        read_value(resource, issue.where),
        **words,
    )


def read_value(resource: Any, where: str) -> Any:
    """What stands at a FHIRPath of a resource; None where nothing does."""
    node = resource
    for name, place in STEP.findall(where.partition(".")[2]):
        if place:
            node = node[int(place)] if isinstance(node, list) and int(place) < len(node) else None
        else:
            node = node.get(name) if isinstance(node, dict) else None
    return node


def show_value(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dict | list):
        return "{…}" if isinstance(value, dict) else "[…]"
    text = {True: "true", False: "false"}[value] if isinstance(value, bool) else value
    return shorten(getattr(text, "text", str(text)), LONGEST_VALUE)


def shorten(text: str, most: int) -> str:
    """So many characters of it, without halves of characters and NUL, which cannot be kept."""
    kept = text.encode("utf-8", "replace").decode().replace("\x00", "?")
    return kept if len(kept) <= most else f"{kept[: most - 1]}…"
