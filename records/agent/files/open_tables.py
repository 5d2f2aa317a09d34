"""Open a file as tables, by what it holds and not by its name: an ".xls" may be text, a web page or
a workbook.
"""

from __future__ import annotations

import zipfile
from pathlib import Path

from ..refusal import Refusal, Rule
from .csv_rows import open_csv
from .file_rules import BROKEN_XLSX, EMPTY, ENCRYPTED, GONE, OLD_XLS, OTHER_KIND, WEB_PAGE
from .table import Table, UnreadableFile
from .xlsx_rows import open_xlsx

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # the old Office format, and what encrypts the new one
ENCRYPTED_NAME = "EncryptedPackage".encode("utf-16-le")
OTHER = {
    b"%PDF": "PDF",
    b"Rar!": "RAR",
    b"7z\xbc\xaf": "7z",
    b"\x1f\x8b": "gzip",
    b"\x89PNG": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"{\\rtf": "RTF",
}


def open_tables(path: Path) -> list[Table]:
    """Its tables. Raises UnreadableFile, which says how to save it so that it can be read."""
    try:
        with open(path, "rb") as file:
            head = file.read(8192)
    except OSError as error:
        raise refuse(path, GONE, str(error.strerror or error)) from None
    if not head.strip(b"\xef\xbb\xbf\xff\xfe \t\r\n\x00"):
        raise refuse(path, EMPTY)
    if head.startswith(OLE):
        raise refuse(path, ENCRYPTED if holds(path, ENCRYPTED_NAME) else OLD_XLS)
    if head.startswith(b"PK"):
        if not zipfile.is_zipfile(path):
            raise refuse(path, BROKEN_XLSX, "ZIP")
        return open_xlsx(path)
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<html", b"<!doctype", b"<table", b"<meta", b"<?xml", b"<head")):
        raise refuse(path, WEB_PAGE)
    if head.startswith((b"\t\x08", b"\t\x04")):
        raise refuse(path, OLD_XLS)
    for mark, kind in OTHER.items():
        if head.startswith(mark):
            raise refuse(path, OTHER_KIND, kind)
    return [open_csv(path)]


def holds(path: Path, words: bytes) -> bool:
    """Whether the words stand anywhere in a file that may be large."""
    carried = b""
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            if words in carried + block:
                return True
            carried = block[-len(words) :]
    return False


def refuse(path: Path, rule: Rule, detail: str = "") -> UnreadableFile:
    return UnreadableFile(Refusal(path.name, 0, "", "", rule, {"detail": detail}))
