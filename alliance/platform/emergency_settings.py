"""The setting of emergency accesses: within which hours they get their finding (docs/adr/0080)."""

from alliance.platform.setting import Setting
from alliance.platform.setting_parsers import integer_parser

EMERGENCY_REVIEW_HOURS = Setting(
    "XINGLIN_EMERGENCY_REVIEW_HOURS",
    integer_parser(1, 720),
    "72",
    "1 to 720",
    "within so many hours of its opening an emergency access gets its finding; later it is"
    " overdue, and the alliance's auditor sees it first",
)
