"""What a doctor puts into the note of an adopted result: value, date, hospital, mark. Plain text in
the reader's language.
"""

from django.utils.translation import gettext as _

from records.meaning.recognition_extension import PlacedMark
from records.meaning.recognition_words import say_mark
from records.meaning.result_wording import is_reader_chinese, result_words
from records.recognition.catalogue_item import CatalogueItem
from records.recognition.judge_result import JudgedResult

LONGEST_CONCLUSION = 300  # characters of a report's that are quoted


def say_marks(marks: tuple[PlacedMark, ...]) -> str:
    return "、".join(dict.fromkeys(say_mark(p.mark) for p in marks))


def shorten(words: str) -> str:
    """What is left out is marked, and stands in the report itself."""
    said = " ".join(words.split())
    return said if len(said) <= LONGEST_CONCLUSION else said[:LONGEST_CONCLUSION].rstrip() + "…"


def write_quote(item: CatalogueItem, judged: JudgedResult, hospital: str) -> str:
    """One line of a note. hospital: its name."""
    said = _("%(item)s %(value)s (%(hospital)s, %(date)s; mutually recognised result, quoted)") % {
        "item": item.name(chinese=is_reader_chinese()),
        "value": shorten(result_words(judged.result)),
        "hospital": hospital,
        "date": judged.result.moment.shown,
    }
    marks = say_marks(judged.marks)
    return f"{said} [{marks}]" if marks else said
