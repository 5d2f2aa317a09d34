"""Decode a message by its own word on its characters (MSH-18, table 0211), else as configured, else
as UTF-8 or GB 18030, whichever fits.
"""

from __future__ import annotations

from dataclasses import dataclass

CODEC_BY_NAME = {
    "UNICODE UTF-8": "utf-8",
    "UTF-8": "utf-8",
    "UTF8": "utf-8",
    "GB 18030-2000": "gb18030",
    "GB 18030-2005": "gb18030",
    "GB 18030-2022": "gb18030",
    "GB 18030": "gb18030",
    "GB18030-2000": "gb18030",
    "GB18030": "gb18030",
    "GBK": "gb18030",
    "GB2312": "gb18030",
    "GB 2312": "gb18030",
    "CP936": "gb18030",
    "BIG-5": "big5hkscs",
    "BIG5": "big5hkscs",
    "8859/1": "latin-1",
}
PLAIN = frozenset({"", "ASCII", "ISO IR6", "ISO IR14", "UNICODE"})  # say nothing that helps
FALLBACKS = ("utf-8", "gb18030")


@dataclass(frozen=True)
class DecodedText:
    """said: what MSH-18 named, where the bytes are not of that kind (a sender's fault)."""

    text: str
    codec: str
    said: str = ""


def named_character_sets(message: bytes) -> list[str]:
    """MSH-18, its repetitions; of bytes, as the header's own text may be in any encoding."""
    header = message.split(b"\n", 1)[0]
    if len(header) < 5:
        return []
    fields = header.split(header[3:4])
    marks = fields[1] if len(fields) > 1 else b""
    repetition = marks[1:2] or b"~"
    named = fields[17].split(repetition) if len(fields) > 17 else []
    return [n.split(marks[:1] or b"^")[0].decode("latin-1").strip().upper() for n in named]


def decode_message(message: bytes, configured: str = "") -> DecodedText:
    """message: segments ended by line feeds. Raises UnicodeDecodeError where nothing fits."""
    named = [n for n in named_character_sets(message) if n not in PLAIN]
    codecs = [CODEC_BY_NAME[n] for n in named if n in CODEC_BY_NAME]
    if not codecs and configured:
        codecs = [configured]
    for codec in dict.fromkeys((*codecs, *FALLBACKS)):
        try:
            text = message.decode(codec)
        except UnicodeDecodeError:
            continue
        wrong = bool(named) and (not codecs or (codec not in codecs))
        return DecodedText(text, codec, named[0] if wrong and not message.isascii() else "")
    return DecodedText(message.decode("gb18030"), "gb18030")
