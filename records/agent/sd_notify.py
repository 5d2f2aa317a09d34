"""Tell systemd that the agent is ready, lives, and stops (sd_notify(3)); elsewhere nothing."""

from __future__ import annotations

import os
import socket


def notify_systemd(words: str) -> None:
    """words: "READY=1", "WATCHDOG=1", "STOPPING=1"."""
    where = os.environ.get("NOTIFY_SOCKET", "")
    if not where or not hasattr(socket, "AF_UNIX"):
        return
    address = "\0" + where[1:] if where.startswith("@") else where
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
            line.connect(address)
            line.sendall(words.encode())
    except OSError:
        pass


def watchdog_seconds() -> float | None:
    """How often systemd wants to hear of us; None where it does not watch."""
    text = os.environ.get("WATCHDOG_USEC", "")
    return int(text) / 1_000_000 if text.isdigit() and int(text) else None
