"""Read the coded concepts of a reference range: the sexes it applies to, and whether it is what is
normal (FHIR R4 Observation.referenceRange.type, appliesTo).
"""

import re
from typing import Any

SEX_WORDS = {
    "男": "male",
    "男性": "male",
    "male": "male",
    "m": "male",
    "女": "female",
    "女性": "female",
    "female": "female",
    "f": "female",
}

# 1 and 2 are sexes in one table and phases or groups in another: they choose no range
SEX_CODES = {
    "248153007": "male",
    "248152002": "female",
    "M": "male",
    "F": "female",
    "male": "male",
    "female": "female",
}

ALL = frozenset({"全部", "所有", "所有人", "all", "any", "不限", "通用", "成人及儿童"})

NORMAL_TYPES = frozenset({"normal"})

NORMAL_WORDS = frozenset(
    {
        "正常",
        "正常范围",
        "正常值",
        "参考范围",
        "参考值",
        "参考区间",
        "生物参考区间",
        "normal",
        "normalrange",
        "referencerange",
        "referenceinterval",
    }
)


def make_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value] if value else []


def list_concept_words(concept: Any) -> list[str]:
    if not isinstance(concept, dict):
        return []
    found = [
        str(concept.get("text") or ""),
        *(
            str(c.get(k) or "")
            for c in make_list(concept.get("coding"))
            if isinstance(c, dict)
            for k in ("code", "display")
        ),
    ]
    return [re.sub(r"\s+", "", w) for w in found if w]


def is_normal_range(node: dict[str, Any]) -> bool:
    """Whether it tells what is normal: not a treatment's goal, a phase of the cycle, a
    recommendation.
    """
    kind = node.get("type")
    if isinstance(kind, str):
        kind = {"text": kind}
    if kind and not isinstance(kind, dict):
        return False
    codes = {
        str(c.get("code")) for c in make_list((kind or {}).get("coding")) if isinstance(c, dict)
    }
    return not kind or (
        codes <= NORMAL_TYPES
        if codes
        else any(w.casefold() in NORMAL_WORDS for w in list_concept_words(kind))
    )
