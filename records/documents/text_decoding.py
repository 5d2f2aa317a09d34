"""Bytes of a text as characters: what the sender says, else UTF-8, else GB18030 (GB 18030-2022,
which holds GBK and GB2312). Pure.
"""

from dataclasses import dataclass

from records.fhir.media_types import parse_media_type

# name that senders write -> Python's codec; others are not tried
CHARSETS = {
    **dict.fromkeys(("utf-8", "utf8", "us-ascii", "ascii"), "utf-8"),
    **dict.fromkeys(("gb18030", "gbk", "gb2312", "gb_2312-80", "cp936", "x-gbk"), "gb18030"),
    **dict.fromkeys(("big5", "big5-hkscs"), "big5hkscs"),
    **dict.fromkeys(("utf-16", "utf16"), "utf-16"),
    "utf-16le": "utf-16-le",
    "utf-16be": "utf-16-be",
    **dict.fromkeys(("iso-8859-1", "latin1", "windows-1252", "cp1252"), "cp1252"),
}
MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
GUESSES = ("utf-8", "gb18030")


@dataclass(frozen=True, slots=True)
class DecodedText:
    """charset: by which it could be read; doubtful: not by the one that was declared; broken: by
    none, and characters that nobody can read stand as �.
    """

    text: str
    charset: str
    doubtful: bool = False
    broken: bool = False


def charset_of_media(declared: str) -> str:
    """The parameter charset of a media type, "" without one."""
    return parse_media_type(declared)[1].get("charset", "")


def decode_text(data: bytes, declared: str = "") -> DecodedText:
    """declared: a charset's name, "" where none is said. A byte order mark wins over it."""
    mark = next(((m, c) for m, c in MARKS if data.startswith(m)), None)
    body, said = (data[len(mark[0]) :], mark[1]) if mark else (data, CHARSETS.get(declared, ""))
    for charset in dict.fromkeys((said, *GUESSES) if said else GUESSES):
        try:
            text = body.decode(charset)
        except UnicodeDecodeError:
            continue
        return DecodedText(text, charset, doubtful=bool(declared) and charset != said)
    return DecodedText(body.decode("utf-8", "replace"), "utf-8", bool(declared), broken=True)
