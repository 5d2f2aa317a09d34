"""Find where a request ends among the bytes that come (RFC 9112 6 and 7.1). Pure.

It decides only when a request is handed on. gunicorn's parser reads the same bytes again and is the
one judge of what they mean, so that a wrong guess costs the sender an error, and lets nobody slip a
second request past the first.
"""

import re
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

READ = re.compile(
    rb"\r\n(authorization|content-length|cookie|expect|transfer-encoding|x-forwarded-for)[ \t]*:["
    rb" \t]*([^\r\n]*)",
    re.I,
)
ORIGIN = re.compile(rb"^[a-z][a-z0-9+.-]*://[^/]*", re.I)
END = b"\r\n\r\n"
LONGEST_HEAD = 64 * 1024
LONGEST_LINE = 8190  # of a chunk's size with its extensions, and of a trailer
HEX = re.compile(rb"[0-9A-Fa-f]{1,16}")


@dataclass(frozen=True, slots=True)
class RequestHead:
    """target: as the request line says it; length: of the body, None where it comes in chunks;
    fields: those that the front reads.
    """

    target: bytes
    length: int | None
    fields: dict[bytes, bytes]
    method: bytes = b""

    @property
    def path(self) -> bytes:
        """As Django will read it: of a whole address, and of one with escapes, too (RFC 9112
        3.2.2, RFC 3986 2.1).
        """
        return unquote_to_bytes(ORIGIN.sub(b"", self.target.partition(b"?")[0], count=1) or b"/")


def parse_head(data: bytes) -> RequestHead:
    """Parse the head that these bytes are, its empty line included."""
    fields: dict[bytes, bytes] = {}
    for name, value in READ.findall(data):
        name = name.lower()
        fields[name] = fields[name] + b"," + value if name in fields else value
    words = data.partition(b"\r\n")[0].split(b" ")
    stated = fields.get(b"content-length", b"0").strip()
    chunks = b"chunked" in fields.get(b"transfer-encoding", b"").lower()
    return RequestHead(
        words[1] if len(words) > 1 else b"",
        None if chunks else int(stated) if stated.isdigit() and len(stated) < 16 else 0,
        fields,
        words[0],
    )


class ChunkFollower:
    """Follow a body that comes in chunks, piece by piece; what is malformed ends it."""

    def __init__(self) -> None:
        self.line, self.skip, self.trailer, self.done = bytearray(), 0, False, False

    def feed(self, data: bytes) -> int:
        """How many of these bytes belong to the body; `done` once its end was among them."""
        at = 0
        while at < len(data) and not self.done:
            if self.skip:
                step = min(self.skip, len(data) - at)
                self.skip, at = self.skip - step, at + step
                continue
            end = data.find(b"\n", at) + 1
            self.line += data[at : end or len(data)]
            at = end or len(data)
            if len(self.line) > LONGEST_LINE:
                self.done = True
            elif end:
                self.read_size_line(bytes(self.line).strip())
                self.line.clear()
        return at

    def read_size_line(self, line: bytes) -> None:
        size = HEX.match(line)
        if self.trailer:
            self.done = not line
        elif size is None:
            self.done = True
        elif count := int(size.group(), 16):
            self.skip = count + 2  # its line break
        else:
            self.trailer = True
