"""Files of reports in the database, in parts, each encrypted; memory holds one part."""

import hashlib
from collections.abc import Iterator
from typing import IO

from consent.models import AuditReportChunk, AuditReportRun

CHUNK = 2**20  # bytes


class AlteredReport(Exception):
    """A file whose parts are not those that were kept."""


def keep_file(run: AuditReportRun, file: IO[bytes]) -> tuple[int, bytes]:
    """(size, digest). In the caller's transaction; what an earlier try kept goes."""
    AuditReportChunk.objects.filter(run=run).delete()
    digest, size, place = hashlib.sha256(), 0, 0
    while part := file.read(CHUNK):
        AuditReportChunk.objects.create(run=run, place=place, content=part)
        digest.update(part)
        size, place = size + len(part), place + 1
    return size, digest.digest()


def read_file(run: AuditReportRun) -> Iterator[bytes]:
    place = 0
    while part := AuditReportChunk.objects.filter(run=run, place=place).first():
        yield bytes(part.content)
        place += 1


def check_file(run: AuditReportRun) -> None:
    """Raises AlteredReport."""
    digest = hashlib.sha256()
    for part in read_file(run):
        digest.update(part)
    if digest.digest() != bytes(run.digest):
        raise AlteredReport(f"the file of report {run.pk} was altered")
