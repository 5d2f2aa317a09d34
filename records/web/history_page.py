"""The patient's history: procedures, devices, immunizations, plans, orders, family and social
history, each paged to its end with a true count.
"""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode

from alliance.auth.principal import Principal
from records.operations.shared_record import OpenedRecord, SectionWindow
from records.web.history_sections import HISTORY_SECTIONS, HistorySection, build_history_groups
from records.web.page_position import START, PagePosition, read_position, write_position
from records.web.record_frame import RecordFrame, open_record_frame, record_view

SHOWN_FIRST = 20  # of a section, where all sections stand on the page
SHOWN_ALONE = 100  # where one has gone on in it


@record_view
def history_page(request: HttpRequest, person_id: UUID, *, acting: Principal) -> HttpResponse:
    """All sections with their newest entries, or one section from a position on."""
    alone = request.GET.get("of", "")
    position = read_position(request.GET.get("after", ""))
    if alone and alone not in HISTORY_SECTIONS:
        return redirect("history", person_id)
    windows = {
        window_name(section, type_name): SectionWindow(
            SHOWN_ALONE if alone else SHOWN_FIRST,
            type_name,
            position.after if len(types) == 1 or type_name == request.GET.get("type") else None,
            any_of=conditions,
            counted=True,
        )
        for section, (_heading, types, conditions) in HISTORY_SECTIONS.items()
        if not alone or alone == section
        for type_name in types
        if alone != section or request.GET.get("type", type_name) == type_name
    }
    frame = open_record_frame(person_id, acting, "history", windows)
    sections = [
        found
        for section in ([alone] if alone else HISTORY_SECTIONS)
        if (found := build_section(section, frame, person_id, windows, position))
    ]
    return render(
        request,
        "records/history.html",
        frame.context
        | {
            "sections": sections,
            "alone": alone,
            "pregnancy": frame.context["banner"].pregnancy,
        },
    )


def window_name(section: str, type_name: str) -> str:
    return f"{section} {type_name}"


def build_section(
    section: str,
    frame: RecordFrame,
    person: UUID,
    windows: dict[str, SectionWindow],
    position: PagePosition = START,
) -> HistorySection | None:
    """None where there is nothing in it."""
    heading, types, _conditions = HISTORY_SECTIONS[section]
    opened = frame.opened
    names = [n for t in types if (n := window_name(section, t)) in windows]
    rows = [s for n in names for s in opened.rows[n]]
    if not rows:
        return None
    groups, notices = build_history_groups(section, rows, frame.whom, frame.life)
    return HistorySection(
        section,
        str(heading),
        groups,
        notices,
        position.seen + 1,
        position.seen + len(rows),
        sum(opened.totals.get(n, 0) for n in names),
        next((x for n in names if (x := onward_address(section, n, opened, person, position))), ""),
    )


def onward_address(
    section: str, name: str, opened: OpenedRecord, person: UUID, position: PagePosition
) -> str:
    """Where the section goes on behind the rows of one of its types; "" where they are all."""
    seen = position.seen + len(opened.rows[name])
    if name not in opened.next or seen >= opened.totals.get(name, 0):
        return ""
    query = {
        "of": section,
        "type": name.rpartition(" ")[2],
        "after": write_position(PagePosition(opened.next[name], seen)),
    }
    return f"{reverse('history', args=(person,))}?{urlencode(query)}"
