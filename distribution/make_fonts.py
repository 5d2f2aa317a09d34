"""Make the fonts that the product ships, of Noto Sans SC Regular (OFL-1.1): one for PDF files, and
slices for the web of the characters that the fonts of reading machines lack.

Usage: make_fonts.py NotoSansSC_400Regular.ttf (npm: @expo-google-fonts/noto-sans-sc 0.4.3).
Needs fonttools and brotli. Run by hand when the font changes; its results are in the repository.

For PDF: every character of the font (all of GBK but U+2252, Extension A but for ten, what it has of
later extensions), as TrueType outlines. Left out: hinting, kerning, substitutions, vertical
metrics, which no printed line uses. For the web: Extension A in four slices, and all Chinese
characters outside of GBK in a fifth.
"""

import io
import sys
from pathlib import Path

import zstandard
from fontTools import subset
from fontTools.ttLib import TTFont

ROOT = Path(__file__).resolve().parents[1]
PDF_FONT = ROOT / "records/printing/fonts/xinglin-han.ttf.zst"
WEB_FONTS = ROOT / "alliance/web/static/xinglin/fonts"
WEB_SHEET = ROOT / "alliance/web/static/xinglin/css/rare.css"
FAMILY = "Xinglin Han"
EXTENSION_A = range(0x3400, 0x4DC0)
SLICES = 4
LEFT_OUT = ["GPOS", "GSUB", "GDEF", "BASE", "STAT", "vhea", "vmtx", "gasp", "prep"]


def make_subset(source: Path, characters: list[int], flavor: str | None) -> bytes:
    """The font with these characters alone, under the name of the family."""
    options = subset.Options()
    options.hinting, options.layout_features, options.glyph_names = False, [], False
    options.notdef_outline = True
    options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 7, 13, 14]
    options.drop_tables += LEFT_OUT
    font = subset.load_font(str(source), options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=characters)
    subsetter.subset(font)
    rename(font)
    font.flavor = flavor
    out = io.BytesIO()
    font.save(out)
    return out.getvalue()


def rename(font: TTFont) -> None:
    """What was changed has a name of its own (OFL-1.1, 3)."""
    for record in font["name"].names:
        if record.nameID in (1, 4):
            record.string = FAMILY
        elif record.nameID in (3, 6):
            record.string = FAMILY.replace(" ", "") + "-Regular"


def gbk_characters() -> set[int]:
    found = set()
    for high in range(0x81, 0xFF):
        for low in range(0x40, 0xFF):
            try:
                found.add(ord(bytes([high, low]).decode("gbk")))
            except UnicodeDecodeError:
                continue
    return found


def is_han(character: int) -> bool:
    return 0x4E00 <= character <= 0x9FFF or character >= 0x20000


def web_slices(characters: list[int]) -> list[list[int]]:
    rare = [c for c in characters if c in EXTENSION_A]
    size = -(-len(rare) // SLICES)
    common = gbk_characters()
    return [
        *(rare[i : i + size] for i in range(0, len(rare), size)),
        [c for c in characters if is_han(c) and c not in common],
    ]


def unicode_range(characters: list[int]) -> str:
    """As CSS writes it; a slice of Extension A as one stretch."""
    if characters[0] in EXTENSION_A:
        return f"U+{characters[0]:X}-{characters[-1]:X}"
    spans: list[list[int]] = []
    for c in characters:
        if spans and spans[-1][1] == c - 1:
            spans[-1][1] = c
        else:
            spans.append([c, c])
    return ", ".join(f"U+{a:X}" if a == b else f"U+{a:X}-{b:X}" for a, b in spans)


def main() -> None:
    source = Path(sys.argv[1])
    characters = sorted(TTFont(source).getBestCmap())
    PDF_FONT.parent.mkdir(parents=True, exist_ok=True)
    WEB_FONTS.mkdir(parents=True, exist_ok=True)
    whole = make_subset(source, characters, None)
    PDF_FONT.write_bytes(zstandard.ZstdCompressor(level=19).compress(whole))
    rules = [
        "/* Characters of names that many machines have no font for. Made by make_fonts.py. */"
    ]
    for number, of_slice in enumerate(web_slices(characters), 1):
        name = f"rare-{number}.woff2"
        (WEB_FONTS / name).write_bytes(make_subset(source, of_slice, "woff2"))
        rules.append(
            f'@font-face {{\n  font-family: "{FAMILY}";\n'
            f'  src: url("../fonts/{name}") format("woff2");\n  font-display: swap;\n'
            f"  unicode-range: {wrap(unicode_range(of_slice))};\n}}"
        )
    WEB_SHEET.write_text("\n\n".join(rules) + "\n")


def wrap(text: str) -> str:
    """Ranges over lines of a hundred columns at most."""
    lines = [""]
    for part in text.split(", "):
        if len(lines[-1]) + len(part) > 90:
            lines.append("")
        lines[-1] += part + ", "
    return "\n    ".join(x.strip() for x in lines).removesuffix(",")


if __name__ == "__main__":
    main()
