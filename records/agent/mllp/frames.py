"""Cut a stream of bytes into MLLP frames: 0x0B, message, 0x1C, 0x0D. By bytes, before anything is
decoded; the 0x0D may be missing or doubled.
"""

from __future__ import annotations

START, END = b"\x0b", b"\x1c"
BETWEEN = b"\r\n\x00 \x1c"  # what may stand between frames
LONGEST_FRAME = 16 << 20
MOST_NOISE = 4096  # bytes outside of frames that a line may bring


class FrameFault(Exception):
    """The line cannot be read on: `too-large` or `noise`."""

    def __init__(self, code: str, begun: bytes = b"") -> None:
        super().__init__(code)
        self.code, self.begun = code, begun


class FrameReader:
    """Feed it what was received, of any size."""

    def __init__(self, longest: int = LONGEST_FRAME) -> None:
        self.longest = longest
        self.broken = 0  # messages that another one's beginning cut off
        self._parts: list[bytes] = []
        self._size = 0
        self._inside = False
        self._noise = 0

    @property
    def inside(self) -> bool:
        """Whether a message has begun and not ended."""
        return self._inside

    @property
    def held(self) -> int:
        """Bytes of it."""
        return self._size

    def feed(self, received: bytes) -> list[bytes]:
        """The messages that are complete now. Raises FrameFault where the line cannot be read on;
        complete ones of the same bytes are not returned then: they have no answer, and come again.
        """
        complete: list[bytes] = []
        while received:
            if not self._inside:
                start = received.find(START)
                outside = received if start < 0 else received[:start]
                self._noise += len(outside.strip(BETWEEN))
                if self._noise > MOST_NOISE:
                    raise FrameFault("noise")
                if start < 0:
                    break
                received = received[start + 1 :]
                self._inside = True
            end, again = received.find(END), received.find(START)
            if again >= 0 and (end < 0 or again < end):
                self._forget()  # a message without an end: nobody gets an answer to it
                self.broken += 1
                received = received[again:]
                continue
            content = received if end < 0 else received[:end]
            self._parts.append(content)
            self._size += len(content)
            if self._size > self.longest:
                begun = self._parts[0][:4096]
                self._forget()
                raise FrameFault("too-large", begun)
            if end < 0:
                break
            complete.append(b"".join(self._parts))
            self._forget()
            received = received[end + 1 :]
        return complete

    def _forget(self) -> None:
        self._parts, self._size, self._inside = [], 0, False


def frame(message: bytes) -> bytes:
    return START + message + END + b"\r"
