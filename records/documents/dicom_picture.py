"""Draw one DICOM file as a small PNG: a program of its own, which reads the file from its standard
input, sets itself limits before it looks at a byte, and ends with a word where it cannot.

Source: DICOM PS3.3 C.7.6.3 (pixels), C.11.1 and C.11.2 (modality and VOI LUT), PS3.5 A and G
(transfer syntaxes, RLE). It imports nothing of this system and knows none of its secrets.
"""

import io
import os
import resource
import sys
import warnings
from array import array
from collections.abc import Callable
from typing import Any

MEMORY, SECONDS, WRITTEN = 768 << 20, 8, 8 << 20
MOST_PIXELS = 24_000_000  # of one frame; a mammogram has 14 million
MOST_FRAMES = 100_000
SIDE = 768  # of the picture, at most
REFUSED = 3  # exit status: syntax, large, broken or pixels stands in the output

NEEDED = ("Rows", "Columns", "BitsAllocated", "SamplesPerPixel", "PixelData")
PLAIN = frozenset({"1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.1.99"})
BIG_ENDIAN = "1.2.840.10008.1.2.2"
RLE = "1.2.840.10008.1.2.5"
JPEG = frozenset({"1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51"})
JPEG_2000 = frozenset({"1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.91"})


class Refusal(Exception):
    """It is not drawn; the word says why."""


def set_limits() -> None:
    """Memory, processor time, what is written, open files, no further processes; and after all
    others.
    """
    for what, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, SECONDS),
        (resource.RLIMIT_FSIZE, WRITTEN),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))
    os.nice(10)


