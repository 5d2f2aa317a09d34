"""TABLE media type -> how a file of it is shown, and by which first bytes it is known. What begins
as something else than it says is only handed out as a file (WHATWG MIME Sniffing 6). Pure.
"""

from dataclasses import dataclass
from enum import StrEnum

from records.documents.pdf_actions import does_more_than_draw
from records.fhir.media_types import parse_media_type


class MediaKind(StrEnum):
    """How the contents of a file are shown."""

    TEXT = "text"
    IMAGE = "image"
    PDF = "pdf"
    HTML = "html"
    XML = "xml"
    DICOM = "dicom"  # shown as a small picture that is drawn from it; handed out as a file
    FILE = "file"  # not shown: handed out as a file


class MediaFault(StrEnum):
    """Why a file is not shown though files of its type are."""

    NONE = ""
    EMPTY = "empty"
    LARGE = "large"
    DIFFERENT = "different"
    ACTIVE = "active"


@dataclass(frozen=True, slots=True)
class MediaRule:
    """starts: its first bytes, each possibility with parts at their places; most: the largest file
    that is shown, in bytes; ending: of the name under which it is saved. What a browser would run
    when it is opened from a disk is saved as text.
    """

    kind: MediaKind
    most: int
    ending: str
    starts: tuple[tuple[tuple[int, bytes], ...], ...] = ()


MIB = 1 << 20
MEDIA_RULES: dict[str, MediaRule] = {
    "text/plain": MediaRule(MediaKind.TEXT, MIB, "txt"),
    "text/html": MediaRule(MediaKind.HTML, 4 * MIB, "txt"),
    "application/xhtml+xml": MediaRule(MediaKind.HTML, 4 * MIB, "txt"),
    "application/xml": MediaRule(MediaKind.XML, 4 * MIB, "txt"),
    "text/xml": MediaRule(MediaKind.XML, 4 * MIB, "txt"),
    "application/hl7-cda+xml": MediaRule(MediaKind.XML, 4 * MIB, "txt"),
    "application/pdf": MediaRule(MediaKind.PDF, 24 * MIB, "pdf", (((0, b"%PDF-"),),)),
    "image/png": MediaRule(MediaKind.IMAGE, 24 * MIB, "png", (((0, b"\x89PNG\r\n\x1a\n"),),)),
    "image/jpeg": MediaRule(MediaKind.IMAGE, 24 * MIB, "jpg", (((0, b"\xff\xd8\xff"),),)),
    "image/gif": MediaRule(
        MediaKind.IMAGE, 24 * MIB, "gif", (((0, b"GIF87a"),), ((0, b"GIF89a"),))
    ),
    "image/webp": MediaRule(MediaKind.IMAGE, 24 * MIB, "webp", (((0, b"RIFF"), (8, b"WEBP")),)),
    "image/bmp": MediaRule(MediaKind.FILE, 0, "bmp", (((0, b"BM"),),)),
    "image/tiff": MediaRule(MediaKind.FILE, 0, "tif", (((0, b"II*\0"),), ((0, b"MM\0*"),))),
    "image/svg+xml": MediaRule(MediaKind.FILE, 0, "txt"),
    "application/rtf": MediaRule(MediaKind.FILE, 0, "rtf", (((0, b"{\\rtf"),),)),
    "text/rtf": MediaRule(MediaKind.FILE, 0, "rtf", (((0, b"{\\rtf"),),)),
    "application/dicom": MediaRule(MediaKind.DICOM, 64 * MIB, "dcm", (((128, b"DICM"),),)),
}
MEDIA_ALIASES = {"image/jpg": "image/jpeg", "application/x-pdf": "application/pdf"}
UNKNOWN_RULE = MediaRule(MediaKind.FILE, 0, "bin")
TEXTUAL_KINDS = frozenset({MediaKind.TEXT, MediaKind.HTML, MediaKind.XML})
# what no text begins with; two letters could be a word's
BINARY_STARTS = (
    b"PK\x03\x04",
    b"\x7fELF",
    b"\x1f\x8b",
    b"\xd0\xcf\x11\xe0",
    *(
        part
        for rule in MEDIA_RULES.values()
        for parts in rule.starts
        for at, part in parts
        if at == 0 and len(part) > len("BM")
    ),
)
WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff")  # UTF-16, whose texts have zero bytes


@dataclass(frozen=True, slots=True)
class MediaVerdict:
    """kind: how it is shown; media: its type without parameters, as it may be told to a browser;
    declared: as the sender says it; fault: why it is only handed out.
    """

    kind: MediaKind
    media: str
    declared: str
    ending: str
    fault: MediaFault = MediaFault.NONE


def judge_media(declared: str, data: bytes) -> MediaVerdict:
    """What a file is, by what its sender says and by its first bytes: both must agree."""
    name = parse_media_type(declared)[0]
    name = MEDIA_ALIASES.get(name, name)
    rule = MEDIA_RULES.get(name, UNKNOWN_RULE)
    if not data:
        return handed_out(declared, "bin", MediaFault.EMPTY)
    if not begins_as(rule, data):
        return handed_out(declared, "bin", MediaFault.DIFFERENT)
    if rule.kind is MediaKind.FILE:
        return handed_out(declared, rule.ending)
    if len(data) > rule.most:
        return handed_out(declared, rule.ending, MediaFault.LARGE)
    if rule.kind is MediaKind.PDF and does_more_than_draw(data):
        return handed_out(declared, rule.ending, MediaFault.ACTIVE)
    return MediaVerdict(rule.kind, name, declared, rule.ending)


def handed_out(declared: str, ending: str, fault: MediaFault = MediaFault.NONE) -> MediaVerdict:
    """The verdict on what is not shown: bytes of no type, to be saved."""
    return MediaVerdict(MediaKind.FILE, "application/octet-stream", declared, ending, fault)


def begins_as(rule: MediaRule, data: bytes) -> bool:
    """Whether the first bytes are of what the rule is for; of a text, those of nothing else."""
    if rule.kind in TEXTUAL_KINDS:
        wide = data.startswith(WIDE_MARKS)
        return not data.startswith(BINARY_STARTS) and (wide or b"\0" not in data)
    return not rule.starts or any(
        all(data[at : at + len(part)] == part for at, part in parts) for parts in rule.starts
    )
