"""What the layout of a print itself says, in the reader's language."""

from django.utils.translation import gettext as _

from records.printing.printed_content import FixedWords


def make_fixed_words() -> FixedWords:
    return FixedWords(
        continued=str(_(" (continued)")),
        glyph_section=str(_("Characters that could not be printed")),
        unprintable=lambda number, point, name: (
            _("〓[%(n)s] stands for %(point)s %(name)s, which the font of this print has not.")
            % {"n": number, "point": point, "name": name}
        ),
        page=lambda number, total: _("Page %(n)s of %(total)s") % {"n": number, "total": total},
        cut=lambda pages: _("Cut after %s pages: the rest is not printed.") % pages,
    )
