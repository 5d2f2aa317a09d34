"""A DICOM file is drawn small by a process with limits, or refused with a word; nothing that it may
be ends or holds the one that asked.
"""

import io
import struct
import threading
import zlib
from collections.abc import Iterator

import pytest
from PIL import Image

from records.documents import dicom_drawing
from records.documents.dicom_drawing import DicomPicture, draw_dicom
from tests import draws
from tests.factories.dicom import make_dicom


def pixels_of(picture: DicomPicture) -> Image.Image:
    assert picture.png and not picture.refusal, picture.refusal
    return Image.open(io.BytesIO(picture.png))


def test_a_frame_is_drawn_through_its_window() -> None:
    image = pixels_of(draw_dicom(make_dicom()))
    assert image.size == (64, 48)
    left, right = image.getpixel((0, 5)), image.getpixel((63, 5))
    assert left < 5 and right > 250, "dark to bright as it is stored"
    narrow = pixels_of(draw_dicom(make_dicom(window=("60", "20"))))
    assert narrow.getpixel((5, 5)) == 0 and narrow.getpixel((30, 5)) == 255, "by its window"
    unsaid = pixels_of(draw_dicom(make_dicom(window=None)))
    assert unsaid.getextrema() == (0, 255), "without one, from the least to the most"


def test_inverted_grey_is_turned_round() -> None:
    image = pixels_of(draw_dicom(make_dicom(photometric="MONOCHROME1")))
    assert image.getpixel((0, 5)) > 250 and image.getpixel((63, 5)) < 5


def test_of_many_frames_the_middle_one() -> None:
    frames = b"".join(bytes([n * 60]) * (8 * 8) for n in range(4))
    image = pixels_of(draw_dicom(make_dicom(8, 8, frames, frames=4)))
    assert image.getpixel((1, 1)) == pytest.approx(120, abs=2)


def test_a_large_one_is_made_small() -> None:
    assert pixels_of(draw_dicom(make_dicom(1600, 800))).size == (768, 384)


@pytest.mark.parametrize(
    ("data", "refusal"),
    [
        (b"", "broken"),
        (draws.token_bytes(5000), "broken"),
        (make_dicom()[:900], "broken"),
        (make_dicom(stated=(4000, 3000)), "broken"),
        (make_dicom(stated=(65535, 65535)), "large"),
        (make_dicom(stated=(0, 10)), "broken"),
        (make_dicom(frames=2_000_000, pixels=b"12"), "large"),
        (make_dicom(syntax="1.2.840.10008.1.2.4.70"), "syntax"),
        (make_dicom(syntax="1.2.840.10008.1.2.4.100"), "syntax"),
        (make_dicom(syntax="1.2.3.4"), "syntax"),
        (make_dicom(syntax="1.2.840.10008.1.2.5"), "broken"),
        (make_dicom(syntax="1.2.840.10008.1.2.1.99"), "broken"),
        (make_dicom(photometric="PALETTE COLOR"), "pixels"),
        (make_dicom()[:132], "pixels"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_a_word(data: bytes, refusal: str) -> None:
    assert draw_dicom(data) == DicomPicture(refusal=refusal)


def test_what_unpacks_to_more_than_its_memory_is_refused() -> None:
    head = make_dicom(syntax="1.2.840.10008.1.2.1.99")
    squeezed = zlib.compressobj(9, zlib.DEFLATED, -15)
    zeros = b"".join(squeezed.compress(b"\0" * (1 << 24)) for _ in range(80)) + squeezed.flush()
    at = head.index(struct.pack("<HH", 8, 0x16))
    assert draw_dicom(head[:at] + zeros).refusal in ("broken", "limits")


@pytest.fixture
def endless(monkeypatch: pytest.MonkeyPatch, tmp_path) -> Iterator[None]:  # type: ignore[no-untyped-def]
    program = tmp_path / "endless.py"
    program.write_text("import time\nwhile True: time.sleep(1)\n")
    monkeypatch.setattr(dicom_drawing, "PROGRAM", program)
    monkeypatch.setattr(dicom_drawing, "PATIENCE", 0.5)
    monkeypatch.setattr(dicom_drawing, "WAITS", 0.05)
    yield


def test_one_that_never_ends_is_ended_and_others_are_told(endless: None) -> None:
    found: list[str] = []
    threads = [
        threading.Thread(target=lambda: found.append(draw_dicom(b"x").refusal)) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == ["busy", "limits", "limits"]


def test_the_program_knows_nothing_of_this_system(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path,  # type: ignore[no-untyped-def]
) -> None:
    program = tmp_path / "tells.py"
    program.write_text(
        "import os, sys\nsys.stdout.buffer.write(bytes.fromhex('89504e470d0a1a0a'))\n"
        "sys.stdout.buffer.write(repr(dict(os.environ)).encode())\n"
    )
    monkeypatch.setattr(dicom_drawing, "PROGRAM", program)
    monkeypatch.setenv("XINGLIN_SECRET_KEY", "told-to-nobody")
    said = draw_dicom(b"x").png
    assert said and b"told-to-nobody" not in said and b"XINGLIN" not in said
