"""A Patient: which of the names, numbers and telephones are current, and what of a registration
changes whom a record speaks of (FHIR R4 patient.html: active, deceased[x], link, and the use of
names, identifiers and contact points).
"""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from records.meaning.phrase import Json
from records.meaning.reference_ranges import PatientTraits
from records.meaning.sense import ReadingMark, Words
from records.meaning.states import judge_state
from records.meaning.unknown_modifiers import has_unknown_modifier
from records.meaning.value_text import drop_nulls

FORMER = frozenset({"old", "maiden"})
# A name that is not the patient's own, by Name.use
NAME_USES: dict[str, Words] = {
    "temp": gettext_lazy("temporary name"),
    "anonymous": gettext_lazy("alias"),
    "nickname": gettext_lazy("nickname"),
    "old": gettext_lazy("former name"),
    "maiden": gettext_lazy("name before marriage"),
}
ORDER = ("official", "usual", None, "temp", "nickname", "anonymous", "maiden", "old")
LINKS: dict[str, Words] = {
    "replaced-by": gettext_lazy("registration replaced by another one"),
    "refer": gettext_lazy("the record is kept under another registration"),
}


def current_entries(nodes: list[Json] | None) -> list[Json]:
    """Identifiers, telephones or addresses that are not former."""
    return [n for n in drop_nulls(nodes or []) if n.get("use") != "old"]


def sort_names(p: Json) -> list[Json]:
    """HumanNames, the one to call the patient by first."""
    rank = {use: i for i, use in enumerate(ORDER)}
    return sorted(drop_nulls(p.get("name") or []), key=lambda n: rank.get(n.get("use"), 2))


def name_mark(n: Json) -> str:
    """ "" where a name is the patient's own and current."""
    return str(NAME_USES.get(str(n.get("use")), ""))


def registration_marks(p: Json) -> tuple[ReadingMark, ...]:
    """What one registration says against being read as an ordinary one."""
    if has_unknown_modifier(p):
        return (
            ReadingMark(
                _(
                    "the registration carries an addition that this system does not understand: ask"
                    " the hospital"
                ),
                loud=True,
            ),
        )
    links = (
        ReadingMark(str(LINKS[str(x["type"])]), loud=True)
        for x in drop_nulls(p.get("link") or [])
        if x.get("type") in LINKS
    )
    return (*judge_state(p)[1], *dict.fromkeys(links))


def traits_of_patient(p: Json) -> PatientTraits:
    """Sex and birth date, by which reference ranges are chosen."""
    return PatientTraits(str(p.get("gender") or ""), str(p.get("birthDate") or ""))


def is_deceased(p: Json) -> bool:
    return bool(p.get("deceasedDateTime")) or p.get("deceasedBoolean") is True


def first_telephone(p: dict[str, Any]) -> str:
    found = sorted(
        (
            t
            for t in current_entries(p.get("telecom"))
            if t.get("system") in ("phone", "sms") and t.get("value")
        ),
        key=lambda t: t.get("rank") or 99,
    )
    return str(found[0]["value"]) if found else ""
