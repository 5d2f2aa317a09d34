"""Define why the platform cannot be had at this moment: what kind of trouble, and whose."""

from __future__ import annotations

import http.client
import socket
import ssl
from enum import Enum


class Trouble(str, Enum):
    NAME = "name"  # DNS
    NETWORK = "network"  # no route, refused, reset, timed out
    PROXY = "proxy"
    CERTIFICATE = "certificate"
    PLATFORM = "platform"  # 5xx, 429, an answer that is none
    CREDENTIALS = "credentials"
    CLOCK = "clock"  # ours is off, and the platform refuses us for it
    SETTINGS = "settings"
    RECEIPT = "receipt"  # not signed by the platform, or not for what was sent
    DISK = "disk"  # ours


class PlatformAway(Exception):
    """retry_after: seconds, where the platform said so."""

    def __init__(self, trouble: Trouble, detail: str, retry_after: float | None = None) -> None:
        super().__init__(f"{trouble.value}: {detail}")
        self.trouble = trouble
        self.detail = detail
        self.retry_after = retry_after


def name_trouble(error: BaseException, *, proxy: bool = False) -> PlatformAway:
    """error: what socket, ssl or http.client raised."""
    if isinstance(error, PlatformAway):
        return error
    if isinstance(error, ssl.SSLCertVerificationError):
        return PlatformAway(Trouble.CERTIFICATE, error.verify_message or str(error))
    if isinstance(error, ssl.SSLError):
        return PlatformAway(Trouble.CERTIFICATE, error.reason or str(error))
    if isinstance(error, socket.gaierror):
        return PlatformAway(Trouble.PROXY if proxy else Trouble.NAME, str(error))
    if isinstance(error, http.client.HTTPException):
        return PlatformAway(Trouble.NETWORK, f"{type(error).__name__} {error}".strip())
    if str(error).startswith("Tunnel connection failed"):
        return PlatformAway(Trouble.PROXY, str(error))
    return PlatformAway(
        Trouble.PROXY if proxy and isinstance(error, ConnectionError) else Trouble.NETWORK,
        str(error) or type(error).__name__,
    )
