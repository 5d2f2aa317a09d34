"""Words of the record's pages and of the patient index, and numbers of their drawings."""

from django import template
from django.utils.translation import gettext_lazy

from alliance.platform.code_filters import register_code_filters
from alliance.resource_names import RESOURCE_NAMES
from records.web.match_evidence import (
    DECISION_VERBS,
    EVIDENCE_FIELDS,
    EVIDENCE_LEVELS,
    describe_decider,
    describe_evidence,
)
from records.web.provenance import render_provenance

register = template.Library()
TAB_WORDS = {
    "summary": gettext_lazy("Summary"),
    "problems": gettext_lazy("Problems"),
    "medicines": gettext_lazy("Medicines"),
    "results": gettext_lazy("Results"),
    "encounters": gettext_lazy("Timeline"),
    "history": gettext_lazy("History"),
    "growth": gettext_lazy("Growth"),
    "documents": gettext_lazy("Documents"),
    "other": gettext_lazy("Others"),
}
SHOW_WORDS = {
    "turn": gettext_lazy("Your hospital's turn"),
    "received": gettext_lazy("Sent to your hospital"),
    "sent": gettext_lazy("Sent by your hospital"),
    "owed": gettext_lazy("Owed by your hospital"),
    "closed": gettext_lazy("Closed"),
}
FACET_WORDS = {
    "kind": gettext_lazy("Kind"),
    "hospital": gettext_lazy("Hospital"),
    "department": gettext_lazy("Department or speciality"),
}
# by what a search found somebody (records/mpi/index/match_reasons.py)
MATCH_REASONS = {
    "citizen": gettext_lazy("by the citizen number"),
    "number": gettext_lazy("by a number"),
    "phone": gettext_lazy("by phone"),
    "name": gettext_lazy("by name"),
    "pinyin": gettext_lazy("by pinyin"),
    "initials": gettext_lazy("by initials"),
    "family": gettext_lazy("by family name"),
    "last_four": gettext_lazy("by the last four of the citizen number"),
    "birth": gettext_lazy("by birth date"),
}

register_code_filters(
    register,
    {
        "tabname": TAB_WORDS,
        "showname": SHOW_WORDS,
        "typename": RESOURCE_NAMES,
        "facetname": FACET_WORDS,
        "fieldname": EVIDENCE_FIELDS,
        "levelname": EVIDENCE_LEVELS,
        "verb": DECISION_VERBS,
        "foundby": MATCH_REASONS,
    },
)
register.filter("reason", describe_evidence)
register.filter("ruled", describe_decider)
register.filter("provenance", render_provenance)


@register.filter
def doubt(code: str) -> str:
    """Say why the index holds a registration apart."""
    return describe_evidence(f"held:{code}")


@register.filter
def left(width: int) -> int:
    """Where a bar of this width begins that ends in the middle of 200."""
    return 100 - width


@register.filter
def unlocal(number: float) -> str:
    """A number for SVG, with a point in every language."""
    return f"{number:g}"
