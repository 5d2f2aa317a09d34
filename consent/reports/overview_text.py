"""Say the overview of the log in the reader's language, as tables."""

from collections.abc import Mapping

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from alliance.models import Hospital
from alliance.platform.dates import to_hospital_time
from consent.audit.day_span import DaySpan
from consent.audit.event_groups import EVENT_GROUPS, codes_of_group
from consent.audit.export_order import ExportOrder
from consent.audit.filter_words import describe_filter
from consent.audit.line_names import event_words, load_line_names
from consent.audit.line_words import ACTOR_KINDS, describe_detail
from consent.audit.log_overview import LogHealth, LogOverview, count_overview
from consent.audit.witness_report import count_contradictions, list_witnesses
from consent.models import Emergency
from consent.reason_words import describe_refusal
from consent.reports.report_forms import OverviewTable, OverviewText

DiskRoom = Mapping[str, tuple[int, int]]  # place -> (free, total) bytes
GIB = 2**30
PLACES = ("home", "data", "backup", "temporary")


def describe_overview(order: ExportOrder, span: DaySpan, disks: DiskRoom) -> OverviewText:
    """Of an order whose filter has these days."""
    found = count_overview(order.audit_filter)
    hospitals = order.audit_filter.hospitals
    return OverviewText(
        title=str(_("Overview of the audit log")),
        about=_("%(first)s to %(last)s, both days included")
        % {"first": span.first, "last": span.last}
        + f" · {describe_filter(order.audit_filter)}",
        made=f"{order.exporter} · {order.exported_at}",
        order=order,
        tables=(
            list_kinds(found),
            list_actors(found),
            list_refusals(found),
            list_emergencies(found, span, hospitals),
            list_exports(found, hospitals),
            list_cosigners(hospitals),
            describe_health(found.health, order),
            list_disks(disks),
        ),
    )


def list_kinds(found: LogOverview) -> OverviewTable:
    rows = []
    for key, group in EVENT_GROUPS.items():
        codes = set(codes_of_group(key))
        of_kind = [(outcome, n) for (code, outcome), n in found.lines.items() if code in codes]
        total = sum(n for _outcome, n in of_kind)
        good = sum(n for outcome, n in of_kind if outcome == "success")
        refused = sum(n for outcome, n in of_kind if outcome == "refused")
        if total:
            rows.append((str(group.words), str(total), str(refused), str(total - good - refused)))
    return OverviewTable(
        str(_("What was done")),
        (
            (str(_("Kind of event")), 3),
            (str(_("Lines")), 1),
            (str(_("of which refused")), 1),
            (str(_("of which failed or not found")), 1.4),
        ),
        tuple(rows),
        str(_("No line fits the filter.")),
    )


def list_actors(found: LogOverview) -> OverviewTable:
    return OverviewTable(
        str(_("By whom")),
        ((str(_("Who")), 3), (str(_("Lines")), 1)),
        tuple((str(ACTOR_KINDS.get(k, k)), str(n)) for k, n in found.actors.most_common()),
    )


def list_refusals(found: LogOverview) -> OverviewTable:
    return OverviewTable(
        str(_("Refusals, by reason")),
        ((str(_("Reason")), 5), (str(_("Lines")), 1)),
        tuple((describe_refusal(r) or r or "-", str(n)) for r, n in found.refusals.most_common()),
        str(_("Nothing was refused.")),
    )


def list_emergencies(
    found: LogOverview, span: DaySpan, hospitals: tuple[str, ...] | None
) -> OverviewTable:
    """How many were opened in these days, and what privacy officers found."""
    opened = Emergency.objects.filter(opened_at__gte=span.start, opened_at__lt=span.end)
    if hospitals is not None:
        opened = opened.filter(hospital__code__in=hospitals)
    findings = list(opened.values_list("finding", "reviewed_at"))
    rows = [(str(_("opened")), str(len(findings)))]
    for finding in Emergency.Finding:
        rows.append((str(finding.label), str(sum(f == finding for f, _at in findings))))
    waiting = sum(at is None for _f, at in findings)
    rows.append((str(_("not reviewed yet")), str(waiting)))
    rows.append((str(_("log lines of emergency access")), str(found.emergency)))
    return OverviewTable(
        str(_("Emergency accesses")),
        ((str(_("What")), 5), (str(_("Number")), 1)),
        tuple(rows),
    )


