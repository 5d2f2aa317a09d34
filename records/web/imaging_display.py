"""An ImagingStudy on its page: its series, where its pictures are kept, and the documents that
belong to it.
"""

from dataclasses import dataclass, replace
from uuid import UUID

from records.meaning.imaging import (
    MOST_SERIES,
    ImagingSeries,
    list_endpoints,
    list_series,
    safe_address,
)
from records.operations.shared_document import OpenedDocument, list_study_documents
from records.operations.shared_record import ShownResource
from records.web.record_sections import document_url
from records.web.resource_display import DisplayLine, build_display_line

MOST_ARCHIVES = 5


@dataclass(frozen=True, slots=True)
class ImageArchive:
    """Where pictures are kept: href and host of an address that may be opened, "" where there is
    none.
    """

    name: str
    href: str
    host: str


@dataclass(frozen=True, slots=True)
class ShownImaging:
    """left_out: series that are not listed; lines: documents that say they belong to it."""

    series: tuple[ImagingSeries, ...]
    left_out: int
    archives: tuple[ImageArchive, ...]
    lines: tuple[DisplayLine, ...]


def build_imaging(person: UUID, opened: OpenedDocument) -> ShownImaging | None:
    """None of what is no ImagingStudy."""
    if opened.row.type_name != "ImagingStudy":
        return None
    r = opened.resource
    documents = [
        ShownResource(found, opened.hospital, f"{opened.hospital.code}/{name}")
        for name, found in list_study_documents(opened)
    ]
    return ShownImaging(
        tuple(list_series(r)),
        max(0, len(r.get("series") or []) - MOST_SERIES),
        tuple(
            ImageArchive(str(endpoint.get("name") or ""), *safe_address(endpoint))
            for endpoint in list_endpoints(r)[:MOST_ARCHIVES]
        ),
        tuple(build_line(person, s) for s in documents),
    )


def build_line(person: UUID, s: ShownResource) -> DisplayLine:
    return replace(build_display_line(s), href=document_url(person, s))
