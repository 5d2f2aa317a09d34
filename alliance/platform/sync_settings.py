"""List the settings of what is kept of members' refused and waiting items (docs/adr/0071)."""

from alliance.platform.setting import Setting
from alliance.platform.setting_parsers import integer_parser

SYNC_SETTINGS = (
    Setting(
        "XINGLIN_SYNC_LETTERS",
        integer_parser(100, 10_000_000),
        "50000",
        "100 to 10000000",
        "refused and waiting items whose content is kept for one of members' systems"
        " ([sync](../sync.md)); beyond that a refused one is told and not kept, and one that would"
        " wait is refused",
    ),
    Setting(
        "XINGLIN_SYNC_LETTER_BYTES",
        integer_parser(1 << 20, 1 << 40),
        str(1 << 28),
        "1048576 to 1099511627776",
        "bytes of their content, compressed, likewise",
        "256 MiB",
    ),
)
