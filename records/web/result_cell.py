"""A cell of a grid of results as HTML: each value of a test on one day at one hospital. Written
here and not by a template, for a page has hundreds.
"""

from collections.abc import Sequence

from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _

from alliance.platform.dates import to_hospital_time
from records.web.result_display import ResultLine


def render_cell(lines: Sequence[ResultLine], head: ResultLine, key: str) -> str:
    """head: whose unit and range stand at the head of the row, and need not be said again; key: of
    the row, for the address of its trend, where each value stands with its source.
    """
    if not lines:
        return format_html("<td>{}</td>", "")
    several = len(lines) > 1
    worst = format_html(' class="{}"', "critical") if any(x.critical for x in lines) else ""
    return format_html(
        "<td{}>{}</td>",
        worst,
        format_html_join("", "{}", ((render_value(x, head, key, timed=several),) for x in lines)),
    )


def render_pair_cell(
    systolic: Sequence[ResultLine],
    diastolic: Sequence[ResultLine],
    first: tuple[ResultLine, str],
    second: tuple[ResultLine, str],
) -> str:
    """first, second: head and key of the two rows that stand in one. Two values are a pair where
    they are of one Observation, or of one moment; one that came alone is named.
    """
    left, blocks = list(diastolic), []
    several = max(len(systolic), len(diastolic)) > 1
    for x in systolic:
        other = next((y for y in left if y.url == x.url), None) or find_alone_with(
            x, systolic, diastolic
        )
        if other is None:
            blocks.append(render_alone(x, *first, timed=several))
            continue
        left.remove(other)
        blocks.append(
            format_html(
                '<div class="pair">{}<span>/</span>{}</div>',
                render_value(x, *first, timed=False),
                render_value(other, *second, timed=several),
            )
        )
    blocks += [render_alone(y, *second, timed=several) for y in left]
    worst = any(x.critical for x in (*systolic, *diastolic))
    return format_html(
        "<td{}>{}</td>",
        format_html(' class="{}"', "critical") if worst else "",
        format_html_join("", "{}", ((b,) for b in blocks)),
    )


def find_alone_with(
    x: ResultLine, systolic: Sequence[ResultLine], diastolic: Sequence[ResultLine]
) -> ResultLine | None:
    """The diastolic value of the same moment, where there is but one of each that is of no pair."""
    shared = {y.url for y in systolic} & {y.url for y in diastolic}
    mine = [z for z in systolic if z.date == x.date and z.url not in shared]
    other = [y for y in diastolic if y.date == x.date and y.url not in shared]
    return other[0] if len(mine) == len(other) == 1 else None


def render_alone(line: ResultLine, head: ResultLine, key: str, *, timed: bool) -> str:
    return format_html(
        "<small>{}</small>{}", line.title, render_value(line, head, key, timed=timed)
    )


def render_value(line: ResultLine, head: ResultLine, key: str, *, timed: bool) -> str:
    level = f"{line.sign} {line.word}".strip()
    return format_html(
        '<div class="value {}"><a href="trend/?test={}" tabindex="-1" title="{}">{}</a>'
        "{}{}{}{}{}{}</div>",
        line.flag,
        key,
        describe_source(line),
        line.value,
        format_html(" <small>{}</small>", line.unit) if line.unit != head.unit else "",
        format_html(" <i>{}</i>", level) if level else "",
        render_words(line),
        format_html(' <span class="tag new">{}</span>', _("New")) if line.unseen else "",
        format_html(" <small>[{}]</small>", line.range)
        if line.range and line.range != head.range
        else "",
        format_html(" <small>{}</small>", line.date.partition(" ")[2]) if timed else "",
    )


def describe_source(line: ResultLine) -> str:
    """When and where it was measured, when it came, what was sent otherwise than it is shown."""
    sent = " ".join(filter(None, (line.sent, line.result.value.sent, line.result.said)))
    parts = (
        line.date,
        str(line.hospital),
        format_labelled(_("received"), f"{to_hospital_time(line.received):%Y-%m-%d %H:%M}")
        if line.received
        else "",
        format_labelled(_("as sent"), sent) if sent else "",
    )
    return " · ".join(filter(None, parts))


def format_labelled(label: str, words: str) -> str:
    return f"{label}{_(': ')}{words}"


def render_words(line: ResultLine) -> str:
    """The laboratory's own words and comments, states other than final, doubts."""
    if not (line.said or line.contradicts or line.marks or line.doubt or line.notes):
        return ""  # nearly every value
    said = [line.said] if line.said else []
    if line.contradicts:
        said.append(_("the laboratory’s mark and its reference range do not agree"))
    tags = [(m.text, " bad" if m.loud else "") for m in line.marks]
    if line.doubt:
        tags.append((line.doubt, " bad"))
    notes = [f"{n.text} — {n.by}" if n.by else n.text for n in line.notes]
    return format_html(
        "{}{}{}",
        format_html_join("", ' <small class="said">{}</small>', ((x,) for x in said)),
        format_html_join("", ' <span class="tag{1}">{0}</span>', tags),
        format_html(
            "<details><summary>{}</summary>{}</details>",
            _("Note"),
            format_html_join("", "<p>{}</p>", ((x,) for x in notes)),
        )
        if notes
        else "",
    )
