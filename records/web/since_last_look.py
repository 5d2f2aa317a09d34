"""What an opened record shows that the reader's last look missed: counted by kind, the worst first.
Of the reader's own looks alone (docs/adr/0056).
"""

import datetime as dt
from dataclasses import dataclass, replace
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext_lazy

from records.meaning.result_flags import ResultFlag
from records.meaning.sense import Sense
from records.meaning.trend import trend_order
from records.meaning.unknown_modifiers import has_unknown_modifier
from records.operations.shared_record import SectionWindow, ShownResource
from records.web.record_frame import RecordFrame
from records.web.record_sections import document_url
from records.web.resource_display import DisplayLine, build_display_line, sort_newest_first
from records.web.result_display import ResultLine, build_result_lines
from records.web.timeline import encounter_url

MOST_READ = 60  # of the newest of each type, of those that are new
MOST_RESULTS = 200
MOST_NAMED = 3  # in each group
MOST_CRITICAL = 12
# kind -> (its words, the tab that has it all, its types), in the order of the card
NEWS_KINDS = {
    "results": (gettext_lazy("Results"), "results", ("Observation",)),
    "allergies": (gettext_lazy("Allergies"), "problems", ("AllergyIntolerance",)),
    "problems": (gettext_lazy("Diagnoses"), "problems", ("Condition",)),
    "medicines": (
        gettext_lazy("Medicines"),
        "medicines",
        ("MedicationRequest", "MedicationStatement"),
    ),
    "encounters": (gettext_lazy("Encounters"), "encounters", ("Encounter",)),
    "documents": (
        gettext_lazy("Reports and documents"),
        "documents",
        ("DiagnosticReport", "DocumentReference", "Composition"),
    ),
}
NEWS_WINDOWS = {
    f"news {name}": SectionWindow(
        MOST_RESULTS if name == "Observation" else MOST_READ, name, counted=True
    )
    for _words, _tab, types in NEWS_KINDS.values()
    for name in types
}
OVER = frozenset({Sense.PAST, Sense.NEGATIVE})
FLAG_ORDER = list(ResultFlag)  # the worst first
UNREMARKABLE = frozenset({ResultFlag.NORMAL, ResultFlag.NONE})


@dataclass(frozen=True, slots=True)
class NewsGroup:
    """The new entries of one kind. count: of all of them; results, lines: the worst and newest;
    read: how many of the newest were looked at; critical, abnormal, ended: how many of these.
    """

    words: str
    href: str
    count: int
    results: tuple[ResultLine, ...] = ()
    lines: tuple[DisplayLine, ...] = ()
    critical: int = 0
    abnormal: int = 0
    ended: int = 0
    read: int = 0

    @property
    def more(self) -> int:
        return max(0, self.count - len(self.results) - len(self.lines))


@dataclass(frozen=True, slots=True)
class News:
    """since: when the last look began, None where the log has none; opened: hospitals of which
    nothing was open then; withdrawn: new versions that take something back.
    """

    since: dt.datetime | None = None
    groups: tuple[NewsGroup, ...] = ()
    opened: tuple[str, ...] = ()
    withdrawn: tuple[DisplayLine, ...] = ()


def build_news(person: UUID, frame: RecordFrame) -> News:
    """frame: of a page that was opened with NEWS_WINDOWS."""
    if frame.last_look is None:
        return News()
    groups, withdrawn = [], []
    for kind, (words, tab, types) in NEWS_KINDS.items():
        rows = [s for t in types for s in frame.opened.rows.get(f"news {t}", [])]
        clear = [s for s in rows if not has_unknown_modifier(s.resource)]
        lines = sort_newest_first([build_news_line(person, kind, s) for s in clear])
        void = [x for x in lines if x.sense is Sense.VOID]
        withdrawn += void
        count = sum(frame.opened.totals.get(f"news {t}", 0) for t in types) - len(void)
        if count <= 0:
            continue
        href = reverse("person-tab", args=(person, tab))
        if kind == "results":
            groups.append(build_results_group(str(words), href, count, clear, frame))
            continue
        told = [x for x in lines if x.sense is not Sense.VOID]
        told.sort(key=lambda x: not any(m.loud for m in x.marks))
        groups.append(
            NewsGroup(
                str(words),
                href,
                count,
                lines=tuple(told[:MOST_NAMED]),
                ended=sum(x.sense in OVER for x in told) if kind == "medicines" else 0,
            )
        )
    return News(
        frame.last_look.at,
        tuple(groups),
        tuple(
            dict.fromkeys(
                s.hospital.name
                for s in frame.opened.rows["Patient"]
                if s.hospital.code not in frame.last_look.hospitals
            )
        ),
        tuple(withdrawn),
    )


def build_news_line(person: UUID, kind: str, s: ShownResource) -> DisplayLine:
    line = build_display_line(s)
    if kind == "documents":
        return replace(line, href=document_url(person, s))
    return replace(line, href=encounter_url(person, s)) if kind == "encounters" else line


def build_results_group(
    words: str, href: str, count: int, rows: list[ShownResource], frame: RecordFrame
) -> NewsGroup:
    """Critical values first, then abnormal ones, then the newest."""
    found = [x for s in rows for x in build_result_lines(s, frame.whom, frame.life)]
    found.sort(key=trend_order)
    found.sort(key=lambda x: FLAG_ORDER.index(x.result.flag))
    critical = sum(x.critical for x in found)
    return NewsGroup(
        words,
        href,
        count,
        results=tuple(found[: max(MOST_NAMED, min(critical, MOST_CRITICAL))]),
        critical=critical,
        read=len(rows),
        abnormal=sum(not x.critical and x.result.flag not in UNREMARKABLE for x in found),
    )
