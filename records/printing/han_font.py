"""The font of prints: all of GBK and rare characters of names, embedded in each PDF; and what is
printed in place of a character that it has not (records/printing/fonts, OFL-1.1).
"""

import io
import re
import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import Any

import zstandard
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import SUBSETN, TTFont

FONT_FILE = Path(__file__).parent / "fonts/xinglin-han.ttf.zst"
FONT_NAME = "XinglinHan"
MAX_FONT_BYTES = 2**25
GETA = "〓"  # printers' sign for a type that is missing
RAISED = re.compile("[\u2070-\u207f\xb9\xb2\xb3]+")
# compatibility decompositions that say the same (UAX 44): no fraction, whose 1½ would be 11/2
PLAIN_FORMS = ("<sub>", "<wide>", "<narrow>", "<noBreak>")
BLOCK = 100  # entries of one table of a CMap at most (Adobe 5014)


class HanFont(TTFont):  # type: ignore[misc]
    """Characters beyond U+FFFF are told to readers and searches in UTF-16, as PDF asks
    (ISO 32000-1 9.10.3); the library writes them as one odd number.
    """

    def addObjects(self, doc: Any) -> None:
        subsets = self.state[doc].subsets
        super().addObjects(doc)
        for number, subset in enumerate(subsets):
            base = b"".join((SUBSETN(number), b"+", self.face.name, self.face.subfontNameX))
            name = base.decode("ascii")
            doc.idToObject[f"toUnicodeCMap:{name}"].content = make_unicode_map(name, subset)


def make_unicode_map(name: str, subset: list[int]) -> str:
    """The CMap from codes of a subset to characters."""
    entries = [
        f"<{code:02X}> <{chr(character).encode('utf-16-be').hex().upper()}>"
        for code, character in enumerate(subset)
    ]
    blocks = [entries[i : i + BLOCK] for i in range(0, len(entries), BLOCK)]
    return "\n".join(
        [
            "/CIDInit /ProcSet findresource begin",
            "12 dict begin",
            "begincmap",
            f"/CIDSystemInfo << /Registry ({name}) /Ordering ({name}) /Supplement 0 >> def",
            f"/CMapName /{name} def",
            "/CMapType 2 def",
            "1 begincodespacerange",
            f"<00> <{len(subset) - 1:02X}>",
            "endcodespacerange",
            *(f"{len(b)} beginbfchar\n" + "\n".join(b) + "\nendbfchar" for b in blocks),
            "endcmap",
            "CMapName currentdict /CMap defineresource pop",
            "end",
            "end",
        ]
    )


@lru_cache(maxsize=1)
def load_font() -> HanFont:
    """The font, once a process (10 MB). Not for two threads at a time."""
    data = zstandard.ZstdDecompressor().decompress(FONT_FILE.read_bytes(), MAX_FONT_BYTES)
    font = HanFont(FONT_NAME, io.BytesIO(data))
    pdfmetrics.registerFont(font)
    return font


def has_glyph(character: str) -> bool:
    return ord(character) in load_font().face.charToGlyph


def character_width(character: str, size: float) -> float:
    """Points."""
    face = load_font().face
    return float(face.charWidths.get(ord(character), face.defaultWidth)) * size / 1000


def plain_power(run: str) -> str:
    """⁻¹² as ^-12; as it is where the font has all of it."""
    if all(map(has_glyph, run)):
        return run
    return "^" + unicodedata.normalize("NFKC", run).replace("\u2212", "-")


class GlyphCheck:
    """Texts as they can be printed, and the characters that cannot, each with its number."""

    def __init__(self) -> None:
        self.missing: dict[str, int] = {}

    def printable(self, text: str) -> str:
        """The same text. What the font has not: powers as ^9, never as a plain digit, for 10⁹ is
        not 109; indices and wide or narrow forms plain (T₃ as T3); else 〓 with a number. Line ends
        stay; other controls are blanks.
        """
        text = RAISED.sub(lambda m: plain_power(m[0]), text)
        return "".join(self.printable_character(c) for c in text)

    def printable_character(self, c: str) -> str:
        if c == "\n" or (has_glyph(c) and c != "\xad"):
            return c
        kind = unicodedata.category(c)
        if kind in ("Cc", "Zs", "Zl", "Zp"):
            return " "
        if kind == "Cf" or "\ufe00" <= c <= "\ufe0f" or "\U000e0100" <= c <= "\U000e01ef":
            return ""  # chooses a form, or a direction of writing: nothing to be seen
        form = unicodedata.decomposition(c)
        plain = unicodedata.normalize("NFKC", c)
        if form and (form[0] != "<" or form.startswith(PLAIN_FORMS)) and all(map(has_glyph, plain)):
            return plain
        number = self.missing.setdefault(c, len(self.missing) + 1)
        return f"{GETA}[{number}]"


def describe_character(c: str) -> tuple[str, str]:
    """(code point, name in Unicode, "" where it has none)."""
    return f"U+{ord(c):04X}", unicodedata.name(c, "")
