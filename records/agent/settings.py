"""Read `agent.ini` of the agent's home: UTF-8, or as an old Notepad saves it (GB18030)."""

from __future__ import annotations

import configparser
import os
import sys
from pathlib import Path

FILE = "agent.ini"
DEFAULTS = {
    "platform": {"key": "key.pem", "platform_keys": "platform-keys.pem", "timeout": "60"},
    "outbox": {"streams": "8", "workers": "4", "keep_days": "30"},
    "status": {"port": "8765"},
}


class SettingsFault(Exception):
    """words: (zh, en), each says which line is wrong and what to write."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.words = {"zh": zh, "en": en}


def default_home() -> Path:
    if named := os.environ.get("XINGLIN_AGENT_HOME"):
        return Path(named)
    if sys.platform == "win32":
        return Path(os.environ.get("PROGRAMDATA", r"C:\ProgramData")) / "xinglin-agent"
    return Path.home() / ".xinglin-agent"


def read_settings(home: Path) -> configparser.ConfigParser:
    """Raises SettingsFault. A missing file gives the defaults: `enrol` writes it."""
    settings = configparser.ConfigParser(interpolation=None, delimiters=("=",))
    settings.read_dict(DEFAULTS)
    path = home / FILE
    if path.exists():
        try:
            settings.read_string(decode_text(path.read_bytes()), source=str(path))
        except (configparser.Error, UnicodeDecodeError) as error:
            raise SettingsFault(
                f"设置文件 {path} 读不懂：{error}。每行写成“名称 = 值”，小节写成 [platform] 这样。",
                f"The settings {path} cannot be read: {error}. A line is `name = value`, a section"
                " is [platform].",
            ) from error
    return settings


def decode_text(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("gb18030")


def read_number(
    settings: configparser.ConfigParser, section: str, name: str, least: float, most: float
) -> float:
    """Raises SettingsFault, which names the line."""
    text = settings.get(section, name)
    try:
        number = float(text)
    except ValueError:
        number = least - 1
    if not least <= number <= most:
        raise SettingsFault(
            f"设置 [{section}] {name} = {text} 不对：要写 {least:g} 到 {most:g} 之间的数。",
            f"[{section}] {name} = {text} must be a number from {least:g} to {most:g}.",
        )
    return number


def path_in_home(settings: configparser.ConfigParser, home: Path, name: str) -> Path | None:
    """A file of [platform]; relative names lie in the home."""
    text = settings.get("platform", name, fallback="").strip()
    return home / text if text else None
