"""The documents of a patient over all hospitals in one order of time, paged to the very end: each
type is gone through by a position of its own, and a page takes the newest of them all.
"""

import heapq
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alliance.auth.principal import Principal
from alliance.models import Hospital
from records.fhir.hashes import index_hash
from records.meaning.lifetime import Lifetime
from records.meaning.sense import Sense, Words
from records.meaning.unknown_modifiers import has_unknown_modifier
from records.operations.shared_record import OpenedRecord, SectionWindow, ShownResource
from records.search.named_codes import token_condition
from records.web.history_sections import list_void_notices
from records.web.page_position import UNDATED, PagePosition, read_position, write_position
from records.web.record_frame import open_record_frame, record_view
from records.web.record_sections import (
    Notice,
    document_url,
    list_hidden_notices,
    take_composition,
)
from records.web.resource_display import DisplayLine, build_display_line, mark_doubtful_dates

PAGE = 50
# Of document Bundles the index keeps no date: they stand behind the others, by when they came.
KINDS: dict[str, tuple[Words, tuple[str, ...]]] = {
    "reports": (gettext_lazy("Reports"), ("DiagnosticReport",)),
    "documents": (gettext_lazy("Documents and files"), ("DocumentReference",)),
    "imaging": (gettext_lazy("Imaging"), ("ImagingStudy",)),
    "structured": (gettext_lazy("Structured documents"), ("Composition", "Bundle")),
}
ALL_TYPES = tuple(t for _words, types in KINDS.values() for t in types)
CONDITIONS = {"Bundle": (token_condition([index_hash("Bundle", "type", "code", "document")]),)}
SEPARATOR = "!"


@dataclass(frozen=True, slots=True)
class DocumentsPart:
    """What stands on one page of the list; first, last, total: as in a HistorySection."""

    lines: tuple[DisplayLine, ...]
    notices: tuple[Notice, ...]
    first: int
    last: int
    total: int
    onward: str


@record_view
def documents_page(request: HttpRequest, person_id: UUID, *, acting: Principal) -> HttpResponse:
    """One page of the list, of all kinds and hospitals or of those that are chosen."""
    kind = request.GET.get("kind", "")
    types = KINDS[kind][1] if kind in KINDS else ALL_TYPES
    code = request.GET.get("hospital", "")
    hospital = next((h for h in Hospital.objects.all() if h.code == code), None)
    positions = read_positions(request.GET.get("after", ""), types)
    windows = {
        type_name: SectionWindow(
            PAGE,
            after=positions[type_name].after,
            hospital_id=hospital.pk if hospital else None,
            any_of=CONDITIONS.get(type_name, ()),
            counted=True,
        )
        for type_name in types
    }
    frame = open_record_frame(person_id, acting, "documents", windows)
    chosen = {"kind": kind} if kind in KINDS else {}
    if hospital:
        chosen["hospital"] = hospital.code
    part = build_part(person_id, frame.opened, positions, frame.life, chosen)
    return render(
        request,
        "records/documents.html",
        frame.context
        | {
            "part": part,
            "kinds": [(name, words) for name, (words, _types) in KINDS.items()],
            "kind": kind,
            "hospital": hospital,
            "hospitals": sorted(
                {s.hospital for s in frame.opened.rows["Patient"]}, key=lambda h: h.code
            ),
            "later": "after" in request.GET,
        },
    )


def read_positions(text: str, types: tuple[str, ...]) -> dict[str, PagePosition]:
    """{type: from where}; all at their beginning where the text is not of so many types."""
    parts = text.split(SEPARATOR)
    if len(parts) != len(types):
        parts = [""] * len(types)
    return {t: read_position(p) for t, p in zip(types, parts, strict=True)}


def merge_newest_first(
    rows: Mapping[str, list[ShownResource]], types: tuple[str, ...]
) -> Iterator[tuple[str, ShownResource]]:
    """The rows of several types in one order; those of one type keep theirs, whatever they say."""

    def order(pair: tuple[str, ShownResource]) -> tuple[bool, str]:
        position = pair[1].position
        dated = position.dated if position else UNDATED
        return (dated != UNDATED, "" if dated == UNDATED else dated)

    return heapq.merge(*([(t, s) for s in rows[t]] for t in types), key=order, reverse=True)


def build_part(
    person: UUID,
    opened: OpenedRecord,
    positions: Mapping[str, PagePosition],
    life: Lifetime,
    chosen: Mapping[str, str],
) -> DocumentsPart:
    """The newest of all types behind their positions, and where to go on."""
    types = tuple(positions)
    taken = list(islice(merge_newest_first(opened.rows, types), PAGE))
    behind = dict(positions)
    for type_name, s in taken:
        behind[type_name] = PagePosition(s.position, behind[type_name].seen + 1)
    total = sum(max(opened.totals.get(t, 0), positions[t].seen) for t in types)
    seen = sum(p.seen for p in positions.values())
    last = seen + len(taken)
    lines, notices = build_document_lines(person, [s for _t, s in taken], life)
    onward = {**chosen, "after": SEPARATOR.join(write_position(p) for p in behind.values())}
    return DocumentsPart(
        tuple(lines),
        tuple(notices),
        seen + 1,
        last,
        total,
        f"{reverse('documents', args=(person,))}?{urlencode(onward)}" if last < total else "",
    )


def build_document_lines(
    person: UUID, taken: list[ShownResource], life: Lifetime
) -> tuple[list[DisplayLine], list[Notice]]:
    """Each opens its page; what is hidden, withdrawn, or a document without a beginning is said."""
    found = [s if s.resource["resourceType"] != "Bundle" else take_composition(s) for s in taken]
    there = [s for s in found if s is not None]
    lines = [
        replace(build_display_line(s), href=document_url(person, s))
        for s in there
        if not has_unknown_modifier(s.resource)
    ]
    shown = [x for x in lines if x.sense is not Sense.VOID]
    notices = list_hidden_notices(there) + list_void_notices(len(lines) - len(shown))
    if headless := len(found) - len(there):
        notices.append(
            Notice(_("%s documents without a head cannot be opened here.") % headless, loud=True)
        )
    return mark_doubtful_dates(shown, life), notices
