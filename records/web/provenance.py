"""Where an entry comes from, as HTML: its hospital, and a tap away when it was received, its codes
as sent, and whether one of them is of a system that all hospitals mean alike. Written here and not
by a template, for a page has hundreds.
"""

from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _

from alliance.platform.dates import to_hospital_time
from records.web.resource_display import DisplayLine
from records.web.result_display import ResultLine


def render_provenance(line: DisplayLine | ResultLine) -> str:
    """The hospital alone, of what has not been stored."""
    if line.received is None:
        return format_html("{}", line.hospital)
    value_sent = getattr(line, "value_sent", "")
    return format_html(
        '<details class="prov"><summary>{}</summary> {} {}{}{}<br>{}</details>',
        line.hospital,
        _("Received"),
        f"{to_hospital_time(line.received):%Y-%m-%d %H:%M}",
        format_html_join(
            "",
            '<br>{} <span class="mono">{}</span> {}',
            ((c.system or "—", c.code, c.text) for c in line.codes),
        ),
        format_html("<br>{}{}{}", _("as sent"), _(": "), value_sent) if value_sent else "",
        describe_codes(line),
    )


def describe_codes(line: DisplayLine | ResultLine) -> str:
    if not line.codes:
        return _("Text alone, without a code")
    return _("Standard code") if line.mapped else _("The hospital’s own code, not mapped")
