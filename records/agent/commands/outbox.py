"""Check the outbox, or make another where it is lost or damaged."""

from __future__ import annotations

import argparse

from ..outbox_renewal import check_outbox, renew_outbox
from ..process_lock import ProcessLock
from ..settings import read_number, read_settings
from ..status_words import pick


def add_arguments(parser: argparse.ArgumentParser) -> None:
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--check", action="store_true", help="read all of it")
    what.add_argument(
        "--anew", action="store_true", help="put it aside, make another, take over what is readable"
    )


def run(arguments: argparse.Namespace) -> int:
    if arguments.check:
        faults = check_outbox(arguments.home)
        for fault in faults:
            print(fault)
        if not faults:
            print(pick(arguments.language, "待发库完好。", "The outbox is whole."))
        return 1 if faults else 0
    with ProcessLock(arguments.home):
        streams = int(read_number(read_settings(arguments.home), "outbox", "streams", 1, 64))
        aside, saved = renew_outbox(arguments.home, streams)
    print(
        pick(
            arguments.language,
            f"新待发库建好了，转来 {saved} 条没发完的。"
            + (f"旧库在 {aside}。" if aside else "")
            + "请把最近的数据重新导出一遍，再运行 xinglin-agent reconcile。",
            f"Another outbox was made; {saved} unsent items were taken over."
            + (f" The old one is {aside}." if aside else "")
            + " Export the last days again, then xinglin-agent reconcile.",
        )
    )
    return 0
