"""Try the sandbox with this machine's enrolment, or watch what a vendor's client shows there."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

from ..acceptance_checks import CHECKS
from ..acceptance_report import Line, Report, format_line, format_verdict, write_page
from ..acceptance_trial import AcceptanceTrial, CheckFailed
from ..context import AgentContext, open_context
from ..platform_away import PlatformAway
from ..receipt_check import PinnedKeys
from ..settings import path_in_home

REFUSED, FAILED = 2, 1
EVERY = 5.0  # seconds between two looks of --watch


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--watch",
        action="store_true",
        help="send nothing: say what the client with this machine's credentials has shown",
    )
    parser.add_argument("--once", action="store_true", help="with --watch: look once")
    parser.add_argument("--output", type=Path, metavar="FILE", help="the report as a page")


def run(arguments: argparse.Namespace) -> int:
    zh = arguments.language == "zh"
    context = open_context(arguments.home, arguments.language)
    try:
        seen = ask_acceptance(context)
        if seen is None:
            print(
                "本机接入的不是沙箱，没有试：验收只在沙箱里做，以免测试数据进入正式库。"
                "请管理员发一个沙箱接入码，另用一个目录接入（--home）。"
                if zh
                else "This machine is enrolled at no sandbox, and nothing was tried: made-up"
                " records must not reach a hospital's own store. Ask the administrator for a code"
                " of the sandbox, and enrol in a folder of its own (--home).",
                file=sys.stderr,
            )
            return REFUSED
        report = (
            watch(context, seen, arguments.once, zh)
            if arguments.watch
            else try_everything(context, zh)
        )
    finally:
        context.close()
    path = arguments.output or arguments.home / "acceptance.html"
    write_page(report, path)
    print(format_verdict(report, zh))
    print(f"报告：{path}（可打印）" if zh else f"Report, to be printed: {path}")
    return 0 if report.passed else FAILED


def ask_acceptance(context: AgentContext) -> Any:
    """What the platform has seen; None where this is no sandbox."""
    reply = context.platform.send("GET", f"{context.platform.sync_path}/acceptance")
    return reply.json() if reply.status == 200 else None


def try_everything(context: AgentContext, zh: bool) -> Report:
    """Each check, whatever became of the one before."""
    keys = path_in_home(context.settings, context.home, "platform_keys")
    trial = AcceptanceTrial(context.platform, PinnedKeys(keys or context.home))
    lines = []
    for check in CHECKS:
        found = ""
        try:
            check.run(trial)
        except CheckFailed as failure:
            found = failure.found
        except PlatformAway as away:
            found = str(away)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            found = f"an answer that docs/sync.md does not know ({type(error).__name__})"
        line = Line(check.zh, check.en, not found, found, check.mend_zh, check.mend_en)
        print(format_line(line, zh), flush=True)
        lines.append(line)
    return build_report(context, lines)


def watch(context: AgentContext, seen: Any, once: bool, zh: bool) -> Report:
    """Until all that is required was seen, or somebody interrupts."""
    told: set[str] = set()
    try:
        while True:
            for line in lines_of_platform(seen):
                if line.passed is True and line.en not in told:
                    told.add(line.en)
                    print(format_line(line, zh), flush=True)
            if once or seen["accepted"]:
                break
            time.sleep(EVERY)
            seen = ask_acceptance(context) or seen
    except KeyboardInterrupt:
        print()
    lines = lines_of_platform(seen)
    for line in lines:
        if line.passed is not True:
            print(format_line(line, zh))
    return build_report(context, lines)


def lines_of_platform(seen: Any) -> list[Line]:
    """What is required and missing does not pass; what is not required is only not seen."""
    lines = [
        Line(
            row["zh"],
            row["en"],
            True if row["seen"] else (False if row["required"] else None),
            "",
            row["mend"]["zh"],
            row["mend"]["en"],
        )
        for row in seen["behaviours"]
    ]
    return lines + [
        Line(f"{row['zh']}（{row['last']}）", row["en"], None) for row in seen["faults"]
    ]


def build_report(context: AgentContext, lines: list[Line]) -> Report:
    return Report(
        context.platform.hospital,
        context.settings.get("platform", "client_id", fallback=""),
        context.settings.get("platform", "url", fallback=""),
        tuple(lines),
        time.time(),
    )