def list_exports(found: LogOverview, hospitals: tuple[str, ...] | None) -> OverviewTable:
    """Who took what out: of records and of the log."""
    names = load_line_names([x.as_line() for x in found.exports], hospitals)
    left = found.export_lines - len(found.exports)
    return OverviewTable(
        str(_("Exports, the newest first")),
        (
            (str(_("Time")), 1.6),
            (str(_("By whom")), 2.2),
            (str(_("Action")), 1.8),
            (str(_("What")), 3.4),
        ),
        tuple(
            (
                f"{to_hospital_time(x.at):%Y-%m-%d %H:%M}",
                " · ".join(
                    filter(
                        None,
                        (names.actor_name(x.as_line()), names.hospital_name(x.actor_hospital)),
                    )
                ),
                event_words(x.code),
                f"{_('No.')} {x.number} · {describe_detail(x.detail)}".rstrip(" ·"),
            )
            for x in found.exports
        ),
        str(_("Nothing was exported.")),
        (
            ngettext(
                "%(n)s earlier line is not listed: the log has it.",
                "%(n)s earlier lines are not listed: the log has them.",
                left,
            )
            % {"n": left},
        )
        if left
        else (),
    )


def list_cosigners(hospitals: tuple[str, ...] | None) -> OverviewTable:
    asked = Hospital.objects.all()
    if hospitals is not None:
        asked = asked.filter(code__in=hospitals)
    contradictions, _at = count_contradictions()
    return OverviewTable(
        str(_("Witnesses: machines of members that co-signed the log")),
        (
            (str(_("Witness")), 2),
            (str(_("Hospital")), 2),
            (str(_("Co-signed")), 2),
            (str(_("State")), 2),
        ),
        tuple(
            (
                w.name,
                w.hospital,
                f"{to_hospital_time(w.at):%Y-%m-%d %H:%M}" if w.at else "-",
                str(_("has seen another log"))
                if w.contradictions
                else str(_("silent for more than a day"))
                if w.silent
                else str(_("in order")),
            )
            for w in list_witnesses([h.pk for h in asked])
        ),
        str(
            _("No member's machine has co-signed the log yet: the platform's own key stands alone.")
        ),
        (
            ngettext(
                "%(n)s head contradicts this log: a witness has seen another one.",
                "%(n)s heads contradict this log: a witness has seen another one.",
                contradictions,
            )
            % {"n": contradictions},
        )
        if contradictions
        else (),
    )


def describe_health(health: LogHealth, order: ExportOrder) -> OverviewTable:
    head = order.head
    rows = [
        (str(_("Signed head")), f"{head.size} · {head.root.hex()} · {head.sealed_at}"),
        (str(_("Lines of these days that are not sealed")), str(health.unsealed)),
        (
            str(_("Numbers that no line has (what was rolled back leaves such)")),
            str(health.missing),
        ),
        (
            str(_("Lines that are dated more than ten seconds before the one above them")),
            str(health.dated_back),
        ),
    ]
    rows += [
        (f"{_('Checked')} {to_hospital_time(at):%Y-%m-%d %H:%M}", describe_detail(said))
        for at, said in health.checks
    ]
    if not health.checks:
        rows.append((str(_("Checked")), str(_("by nobody in these days"))))
    return OverviewTable(
        str(_("Whether the log is well")),
        ((str(_("What")), 3), (str(_("What was found")), 4)),
        tuple(rows),
    )


def list_disks(disks: DiskRoom) -> OverviewTable:
    called = dict(
        zip(
            PLACES,
            (_("program's state"), _("database"), _("backups"), _("temporary files")),
            strict=True,
        )
    )
    return OverviewTable(
        str(_("Disks of the machine that made this report")),
        ((str(_("Place")), 3), (str(_("Free")), 1), (str(_("Size")), 1)),
        tuple(
            (str(called[place]), f"{free / GIB:.1f} GiB", f"{total / GIB:.1f} GiB")
            for place, (free, total) in disks.items()
            if place in called
        ),
        str(_("No disk can be seen from here.")),
    )
