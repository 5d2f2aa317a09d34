"""Words of the gate and of the audit log: reasons, extents, legal bases, events, outcomes."""

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alliance.platform.code_filters import register_code_filters
from consent.audit.event_words import EVENT_WORDS, OUTCOME_WORDS
from consent.audit.line_words import (
    describe_actor,
    describe_detail,
    describe_refs,
    describe_target,
)
from consent.reason_words import (
    LEGAL_BASES,
    REASONS_FOR_PATIENT,
    REASONS_FOR_VIEWER,
    describe_refusal,
    describe_withdrawal,
)

register = template.Library()
EXTENT_WORDS = {
    "all": gettext_lazy("all records"),
    "part": gettext_lazy("a part of the records"),
    "none": gettext_lazy("nothing"),
}

register_code_filters(
    register,
    {
        "status": OUTCOME_WORDS,
        "event": EVENT_WORDS,
        "extent": EXTENT_WORDS,
        "whymine": REASONS_FOR_PATIENT,
        "basis": LEGAL_BASES,
    },
)
register.filter("refusal", describe_refusal)
register.filter("withdrawal", describe_withdrawal)
register.filter("target", describe_target)
register.filter("detail", describe_detail)
register.filter("actor", describe_actor)
register.filter("refs", describe_refs)


@register.filter
def why(code: str) -> str:
    """Say to staff why the gate refuses them."""
    return str(REASONS_FOR_VIEWER.get(code) or _("This is not permitted."))
