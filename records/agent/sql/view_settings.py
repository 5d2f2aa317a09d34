"""Read the sections [sql.NAME] of agent.ini: which database, which views, how often."""

from __future__ import annotations

import configparser
import re
from dataclasses import dataclass

from ..item import SOURCE
from ..sets.all_sets import BY_NAME
from ..settings import SettingsFault
from ..site_settings import ZONE
from .dialects import Address, parse_address
from .source_database import VIEW

PREFIX = "sql."
LEAST_OVERLAP = 10  # minutes: no transaction of a HIS is open longer
HOUR = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")


@dataclass(frozen=True)
class ViewSettings:
    """views: column set → name of the view. overlap, every: seconds. daily: minute of the day at
    which views without a time of change are read. deletions: whether what vanished from these is
    deleted on the platform, too.
    """

    name: str
    address: Address
    views: dict[str, str]
    source: str
    hospital: str
    zone: str = "+08:00"
    every: float = 60.0
    overlap: float = LEAST_OVERLAP * 60.0
    daily: int = 120
    deletions: bool = False


def list_view_settings(settings: configparser.ConfigParser) -> list[ViewSettings]:
    """Raises SettingsFault, which names the line."""
    names = [s[len(PREFIX) :] for s in settings.sections() if s.startswith(PREFIX)]
    return [read_view_settings(settings, name) for name in names]


def read_view_settings(settings: configparser.ConfigParser, name: str) -> ViewSettings:
    section = settings[PREFIX + name]

    def fault(line: str, zh: str, en: str) -> SettingsFault:
        said = "" if line == "dsn" else section.get(line, "")  # a dsn holds a password
        return SettingsFault(
            f"设置 [{PREFIX}{name}] {line} = {said} 不对：{zh}。",
            f"[{PREFIX}{name}] {line} = {said} is wrong: {en}.",
        )

    def number(line: str, least: float, most: float, otherwise: float) -> float:
        try:
            found = float(section.get(line, str(otherwise)))
        except ValueError:
            found = least - 1
        if not least <= found <= most:
            raise fault(line, f"要写 {least:g} 到 {most:g}", f"write {least:g} to {most:g}")
        return found

    source = section.get("source", "his").strip()
    if not SOURCE.fullmatch(source):
        raise fault("source", "用 1 到 16 个小写字母或数字", "1 to 16 of a-z 0-9")
    zone = section.get("zone", "+08:00").strip()
    if not ZONE.fullmatch(zone):
        raise fault("zone", "写成 +08:00 这样", "write it as +08:00")
    views: dict[str, str] = {}
    for part in section.get("views", "").replace("，", ",").split(","):
        if not part.strip():
            continue
        set_name, _, view = (p.strip() for p in part.partition(":"))
        view = view or f"xinglin_{set_name}"
        if set_name not in BY_NAME or not VIEW.fullmatch(view):
            known = "、".join(BY_NAME)
            raise fault(
                "views",
                f"写成 patient, visit: dbo.v_visit 这样；集合名有 {known}",
                f"write it as patient, visit: dbo.v_visit; the sets are {', '.join(BY_NAME)}",
            )
        views[set_name] = view
    if not views:
        raise fault("views", "至少写一个视图，例如 patient, visit", "name a view, such as patient")
    daily = HOUR.fullmatch(section.get("daily_at", "02:00").strip())
    if not daily:
        raise fault("daily_at", "写成 02:00 这样", "write it as 02:00")
    deletions = section.get("deletions", "no").strip().lower()
    if deletions not in ("yes", "no"):
        raise fault("deletions", "写 yes 或 no", "write yes or no")
    return ViewSettings(
        name,
        parse_address(section.get("dsn", "")),
        {s: views[s] for s in BY_NAME if s in views},
        source,
        settings.get("platform", "hospital", fallback="").strip() or "local",
        zone,
        number("every", 1, 86_400, 60),
        number("overlap_minutes", LEAST_OVERLAP, 10_080, LEAST_OVERLAP) * 60,
        int(daily.group(1)) * 60 + int(daily.group(2)),
        deletions == "yes",
    )
