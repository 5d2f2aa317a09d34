"""Lock $XINGLIN_HOME for one site: each part of a site that serves holds a byte of one file there,
and two sites that share keys, counts and the memory of the audit log are refused.

POSIX record locks (fcntl(2)): the kernel drops them when their process ends, however it ends; they
outlast exec() and are not inherited by fork(), so a worker that outlives its master holds nothing;
and they are seen by other machines where the home lies on a share of the network.
"""

import errno
import fcntl
import os
import struct
from collections.abc import Sequence
from pathlib import Path

from alliance.platform.environment import StartRefused
from alliance.platform.state_files import state_folder

SITE_PARTS = (
    "web",
    "worker",
    "courier",
    "sealer",
    "archiver",
)  # each has the byte of its place; `manage.py serve` has all
FLOCK_RECORD = struct.Struct("hhqqi4x")  # struct flock of Linux: type, whence, start, length, pid
held_lock_files: list[int] = []  # the open file: closed, it would give the locks up


def lock_file() -> Path:
    return state_folder() / "run" / "serving.lock"


def claim_home(names: Sequence[str] = SITE_PARTS, *, across_exec: bool = False) -> None:
    """Keep others from serving these parts from this home for as long as this process lives.
    across_exec: also when it becomes another program. Raises StartRefused where somebody serves one
    of them already, or the home cannot be written to.
    """
    path = lock_file()
    try:
        state_folder().mkdir(mode=0o700, parents=True, exist_ok=True)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        number = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StartRefused(
            f"XINGLIN_HOME={state_folder()}: {error.strerror} ({error.filename}). Give this account"
            " a folder that it may write to: XINGLIN_HOME=…"
        ) from None
    try:
        for name in names:
            fcntl.lockf(number, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, SITE_PARTS.index(name))
    except OSError as error:
        holder = find_lock_holder(number, names)
        os.close(number)
        raise StartRefused(
            describe_lock_holder(holder)
            if error.errno in (errno.EACCES, errno.EAGAIN)
            else (
                f"{path} cannot be locked ({error.strerror}): put XINGLIN_HOME on a disk that knows"
                " locks."
            )
        ) from None
    os.set_inheritable(number, across_exec)
    held_lock_files.append(number)


def find_server(name: str = "web") -> int:
    """The process that serves this part from this home; 0 where nobody does, or nobody whom this
    account, machine or container can see. Not for a process that serves: to close the file again
    would give up its own locks.
    """
    try:
        number = os.open(lock_file(), os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return 0
    try:
        return max(0, find_lock_holder(number, (name,)))
    finally:
        os.close(number)


def find_lock_holder(number: int, names: Sequence[str]) -> int:
    for name in names:
        kind, _, _, _, pid = FLOCK_RECORD.unpack(
            fcntl.fcntl(
                number,
                fcntl.F_GETLK,
                FLOCK_RECORD.pack(fcntl.F_WRLCK, os.SEEK_SET, SITE_PARTS.index(name), 1, 0),
            )
        )
        if kind != fcntl.F_UNLCK:
            return int(pid)
    return 0


def describe_lock_holder(holder: int) -> str:
    who = f"process {holder}" if holder > 0 else "a process of another machine or container"
    return (
        f"XINGLIN_HOME={state_folder()}: a site serves from this home already ({who}), and two in"
        " one would mix up keys, counts and what is remembered of the audit log. Stop that one, or"
        " give this one a home of its own: XINGLIN_HOME=…"
    )
