"""Split the bytes of a file into messages: line ends of any kind, several messages, batches
(FHS, BHS), the frame bytes of a recorded line.
"""

from __future__ import annotations

from dataclasses import dataclass

BATCH_SEGMENTS = (b"FHS", b"BHS", b"BTS", b"FTS")
MARKS = b"\x0b\x1c"  # of MLLP


@dataclass(frozen=True)
class MessageBytes:
    """Segments ended by line feeds; line: where it begins in the file, from 1."""

    line: int
    content: bytes


def normalize_lines(content: bytes) -> bytes:
    """Segments end by CR; files have LF, CRLF, or CR twice."""
    for mark, codec in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if content.startswith(mark):
            content = content.decode(codec, "replace").encode()
    if content.startswith(b"\xef\xbb\xbf"):
        content = content[3:]
    return content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def split_messages(content: bytes) -> tuple[list[MessageBytes], list[tuple[int, bytes]]]:
    """The messages, and the lines that belong to none."""
    messages: list[MessageBytes] = []
    stray: list[tuple[int, bytes]] = []
    begun = 0
    rows: list[bytes] = []

    def close() -> None:
        if begun:
            messages.append(MessageBytes(begun, b"\n".join(rows).rstrip(b"\n")))

    for number, row in enumerate(normalize_lines(content).split(b"\n"), 1):
        row = row.strip(MARKS)
        if row.startswith(b"\xef\xbb\xbfMSH"):
            row = row[3:]
        if row.startswith(b"MSH"):
            close()
            begun, rows = number, [row]
        elif row.startswith(BATCH_SEGMENTS) and not row[3:4].isalnum():
            close()
            begun, rows = 0, []
        elif begun:
            rows.append(row)
        elif row.strip():
            stray.append((number, row))
    close()
    return messages, stray
