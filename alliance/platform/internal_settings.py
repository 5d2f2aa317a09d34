"""List the settings that the supervisor and the tests set, not people."""

from alliance.platform.setting import Setting
from alliance.platform.setting_parsers import choice_parser, integer_parser, parse_pairs

INTERNAL_SETTINGS = (
    Setting(
        "XINGLIN_PROCESS",
        choice_parser("", "web", "worker", "courier", "sealer", "archiver"),
        "",
        "web, worker, courier, sealer or archiver",
        "which part of the installation this process is",
    ),
    Setting(
        "XINGLIN_GATE",
        integer_parser(0, 1 << 20),
        "0",
        "an open file",
        "what a process of the next release waits for before it begins"
        " (alliance.server.start_barrier)",
    ),
    Setting(
        "XINGLIN_PG_OPTIONS",
        parse_pairs,
        "",
        "name=value by commas",
        "settings of the embedded PostgreSQL",
    ),
)
