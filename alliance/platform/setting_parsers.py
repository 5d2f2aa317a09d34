"""Parse the values of settings. Each parser raises ValueError for what is not understood."""

import ipaddress
import re
from typing import Any
from urllib.parse import urlsplit

from alliance.platform import connection_string
from alliance.platform.mail_url import parse_mail_url
from alliance.platform.setting import SHOWN, Parser

HOST = re.compile(
    r"\.?[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*"
)
KEY = re.compile(r"[0-9a-fA-F]{64}")
SENDER = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+")  # of RFC 5322: dot-atom
PAIR = re.compile(r"([a-z_.]+)=([^\s,'\\=]+)")
BEARER = re.compile(r"[A-Za-z0-9._~+/-]{32,200}=*")
PORTS = {"http": 80, "https": 443}


def parse_switch(said: str) -> bool:
    if said not in ("0", "1"):
        raise ValueError
    return said == "1"


def integer_parser(least: int, most: int) -> Parser:
    def parse(said: str) -> int:
        if not re.fullmatch(r"[0-9]{1,15}", said) or not least <= int(said) <= most:
            raise ValueError
        return int(said)

    return parse


def parse_hours(said: str) -> float:
    if not re.fullmatch(r"[0-9]{1,2}(\.[0-9]{1,3})?", said) or not 0.25 <= float(said) <= 12:
        raise ValueError
    return float(said)


def list_parser(one: Parser) -> Parser:
    """By commas, without blanks; nothing at all is an empty list."""

    def parse(said: str) -> list[Any]:
        for part in said.split(",") if said else []:
            if part != part.strip() or not part:
                raise ValueError(f"a blank in the list, at {part!r}")
        return [one(part) for part in said.split(",")] if said else []

    return parse


def parse_host(said: str) -> str:
    """A name, an address, or .example.cn for all names below one."""
    inner = said[1:-1] if said.startswith("[") and said.endswith("]") else ""
    if inner and ipaddress.ip_address(inner).version == 6:
        return said
    if not HOST.fullmatch(said) or len(said) > 253 or max(map(len, said.split("."))) > 63:
        raise ValueError(f"{said[:SHOWN]!r} is no host name")
    if said.rpartition(".")[2].isdigit():
        ipaddress.IPv4Address(said)  # a name does not end in a number
    return said


def parse_hosts(said: str) -> list[str]:
    if not said:
        raise ValueError
    found: list[str] = list_parser(parse_host)(said)
    return found


def parse_bind_address(said: str) -> str:
    return said if said == "localhost" else str(ipaddress.IPv4Address(said))


def parse_origin_setting(said: str) -> str:
    """scheme://host:port, the port always there."""
    parts = urlsplit(said)
    if (
        parts.scheme not in PORTS
        or not parts.hostname
        or parts.username is not None
        or parts.path
        or parts.query
        or parts.fragment
        or parts.port == 0
    ):
        raise ValueError(f"{said[:SHOWN]!r} is no origin")
    try:
        address = ipaddress.ip_address(parts.hostname)
    except ValueError:
        parse_host(parts.hostname)
    else:
        if address.is_link_local or address.is_multicast or address.is_unspecified:
            raise ValueError(f"nobody is told at {address}")
    return f"{parts.scheme}://{parts.hostname}:{parts.port or PORTS[parts.scheme]}"


def parse_site_url(said: str) -> str:
    """Of the site: an origin as it stands in links."""
    if said:
        parse_origin_setting(said)
        parts = urlsplit(said)
        if said != f"{parts.scheme}://{parts.netloc}":
            raise ValueError("something stands behind it, or its scheme is in capitals")
    return said


def parse_database_url(said: str) -> str:
    return connection_string.check_connection_string(said) if said else said


def parse_mail_setting(said: str) -> str:
    if said:
        parse_mail_url(said)
    return said


def parse_sender(said: str) -> str:
    if said:
        user, _, host = said.rpartition("@")
        if not SENDER.fullmatch(user):
            raise ValueError
        parse_host(host)
    return said


def parse_key(said: str) -> str:
    if said and not KEY.fullmatch(said):
        raise ValueError
    return said


def parse_pairs(said: str) -> list[tuple[str, str]]:
    """name=value, by commas."""
    found = [PAIR.fullmatch(part) for part in said.split(",")] if said else []
    if not all(found):
        raise ValueError
    return [(one[1], one[2]) for one in found if one]


def parse_bearer_token(said: str) -> str:
    """A token as RFC 6750 2.1 writes it."""
    if said and not BEARER.fullmatch(said):
        raise ValueError
    return said


def parse_network(said: str) -> Any:
    """An address, or a network such as 10.1.2.0/24."""
    return ipaddress.ip_network(said)


def parse_absolute_path(said: str) -> str:
    """From the root on: commands are run from anywhere."""
    if said and not said.startswith("/"):
        raise ValueError("it does not begin with /")
    return said


def parse_statement_seconds(said: str) -> dict[str, int]:
    """kind of work -> seconds. A number alone is that of all that the site does; pairs change
    some of the defaults.
    """
    found = dict(STATEMENT_SECONDS)
    if said.isdecimal():
        seconds: int = integer_parser(1, 600)(said)
        return found | dict.fromkeys(SITE_WORK_KINDS, seconds)
    for name, value in parse_pairs(said):
        if name not in STATEMENT_SECONDS:
            raise ValueError(f"there is no kind of work {name[:SHOWN]!r}")
        found[name] = (
            integer_parser(1, 600)(value)
            if name in SITE_WORK_KINDS
            else integer_parser(0, 86_400)(value)
        )
    return found


def choice_parser(*words: str) -> Parser:
    def parse(said: str) -> str:
        if said not in words:
            raise ValueError
        return said

    return parse


STATEMENT_SECONDS = {
    "page": 15,
    "read": 30,
    "write": 30,
    "search": 30,
    "transaction": 60,
    "export": 60,
    "bulk": 600,
    "command": 0,
}
SITE_WORK_KINDS = (
    "page",
    "read",
    "write",
    "search",
    "transaction",
    "export",
)  # what the web process does
