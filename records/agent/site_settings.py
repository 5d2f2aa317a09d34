"""Read which site files come from: `[platform] hospital`, `[folder] source` and `zone`."""

from __future__ import annotations

import configparser
import re

from .item import SOURCE
from .sets.column_set import Site
from .settings import SettingsFault

ZONE = re.compile(r"[+-]\d\d:\d\d|Z")


def read_site(settings: configparser.ConfigParser) -> Site:
    """Raises SettingsFault."""
    hospital = settings.get("platform", "hospital", fallback="").strip() or "local"
    source = settings.get("folder", "source", fallback="his").strip()
    zone = settings.get("folder", "zone", fallback="+08:00").strip()
    if not SOURCE.fullmatch(source):
        raise SettingsFault(
            f"设置 [folder] source = {source} 不对：用 1 到 16 个小写字母或数字，例如 his。",
            f"[folder] source = {source} must be 1 to 16 small letters or digits, such as his.",
        )
    if not ZONE.fullmatch(zone):
        raise SettingsFault(
            f"设置 [folder] zone = {zone} 不对：写成 +08:00 这样。",
            f"[folder] zone = {zone} must be written as +08:00.",
        )
    return Site(source, hospital, zone)


def check_enrolled(settings: configparser.ConfigParser) -> None:
    """Raises SettingsFault where the hospital is not known: its code stands in what is sent."""
    if not settings.get("platform", "hospital", fallback="").strip():
        raise SettingsFault(
            "还没有登记到平台（agent.ini 的 [platform] 里没有 hospital）。"
            "先运行 xinglin-agent enrol。",
            "This machine is not enrolled ([platform] hospital is missing): xinglin-agent enrol.",
        )
