"""Write the agent's own log, `logs/` of its home: no patient, no value; 5 files of 2 MB at most."""

from __future__ import annotations

import logging
import logging.handlers
import sys
from pathlib import Path

BYTES, FILES = 2 * 1024 * 1024, 5
FORMAT = "%(asctime)s %(levelname)s %(message)s"


def open_log(home: Path) -> None:
    log = logging.getLogger("xinglin_agent")
    log.setLevel(logging.INFO)
    folder = home / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    handlers: list[logging.Handler] = [
        logging.handlers.RotatingFileHandler(
            str(folder / "agent.log"), maxBytes=BYTES, backupCount=FILES, encoding="utf-8"
        )
    ]
    if sys.stderr is not None:  # pythonw has none
        handlers.append(logging.StreamHandler())
    for handler in handlers:
        handler.setFormatter(logging.Formatter(FORMAT))
        log.addHandler(handler)
