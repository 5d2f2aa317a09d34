"""What a process asks of the kernel for itself: to end with its parent; to step back behind work
that somebody waits for.
"""

import ctypes
import os
import signal
from contextlib import suppress
from pathlib import Path

PR_SET_PDEATHSIG = 1  # prctl(2)


def die_with_parent(number: int = signal.SIGTERM) -> None:
    """Between fork and exec: the kernel sends this process the signal when its parent is gone,
    however that ended.
    """
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, number)


def lower_priority(nice: int) -> None:
    """This process, from now on, in a session of its own: where the kernel groups processes by
    session, niceness counts between groups (sched(7), autogroup).
    """
    with suppress(PermissionError):  # it leads its session already
        os.setsid()
    os.nice(nice)
    with suppress(OSError):  # a kernel without such groups
        Path("/proc/self/autogroup").write_text(str(nice))
