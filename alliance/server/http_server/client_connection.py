"""Buffer one client connection: take a request in without waiting, give it to gunicorn's thread as
a socket would, and keep what the client has not fetched yet.

It belongs to one at a time: to the front's loop while it reads and sends, to a thread while that
answers.
"""

import errno
import io
import os
import select
import socket
import tempfile
import time
from typing import IO, Any

from alliance.server.http_server.framing import (
    END,
    LONGEST_HEAD,
    ChunkFollower,
    RequestHead,
    parse_head,
)
from alliance.server.http_server.transfer_pace import TransferPace

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
HEAD_SECONDS = (
    10.0  # seconds for a head, from its first byte; as long may a new connection say nothing
)
PIECE, LARGE = (
    64 * 1024,
    1024 * 1024,
)  # bytes read and sent at a time; of what is large, each call gives up the interpreter
IN_MEMORY = 256 * 1024  # of a body, and of an answer; what is longer lies in a file without a name
STREAMED = "/$import"  # how a path ends whose body a thread may read as it comes
MOST_OWED = 64 * 1024 * 1024  # of an answer that a thread may write ahead of its reader


class HeadTooLong(Exception):
    pass


class ClientConnection:
    """most: bytes of a body that are taken in before a thread sees the request. One to `$import`
    that is longer is read by the thread itself (`streamed`); of any other the thread sees the head
    alone (`cut`), which is enough to refuse it.
    """

    def __init__(self, sock: socket.socket, address: str, most: int, now: float) -> None:
        sock.setblocking(False)
        self.sock, self.address, self.most = sock, address, most
        self.came = b""  # after the end of the request that is being answered
        self.owed: IO[bytes] | None = None
        self.sent = self.written = 0
        self.reset_request(now)

    def reset_request(self, now: float) -> None:
        """Wait for a request. Whatever of the last one was not read is forgotten."""
        self.start = bytearray()
        self.head: RequestHead | None = None
        self.chunks: ChunkFollower | None = None
        self.request: IO[bytes] = io.BytesIO()
        self.size = self.counted = (
            0  # bytes of the body that were taken in; those that the loop counts as stored
        )
        self.streamed = self.cut = self.continued = False
        self.pace = TransferPace(now)

    @property
    def idle(self) -> bool:
        """Nothing of a request has come yet."""
        return self.head is None and not self.start

    def gone(self) -> bool:
        """Whether the client has closed its end, while it waits for an answer: nobody would read
        that.
        """
        try:
            return not self.sock.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return False
        except OSError:
            return True

    def take_in(self, now: float) -> bool:
        """Take in what has come; whether the request is complete. Raises BlockingIOError,
        EOFError, OSError, HeadTooLong.
        """
        if self.idle:
            self.pace.deadline = now + HEAD_SECONDS
        data, self.came = self.came or self.sock.recv(LARGE if self.size > PIECE else PIECE), b""
        if not data:
            raise EOFError
        if self.head is None:
            searched = max(0, len(self.start) - 3)
            self.start += data
            end = self.start.find(END, searched)
            if end < 0:
                if len(self.start) > LONGEST_HEAD:
                    raise HeadTooLong
                return False
            data = bytes(self.start[end + 4 :])
            self.begin_body(bytes(self.start[: end + 4]), now)
        elif self.head.length != 0:
            self.pace.extend_deadline(len(data), now)
        return self.add_body(data)

    def begin_body(self, start: bytes, now: float) -> None:
        self.head, self.pace = parse_head(start), TransferPace(now)
        length = self.head.length
        if length is None:
            self.chunks = ChunkFollower()
        if length is None or length > IN_MEMORY:
            self.request = tempfile.SpooledTemporaryFile(IN_MEMORY)
        self.request.write(start)
        if length is not None and length > self.most:
            self.mark_too_long()
        elif length != 0 and self.head.fields.get(b"expect", b"").lower() == b"100-continue":
            self.continued = True
            self.push(CONTINUE)

    def mark_too_long(self) -> None:
        assert self.head
        self.streamed = self.head.path.endswith(STREAMED.encode())
        self.cut = not self.streamed

    def add_body(self, data: bytes) -> bool:
        """Keep what belongs to the body; whether the thread may have it."""
        assert self.head
        if self.streamed or self.cut:
            self.request.write(data if self.streamed else b"")
        else:
            mine = (
                self.chunks.feed(data)
                if self.chunks
                else min(len(data), (self.head.length or 0) - self.size)
            )
            self.size += mine
            self.request.write(data[:mine])
            self.came = data[mine:]
            if self.chunks and not self.chunks.done and self.size > self.most:
                self.mark_too_long()
            if not (
                self.streamed
                or self.cut
                or (self.chunks.done if self.chunks else self.size == self.head.length)
            ):
                return False
        self.request.seek(0)
        return True

    # What gunicorn's thread does with a socket.

    def recv(self, size: int) -> bytes:
        """Return what was taken in; of a long upload then what comes, at no slower pace than the
        loop's. Empty at the end of the request.
        """
        data = self.request.read(size)
        if data or not self.streamed:
            return data
        self.wait_for_client(select.POLLIN)
        data = self.sock.recv(size)
        self.pace.extend_deadline(len(data), time.monotonic())
        return data

    def send(self, data: bytes) -> int:
        """Ignore gunicorn's 100 Continue, all that it sends this way: the loop has sent it
        already, or a thread reads on.
        """
        if self.streamed:
            self.sendall(data)
        return len(data)

    def sendall(self, data: bytes) -> None:
        """Send at once as much as the client takes, the rest when it does: a thread waits for a
        slow reader only where it is far ahead.
        """
        if self.owed is None:
            data = data[self.push(data) :]
            if not data:
                return
            self.owed, self.sent, self.written = tempfile.SpooledTemporaryFile(IN_MEMORY), 0, 0
            self.pace = TransferPace(time.monotonic())
        self.owed.seek(0, os.SEEK_END)
        self.owed.write(data)
        self.written += len(data)
        while not self.flush(time.monotonic()) and self.written - self.sent > MOST_OWED:
            self.wait_for_client(select.POLLOUT)

    def sendfile(self, file: IO[bytes], offset: int = 0, count: int | None = None) -> int:
        file.seek(offset)
        left = count
        while data := file.read(PIECE if left is None else min(PIECE, left)):
            self.sendall(data)
            left = None if left is None else left - len(data)
        return file.tell() - offset

    def push(self, data: bytes) -> int:
        try:
            return self.sock.send(data)
        except BlockingIOError:
            return 0

    def flush(self, now: float, pieces: int = MOST_OWED) -> bool:
        """Send on what is owed; whether nothing is any more. Raises OSError where the client is
        gone.
        """
        while self.owed is not None:
            if not pieces:
                return False
            pieces -= 1
            self.owed.seek(self.sent)
            data = self.owed.read(LARGE)
            if not data:
                self.owed.close()
                self.owed = None
                break
            sent = self.push(data)
            self.sent += sent
            if not sent:
                return False
            self.pace.extend_deadline(sent, now)
        return True

    def wait_for_client(self, event: int) -> None:
        """Wait until the client sends or takes something. Raises BrokenPipeError where it is too
        slow.
        """
        watch = select.poll()
        watch.register(self.sock, event)
        if not watch.poll(max(0.0, self.pace.deadline - time.monotonic()) * 1000):
            raise BrokenPipeError(errno.EPIPE, "the client is too slow")

    def close(self) -> None:
        if self.owed is not None:
            self.owed.close()
        self.request.close()
        self.sock.close()

    def fileno(self) -> int:
        return self.sock.fileno()

    def setblocking(self, flag: bool) -> None:
        """It never blocks."""

    def settimeout(self, value: Any) -> None:
        """It has deadlines of its own."""

    def gettimeout(self) -> float:
        return 0.0
