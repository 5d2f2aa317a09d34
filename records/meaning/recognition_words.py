"""Marks of mutual recognition in the reader's language."""

from django.utils.translation import gettext as _

from records.meaning.recognition_mark import RecognitionMark, RecognitionScope


def say_mark(mark: RecognitionMark) -> str:
    """Where other hospitals recognise the result, by its mark."""
    match mark.scope:
        case RecognitionScope.NATION:
            return str(_("recognised nationwide"))
        case RecognitionScope.PROVINCE:
            return str(_("recognised in the province"))
        case RecognitionScope.CITY:
            return str(_("recognised in the city"))
        case RecognitionScope.PLACE:
            return str(_("recognised: %s") % mark.place)
    return str(_("marked as recognised"))