def shut_out() -> None:
    """What importing still needed and reading needs little of."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (16, 16))  # libraries import late
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))


def draw_picture(data: bytes) -> bytes:
    """PNG of the middle frame. Raises Refusal, and whatever the libraries raise."""
    import pydicom
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    file = pydicom.dcmread(io.BytesIO(data))
    if any(getattr(file, name, None) is None for name in NEEDED):
        raise Refusal("pixels")  # a report, a plan, a curve
    frames = int(getattr(file, "NumberOfFrames", None) or 1)
    columns, rows = int(file.Columns), int(file.Rows)
    if min(columns, rows, frames) < 1:
        raise Refusal("broken")
    if columns * rows > MOST_PIXELS or frames > MOST_FRAMES:
        raise Refusal("large")
    if int(file.BitsAllocated) not in (8, 16):
        raise Refusal("pixels")
    at = frames // 2
    if int(file.SamplesPerPixel) == 3:
        picture = color_frame(file, at, frames)
    elif int(file.SamplesPerPixel) == 1 and str(file.PhotometricInterpretation).startswith("MONO"):
        picture = gray_frame(file, at, frames)
    else:
        raise Refusal("pixels")
    picture.thumbnail((SIDE, SIDE), Image.Resampling.BILINEAR)
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def encoded_frame(file: Any, at: int, frames: int) -> bytes:
    from pydicom.encaps import get_frame

    return bytes(get_frame(file.PixelData, at, number_of_frames=frames))


def plain_frame(file: Any, at: int, samples: int) -> bytes:
    size = int(file.Rows) * int(file.Columns) * samples * (int(file.BitsAllocated) // 8)
    found = bytes(file.PixelData[at * size : (at + 1) * size])
    if len(found) != size:
        raise Refusal("broken")
    return found


def open_encoded(file: Any, encoded: bytes) -> Any:
    """A JPEG or JPEG 2000 as the library reads it, of just the size that the file states."""
    from PIL import Image

    try:
        picture = Image.open(io.BytesIO(encoded), formats=("JPEG", "JPEG2000"))
        if picture.size != (int(file.Columns), int(file.Rows)):
            raise Refusal("broken")
        picture.load()
    except (OSError, SyntaxError) as error:
        raise Refusal("syntax") from error
    return picture


def color_frame(file: Any, at: int, frames: int) -> Any:
    from PIL import Image

    syntax, size = str(file.file_meta.TransferSyntaxUID), (int(file.Columns), int(file.Rows))
    if int(file.BitsAllocated) != 8:
        raise Refusal("pixels")
    if syntax in JPEG | JPEG_2000:
        return open_encoded(file, encoded_frame(file, at, frames)).convert("RGB")
    if syntax == RLE:
        planes = [
            Image.frombytes("L", size, s)
            for s in rle_segments(encoded_frame(file, at, frames), 3, size[0] * size[1])
        ]
    elif syntax in PLAIN | {BIG_ENDIAN}:
        data = plain_frame(file, at, 3)
        one = size[0] * size[1]
        planes = [
            Image.frombytes("L", size, part)
            for part in (
                [data[i * one : (i + 1) * one] for i in range(3)]
                if planar(file)
                else [data[i::3] for i in range(3)]
            )
        ]
    else:
        raise Refusal("syntax")
    kind = str(file.PhotometricInterpretation)
    if kind not in ("RGB", "YBR_FULL"):
        raise Refusal("pixels")
    return Image.merge("RGB" if kind == "RGB" else "YCbCr", planes).convert("RGB")


def planar(file: Any) -> bool:
    return int(getattr(file, "PlanarConfiguration", None) or 0) == 1


def gray_frame(file: Any, at: int, frames: int) -> Any:
    from PIL import Image

    size, wide = (int(file.Columns), int(file.Rows)), int(file.BitsAllocated) == 16
    data = gray_bytes(file, at, frames)
    stored = int(file.BitsStored)
    if not 1 <= stored <= int(file.BitsAllocated) or int(file.HighBit) != stored - 1:
        raise Refusal("pixels")
    signed = int(file.PixelRepresentation) == 1
    values = array("H" if wide else "B", data)
    if sys.byteorder == "big" and wide:
        values.byteswap()
    mask, half = (1 << stored) - 1, 1 << (stored - 1)
    seen = sorted({v & mask for v in set(values)})

    def number(raw: int) -> int:
        return raw - (mask + 1) if signed and raw & half else raw

    shade = shade_function(file, at, [number(v) for v in seen])
    table = bytearray(1 << (16 if wide else 8))
    by_raw = {v: shade(number(v)) for v in seen}
    for raw in set(values):
        table[raw] = by_raw[raw & mask]
    if not wide:
        return Image.frombytes("L", size, data.translate(bytes(table)))
    return Image.frombytes("L", size, bytes(map(table.__getitem__, values)))


def gray_bytes(file: Any, at: int, frames: int) -> bytes:
    """One frame as it would stand in the file uncompressed, little-endian."""
    syntax, wide = str(file.file_meta.TransferSyntaxUID), int(file.BitsAllocated) == 16
    size = int(file.Columns) * int(file.Rows)
    if syntax in PLAIN:
        return plain_frame(file, at, 1)
    if syntax == BIG_ENDIAN:
        swapped = array("H" if wide else "B", plain_frame(file, at, 1))
        swapped.byteswap()
        return swapped.tobytes()
    if syntax == RLE:
        parts = rle_segments(encoded_frame(file, at, frames), 2 if wide else 1, size)
        if not wide:
            return parts[0]
        joined = bytearray(2 * size)
        joined[0::2], joined[1::2] = parts[1], parts[0]
        return bytes(joined)
    if syntax in JPEG and not wide:
        return bytes(open_encoded(file, encoded_frame(file, at, frames)).convert("L").tobytes())
    if syntax in JPEG_2000:
        return jpeg_2000_bytes(file, encoded_frame(file, at, frames), wide)
    raise Refusal("syntax")


def jpeg_2000_bytes(file: Any, encoded: bytes, wide: bool) -> bytes:
    """The library makes numbers unsigned and stretches them to 8 or 16 bits: both are undone, by
    what the codestream's SIZ marker says (ISO/IEC 15444-1 A.5.1).
    """
    marker = encoded.find(b"\xff\x4f\xff\x51") + 2
    if marker < 2 or len(encoded) < marker + 41:
        raise Refusal("broken")
    precision, signed = (encoded[marker + 40] & 0x7F) + 1, encoded[marker + 40] & 0x80
    picture = open_encoded(file, encoded)
    if picture.mode not in ("L", "I;16") or precision > 16:
        raise Refusal("pixels")
    deep = picture.mode == "I;16"
    shift = (16 if deep else 8) - precision
    if shift < 0:
        raise Refusal("pixels")
    mask, half = (1 << precision) - 1, (1 << (precision - 1)) if signed else 0
    values = array("H" if deep else "B", picture.tobytes())
    table = {v: ((v >> shift) - half) & (0xFFFF if wide else 0xFF) & mask for v in set(values)}
    return array("H" if wide else "B", map(table.__getitem__, values)).tobytes()


def rle_segments(encoded: bytes, number: int, size: int) -> list[bytes]:
    """The segments of one RLE frame, each of `size` bytes (PS3.5 G)."""
    offsets = array("I", encoded[:64])
    if sys.byteorder == "big":
        offsets.byteswap()
    if len(offsets) < 16 or offsets[0] != number:
        raise Refusal("broken")
    ends = [*offsets[2 : number + 1], len(encoded)]
    return [
        unpack_bits(encoded[a:b], size) for a, b in zip(offsets[1 : number + 1], ends, strict=True)
    ]


def unpack_bits(encoded: bytes, size: int) -> bytes:
    out, at = bytearray(), 0
    while at < len(encoded) and len(out) < size:
        n = encoded[at]
        if n < 128:
            out += encoded[at + 1 : at + 2 + n]
            at += 2 + n
        elif n > 128:
            out += encoded[at + 1 : at + 2] * (257 - n)
            at += 2
        else:
            at += 1
    if len(out) < size:
        raise Refusal("broken")
    return bytes(out[:size])


def shade_function(file: Any, at: int, values: list[int]) -> Callable[[int], int]:
    """Stored number -> shade: modality LUT, window or VOI LUT, and the inversion of MONOCHROME1.
    values: those that occur, which are the window where the file has none.
    """
    modality = modality_function(file, at)
    window = window_function(file, at)
    if window is None:
        low, high = (f([modality(v) for v in values] or [0]) for f in (min, max))
        window = stretch(low, high)
    inverted = str(file.PhotometricInterpretation) == "MONOCHROME1"
    if getattr(file, "PresentationLUTShape", "") == "INVERSE":
        inverted = True

    def shade(stored: int) -> int:
        level = min(255, max(0, round(window(modality(stored)) * 255)))
        return 255 - level if inverted else level

    return shade


def stretch(low: float, high: float) -> Callable[[float], float]:
    return lambda v: (v - low) / (high - low) if high > low else 0.5


def functional_group(file: Any, at: int, name: str) -> Any:
    """Of an enhanced multi-frame image what holds for the frame; else the file itself."""
    for groups, index in (
        (getattr(file, "PerFrameFunctionalGroupsSequence", None), at),
        (getattr(file, "SharedFunctionalGroupsSequence", None), 0),
    ):
        if groups and index < len(groups) and getattr(groups[index], name, None):
            return getattr(groups[index], name)[0]
    return file


def table_function(item: Any) -> Callable[[float], float]:
    """A look-up table (PS3.3 C.11.1.1.1), as the number that it gives."""
    number, first, _bits = (int(x) for x in item.LUTDescriptor)
    number = number or 65536
    data = item.LUTData
    table = [int(x) for x in (array("H", data) if isinstance(data, bytes) else data)][:number]
    if not table:
        raise Refusal("broken")
    return lambda v: table[min(len(table) - 1, max(0, int(v) - first))]


def modality_function(file: Any, at: int) -> Callable[[float], float]:
    if getattr(file, "ModalityLUTSequence", None):
        return table_function(file.ModalityLUTSequence[0])
    group = functional_group(file, at, "PixelValueTransformationSequence")
    slope = float(getattr(group, "RescaleSlope", None) or 1)
    intercept = float(getattr(group, "RescaleIntercept", None) or 0)
    return lambda v: v * slope + intercept


def first_number(value: Any) -> float | None:
    """Of one number or several alternatives the first."""
    if value is None or value == "":
        return None
    several = hasattr(value, "__getitem__") and not isinstance(value, str)
    return float(value[0]) if several else float(value)


def window_function(file: Any, at: int) -> Callable[[float], float] | None:
    """From 0 to 1 (PS3.3 C.11.2.1.2, the first of several windows); None without a window."""
    group = functional_group(file, at, "FrameVOILUTSequence")
    if getattr(group, "VOILUTSequence", None):
        item = group.VOILUTSequence[0]
        most = (1 << int(item.LUTDescriptor[2])) - 1
        table = table_function(item)
        return lambda v: table(v) / most
    center = first_number(getattr(group, "WindowCenter", None))
    width = first_number(getattr(group, "WindowWidth", None))
    if center is None or width is None or width < 1:
        return None
    if getattr(group, "VOILUTFunction", "LINEAR") == "LINEAR" and width > 1:
        return stretch(center - 0.5 - (width - 1) / 2, center - 0.5 + (width - 1) / 2)
    return stretch(center - width / 2, center + width / 2)


def main() -> int:
    set_limits()
    import PIL.Jpeg2KImagePlugin
    import PIL.JpegImagePlugin
    import PIL.PngImagePlugin  # noqa: F401
    import pydicom.encaps  # noqa: F401

    warnings.simplefilter("ignore")
    shut_out()
    try:
        picture = draw_picture(sys.stdin.buffer.read())
    except Refusal as refusal:
        sys.stdout.write(str(refusal))
        return REFUSED
    except Exception:
        sys.stdout.write("broken")
        return REFUSED
    sys.stdout.buffer.write(picture)
    return 0


if __name__ == "__main__":
    sys.exit(main())
