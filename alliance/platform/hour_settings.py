"""The settings that are hours of people's work: a session, and the time to review an emergency."""

from alliance.platform.setting import Setting
from alliance.platform.setting_parsers import integer_parser, parse_hours

HOUR_SETTINGS = (
    Setting(
        "XINGLIN_SESSION_HOURS",
        parse_hours,
        "12",
        "0.25 to 12 (NIST SP 800-63B, AAL2)",
        "every session ends after a working day, however busy it is",
    ),
    Setting(
        "XINGLIN_EMERGENCY_REVIEW_HOURS",
        integer_parser(1, 720),
        "72",
        "1 to 720",
        "within so many hours of its opening an emergency access gets its finding; later it is"
        " overdue, and the alliance's auditor sees it first",
    ),
)
