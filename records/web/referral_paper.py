"""What the sheets of a referral are made of: rows of a form whose empty ones are a line to write
on, what the record says of allergies in three values, and the stub that stays with the sender.
"""

import re
from collections.abc import Iterable

from django.utils import timezone
from django.utils.translation import gettext as _

from alliance.models import WorkItem
from records.meaning.sense import Sense
from records.printing.printed_content import Column, PrintedSection, TableRow
from records.web.banner import Banner
from records.web.fact_lines import build_fact_lines
from records.web.print_content import build_results_section, list_found
from records.web.record_frame import RecordFrame
from records.web.record_sections import MERGED, SECTION_LISTS, SECTION_TYPES

BLANK = "＿" * 18
TICKED, NOT_TICKED = "■", "□"
MOST_NAMED = 30  # names of one cell; what is beyond is counted
Row = tuple[str, str | None]
# the words of a denial that is of no single substance
OF_ALL = re.compile(
    r"患者|本人|家属|自述|否认|没有|无|未发现|未见|未知|已知|明确|任何|药物|食物|其[他它]|"
    r"过敏|药敏|史|反应|[及和与或、,.;:，。；：()（）\s]|"
    r"\b(?:no|not|known|drug|food|medication|environmental|allerg(?:y|ies)|history|of|any|none|"
    r"nkda|nka|reported|or)\b",
    re.IGNORECASE,
)


def make_fields(title: str, rows: Iterable[Row], note: str = "") -> PrintedSection:
    return PrintedSection(
        str(title),
        (Column(str(_("Item")), 1.4), Column(str(_("What is recorded")), 5)),
        tuple(TableRow((str(name), (text or "").strip() or BLANK)) for name, text in rows),
        notices=(note,) if note else (),
    )


def make_stub(item: WorkItem, title: str, banner: Banner) -> PrintedSection:
    """What stays with whoever hands the sheet out: who, where to, when, by whom."""
    return make_fields(
        _("Stub"),
        (
            (_("Referral number"), item.number),
            (_("Patient"), banner.name),
            (_("Referring hospital"), item.sender.name),
            (
                _("Receiving hospital"),
                " ".join(filter(None, (item.receiver.name, item.department))),
            ),
            (_("Direction"), str(item.get_kind_display())),
            (_("Urgency"), str(item.get_urgency_display())),
            (_("Sent at"), f"{timezone.localtime(item.sent_at):%Y-%m-%d %H:%M}"),
            (_("Doctor"), item.sender_staff.name),
        ),
        note=title,
    )


def make_cut_line() -> PrintedSection:
    """Between the stub and the sheet."""
    return PrintedSection("", notices=("✂ " + "┄" * 52,))


def said_only(*rows: Row) -> tuple[Row, ...]:
    """Without those that are no field of the form, where nothing was written."""
    return tuple(r for r in rows if (r[1] or "").strip())


def list_signatures() -> tuple[Row, ...]:
    return (
        (_("Signature of the doctor"), ""),
        (_("Seal of the hospital"), ""),
        (_("Date"), ""),
    )


def say_allergies(banner: Banner) -> str:
    """Three values: there are some (which), somebody asked and there is none, not known. That one
    substance was ruled out is not that there is none; what is hidden leaves it unknown.
    """
    held = join_names(x.title for x in banner.allergies)
    none = any(denies_all(x.title) for x in banner.no_allergy if x.sense is Sense.NEGATIVE)
    found = (
        (bool(held), _("Has allergies") + (_(": ") + held if held else "")),
        (not held and none, _("No known allergy")),
        (not held and not none, _("Not known")),
    )
    said = "　".join(f"{TICKED if is_so else NOT_TICKED} {words}" for is_so, words in found)
    return "\n".join([said, *(n.text for n in banner.notices)])


def denies_all(words: str) -> bool:
    """Whether "no known allergy" names no single substance."""
    return bool(words.strip()) and not OF_ALL.sub("", words)


def say_problems(frame: RecordFrame, *names: str) -> str:
    return say_facts(frame, "problems", names or ("problems", "past_problems"))


def say_medicines(frame: RecordFrame) -> str:
    return say_facts(frame, "medicines", ("medicines",))


def say_facts(frame: RecordFrame, section: str, lists: tuple[str, ...]) -> str:
    """Names, each with what is said of it where there is more."""
    lines = build_fact_lines(
        list_found(frame.opened.rows, SECTION_TYPES[section]), MERGED[section], frame.life
    )
    senses = frozenset[object]().union(*(SECTION_LISTS[section][name] for name in lists))
    return join_names(
        " ".join(filter(None, (x.title, _("; ").join(x.facts)))) for x in lines if x.sense in senses
    )


def say_results(frame: RecordFrame) -> str:
    """The newest that the printer sees, a line each."""
    rows = build_results_section(frame, "").rows[:12]
    return "\n".join(" ".join(filter(None, (r.cells[0], r.cells[1], r.cells[3]))) for r in rows)


def join_names(names: Iterable[str]) -> str:
    found = list(dict.fromkeys(filter(None, names)))
    said = _("; ").join(found[:MOST_NAMED])
    left = len(found) - MOST_NAMED
    return said + (" " + _("and %s more") % left if left > 0 else "")
