"""A DICOM file as a picture, drawn by a process that lives for one file, with limits of memory and
time, and without what this one knows (docs/adr/0060). What it cannot draw is refused with a word.
"""

import os
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

PROGRAM = Path(__file__).with_name("dicom_picture.py")
PATIENCE = 12.0  # seconds; its processor time ends before
LARGEST = 64 << 20  # bytes of a file that is looked at
PICTURE = 8 << 20
TURNS = threading.BoundedSemaphore(2)  # of one web process
WAITS = 3.0  # seconds for a turn
KEPT = ("PYTHONPATH", "LD_LIBRARY_PATH")  # where libraries are found; nothing else is told
REFUSED, KNOWN = 3, frozenset({"syntax", "large", "broken", "pixels"})  # as the program ends
PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True, slots=True)
class DicomPicture:
    """png: b"" where it is refused; refusal: syntax, large, broken, pixels, limits or busy."""

    png: bytes = b""
    refusal: str = ""


def draw_dicom(data: bytes) -> DicomPicture:
    """The middle frame, small. Raises nothing for whatever the bytes are."""
    if len(data) > LARGEST:
        return DicomPicture(refusal="large")
    if not TURNS.acquire(timeout=WAITS):
        return DicomPicture(refusal="busy")
    try:
        return run_program(data)
    finally:
        TURNS.release()


def run_program(data: bytes) -> DicomPicture:
    """In and out through memory, so that nothing of a patient touches a disk and a full pipe holds
    nobody.
    """
    given, drawn = os.memfd_create("dicom"), os.memfd_create("picture")
    try:
        with open(given, "wb", closefd=False) as file:
            file.write(data)
        os.lseek(given, 0, os.SEEK_SET)
        running = subprocess.Popen(
            [sys.executable, "-P", "-s", str(PROGRAM)],
            stdin=given,
            stdout=drawn,
            stderr=subprocess.DEVNULL,
            env={k: os.environ[k] for k in KEPT if k in os.environ},
        )
        try:
            status = running.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            return DicomPicture(refusal="limits")
        finally:
            running.kill()
            running.wait()
        said = os.pread(drawn, PICTURE, 0)
    finally:
        os.close(given)
        os.close(drawn)
    if status == 0 and said.startswith(PNG):
        return DicomPicture(said)
    refusal = said.decode("ascii", "replace")
    return DicomPicture(refusal=refusal if status == REFUSED and refusal in KNOWN else "limits")
