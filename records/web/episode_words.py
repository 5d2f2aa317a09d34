"""TABLE of words for the review of accesses: explanations that are tried, evidence, parts of a
score, how an access came onto a list.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alliance.resource_names import RESOURCE_NAMES
from records.access_review.templates import (
    AUTHOR_DAYS,
    DAYS_AFTER,
    NOT_IN_EMERGENCY,
    REPEAT_DAYS,
    TEMPLATES,
)

TEMPLATE_WORDS: dict[str, str | Promise] = {
    "encounter": gettext_lazy(
        "A visit at which they are named, from a day before it to fourteen days after it"
    ),
    "author": gettext_lazy(
        "An order, result, report or prescription of the last thirty days that names them"
    ),
    "emergency": gettext_lazy(
        "An emergency access after which the patient came within 72 hours, or which was found"
        " justified"
    ),
    "task": gettext_lazy(
        "They wrote something for the patient: a decision, a code, a link of registrations"
    ),
    "consent": gettext_lazy("A decision of the patient that names them"),
    "department": gettext_lazy("A visit in their department"),
    "referral": gettext_lazy(
        "A referral, consultation, family doctor's panel or admission list of the hospital"
    ),
    "launch": gettext_lazy("A system of the hospital opened the record for them"),
    "hospital": gettext_lazy("A visit at the hospital"),
    "registered": gettext_lazy("The patient was registered at the hospital on that day"),
    "rule": gettext_lazy("A rule on which two people have agreed"),
    "repeat": gettext_lazy("An explained access to the same patient in the thirty days before"),
    "colleague": gettext_lazy(
        "A colleague of the department was treating the patient on the same day"
    ),
}
PART_WORDS: dict[str, str | Promise] = {
    "household": gettext_lazy("The patient has the same address or phone as they have"),
    "self": gettext_lazy("The patient is themselves"),
    "colleague": gettext_lazy("The patient works at the same hospital"),
    "same_department": gettext_lazy("and in the same department"),
    "surname": gettext_lazy("The same rare surname: %(fact)s"),
    "sealed": gettext_lazy("The record is sealed after an incident"),
    "emergency": gettext_lazy("Emergency access, and no visit within 72 hours"),
    "night": gettext_lazy("At night, when they hardly ever work"),
    "elsewhere": gettext_lazy("The patient was never registered at the hospital"),
    "search_only": gettext_lazy("Looked for, and nothing opened"),
    "volume": gettext_lazy(
        "%(fact)s patients on that day: far more than usual, for them and for their role"
    ),
    "habit": gettext_lazy("Unexplained accesses on %(fact)s days of the last thirty"),
    "two_places": gettext_lazy("The account was used at two network addresses within five minutes"),
    "new_address": gettext_lazy("From a network address that they had not used for thirty days"),
    "dormant": gettext_lazy("The account had not been used for %(fact)s days"),
    "sensitive": gettext_lazy("Specially protected records were opened"),
}
WAY_WORDS = {
    "top": gettext_lazy("by its points"),
    "waiting": gettext_lazy("drawn among unexplained ones"),
    "explained": gettext_lazy("drawn among explained ones"),
}
EVIDENCE_WORDS = {  # what/number
    "emergency": gettext_lazy("emergency access no. %s"),
    "directive": gettext_lazy("decision of the patient no. %s"),
    "relationship": gettext_lazy("treatment no. %s"),
    "registration": gettext_lazy("registration no. %s"),
    "episode": gettext_lazy("access no. %s"),
    "rule": gettext_lazy("rule for accesses no. %s"),
    "line": gettext_lazy("line no. %s"),
}
NUMBERED = re.compile(r"([a-z]+)/(\d+)")
DAYS_IN_WORDS = (DAYS_AFTER, AUTHOR_DAYS, REPEAT_DAYS)  # as TEMPLATE_WORDS says them


@dataclass(frozen=True, slots=True)
class TriedTemplate:
    """state: found, nothing, or not asked: an earlier one had found something, or it does not
    count in an emergency.
    """

    words: str
    state: str
    evidence: str = ""


def say_part(code: str, fact: str) -> str:
    words = str(PART_WORDS.get(code, code))
    return words % {"fact": fact} if "%(fact)s" in words else words


def say_evidence(evidence: str) -> str:
    """A number of ours in words, or a record by type, id and hospital."""
    if m := NUMBERED.fullmatch(evidence):
        words = EVIDENCE_WORDS.get(m[1])
        return str(words) % m[2] if words else evidence
    hospital, _bar, rest = evidence.partition("/")
    kind, _bar, fhir_id = rest.partition("/")
    if kind not in RESOURCE_NAMES:
        return evidence
    return f"{RESOURCE_NAMES[kind]} {fhir_id} · {hospital}"


def list_tried_templates(
    template: str | None, evidence: str, *, emergency: bool, order: Sequence[str]
) -> list[TriedTemplate]:
    """order: codes of those that count, as they are asked."""
    known = {t.code for t in TEMPLATES}
    tried: list[TriedTemplate] = []
    found = False
    for code in order:
        if code not in known:
            continue
        words = str(TEMPLATE_WORDS[code])
        if code == template:
            tried.append(TriedTemplate(words, "found", say_evidence(evidence)))
            found = True
        elif found or (emergency and code in NOT_IN_EMERGENCY):
            tried.append(TriedTemplate(words, "unasked"))
        else:
            tried.append(TriedTemplate(words, "nothing"))
    return tried


def say_way(way: str | None) -> str:
    return str(WAY_WORDS[way]) if way else _("on no list")
