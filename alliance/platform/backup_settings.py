"""Settings of what is kept: backups, and archives of the audit log (docs/adr/0082)."""

from alliance.platform.setting import Setting
from alliance.platform.setting_parsers import integer_parser, parse_absolute_path

BACKUP_SETTINGS = (
    Setting(
        "XINGLIN_BACKUP_DAYS",
        integer_parser(1, 3650),
        "35",
        "1 to 3650",
        "days for which backups, and the log that they need, are kept",
    ),
    Setting(
        "XINGLIN_AUDIT_ONLINE_MONTHS",
        integer_parser(6, 1200),
        "36",
        "6 to 1200 (Cybersecurity Law art. 23; PIPL 56 and Regulation on Network Data Security"
        " Management art. 12: three years)",
        "months for which a month of the audit log stays online after its end, before"
        " `audit_archive --detach` may take it out ([archive](audit-archive.md)). Nothing leaves by"
        " itself",
    ),
    Setting(
        "XINGLIN_AUDIT_ARCHIVES",
        parse_absolute_path,
        "",
        "a folder, from / on",
        "where archived months of the audit log lie: `audit_archive` writes there, `doctor` looks"
        " for them there",
        "none",
    ),
    Setting(
        "XINGLIN_RECOVERY_CERTIFICATE",
        parse_absolute_path,
        "",
        "a PEM file, from / on",
        "certificate, or public key, for which a backup wraps `secrets/`; its private half lies in"
        " a safe, never on the server",
        "none",
    ),
)
