"""The command line of the agent: `xinglin-agent [--home DIR] [--language zh|en] COMMAND …`."""

from __future__ import annotations

import argparse
import importlib
import locale
import os
import sys
from pathlib import Path
from types import ModuleType

from . import __version__
from .commands import COMMANDS
from .commands.help_words import HELP
from .outbox_faults import OutboxFault
from .platform_away import PlatformAway
from .settings import SettingsFault, default_home
from .verdict import say_trouble

PROGRAM = "xinglin-agent"
REFUSED = 2


def main(argv: list[str] | None = None) -> int:
    """The exit status: 0 done, 1 done with faults, 2 refused. A fault is one sentence."""
    make_output_printable()
    language = named_language(sys.argv[1:] if argv is None else argv)
    zh = language == "zh"
    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        description="把本院的数据传到医联体平台。"
        if zh
        else "Send a hospital's records to the platform.",
        epilog=f"某个命令怎么用：{PROGRAM} 命令 --help"
        if zh
        else f"Of one command: {PROGRAM} COMMAND --help",
    )
    parser.add_argument("--version", action="version", version=f"{PROGRAM} {__version__}")
    parser.add_argument(
        "--home",
        type=Path,
        default=default_home(),
        help="放密钥、设置和待发库的文件夹" if zh else "folder of keys, settings and outbox",
    )
    parser.add_argument(
        "--language",
        choices=("zh", "en"),
        default=language,
        help="说中文还是英文" if zh else "of all that it says",
    )
    subparsers = parser.add_subparsers(
        dest="command", metavar="命令" if zh else "COMMAND", required=True
    )
    for name in COMMANDS:
        module = load_command(name)
        help = HELP[name] if zh else (module.__doc__ or name).strip().splitlines()[0]
        subparser = subparsers.add_parser(name.replace("_", "-"), help=help, description=help)
        module.add_arguments(subparser)
        subparser.set_defaults(run=module.run)
    arguments = parser.parse_args(argv)
    try:
        return int(arguments.run(arguments))
    except (OutboxFault, SettingsFault) as fault:
        print(fault.words[arguments.language], file=sys.stderr)
        return REFUSED
    except PlatformAway as away:
        print(say_trouble(away, arguments.language), file=sys.stderr)
        return REFUSED
    except KeyboardInterrupt:
        return 130


def load_command(name: str) -> ModuleType:
    return importlib.import_module(f".commands.{name}", __package__)


def named_language(words: list[str]) -> str:
    """What --language says, before all words are read: the help is written in it."""
    for place, word in enumerate(words):
        name, _, value = word.partition("=")
        if name == "--language":
            value = value or "".join(words[place + 1 : place + 2])
            if value in ("zh", "en"):
                return value
    return guess_language()


def guess_language() -> str:
    """Chinese, unless the machine says that it speaks something else."""
    named = os.environ.get("XINGLIN_AGENT_LANGUAGE")
    if named in ("zh", "en"):
        return named
    system = os.environ.get("LC_ALL") or os.environ.get("LANG") or (locale.getlocale()[0] or "")
    return "en" if system.startswith("en") else "zh"


def make_output_printable() -> None:
    """A console of GBK shows what it cannot as `?` instead of failing in the middle."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
