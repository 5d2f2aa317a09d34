"""An opened record as what is printed of it: a medical summary, or the results. What is not printed
is said.
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from alliance.models import Hospital, Staff
from alliance.resource_names import SEX_NAMES
from records.meaning.unknown_modifiers import has_unknown_modifier
from records.operations.shared_record import SectionWindow, ShownResource
from records.printing.fixed_words import make_fixed_words
from records.printing.printed_content import (
    Column,
    PrintedContent,
    PrintedSection,
    TableRow,
)
from records.web.banner import Banner
from records.web.fact_lines import build_fact_lines
from records.web.print_rows import (
    display_row,
    fact_row,
    line_columns,
    result_row,
    risk_row,
    with_source,
)
from records.web.record_frame import RecordFrame
from records.web.record_sections import (
    MERGED,
    SECTION_LISTS,
    SECTION_TYPES,
    list_hidden_notices,
    list_withdrawn_notices,
    take_composition,
)
from records.web.resource_display import (
    build_display_line,
    mark_doubtful_dates,
    sort_newest_first,
)
from records.web.result_display import build_result_lines

# part -> which rows; the newest, of which there may be more: what is left out is counted
PRINT_WINDOWS: dict[str, dict[str, SectionWindow]] = {
    "summary": {
        name: SectionWindow(most, counted=True)
        for name, most in {
            "Condition": 300,
            "MedicationRequest": 300,
            "MedicationStatement": 200,
            "Observation": 60,
            "Encounter": 60,
            "DiagnosticReport": 60,
            "DocumentReference": 60,
            "Composition": 30,
            "Bundle": 30,
        }.items()
    },
    "results": {"Observation": SectionWindow(2000, counted=True)},
}
EMERGENCY_NOTICE = "emergency"  # no part of the record, and printed elsewhere
PART_TITLES = {
    "summary": gettext_lazy("Medical summary"),
    "results": gettext_lazy("Results"),
    "refer-out": gettext_lazy("Referral sheet: out"),
    "refer-back": gettext_lazy("Referral sheet: back"),
    "slip-out": gettext_lazy("Slip for the patient"),
    "slip-home": gettext_lazy("Slip for the way home"),
    "consultation": gettext_lazy("Consultation record"),
    EMERGENCY_NOTICE: gettext_lazy("Notice of an emergency access to your record"),
}
LIST_TITLES = {
    "problems": gettext_lazy("Current problems"),
    "suspected_problems": gettext_lazy("Not settled"),
    "past_problems": gettext_lazy("Past problems"),
    "excluded_problems": gettext_lazy("Ruled out"),
    "forbidden_medicines": gettext_lazy("Must not be given"),
    "medicines": gettext_lazy("Current medicines"),
    "proposed_medicines": gettext_lazy("Proposed, not ordered"),
    "past_medicines": gettext_lazy("Earlier medicines"),
    "encounters": gettext_lazy("Encounters"),
    "documents": gettext_lazy("Documents"),
}
ALWAYS_SAID = ("problems", "medicines", "encounters", "documents")  # where they are empty, too


@dataclass(frozen=True, slots=True)
class Printer:
    """Who prints, for which hospital, when."""

    staff: Staff
    hospital: Hospital
    at: dt.datetime

    @property
    def time(self) -> str:
        return timezone.localtime(self.at).strftime("%Y-%m-%d %H:%M")


def build_print_content(
    frame: RecordFrame, part: str, banner: Banner, printer: Printer, verify_address: str
) -> PrintedContent:
    """verify_address: where codes of pages are checked, as it is written on paper."""
    title = str(PART_TITLES[part])
    sections = [build_scope_section(frame, printer)]
    if part == "summary":
        sections = [
            build_patient_section(banner),
            *sections,
            *build_danger_sections(banner),
            *build_list_sections(frame, ("problems", "medicines")),
            build_results_section(frame, str(_("Newest results"))),
            *build_list_sections(frame, ("encounters", "documents")),
        ]
    else:
        sections.append(build_results_section(frame, str(_("Results"))))
    by = _("Printed by %(who)s, %(hospital)s, %(time)s") % {
        "who": printer.staff.name,
        "hospital": printer.hospital.name,
        "time": printer.time,
    }
    return PrintedContent(
        title=title,
        name=banner.name or "—",
        identity=identity_line(banner, printer.hospital),
        origin=f"{title} · {printer.hospital.name}",
        footer=(by, _("To check this page: %s") % verify_address),
        water=f"{printer.staff.name} {printer.hospital.name} {printer.time}",
        sections=tuple(sections),
        words=make_fixed_words(),
    )


def identity_line(banner: Banner, hospital: Hospital) -> str:
    """At the head of each page; of the hospitals' numbers the printing one's first."""
    numbers = sorted(banner.record_numbers, key=lambda x: x[0] != hospital.name)
    return " · ".join(
        filter(
            None,
            (
                str(SEX_NAMES.get(banner.gender, "")),
                banner.age,
                banner.birth_date,
                *(f"{_('Record no.')} {with_source(number, at)}" for at, number in numbers[:2]),
                describe_death(banner),
            ),
        )
    )


def describe_death(banner: Banner) -> str:
    if not banner.deceased:
        return ""
    return " ".join([_("deceased"), banner.deceased if banner.deceased != "?" else ""]).strip()


def build_patient_section(banner: Banner) -> PrintedSection:
    """Who it is, in full."""
    facts = [
        (_("Name"), " ".join(filter(None, (banner.name, banner.name_mark)))),
        *((mark, name) for name, mark in banner.former),
        (_("Sex"), str(SEX_NAMES.get(banner.gender, ""))),
        (_("Birth date"), " ".join(filter(None, (banner.birth_date, banner.age)))),
        (_("Identity number"), banner.number),
        (_("Death"), describe_death(banner)),
        *((_("Record no."), with_source(number, at)) for at, number in banner.record_numbers),
        *((_("Registration"), with_source(doubt, at)) for at, doubt in banner.doubts),
    ]
    return PrintedSection(
        str(_("Patient")),
        (Column(str(_("Item")), 1.2), Column(str(_("What is recorded")), 5)),
        tuple(TableRow((str(k), v)) for k, v in facts if v),
    )


def build_scope_section(frame: RecordFrame, printer: Printer) -> PrintedSection:
    """Whose records are in it, and that others may be missing, in the words of the page."""
    scope = frame.opened.scope
    found = dict.fromkeys(s.hospital.name for of in frame.opened.rows.values() for s in of)
    said = [
        _("With records of: %s") % _(", ").join(found)
        if found
        else _("No hospital's records are shown to whoever printed this.")
    ]
    if "patient_denied" in scope.withheld:
        said.append(_("The patient has refused to share some or all records of other hospitals."))
    elif set(scope.withheld) - {"sensitive", "provisional"}:
        said.append(
            _("Another hospital's records of this patient are not open to whoever printed this.")
        )
    if {"sensitive", "provisional"} & set(scope.withheld) and not scope.emergency:
        said.append(
            _(
                "Specially protected records of other hospitals, if there are any, are shown only"
                " with the patient's express consent."
            )
        )
    said.append(
        _("It holds what %(who)s could see on %(time)s; there may be records elsewhere.")
        % {"who": printer.staff.name, "time": printer.time}
    )
    return PrintedSection(str(_("What this print holds")), notices=tuple(said))


def build_danger_sections(banner: Banner) -> list[PrintedSection]:
    """Allergies and alerts."""
    notices = tuple(n.text for n in banner.notices)
    out = [
        PrintedSection(
            str(_("Allergies")),
            line_columns(),
            (*map(fact_row, banner.allergies), *map(display_row, banner.no_allergy)),
            str(_("No allergy is recorded in what you can see.")),
            notices,
        ),
        PrintedSection(
            str(_("Alerts and risks")),
            line_columns(),
            (*map(display_row, banner.alerts), *map(risk_row, banner.risks)),
            str(_("Nothing here that you can see.")),
        ),
    ]
    if banner.past:
        out.append(
            PrintedSection(
                str(_("Allergies and alerts: no longer, or not yet")),
                line_columns(),
                tuple(display_row(x) for x in banner.past),
            )
        )
    return out


def build_list_sections(frame: RecordFrame, names: Iterable[str]) -> list[PrintedSection]:
    """The lists of these sections of the page, as it sorts them."""
    return [s for name in names for s in build_lists(frame, name)]


def build_lists(frame: RecordFrame, section: str) -> list[PrintedSection]:
    found = list_found(frame.opened.rows, SECTION_TYPES[section])
    clear = [s for s in found if not has_unknown_modifier(s.resource)]
    rows = (
        [(x.sense, fact_row(x)) for x in build_fact_lines(clear, MERGED[section], frame.life)]
        if section in MERGED
        else [
            (x.sense, display_row(x))
            for x in mark_doubtful_dates(
                sort_newest_first([build_display_line(s) for s in clear]), frame.life
            )
        ]
    )
    notices = tuple(n.text for n in list_hidden_notices(found))
    cut = describe_cut(frame, SECTION_TYPES[section])
    out = []
    for name, senses in SECTION_LISTS[section].items():
        held = tuple(row for sense, row in rows if sense in senses)
        if held or name in ALWAYS_SAID:
            out.append(
                PrintedSection(
                    str(LIST_TITLES[name]),
                    line_columns(),
                    held,
                    str(_("Nothing here that you can see.")),
                    notices if name in ALWAYS_SAID else (),
                )
            )
    return [*out[:-1], replace(out[-1], notes=cut)]


def list_found(
    rows: Mapping[str, list[ShownResource]], types: Sequence[str]
) -> list[ShownResource]:
    found = [s for t in types for s in rows.get(t, [])]
    if "Composition" in types:
        found += [d for s in rows.get("Bundle", []) if (d := take_composition(s)) is not None]
    return found


def describe_cut(frame: RecordFrame, types: Sequence[str]) -> tuple[str, ...]:
    """How many of the newest there are here, and of how many."""
    taken = (*types, "Bundle") if "Composition" in types else types
    shown = sum(len(frame.opened.rows.get(t, [])) for t in taken)
    everything = sum(frame.opened.totals.get(t, 0) for t in taken)
    if everything <= shown:
        return ()
    return (
        ngettext(
            "Of %(all)s entry the newest %(n)s is printed; the others are left out.",
            "Of %(all)s entries the newest %(n)s are printed; the others are left out.",
            everything,
        )
        % {"n": shown, "all": everything},
    )


def build_results_section(frame: RecordFrame, title: str) -> PrintedSection:
    """The newest first."""
    found = frame.opened.rows.get("Observation", [])
    clear = [s for s in found if not has_unknown_modifier(s.resource)]
    lines = [x for s in clear for x in build_result_lines(s, frame.whom, frame.life)]
    return PrintedSection(
        title,
        (
            Column(str(_("Test")), 3),
            Column(str(_("Value")), 3),
            Column(str(_("Reference")), 1.5),
            Column(str(_("Date")), 1.9),
            Column(str(_("Hospital")), 1.8),
        ),
        tuple(result_row(x) for x in lines),
        str(_("Nothing here that you can see.")),
        tuple(n.text for n in [*list_hidden_notices(found), *list_withdrawn_notices(clear)]),
        describe_cut(frame, ("Observation",)),
    )


def masked_patient(golden: Mapping[str, Any], banner: Banner) -> str:
    """What whoever holds the paper is told of the patient: 张*, sex, year of birth."""
    name = f"{banner.name[:1]}*" if banner.name else "*"
    return " · ".join(filter(None, (name, banner.gender, str(golden.get("birthDate") or "")[:4])))
