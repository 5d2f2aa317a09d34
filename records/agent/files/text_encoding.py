"""Find out how a text file is encoded, and open it: UTF-16 by its mark, UTF-8 strictly, else
GB 18030. Nothing is guessed from letters' frequencies; what no codec reads becomes U+FFFD, and the
row that holds it is refused.
"""

from __future__ import annotations

import codecs
from pathlib import Path
from typing import IO

BLOCK = 1 << 18
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def find_encoding(path: Path) -> str:
    """Name of a codec. A file that is neither strictly UTF-8 nor strictly GB 18030 is the one in
    which fewer lines cannot be read.
    """
    with open(path, "rb") as file:
        head = file.read(4096)
    for mark, name in MARKS:
        if head.startswith(mark):
            return name
    if name := find_unmarked_utf16(head):
        return name
    if decodes(path, "utf-8"):
        return "utf-8"
    if decodes(path, "gb18030"):
        return "gb18030"
    return min(("gb18030", "utf-8"), key=lambda codec: count_unread(path, codec))


def find_unmarked_utf16(head: bytes) -> str:
    """Half of what is ASCII is zeros then: on the odd bytes, or on the even ones."""
    pairs = max(1, len(head) // 2)
    if head[1::2].count(0) > pairs * 0.2 and not head[::2].count(0):
        return "utf-16-le"
    if head[::2].count(0) > pairs * 0.2 and not head[1::2].count(0):
        return "utf-16-be"
    return ""


def decodes(path: Path, codec: str) -> bool:
    decoder = codecs.getincrementaldecoder(codec)()
    try:
        with open(path, "rb") as file:
            while block := file.read(BLOCK):
                decoder.decode(block)
            decoder.decode(b"", True)
    except UnicodeDecodeError:
        return False
    return True


def count_unread(path: Path, codec: str) -> int:
    """Lines that the codec cannot read. A line end is never part of a character in either."""
    unread = 0
    with open(path, "rb") as file:
        while line := file.readline(BLOCK):
            try:
                line.decode(codec)
            except UnicodeDecodeError:
                unread += 1
    return unread


def open_text(path: Path) -> tuple[str, IO[str]]:
    """(codec, the text as a stream whose line ends stay as they are)."""
    codec = find_encoding(path)
    return codec, open(path, encoding=codec, errors="replace", newline="")
