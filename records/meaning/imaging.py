"""What an ImagingStudy says: which kind of pictures of which part of the body, how many, where they
are kept.

Source: FHIR R4 imagingstudy.html; modalities DICOM PS3.16 CID 29 and 33.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from records.meaning.phrase import Json, list_words, read_annotations, say_reference
from records.meaning.sense import ResourceReading, Words
from records.meaning.states import judge_state
from records.meaning.value_text import concept_text, first_code

MODALITIES: dict[str, Words] = {
    "CR": gettext_lazy("X-ray"),
    "DX": gettext_lazy("X-ray"),
    "RG": gettext_lazy("X-ray"),
    "CT": "CT",
    "MR": gettext_lazy("MRI"),
    "US": gettext_lazy("ultrasound"),
    "IVUS": gettext_lazy("ultrasound inside a vessel"),
    "MG": gettext_lazy("mammography"),
    "XA": gettext_lazy("angiography"),
    "RF": gettext_lazy("fluoroscopy"),
    "NM": gettext_lazy("nuclear medicine"),
    "PT": "PET",
    "ES": gettext_lazy("endoscopy"),
    "GM": gettext_lazy("microscopy"),
    "SM": gettext_lazy("pathology slides"),
    "ECG": gettext_lazy("ECG"),
    "OP": gettext_lazy("eye photography"),
    "OPT": gettext_lazy("OCT of the eye"),
    "OCT": "OCT",
    "XC": gettext_lazy("photographs"),
    "IO": gettext_lazy("X-ray of teeth"),
    "PX": gettext_lazy("panoramic X-ray of teeth"),
    "BMD": gettext_lazy("bone density"),
    "RTIMAGE": gettext_lazy("radiotherapy"),
    "RTPLAN": gettext_lazy("radiotherapy"),
    "RTDOSE": gettext_lazy("radiotherapy"),
    "SR": gettext_lazy("structured report"),
    "KO": gettext_lazy("list of key images"),
    "PR": gettext_lazy("settings of display"),
    "DOC": gettext_lazy("document"),
}
MOST_SERIES = 200  # of one study that are told one by one


@dataclass(frozen=True, slots=True)
class ImagingSeries:
    """One series in words; images: how many, "" where it is not told."""

    number: str
    modality: str
    description: str
    site: str
    images: str


def read_imaging_study(r: Json) -> ResourceReading:
    """Title: what was examined, as its hospital calls it, else the kind of pictures."""
    sense, marks = judge_state(r)
    kinds, sites = study_modalities(r), study_sites(r)
    title = str(r.get("description") or "") or concept_text(r.get("procedureCode"))
    facts = (
        kinds if title else "",
        sites,
        count_words(r),
        concept_text(r.get("reasonCode")),
        list_words(say_reference(p, r.get("contained") or []) for p in r.get("interpreter") or []),
    )
    return ResourceReading(
        title or kinds or _("imaging"),
        sense,
        marks,
        tuple(f for f in facts if f),
        read_annotations(r.get("note")),
        code=first_code({"coding": r.get("modality") or []}),
    )


def modality_words(coding: Any) -> str:
    """A modality in the reader's language; one without a word as it was sent."""
    code = str((coding or {}).get("code") or "")
    return str(MODALITIES.get(code, concept_text(coding)))


def study_modalities(r: Json) -> str:
    """Of the study, else of its series, each once."""
    series = [s for s in r.get("series") or [] if isinstance(s, dict)]
    return list_words(
        modality_words(c) for c in r.get("modality") or [s.get("modality") for s in series]
    )


def study_sites(r: Json) -> str:
    return list_words(
        concept_text(s.get("bodySite")) for s in r.get("series") or [] if isinstance(s, dict)
    )


def count_words(r: Json) -> str:
    """How many series and pictures, as the study states them, else as they are listed."""
    series = [s for s in r.get("series") or [] if isinstance(s, dict)]
    number = whole_number(r.get("numberOfSeries"), len(series))
    listed = [
        whole_number(s.get("numberOfInstances"), len(s.get("instance") or [])) for s in series
    ]
    images = whole_number(r.get("numberOfInstances"), sum(n or 0 for n in listed))
    return list_words(
        (
            ngettext("%(n)s series", "%(n)s series", number) % {"n": number} if number else "",
            ngettext("%(n)s image", "%(n)s images", images) % {"n": images} if images else "",
        )
    )


def count_images(series: Json) -> int:
    return whole_number(series.get("numberOfInstances"), len(series.get("instance") or []))


def whole_number(value: object, other: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else other


def list_series(r: Json) -> Iterator[ImagingSeries]:
    """The first of them, in the order in which they were sent."""
    for s in (r.get("series") or [])[:MOST_SERIES]:
        yield ImagingSeries(
            str(s.get("number") or ""),
            modality_words(s.get("modality")),
            str(s.get("description") or ""),
            list_words((concept_text(s.get("bodySite")), concept_text(s.get("laterality")))),
            str(count_images(s) or ""),
        )


def list_endpoints(r: Json) -> list[Json]:
    """Where the pictures are kept, of the study and of its series: an Endpoint that came with the
    study, else what is said of it, as an Endpoint with a name alone.
    """
    inside = {f"#{c.get('id')}": c for c in r.get("contained") or [] if isinstance(c, dict)}
    references = [
        e
        for node in (r, *(r.get("series") or []))
        for e in node.get("endpoint") or []
        if isinstance(e, dict)
    ]
    found = {
        str(e.get("reference") or e.get("display")): inside.get(
            str(e.get("reference")), {"name": str(e.get("display") or "")}
        )
        for e in references
    }
    return [e for e in found.values() if e.get("name") or e.get("address")]


def safe_address(endpoint: Json) -> tuple[str, str]:
    """(address that a page may link to, its host) of an Endpoint that is in use; ("", "") of one
    that is not, or whose address is not https.
    """
    address = str(endpoint.get("address") or "")
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError:
        return "", ""
    plain = parts.scheme == "https" and host and not parts.username and address.isprintable()
    return (address, host) if plain and endpoint.get("status") == "active" else ("", "")
