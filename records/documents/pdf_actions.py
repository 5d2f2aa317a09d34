"""Whether a PDF would do anything but be drawn: a script, a program, a form that is sent, a film
(ISO 32000-1 12.6.4, 12.7.8). A browser's viewer runs scripts of a PDF, in dialogs that look like
the page's. Pure.

What cannot be looked into counts as doing so: what is encrypted, and objects that lie compressed in
another way than the usual one (7.5.7).
"""

import re
import zlib

# Long enough not to stand in a picture's bytes by chance: the whole file is looked through, for a
# viewer finds its objects wherever the file's table says. Each script has an action /JavaScript.
ACTIONS = (
    "JavaScript",
    "Launch",
    "SubmitForm",
    "ImportData",
    "XFA",
    "RichMedia",
    "Rendition",
    "Movie",
    "Encrypt",
)
MOST_OBJECTS = 64 << 20  # bytes of compressed objects that are looked through
MOST_STREAMS = 100_000
MOST_HEADER = 4000  # bytes of a stream's dictionary


def name_pattern(*names: str) -> bytes:
    """Any of the names, each letter as itself or as #xx (7.3.5)."""
    spelled = ("".join(f"(?:{c}|#(?:{ord(c):02x}|{ord(c):02X}))" for c in name) for name in names)
    return f"/(?:{'|'.join(spelled)})(?![A-Za-z0-9])".encode()


ACTION = re.compile(name_pattern(*ACTIONS))
OBJECT_STREAM = re.compile(name_pattern("ObjStm", "First"))
STREAM = re.compile(rb"(?<!end)stream(?:\r\n|\n|\r|\s)")
FILTER = re.compile(name_pattern("Filter", "F", "DecodeParms", "DP"))
USUAL_FILTER = re.compile(rb"/Filter\s*\[?\s*/FlateDecode\s*\]?")


def does_more_than_draw(data: bytes) -> bool:
    if ACTION.search(data):
        return True
    left, behind = MOST_OBJECTS, 0
    for n, m in enumerate(STREAM.finditer(data)):
        if n >= MOST_STREAMS:
            return True
        nearest = max(behind, m.start() - MOST_HEADER)
        header = data[max(nearest, data.rfind(b"obj", nearest, m.start())) : m.start()]
        behind = m.end()
        if not OBJECT_STREAM.search(header):
            continue
        end = data.find(b"endstream", m.end())
        inside = inflate_objects(header, data[m.end() : end], left) if end > 0 < left else None
        if inside is None or ACTION.search(inside):
            return True
        left -= max(len(inside), 1)
    return False


def inflate_objects(header: bytes, body: bytes, most: int) -> bytes | None:
    """The objects of a stream of objects; None where they cannot be read, or are too many."""
    rest, usual = USUAL_FILTER.subn(b"", header)
    if FILTER.search(rest):
        return None
    if not usual:
        return None if STREAM.search(body) else body
    reader = zlib.decompressobj()
    try:
        found = reader.decompress(body, max(1, most))
    except zlib.error:
        return None
    return found if reader.eof else None
