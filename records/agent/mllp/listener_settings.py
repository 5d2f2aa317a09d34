"""Read [mllp] of agent.ini: where to listen, who may come, what the numbers mean."""

from __future__ import annotations

import configparser
import ipaddress
from dataclasses import dataclass
from typing import Union

from ..hl7.times import UnreadableTime, parse_zone
from ..item import SOURCE
from ..settings import SettingsFault

Network = Union[ipaddress.IPv4Network, ipaddress.IPv6Network]
MOST_CONNECTIONS = 64
MOST_OF_PEER = 16  # of them one address may hold
IDLE = 3600  # seconds without a whole message


@dataclass(frozen=True)
class ListenerSettings:
    """allow: empty where it listens on this machine alone."""

    hospital: str
    source: str
    address: str = "127.0.0.1"
    port: int = 2575
    allow: tuple[Network, ...] = ()
    zone: str = "+08:00"
    encoding: str = ""
    ignored: frozenset[str] = frozenset()
    connections: int = MOST_CONNECTIONS
    of_peer: int = MOST_OF_PEER
    idle: int = IDLE

    def admits(self, peer: str) -> bool:
        try:
            address = ipaddress.ip_address(peer.split("%")[0])
        except ValueError:
            return False
        mapped = getattr(address, "ipv4_mapped", None)
        address = mapped or address
        return address.is_loopback or any(address in network for network in self.allow)


def read_listener_settings(settings: configparser.ConfigParser) -> ListenerSettings | None:
    """None without a section [mllp]. Raises SettingsFault, which names the line."""
    if not settings.has_section("mllp"):
        return None
    section = settings["mllp"]
    source = section.get("source", "his").strip()
    if not SOURCE.fullmatch(source):
        raise _fault("source", source, "1 到 16 个小写字母或数字，如 his", "1 to 16 of a-z 0-9")
    address = section.get("address", "127.0.0.1").strip()
    try:
        loopback = ipaddress.ip_address(address).is_loopback
    except ValueError as error:
        raise _fault(
            "address", address, "本机的 IP 地址", "an IP address of this machine"
        ) from error
    port = section.get("port", "2575").strip()
    if not port.isdigit() or not 0 <= int(port) < 65536:
        raise _fault("port", port, "1 到 65535 之间的端口号", "a port from 1 to 65535")
    allow = []
    for text in section.get("allow", "").replace("，", ",").split(","):
        try:
            if text.strip():
                allow.append(ipaddress.ip_network(text.strip(), strict=False))
        except ValueError as error:
            raise _fault(
                "allow", text.strip(), "发送方的 IP，如 192.168.1.20", "senders' addresses"
            ) from error
    if not loopback and not allow:
        raise _fault(
            "allow",
            "",
            "谁可以连进来：监听 127.0.0.1 以外的地址时，必须写明发送方的 IP",
            "who may connect: beyond this machine, the senders' addresses must be named",
        )
    zone = section.get("zone", "+08:00").strip()
    try:
        parse_zone(zone)
    except UnreadableTime as error:
        raise _fault("zone", zone, "时区，如 +08:00", "an offset such as +08:00") from error
    encoding = section.get("encoding", "").strip().lower()
    if encoding not in ("", "utf-8", "gb18030"):
        raise _fault("encoding", encoding, "utf-8 或 gb18030", "utf-8 or gb18030")
    ignored = (i.strip().upper() for i in section.get("ignore", "").replace("，", ",").split(","))
    connections = _read_number(section, "connections", MOST_CONNECTIONS, 1, 1000)
    of_peer = _read_number(section, "connections_per_sender", MOST_OF_PEER, 1, 1000)
    idle = _read_number(section, "idle", IDLE, 10, 86_400)
    return ListenerSettings(
        settings.get("platform", "hospital", fallback="local").strip() or "local",
        source,
        address,
        int(port),
        tuple(allow),
        zone,
        encoding,
        frozenset(i for i in ignored if i),
        connections,
        of_peer,
        idle,
    )


def _read_number(
    section: configparser.SectionProxy, name: str, usual: int, least: int, most: int
) -> int:
    text = section.get(name, str(usual)).strip()
    if not (text.isascii() and text.isdigit() and len(text) < 9 and least <= int(text) <= most):
        raise _fault(name, text, f"{least} 到 {most}", f"{least} to {most}")
    return int(text)


def _fault(name: str, value: str, zh: str, en: str) -> SettingsFault:
    return SettingsFault(
        f"设置 [mllp] {name} = {value} 不对：应写{zh}。",
        f"[mllp] {name} = {value} is wrong: write {en}.",
    )
