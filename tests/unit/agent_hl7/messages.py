"""Synthetic messages as Chinese hospital systems send them."""

from __future__ import annotations

import json
from typing import Any

from records.agent.hl7.origin import Hl7Origin
from records.agent.hl7.read_hl7_file import read_hl7_bytes
from records.agent.item import Item
from records.agent.refusal import Refusal

NOW = 1_780_000_000.0  # 2026-05-28


def segment(name: str, fields: dict[int, str]) -> str:
    """By the numbers of its fields."""
    return "|".join((name, *(fields.get(n, "") for n in range(1, max(fields) + 1))))


PID = (
    "PID|1||00012345^^^南桥^MR~330106199001011213^^^^NNCHN||王^小明^^^^^L|"
    "|19900101|M|||杭州市西湖区^^杭州^浙江||13800000001^PRN^CP"
)
PV1 = segment(
    "PV1",
    {
        2: "I",
        3: "内一科^3^12",
        7: "0210^李^医生",
        10: "NEI1^内科",
        19: "ZY20260503",
        44: "20260503081500",
    },
)


def header(kind: str = "ADT^A01", number: str = "M1", at: str = "20260503082000") -> str:
    return f"MSH|^~\\&|HIS|南桥|AGENT|杏林|{at}||{kind}|{number}|P|2.5||||||UNICODE UTF-8"


def write(*segments: str, end: str = "\r", codec: str = "utf-8") -> bytes:
    return end.join((*segments, "")).encode(codec)


def origin(**more: Any) -> Hl7Origin:
    return Hl7Origin("检验.hl7", "nanqiao", "his", **more)


def read(*segments: str, at: Hl7Origin | None = None) -> tuple[list[Item], list[Refusal]]:
    return read_hl7_bytes(write(*segments), at or origin(), NOW)


def body(item: Item) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(item.body)
    return found


def only(items: list[Item], type: str) -> dict[str, Any]:
    (one,) = (i for i in items if i.type == type)
    return body(one)


def codes(refusals: list[Refusal]) -> list[str]:
    return [r.rule.code for r in refusals]
