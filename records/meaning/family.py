"""What a FamilyMemberHistory says: which relative, which illnesses and from what age, whether the
relative lives. The relative's name is no part of it.

Source: FHIR R4 familymemberhistory.html; relations by HL7 v3 RoleCode (PersonalRelationshipRole).
"""

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from records.meaning.absence import Presence, presence_of_thing
from records.meaning.phrase import Json, choice_element, list_words, read_annotations, say_value
from records.meaning.sense import ResourceReading, Sense, Words
from records.meaning.states import judge_state
from records.meaning.value_text import concept_text, first_code

RELATIONS: dict[str, Words] = {
    "FTH": gettext_lazy("father"),
    "NFTH": gettext_lazy("father"),
    "MTH": gettext_lazy("mother"),
    "NMTH": gettext_lazy("mother"),
    "PRN": gettext_lazy("parent"),
    "BRO": gettext_lazy("brother"),
    "NBRO": gettext_lazy("brother"),
    "SIS": gettext_lazy("sister"),
    "NSIS": gettext_lazy("sister"),
    "SIB": gettext_lazy("sibling"),
    "TWIN": gettext_lazy("twin"),
    "SON": gettext_lazy("son"),
    "NSON": gettext_lazy("son"),
    "DAU": gettext_lazy("daughter"),
    "DAUC": gettext_lazy("daughter"),
    "CHILD": gettext_lazy("child"),
    "GRFTH": gettext_lazy("grandfather"),
    "PGRFTH": gettext_lazy("father's father"),
    "MGRFTH": gettext_lazy("mother's father"),
    "GRMTH": gettext_lazy("grandmother"),
    "PGRMTH": gettext_lazy("father's mother"),
    "MGRMTH": gettext_lazy("mother's mother"),
    "UNCLE": gettext_lazy("uncle"),
    "PUNCLE": gettext_lazy("father's brother"),
    "MUNCLE": gettext_lazy("mother's brother"),
    "AUNT": gettext_lazy("aunt"),
    "PAUNT": gettext_lazy("father's sister"),
    "MAUNT": gettext_lazy("mother's sister"),
    "COUSN": gettext_lazy("cousin"),
    "FAMMEMB": gettext_lazy("family member"),
}


def read_family_history(r: Json) -> ResourceReading:
    """One relative. A relative of whom only absences are told is no statement of an illness."""
    sense, marks = judge_state(r)
    illnesses = [c for c in r.get("condition") or [] if isinstance(c, dict)]
    said = [presence_of_thing("problem", c.get("code")) for c in illnesses]
    if sense is Sense.CURRENT and said and Presence.PRESENT not in said:
        sense = Sense.NEGATIVE if Presence.ABSENT in said else Sense.UNASKED
    return ResourceReading(
        relation_words(r.get("relationship")) or _("relative not named"),
        sense,
        marks,
        (*(say_illness(c) for c in illnesses), *list_life_facts(r)),
        read_annotations(r.get("note"), *(c.get("note") for c in illnesses)),
        code=first_code(r.get("relationship")),
    )


def relation_words(concept: object) -> str:
    """As sent; a code without words in ours."""
    words, code = concept_text(concept), first_code(concept)
    return str(RELATIONS.get(code, words)) if words == code else words


def say_illness(condition: Json) -> str:
    """An illness of the relative, from what age, how it ended."""
    _key, onset = choice_element(condition, "onset")
    more = (
        _("onset: %s") % say_age(onset) if onset is not None else "",
        concept_text(condition.get("outcome")),
        _("contributed to the death") if condition.get("contributedToDeath") is True else "",
    )
    name = concept_text(condition.get("code")) or _("illness not named")
    words = list_words(more)
    return _("%(name)s (%(more)s)") % {"name": name, "more": words} if words else name


def list_life_facts(r: Json) -> Iterator[str]:
    """Alive or dead, how old, why nothing is known, for what reason it was asked."""
    key, dead = choice_element(r, "deceased")
    if key == "deceasedBoolean":
        yield _("deceased") if dead is True else _("living")
    elif dead is not None:
        yield _("deceased: %s") % say_age(dead, key)
    key, age = choice_element(r, "age")
    if age is not None:
        yield _("age: %s") % say_age(age, key)
    for element, words in (
        ("sex", "%s"),
        ("reasonCode", _("for: %s")),
        ("dataAbsentReason", _("reason: %s")),
    ):
        if said := concept_text(r.get(element)):
            yield words % said


def say_age(value: object, key: str = "") -> str:
    return say_value(value, key or "onsetAge")
