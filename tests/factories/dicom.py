"""Invented DICOM files, written by hand: explicit little-endian, one frame or more of grey."""

import struct

EXPLICIT = "1.2.840.10008.1.2.1"
LONG = (b"OB", b"OW", b"SQ", b"UN")


def element(group: int, number: int, kind: bytes, value: bytes) -> bytes:
    value += (b"\0" if kind in (b"UI", b"OB", b"OW") else b" ") * (len(value) % 2)
    head = struct.pack("<HH", group, number) + kind
    if kind in LONG:
        return head + b"\0\0" + struct.pack("<I", len(value)) + value
    return head + struct.pack("<H", len(value)) + value


def short(value: int) -> bytes:
    return struct.pack("<H", value)


def make_dicom(
    columns: int = 64,
    rows: int = 48,
    pixels: bytes | None = None,
    *,
    syntax: str = EXPLICIT,
    photometric: str = "MONOCHROME2",
    stated: tuple[int, int] | None = None,
    window: tuple[str, str] | None = ("128", "256"),
    frames: int = 1,
) -> bytes:
    """8 bits a pixel; stated: columns and rows as the file says, where it lies."""
    if pixels is None:
        pixels = bytes(x * 255 // max(1, columns - 1) for _y in range(rows) for x in range(columns))
        pixels *= frames
    said = stated or (columns, rows)
    meta = element(2, 0x10, b"UI", syntax.encode())
    body = [
        element(8, 0x16, b"UI", b"1.2.840.10008.5.1.4.1.1.7"),
        element(0x10, 0x10, b"PN", b"Nobody"),
        element(0x28, 2, b"US", short(1)),
        element(0x28, 4, b"CS", photometric.encode()),
        element(0x28, 8, b"IS", str(frames).encode()),
        element(0x28, 0x10, b"US", short(said[1])),
        element(0x28, 0x11, b"US", short(said[0])),
        element(0x28, 0x100, b"US", short(8)),
        element(0x28, 0x101, b"US", short(8)),
        element(0x28, 0x102, b"US", short(7)),
        element(0x28, 0x103, b"US", short(0)),
        *(
            (
                element(0x28, 0x1050, b"DS", window[0].encode()),
                element(0x28, 0x1051, b"DS", window[1].encode()),
            )
            if window
            else ()
        ),
        element(0x7FE0, 0x10, b"OW", pixels),
    ]
    return (
        b"\0" * 128
        + b"DICM"
        + element(2, 0, b"UL", struct.pack("<I", len(meta)))
        + meta
        + b"".join(body)
    )
