"""Open what a command of the agent needs: home, settings, outbox, platform."""

from __future__ import annotations

import configparser
import os
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path

from .outbox import Outbox
from .platform_client import PlatformClient, build_client
from .settings import default_home, read_number, read_settings

PRIVATE = (".ini", ".pem", ".db", ".db-wal", ".db-shm")
OFFSET = "clock.offset"  # kept in the outbox: how far the platform's clock is ahead


@dataclass(frozen=True)
class AgentContext:
    """stopping: set when the agent is to end; loops return then. language: "zh" or "en"."""

    home: Path
    settings: configparser.ConfigParser
    outbox: Outbox
    platform: PlatformClient
    stopping: threading.Event = field(default_factory=threading.Event)
    language: str = "zh"

    def close(self) -> None:
        self.stopping.set()
        self.platform.close()
        self.outbox.close()


def shut_out_others(home: Path) -> None:
    """Keys, settings with a secret, and patients' records are not for every account of the machine,
    whoever made the files and with whichever umask. A group that was given them keeps them.
    """
    if sys.platform == "win32":  # there the home's own rights count (docs/how-to/agent.md)
        return
    for path in home.iterdir():
        if path.suffix in PRIVATE and not path.is_symlink() and path.is_file():
            status = path.stat()
            if status.st_mode & 0o007 and status.st_uid == os.geteuid():
                path.chmod(status.st_mode & 0o770)


def open_context(home: Path | None = None, language: str = "zh") -> AgentContext:
    """Raises SettingsFault, OutboxFault, and PlatformAway where [platform] is wrong."""
    home = home or default_home()
    settings = read_settings(home)
    streams = int(read_number(settings, "outbox", "streams", 1, 64))
    platform = build_client(settings, home)
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    outbox = Outbox(home, streams)
    shut_out_others(home)
    offset = float(outbox.kept(OFFSET) or 0.0)
    platform.clock.offset = offset
    outbox.clock_offset = offset
    return AgentContext(home, settings, outbox, platform, language=language)
