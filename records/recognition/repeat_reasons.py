"""TABLE of the reasons for which a test is repeated although a result elsewhere counts: the six of
the national rules (国卫医发〔2022〕6号) and those that provinces have added; published as
urn:xinglin:codesystem:repeat-reason. Pure.
"""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from records.meaning.sense import Words


@dataclass(frozen=True, slots=True)
class RepeatReason:
    """national: of the national rules; told: in words, where "other" needs some."""

    words: Words
    national: bool
    needs_note: bool = False


REPEAT_REASONS: dict[str, RepeatReason] = {
    "condition": RepeatReason(
        _("The condition has changed, or the result does not fit the picture"), True
    ),
    "fast": RepeatReason(_("The value changes fast in this disease"), True),
    "weighty": RepeatReason(
        _("Before a measure of great weight (operation, transfusion and the like)"), True
    ),
    "emergency": RepeatReason(_("Emergency or rescue"), True),
    "appraisal": RepeatReason(_("Judicial, disability or retirement appraisal"), True),
    "other": RepeatReason(_("Other, in your own words"), True, needs_note=True),
    "wish": RepeatReason(_("The patient or the family asks for it"), False),
    "assessment": RepeatReason(_("The laboratory has failed external quality assessment"), False),
    "stale": RepeatReason(_("The result is too old to be of use"), False),
    "needed": RepeatReason(_("I judge it necessary"), False, needs_note=True),
    "purpose": RepeatReason(_("It was made for another purpose"), False),
    "device": RepeatReason(
        _("It depends on the device (rows of a CT, strength of a field)"), False
    ),
}
