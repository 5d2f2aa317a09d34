"""Open the package of a workbook (ECMA-376 part 2) and its lists: sheets, shared strings, formats.
Whoever made the file may mean harm: sizes are bounded before anything is unpacked, and a document
type declaration is refused.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from dataclasses import dataclass, field
from typing import Any, Callable
from xml.parsers import expat

LARGEST = 3 << 30  # bytes of one part, unpacked
LARGEST_LIST = 256 << 20  # of shared strings, which are held
LARGEST_SMALL = 32 << 20  # of any other part
MOST_RATIO, RATIO_FROM = 300, 8 << 20  # packed to unpacked, of parts larger than the second
BLOCK = 1 << 16
DATE_FORMATS = frozenset((*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)))
NOT_DATE = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h|m|s)[^\]]*\]', re.IGNORECASE)
DATE_LETTERS = re.compile(r"[ymdhs年月日]", re.IGNORECASE)
ZEROS = re.compile(r"0{2,30}")


class BrokenWorkbook(Exception):
    """Not a workbook that can be read; says why, in a few words."""


class UnsafeWorkbook(BrokenWorkbook):
    """It holds what a workbook has no use for."""


@dataclass
class Sheet:
    name: str
    part: str
    hidden: bool


@dataclass
class Package:
    archive: zipfile.ZipFile
    sheets: list[Sheet] = field(default_factory=list)
    strings: list[str] = field(default_factory=list)
    dates: set[int] = field(default_factory=set)  # styles that show a date
    padded: dict[int, int] = field(default_factory=dict)  # style -> digits: 00123
    since_1904: bool = False


def open_package(archive: zipfile.ZipFile) -> Package:
    package = Package(archive)
    names = frozenset(archive.namelist())
    workbook = find_workbook(archive, names)
    folder = posixpath.dirname(workbook)
    targets: dict[str, str] = {}
    shared = styles = ""

    def relation(name: str, attributes: dict[str, str]) -> None:
        nonlocal shared, styles
        if name != "Relationship" or attributes.get("TargetMode") == "External":
            return
        target = attributes.get("Target", "")
        part = target.lstrip("/") if target.startswith("/") else posixpath.join(folder, target)
        part = posixpath.normpath(part)
        targets[attributes.get("Id", "")] = part
        kind = attributes.get("Type", "").rpartition("/")[2]
        shared = part if kind == "sharedStrings" else shared
        styles = part if kind == "styles" else styles

    def sheet(name: str, attributes: dict[str, str]) -> None:
        if name == "workbookPr":
            package.since_1904 = attributes.get("date1904") in ("1", "true")
        elif name == "sheet":
            found = next((v for k, v in attributes.items() if k.rpartition(":")[2] == "id"), "")
            package.sheets.append(
                Sheet(
                    attributes.get("name", ""),
                    targets.get(found, ""),
                    attributes.get("state", "visible") != "visible",
                )
            )

    relations = posixpath.join(folder, "_rels", posixpath.basename(workbook) + ".rels")
    walk_part(archive, relations, relation, LARGEST_SMALL)
    walk_part(archive, workbook, sheet, LARGEST_SMALL)
    package.sheets = [s for s in package.sheets if s.part in names and "chartsheet" not in s.part]
    if not package.sheets:
        raise BrokenWorkbook("no sheets / 没有工作表")
    if shared in names:
        package.strings = read_strings(archive, shared)
    if styles in names:
        read_styles(package, styles)
    return package


def find_workbook(archive: zipfile.ZipFile, names: frozenset[str]) -> str:
    found: list[str] = []

    def relation(name: str, attributes: dict[str, str]) -> None:
        if name == "Relationship" and attributes.get("Type", "").endswith("/officeDocument"):
            found.append(attributes.get("Target", "").lstrip("/"))

    if "_rels/.rels" in names:
        walk_part(archive, "_rels/.rels", relation, LARGEST_SMALL)
    workbook = next((f for f in [*found, "xl/workbook.xml"] if f in names), "")
    if not workbook:
        raise BrokenWorkbook("no workbook inside / 压缩包里没有工作簿")
    return workbook


def check_size(archive: zipfile.ZipFile, part: str, most: int) -> None:
    try:
        info = archive.getinfo(part)
    except KeyError:
        raise BrokenWorkbook(f"part is missing / 缺少 {part}") from None
    if info.flag_bits & 1:
        raise BrokenWorkbook("encrypted / 已加密")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise BrokenWorkbook(f"{part}: compressed in no way of workbooks / 压缩方式不对")
    ratio = info.file_size / max(1, info.compress_size)
    if info.file_size > most or (info.file_size > RATIO_FROM and ratio > MOST_RATIO):
        raise UnsafeWorkbook(f"{part}: {info.file_size >> 20} MiB unpacked / 解压后过大")


def make_parser() -> Any:
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.buffer_size = BLOCK

    def refuse(*_: Any) -> None:
        raise UnsafeWorkbook("DOCTYPE / 文档类型声明")

    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    return parser


def walk_part(
    archive: zipfile.ZipFile, part: str, on_start: Callable[[str, dict[str, str]], None], most: int
) -> None:
    """Tell of each element of a part, without its prefix."""
    check_size(archive, part, most)
    parser = make_parser()
    parser.StartElementHandler = lambda name, found: on_start(name.rpartition(":")[2], found)
    feed_part(archive, part, parser)


def feed_part(archive: zipfile.ZipFile, part: str, parser: Any) -> None:
    try:
        with archive.open(part) as stream:
            while block := stream.read(BLOCK):
                parser.Parse(block, False)
        parser.Parse(b"", True)
    except (expat.ExpatError, zipfile.BadZipFile, EOFError, OSError) as error:
        raise BrokenWorkbook(f"{part}: {error}") from None


def read_strings(archive: zipfile.ZipFile, part: str) -> list[str]:
    """Shared strings: runs of rich text joined, phonetic ones left out."""
    check_size(archive, part, LARGEST_LIST)
    strings: list[str] = []
    pieces: list[str] = []
    inside = [False, False]  # a text; a phonetic run

    def start(name: str, _: dict[str, str]) -> None:
        name = name.rpartition(":")[2]
        if name == "t":
            inside[0] = not inside[1]
        elif name == "si":
            pieces.clear()
        elif name == "rPh":
            inside[1] = True

    def end(name: str) -> None:
        name = name.rpartition(":")[2]
        if name == "t":
            inside[0] = False
        elif name == "si":
            strings.append(decode_escapes("".join(pieces)))
        elif name == "rPh":
            inside[1] = False

    def characters(text: str) -> None:
        if inside[0]:
            pieces.append(text)

    parser = make_parser()
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = characters
    feed_part(archive, part, parser)
    return strings


ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")


def decode_escapes(text: str) -> str:
    """_x000D_ is how a workbook writes what XML cannot (ECMA-376 part 1, 22.9.2.19)."""
    if "_x" not in text:
        return text
    found = ESCAPE.sub(lambda m: chr(int(m[1], 16)), text)
    # two halves are one character; a half alone is none, and nothing could write it down
    return found.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def read_styles(package: Package, part: str) -> None:
    """Which styles show a number as a date, or with zeros before it."""
    formats: dict[int, str] = {}
    at = [False, 0]  # within cellXfs; which of them

    def start(name: str, attributes: dict[str, str]) -> None:
        if name == "numFmt" and attributes.get("numFmtId", "").isdigit():
            formats[int(attributes["numFmtId"])] = attributes.get("formatCode", "")
        elif name in ("cellXfs", "cellStyles", "dxfs"):
            at[0] = name == "cellXfs"
        elif name == "xf" and at[0]:
            number = int(attributes.get("numFmtId", "0") or 0)
            code = formats.get(number, "")
            if is_date_format(code) if code else number in DATE_FORMATS:
                package.dates.add(at[1])
            elif ZEROS.fullmatch(code):
                package.padded[at[1]] = len(code)
            at[1] += 1

    walk_part(package.archive, part, start, LARGEST_SMALL)


def is_date_format(code: str) -> bool:
    first = code.split(";")[0]
    return bool(DATE_LETTERS.search(NOT_DATE.sub("", first))) and "general" not in first.lower()
