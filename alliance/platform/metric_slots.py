"""Where each process of an installation keeps its counts: a slot below
$XINGLIN_HOME/run/metrics, which is a file a kind of metric (of prometheus-client) and a lock that
the kernel takes back when the process ends. Whoever comes next goes on in the same slot: there are
never more files than there were processes at a time, and no count falls. Begun anew where no
process lives.
"""

import fcntl
import os
import struct
from contextlib import suppress
from pathlib import Path
from typing import Any

from prometheus_client.mmap_dict import MmapedDict

from alliance.platform.state_files import state_folder

# Bytes of each file, taken from the disk at once: a page that a full disk cannot give later would
# end the process (SIGBUS). counters.MOST_SERIES fits into it.
SIZES = {
    "counter": 2 << 20,
    "histogram": 1 << 20,
    "gauge_livesum": 1 << 16,
    "gauge_livemax": 1 << 16,
}
MOST = 400  # slots
held: dict[int, tuple[str, Any]] = {}  # pid -> its slot, and the open lock


def metrics_folder() -> Path:
    return state_folder() / "run" / "metrics"


def slot_identity() -> str:
    """The slot of this process, as prometheus-client asks for it with each count; a process that
    was forked gets its own. Raises OSError where the disk has no room.
    """
    pid = os.getpid()
    found = held.get(pid)
    return found[0] if found else take_slot(pid)


def take_slot(pid: int) -> str:
    """Raises OSError."""
    where = metrics_folder()
    where.mkdir(parents=True, exist_ok=True)
    for _, lock in held.values():
        lock.close()  # a parent's, in its child: the parent keeps it
    held.clear()
    with (where / "lock").open("w") as one_at_a_time:
        fcntl.flock(one_at_a_time, fcntl.LOCK_EX)
        if not any(is_slot_held(lock.stem) for lock in where.glob("*.lock")):
            for old in where.glob("*.db"):
                old.unlink()
        for number in range(MOST):
            lock = (where / f"{number}.lock").open("w")
            with suppress(BlockingIOError):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                for kind, size in SIZES.items():
                    prepare_slot_file(where / f"{kind}_{number}.db", size)
                held[pid] = str(number), lock
                return str(number)
            lock.close()
    raise OSError(f"{MOST} processes hold a slot in {where}")


def prepare_slot_file(path: Path, size: int) -> None:
    """A file that this release can go on with, all of whose bytes are there."""
    if not is_slot_file_readable(path):
        path.unlink(missing_ok=True)
    with path.open("ab") as file:
        os.posix_fallocate(file.fileno(), 0, size)


def is_slot_file_readable(path: Path) -> bool:
    """Whether it is a file of counts; one that is just being made is none yet. Its first word
    says how many bytes are used.
    """
    try:
        with path.open("rb") as file:
            if not 0 <= struct.unpack("i", file.read(4))[0] <= path.stat().st_size:
                return False
        for _ in MmapedDict.read_all_values_from_file(str(path)):
            pass
    except Exception:  # of struct, decoding or the file itself: whatever a crash has left there
        return False
    return True


def is_slot_held(slot: str) -> bool:
    """Whether a process holds it."""
    try:
        with (metrics_folder() / f"{slot}.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def list_slot_files() -> list[str]:
    """Of all slots; of those that nobody holds not what only lives with its process."""
    living: dict[str, bool] = {}
    found = []
    for path in sorted(metrics_folder().glob("*.db")):
        slot = path.stem.rpartition("_")[2]
        if path.name.startswith("gauge") and not living.setdefault(slot, is_slot_held(slot)):
            continue
        if is_slot_file_readable(path):
            found.append(str(path))
    return found
