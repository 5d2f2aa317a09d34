"""Words in brackets as the reader's language writes them: full-width in Chinese
(GB/T 15834-2011).
"""

from django.utils.translation import gettext


def bracket_words(words: object) -> str:
    """Behind other words, with the blank that English has before a bracket; "" for none."""
    return gettext(" (%s)") % words if words or words == 0 else ""
