"""The pages of a shared record, one a tab."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from alliance.auth.principal import Principal
from records.operations.shared_record import SectionWindow
from records.web.banner_windows import key_result_windows
from records.web.hint_lines import list_hints
from records.web.record_frame import NOTHING_NEW, open_record_frame, record_view
from records.web.record_sections import build_sections
from records.web.since_last_look import NEWS_WINDOWS, build_news

# tab -> {type: how many of the newest}
TAB_LIMITS: dict[str, dict[str, int]] = {
    "summary": {
        "Condition": 50,
        "MedicationRequest": 50,
        "MedicationStatement": 50,
        "Observation": 60,
        "Encounter": 10,
        "DiagnosticReport": 10,
        "DocumentReference": 10,
    },
    "problems": {"Condition": 500},
    "medicines": {"MedicationRequest": 500, "MedicationStatement": 200},
}

HINTED = ("summary", "medicines")  # tabs that point out what goes ill together


@record_view
def record_page(
    request: HttpRequest, person_id: UUID, tab: str = "summary", *, acting: Principal
) -> HttpResponse:
    """One tab of the shared record."""
    if tab not in TAB_LIMITS:
        return redirect("person", person_id)
    news = NEWS_WINDOWS if tab == "summary" else NOTHING_NEW
    more = key_result_windows() if tab in HINTED else {}
    windows = {**count_results(TAB_LIMITS[tab]), **more}
    frame = open_record_frame(person_id, acting, tab, windows, news)
    rows = frame.opened.rows
    shown = build_sections(person_id, rows, TAB_LIMITS[tab], frame.whom, frame.life)
    shown["results_total"] = frame.opened.totals.get("Observation", 0)
    if tab in HINTED:
        shown["hints"] = list_hints(rows, frame.whom, timezone.now())
    if tab == "summary":
        shown["news"] = build_news(person_id, frame)
    return render(request, f"records/{tab}.html", frame.context | shown)


def count_results(limits: dict[str, int]) -> dict[str, int | SectionWindow]:
    """The windows of a tab; of results it tells how many there are."""
    return {
        name: SectionWindow(most, counted=True) if name == "Observation" else most
        for name, most in limits.items()
    }
