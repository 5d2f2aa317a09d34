"""TABLE of rules: why an item is refused or waits, in the words of the platform; and a fault that
tells one.
"""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field as made_field
from typing import Any

from ..refusal import Rule

LONGEST = 200  # characters of a value that are told
RULES = {
    rule.code: rule
    for rule in (
        Rule(
            "json.invalid",
            "资源行不是有效的 JSON：{detail_zh}",
            "每行一个完整的 JSON 对象，编码用 UTF-8，行内不换行；由程序生成，不要手工拼接",
            "The resource line is no JSON: {detail}",
            "One whole JSON object a line, UTF-8, no line breaks inside; let a program write it",
        ),
        Rule(
            "json.object",
            "资源行不是 JSON 对象",
            '资源应为 {{"resourceType": …}} 这样的对象',
            "The resource line is no JSON object",
            'Send an object, {{"resourceType": …}}',
        ),
        Rule(
            "type.missing",
            "资源没有 resourceType",
            '写明资源类型，例如 "resourceType": "Observation"',
            "The resource has no resourceType",
            'Name it, as in "resourceType": "Observation"',
        ),
        Rule(
            "type.unknown",
            "平台不收 {type} 这种资源",
            "换成平台支持的类型（见 /fhir/<医院>/metadata），或者不发这条",
            "{type} is not hosted here",
            "Use a type that /fhir/<hospital>/metadata lists, or leave it out",
        ),
        Rule(
            "type.other",
            "条目写的类型是 {said}，资源却是 {value}",
            "把两处改成一致",
            "The item says {said}, the resource is {value}",
            "Make them agree",
        ),
        Rule(
            "id.other",
            "资源的 id 是 {value}，按来源和记录号应为 {expected}",
            "不写 id，或者写成 {expected}",
            "The resource's id is {value}; by source and record it is {expected}",
            "Leave the id out, or write {expected}",
        ),
        Rule(
            "element.missing",
            "缺少必填的 {field}",
            "补上 {field}；源系统没有时，请在映射里给出固定值",
            "{field} is required and missing",
            "Add it; where the source has none, give a fixed value in the mapping",
        ),
        Rule(
            "reference.missing",
            "引用的 {target} 还没有收到",
            "不用重发，{target} 到了会自动入库。一直不来，就看看它是不是被拒收了、有没有发送、记录号对不对得上",
            "{field} refers to {target}, which has not come",
            "Nothing to send again: it is stored as soon as {target} is. If that never comes, check whether it was sent, and its record number",
        ),
        Rule(
            "reference.referred",
            "还有 {count} 条资料指向 {target}，不能删除",
            "先删除或改掉指向它的资料",
            "{count} resources refer to {target}, so it is not deleted",
            "Delete or change what refers to it first",
        ),
    )
}


@dataclass(frozen=True)
class Fault:
    """rule: a key of RULES; field: FHIRPath; value: what stands there."""

    rule: str
    field: str = ""
    value: str = ""
    words: dict[str, str] = made_field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        rule = RULES[self.rule]
        said = {"detail": "", "detail_zh": "", **self.words, "field": self.field}
        said["value"] = self.value
        return {
            "rule": self.rule,
            "field": self.field,
            "value": self.value,
            "why": {"zh": rule.why_zh.format(**said), "en": rule.why_en.format(**said)},
            "mend": {"zh": rule.mend_zh.format(**said), "en": rule.mend_en.format(**said)},
        }


def show_value(value: Any) -> str:
    """As a letter tells it, shortened."""
    if value is None:
        return ""
    if isinstance(value, (dict, list)):
        return "{…}" if isinstance(value, dict) else "[…]"
    text = str(value).lower() if isinstance(value, bool) else str(value)
    text = text.encode("utf-8", "replace").decode()
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
