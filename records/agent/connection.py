"""Connect to the platform: HTTPS with the system's certificates or an own CA file, directly or
through a proxy, with or without a password. One connection a thread, kept alive.
"""

from __future__ import annotations

import base64
import http.client
import ssl
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from .platform_away import PlatformAway, Trouble


@dataclass(frozen=True)
class Line:
    """base: the platform's root. proxy: `http://user:password@host:port`, or None."""

    base: SplitResult
    proxy: SplitResult | None = None
    ca_file: Path | None = None

    @property
    def through_proxy(self) -> bool:
        return self.proxy is not None


def read_line(url: str, proxy: str = "", ca_file: Path | None = None) -> Line:
    """Raises PlatformAway(SETTINGS). Plain HTTP is for this machine alone."""
    base = urlsplit(url.strip().rstrip("/"))
    local = base.hostname in ("127.0.0.1", "localhost", "::1")
    if base.scheme not in ("https", "http") or not base.hostname:
        raise PlatformAway(Trouble.SETTINGS, f"[platform] url = {url}: write https://…")
    if base.scheme == "http" and not local:
        raise PlatformAway(Trouble.SETTINGS, f"[platform] url = {url}: https, not http")
    if not proxy.strip():
        return Line(base, None, ca_file)
    through = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    if through.scheme != "http" or not through.hostname:
        raise PlatformAway(
            Trouble.SETTINGS, f"[platform] proxy = {through.hostname}: write http://host:port"
        )
    return Line(base, through, ca_file)


def open_connection(line: Line, timeout: float) -> http.client.HTTPConnection:
    """Not yet connected. Raises PlatformAway where the CA file cannot be read."""
    host, port = line.base.hostname or "", line.base.port
    secure = line.base.scheme == "https"
    if not secure and line.proxy is None:
        return http.client.HTTPConnection(host, port, timeout=timeout)
    context = build_tls_context(line.ca_file) if secure else None
    first_host, first_port = (
        (line.proxy.hostname or "", line.proxy.port or 8080) if line.proxy else (host, port)
    )
    connection = (
        http.client.HTTPSConnection(first_host, first_port, timeout=timeout, context=context)
        if context
        else http.client.HTTPConnection(first_host, first_port, timeout=timeout)
    )
    if line.proxy:
        connection.set_tunnel(host, port or (443 if secure else 80), proxy_headers(line.proxy))
    return connection


def proxy_headers(proxy: SplitResult) -> dict[str, str]:
    if proxy.username is None:
        return {}
    pair = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
    return {"Proxy-Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}


def build_tls_context(ca_file: Path | None) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
    except (OSError, ssl.SSLError) as error:
        raise PlatformAway(Trouble.SETTINGS, f"[platform] ca_file {ca_file}: {error}") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
