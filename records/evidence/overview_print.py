"""Print an overview of the log, each page under the signed head that it was made by."""

from django.utils.translation import gettext as _

from consent.audit.witnesses import find_origin
from consent.reports.report_forms import OverviewText
from records.evidence.summary_content import build_page_mark
from records.printing.fixed_words import make_fixed_words
from records.printing.pdf_writer import write_pdf
from records.printing.printed_content import Column, PrintedContent, PrintedSection, TableRow


def write_overview_pdf(text: OverviewText) -> bytes:
    order = text.order
    content = PrintedContent(
        title=text.title,
        name=text.title,
        identity=text.about,
        origin=text.made,
        footer=(str(_("The code beside holds the signed head of the log.")),),
        water=f"{order.exporter.account} {order.exported_at[:19]}",
        sections=tuple(
            PrintedSection(
                table.title,
                tuple(Column(head, share) for head, share in table.columns),
                tuple(TableRow(row) for row in table.rows),
                table.empty,
                table.said,
            )
            for table in text.tables
        ),
        words=make_fixed_words(),
    )
    return write_pdf(content, build_page_mark(order, find_origin())).data
