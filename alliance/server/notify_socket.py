"""Receive on the notify socket what the supervisor's parts send: that they live
(alliance.platform.heartbeat), and the end of a part. The kernel says who has sent what.
"""

import os
import selectors
import signal
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

CREDENTIALS = struct.Struct("3i")  # pid, uid, gid: ucred of unix(7)
LONGEST = 100  # bytes of a path


class NotifySocket:
    def __init__(self, folder: Path) -> None:
        """A file that nobody else may write to; where its path would be too long, a name that
        lies in no folder.
        """
        for old in folder.glob("notify-*"):
            if not Path(f"/proc/{old.name.partition('-')[2]}").exists():
                old.unlink(missing_ok=True)
        self.path = folder / f"notify-{os.getpid()}"
        self.deep = len(str(self.path).encode()) > LONGEST
        self.name = f"@xinglin-{os.getpid()}-{os.urandom(8).hex()}" if self.deep else str(self.path)
        self.said = socket.socket(
            socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
        )
        self.said.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self.said.bind("\0" + self.name[1:] if self.deep else self.name)
        self.signals, wakes = socket.socketpair()
        for end in (self.signals, wakes):
            end.setblocking(False)
        self.wakes = wakes
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wakes.fileno(), warn_on_full_buffer=False)
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.said, selectors.EVENT_READ)
        self.selector.register(self.signals, selectors.EVENT_READ)

    def read_messages(self) -> Iterator[tuple[int, set[bytes]]]:
        """Read (pid of the sender, lines) of all that has come."""
        while True:
            try:
                said, extras, _, _ = self.said.recvmsg(4096, socket.CMSG_SPACE(CREDENTIALS.size))
            except BlockingIOError:
                return
            for level, kind, data in extras:
                if level == socket.SOL_SOCKET and kind == socket.SCM_CREDENTIALS:
                    yield CREDENTIALS.unpack(data[: CREDENTIALS.size])[0], set(said.split(b"\n"))

    def wait_for_message(self, seconds: float) -> None:
        """Wait until a part says something or ends, or a signal comes, and no longer than that."""
        self.selector.select(seconds)
        try:
            self.signals.recv(4096)
        except BlockingIOError:
            pass

    def close(self) -> None:
        signal.set_wakeup_fd(-1)
        self.selector.close()
        for end in (self.said, self.signals, self.wakes):
            end.close()
        if not self.deep:
            self.path.unlink(missing_ok=True)
