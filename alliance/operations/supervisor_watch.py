"""Whether somebody watches the supervisor of this installation: it says at its start under whom
it runs, and doctor reads it.
"""

import json
import os
from contextlib import suppress
from pathlib import Path

from alliance.platform.state_files import state_folder


def supervisor_file() -> Path:
    return state_folder() / "run" / "supervisor.json"


def record_supervisor(notify: str) -> None:
    """By the supervisor. notify: the socket on which somebody listens whether it lives. A
    service of systemd has an INVOCATION_ID (systemd.exec(5)): it is started again where it ends.
    """
    with suppress(OSError):  # no room: doctor does not know it then
        supervisor_file().parent.mkdir(parents=True, exist_ok=True)
        supervisor_file().write_text(
            json.dumps(
                {
                    "pid": os.getpid(),
                    "restarted": "INVOCATION_ID" in os.environ,
                    "watched": bool(notify),
                }
            )
        )


def find_supervisor_fault() -> str:
    """What nobody would do for the supervisor that runs; "" where there is none, or where it has
    whatever it needs.
    """
    try:
        found = json.loads(supervisor_file().read_text())
        alive = Path(f"/proc/{found['pid']}").exists()
    except (OSError, ValueError, KeyError):
        return ""
    if not alive or (found["restarted"] and found["watched"]):
        return ""
    return (
        "nobody notices if the supervisor hangs"
        if found["restarted"]
        else "nobody starts the supervisor again if it ends, or the machine restarts"
    )
