"""Read and check the environment. A name or value that is not understood, and values that do not
go together, stop the start.
"""

import ipaddress
import os
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from alliance.platform.mail_url import parse_mail_url
from alliance.platform.setting import StartRefused
from alliance.platform.setting_parsers import (
    SITE_WORK_KINDS,
    STATEMENT_SECONDS,
    parse_key,
    parse_sender,
)
from alliance.platform.setting_rows import (
    KEY_FORMAT,
    KEY_NAMES,
    MAY_BE_EMPTY,
    OF_TESTS,
    PUBLIC_SETTINGS,
    SETTINGS_BY_NAME,
    settings_table,
)

__all__ = [
    "KEY_FORMAT",
    "KEY_NAMES",
    "PUBLIC_SETTINGS",
    "SETTINGS_BY_NAME",
    "SITE_WORK_KINDS",
    "STATEMENT_SECONDS",
    "StartRefused",
    "check_environment",
    "is_loopback",
    "parse_key",
    "read_setting",
    "settings_table",
]
AGENT = "XINGLIN_AGENT_"  # what the agent of a member reads, which may run beside


def read_setting(name: str, environment: Mapping[str, str] = os.environ) -> Any:
    """Read one value. Raises StartRefused."""
    return SETTINGS_BY_NAME[name].read_from(environment)


def check_environment(environment: Mapping[str, str] = os.environ) -> int:
    """Check all settings; returns how many are set. Raises StartRefused for a name that nobody
    knows, a value that is not understood, and values that do not go together.
    """
    for name in sorted(n for n in environment if n.startswith("XINGLIN_")):
        if name not in SETTINGS_BY_NAME and name not in OF_TESTS and not name.startswith(AGENT):
            raise StartRefused(
                f"{name} is no setting of this release, and nothing reads it: unset it. Those there"
                " are: docs/how-to/configure.md."
            )
    for name in SETTINGS_BY_NAME:
        if environment.get(name) == "" and name not in MAY_BE_EMPTY:
            raise StartRefused(
                f"{name} is set to nothing: unset it, or give it a value. Allowed:"
                f" {SETTINGS_BY_NAME[name].allowed}."
            )
        read_setting(name, environment)
    check_combinations(environment)
    return sum(name in environment for name in SETTINGS_BY_NAME)


def is_loopback(address: str) -> bool:
    return address == "localhost" or ipaddress.IPv4Address(address).is_loopback


def check_combinations(environment: Mapping[str, str]) -> None:
    """Check what goes together. Raises StartRefused for what would put the site, or the demo, on a
    network unprotected.
    """
    at, https, proxies = (
        read_setting(n, environment) for n in ("XINGLIN_BIND", "XINGLIN_HTTPS", "XINGLIN_PROXIES")
    )
    public, outside = read_setting("XINGLIN_PUBLIC_URL", environment), not is_loopback(at)
    if read_setting("XINGLIN_DEMO", environment) and outside:
        raise StartRefused(
            f"XINGLIN_BIND={at}: the demo's passwords and second factor are published, so it is"
            " served on this machine alone. Unset XINGLIN_BIND (127.0.0.1), or set XINGLIN_DEMO=0."
        )
    if outside and not (https and proxies):
        raise StartRefused(
            f"XINGLIN_BIND={at}: passwords and records would cross the network readable. Put a"
            " proxy that speaks TLS and sends X-Forwarded-Proto and X-Forwarded-For before it, and"
            " say so: XINGLIN_HTTPS=1 and XINGLIN_PROXIES=1 (how many proxies); or unset"
            " XINGLIN_BIND (127.0.0.1)."
        )
    if (
        (server := read_setting("XINGLIN_MAIL", environment))
        and not read_setting("XINGLIN_MAIL_FROM", environment)
        and not is_sender(parse_mail_url(server)[2])
    ):
        raise StartRefused(
            "XINGLIN_MAIL_FROM is not set, and the user in XINGLIN_MAIL is no address: set it to"
            " the address that mail comes from, such as xinglin@hospital.example."
        )
    if read_setting("XINGLIN_METRICS_FROM", environment) and not read_setting(
        "XINGLIN_METRICS_TOKEN", environment
    ):
        raise StartRefused(
            "XINGLIN_METRICS_FROM is set without XINGLIN_METRICS_TOKEN: whoever comes through a"
            " proxy that names no caller has the proxy's address, so an address alone opens the"
            " numbers to everybody. Set a token too (openssl rand -hex 32), or unset"
            " XINGLIN_METRICS_FROM."
        )
    check_public_url(public, https)


def is_sender(user: str) -> bool:
    """Whether mail may come from it."""
    try:
        return bool(parse_sender(user))
    except ValueError:
        return False


def check_public_url(public: str, https: bool) -> None:
    """Raises StartRefused for an address past TLS, and for one behind which nobody speaks it."""
    if https and public.startswith("http://"):
        raise StartRefused(
            f"XINGLIN_PUBLIC_URL: {public!r} leads past TLS, and XINGLIN_HTTPS is 1. Begin it with"
            " https://."
        )
    if public and not https and not is_own_address(public):
        raise StartRefused(
            f"XINGLIN_PUBLIC_URL: {public!r} is an address for others, and XINGLIN_HTTPS is 0:"
            " cookies would cross the network without TLS. Put a proxy that speaks TLS before the"
            " site, and say so: XINGLIN_HTTPS=1, XINGLIN_PROXIES=1 (how many proxies) and"
            " https:// here; or unset XINGLIN_PUBLIC_URL."
        )


def is_own_address(url: str) -> bool:
    """Whether it is plain HTTP to this machine itself."""
    parts = urlsplit(url)
    try:
        return parts.scheme == "http" and (
            parts.hostname == "localhost" or ipaddress.ip_address(parts.hostname or "").is_loopback
        )
    except ValueError:
        return False
