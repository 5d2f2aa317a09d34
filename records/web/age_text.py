"""Ages in the reader's language."""

from django.utils.translation import gettext as _

from records.meaning.ages import Age, AgeUnit


def describe_age(age: Age | None) -> str:
    """ "" where no age can be said."""
    if age is None:
        return ""
    match age.unit:
        case AgeUnit.UNBORN:
            return _("birth date lies ahead")
        case AgeUnit.HOURS:
            words = _("%(n)s h old") % {"n": age.number}
        case AgeUnit.DAYS:
            words = _("%(n)s d") % {"n": age.number} if age.number else _("born today")
        case AgeUnit.MONTHS:
            words = _("%(n)s mo") % {"n": age.number}
        case AgeUnit.YEARS:
            words = (
                _("%(y)s y %(m)s mo") % {"y": age.number, "m": age.months}
                if age.months
                else _("%(n)s y") % {"n": age.number}
            )
    return _("about %(age)s") % {"age": words} if age.about else words
