"""What the workbench of local codes says: reasons of a suggestion, how two codes stand to each
other, why a table was not read.
"""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from records.mapping.contradictions import FoundContradiction
from records.mapping.map_decisions import CONTRADICTION_WORDS
from records.mapping.suggestions import ScorePart

STATE_WORDS = {
    "waiting": gettext_lazy("Not mapped yet"),
    "proposed": gettext_lazy("Proposed"),
    "mapped": gettext_lazy("Mapped"),
    "all": gettext_lazy("All"),
    "approved": gettext_lazy("In force"),
    "refused": gettext_lazy("Refused"),
    "withdrawn": gettext_lazy("Withdrawn"),
    "replaced": gettext_lazy("Replaced by another"),
}
EQUIVALENCE_WORDS = {
    "equivalent": gettext_lazy("means the same"),
    "wider": gettext_lazy("the standard code means something wider"),
    "narrower": gettext_lazy("the standard code means something narrower"),
    "relatedto": gettext_lazy("they are related"),
}
REASON_WORDS = {
    "name": gettext_lazy("the same name"),
    "like": gettext_lazy("a name that is alike"),
    "short": gettext_lazy("the same short name"),
    "pinyin": gettext_lazy("the same pinyin"),
    "initials": gettext_lazy("the same initials of pinyin"),
    "unit": gettext_lazy("the same unit"),
    "dimension": gettext_lazy("a unit that is converted to it"),
    "scale": gettext_lazy("values of the same kind"),
    "brand": gettext_lazy("members with the same product have decided so"),
    "members": gettext_lazy("other members have decided so"),
    "against-unit": gettext_lazy("the unit contradicts"),
    "against-values-are-words": gettext_lazy("values that are words contradict"),
    "against-values-are-numbers": gettext_lazy("values that are numbers contradict"),
    "against-sex": gettext_lazy("the patients' sex contradicts"),
}
TABLE_FAULTS = {
    "size": gettext_lazy("The file is too large: 5 MB at most. Send it in parts."),
    "rows": gettext_lazy("The file has more than 60,000 rows. Send it in parts."),
    "encoding": gettext_lazy(
        "The file is neither UTF-8 nor GB18030: save it as CSV UTF-8 or XLSX."
    ),
    "csv": gettext_lazy("The file cannot be read as CSV: save it as XLSX."),
    "xlsx": gettext_lazy("The file cannot be read as XLSX: open it and save it again, or as CSV."),
}
ORIGIN_WORDS = {"hand": gettext_lazy("chosen here"), "table": gettext_lazy("from a table")}


@dataclass(frozen=True, slots=True)
class ShownPart:
    points: int
    reason: Any
    about: str


def show_part(part: ScorePart) -> ShownPart:
    return ShownPart(part.points, REASON_WORDS[part.reason], part.about)


def say_contradiction(found: FoundContradiction) -> str:
    return _(CONTRADICTION_WORDS[found.kind]) % {"local": found.local, "standard": found.standard}


def say_origin(origin: str) -> str:
    if origin.startswith("member/"):
        return _("taken over from %(member)s") % {"member": origin.removeprefix("member/")}
    return str(ORIGIN_WORDS.get(origin, origin))
