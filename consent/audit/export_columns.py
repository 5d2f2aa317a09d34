"""TABLE columns of an exported line: first what a judge reads, then every sealed column as it is.
Readable columns are vouched for by the manifest's signature alone, sealed ones by their proof too.
"""

from typing import Any

from alliance.platform.dates import format_local_time
from consent.audit.line_names import LineNames
from consent.audit.sealed_cells import escape_formula

READABLE_HEADINGS = (
    "行号 No.",
    "本地时间 Time (UTC+08:00)",
    "操作人 Who",
    "账号 Account",
    "角色 Role",
    "机构 Hospital",
    "系统 System",
    "行为 Act",
    "目的 Purpose",
    "患者 Patients",
    "内容 What",
    "结果 Outcome",
    "未成原因 Why not",
    "网络地址 Address",
)
HEADINGS = {
    "id": "编号 id",
    "recorded": "时间 recorded (UTC)",
    "code": "事件 code",
    "actor_kind": "操作者类别 actor_kind",
    "actor": "操作者 actor",
    "actor_hospital": "机构 actor_hospital",
    "role": "角色 role",
    "purpose": "目的 purpose",
    "outcome": "结果 outcome",
    "reason": "原因 reason",
    "person": "患者主索引 person",
    "target": "对象 target",
    "detail": "详情 detail",
    "refs": "所见记录 refs",
    "address": "地址 address",
    "request_id": "请求 request_id",
    "persons": "所涉多名患者 persons",
}
ALL_HEADINGS = [*READABLE_HEADINGS, *HEADINGS.values()]
COLUMNS: list[str | None] = [*(None for _ in READABLE_HEADINGS), *HEADINGS]


def readable_values(line: dict[str, Any], names: LineNames) -> list[str]:
    """A line in words, in the order of READABLE_HEADINGS."""
    return [
        str(line["id"]),
        format_local_time(line["recorded"]),
        *names.actor_cells(line),
        names.system_of(line),
        names.action_words(line),
        names.purpose_words(line),
        names.patients_words(line),
        names.target_words(line),
        names.outcome_words(line),
        names.reason_words(line),
        line["address"],
    ]


def row_cells(values: list[str], line: dict[str, Any]) -> list[str]:
    """All cells of a row, of which the readable values are known."""
    return [escape_formula(value) for value in (*values, *map(line.get, HEADINGS))]


def line_cells(line: dict[str, Any], names: LineNames) -> list[str]:
    return row_cells(readable_values(line, names), line)
