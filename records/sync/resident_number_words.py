"""Say in Chinese why a number is no citizen number (records.mpi.matching.rules.resident_number)."""

# the reasons in English, as they begin
REASONS = (
    ("the check digit", "最后一位校验码与前 17 位不符"),
    ("digits 7 to 14", "第 7 到 14 位不是有效的出生日期"),
    ("character ", "里面有不该有的字符"),
)
SHAPE = "应为 18 位（老证 15 位）"


def explain_resident_number(detail: str) -> str:
    """In Chinese."""
    return next(
        (zh for start, zh in REASONS if detail.startswith(start)),
        SHAPE,
    )
