"""The patient index's evidence in words: codes of records/mpi (field:level, held:why,
probability) for clerks and clinicians.
"""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

# The first ones are of decisions by rule/resident-number-1, which stay in the history.
EVIDENCE_REASONS = {
    "number_equal": gettext_lazy("same citizen number"),
    "name_equal": gettext_lazy("same name"),
    "name_differs": gettext_lazy("different names"),
    "birth_equal": gettext_lazy("same birth date"),
    "birth_differs": gettext_lazy("different birth dates"),
    "sex_differs": gettext_lazy("different sex"),
    "number_contradicts_birth": gettext_lazy("number contradicts the birth date"),
    "number_contradicts_sex": gettext_lazy("number contradicts the sex"),
    "human": gettext_lazy("decided by a person"),
    "held:doubtful": gettext_lazy("not certain enough to join by itself"),
    "held:another_name": gettext_lazy("another name: a relative's card, or a twin?"),
    "held:marked_name": gettext_lazy(
        "the names differ only in a digit, a letter or a bracket: two people?"
    ),
    "held:sole_sign": gettext_lazy("nothing but the name and one other sign agrees"),
    "held:equals": gettext_lazy("another patient fits just as well"),
    "held:two_numbers": gettext_lazy("two different citizen numbers"),
    "held:two_orders": gettext_lazy("first and second of twins"),
    "held:own_parent": gettext_lazy("one may be the other's parent"),
    "held:sex_and_birth": gettext_lazy("another sex and another birth date"),
    "held:chain": gettext_lazy("other registrations of the person do not fit"),
    "held:rivals": gettext_lazy("there is another child whom it may be"),
    "held:bridge": gettext_lazy("it would join two persons"),
    "held:human_differs": gettext_lazy("a curator has called them two patients"),
    "held:both_confirmed": gettext_lazy("the cards of both were seen"),
    "held:many": gettext_lazy("many registrations on both sides"),
    "opinions:1": gettext_lazy("one curator"),
    "opinions:2": gettext_lazy("two curators"),
    "opinions:3": gettext_lazy("three curators"),
}
EVIDENCE_FIELDS = {
    "name": gettext_lazy("Name"),
    "birth": gettext_lazy("Birth date"),
    "sex": gettext_lazy("Sex"),
    "number": gettext_lazy("Citizen number"),
    "paper": gettext_lazy("Other papers"),
    "insurance": gettext_lazy("Insurance number"),
    "phone": gettext_lazy("Phone"),
    "address": gettext_lazy("Address"),
    "parents": gettext_lazy("Parents"),
    "order": gettext_lazy("Birth order"),
    "probability": gettext_lazy("Probability"),
}
EVIDENCE_LEVELS = {
    "same": gettext_lazy("the same"),
    "differ": gettext_lazy("different"),
    "near": gettext_lazy("nearly the same"),
    "variant": gettext_lazy("the same, written differently"),
    "sound": gettext_lazy("sounds the same"),
    "former": gettext_lazy("a former name"),
    "typo": gettext_lazy("but for a letter or two"),
    "cut": gettext_lazy("a part of it"),
    "part": gettext_lazy("a part agrees"),
    "family": gettext_lazy("only the family name agrees"),
    "foreign": gettext_lazy("in letters: may be the same or not"),
    "no_word": gettext_lazy("nothing agrees"),
    "other_pinyin": gettext_lazy("another name in letters"),
    "marked": gettext_lazy("marked as two people"),
    "other_parents": gettext_lazy("children of other parents"),
    "generation": gettext_lazy("another year, a generation apart"),
    "same_parent": gettext_lazy("children of one parent"),
    "unnamed": gettext_lazy("a child without a name"),
    "unnamed_family": gettext_lazy("a child without a name, family name agrees"),
    "is_parent": gettext_lazy("the other's parent's"),
    "estimated": gettext_lazy("the year agrees, one is an estimate"),
    "swapped": gettext_lazy("day and month swapped"),
    "lunar": gettext_lazy("the lunar date of the other"),
    "lunar_like": gettext_lazy("perhaps a lunar date"),
    "day": gettext_lazy("another day"),
    "month": gettext_lazy("another month"),
    "year": gettext_lazy("another year"),
    "borrowed_same": gettext_lazy("the same, but perhaps another's"),
    "borrowed_differ": gettext_lazy("one is perhaps another's"),
    "road": gettext_lazy("the same road"),
    "neighbour": gettext_lazy("the same road or house, another door"),
    "estate": gettext_lazy("the same estate"),
    "place": gettext_lazy("the same place, no house"),
}

DECISION_VERBS = {
    "link": gettext_lazy("Linked"),
    "merge": gettext_lazy("Merged"),
    "split": gettext_lazy("Split"),
    "different": gettext_lazy("Called two patients"),
    "identify": gettext_lazy("Identified"),
    "confirm": gettext_lazy("Card seen"),
    "correct": gettext_lazy("Number corrected"),
    "rules": gettext_lazy("New rules"),
    "undo": gettext_lazy("Undone:"),
}


def describe_decider(by: str) -> str:
    """Who decided: a curator's name, or the rule's."""
    return _("rule %(version)s") % {"version": by[5:]} if by.startswith("rule/") else by


def describe_evidence(code: str) -> str:
    """An unknown code is shown as it is."""
    if code in EVIDENCE_REASONS:
        return str(EVIDENCE_REASONS[code])
    field, _colon, level = str(code).partition(":")
    if field not in EVIDENCE_FIELDS:
        return str(code or "")
    if field == "probability":
        percent = "> 99.9" if float(level) > 0.999 else f"{100 * float(level):.1f}"
        return f"{EVIDENCE_FIELDS[field]}{_(': ')}{percent} %"
    return f"{EVIDENCE_FIELDS[field]}{_(': ')}{EVIDENCE_LEVELS.get(level, level)}"
