"""Read a FHIR resource: what a page, a print or a summary may say of it. The only door to the tables of this room."""

from collections.abc import Callable

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from records.meaning.absence import Said, thing_says, words_say
from records.meaning.allergy import read_allergy
from records.meaning.diagnosis import doubted, excluded
from records.meaning.facts import facts, relations
from records.meaning.medicine import read_medicine
from records.meaning.modifiers import modified
from records.meaning.phrase import Json, notes, reference
from records.meaning.sense import HOLDS, Reading, Sense
from records.meaning.states import judge
from records.meaning.times import shown_day
from records.meaning.values import drop_nulls, first_code, text

# type -> the elements that name it, the first that is there
NAMES = {
    "DocumentReference": ("description", "type"), "Composition": ("title", "type"), "DiagnosticReport": ("code",), "Encounter": ("type", "class"), "Immunization": ("vaccineCode",),
    "DeviceUseStatement": ("device",),
}
CLASS = {  # v3-ActCode ActEncounterCode, where the sender gives the code alone
    "AMB": gettext_lazy("outpatient visit"), "EMER": gettext_lazy("emergency visit"), "IMP": gettext_lazy("hospital stay"), "ACUTE": gettext_lazy("hospital stay"),
    "NONAC": gettext_lazy("hospital stay"), "OBSENC": gettext_lazy("observation stay"), "SS": gettext_lazy("day stay"), "HH": gettext_lazy("home visit"),
    "FLD": gettext_lazy("visit outside the hospital"), "VR": gettext_lazy("remote visit"), "PRENC": gettext_lazy("before admission"),
}


def read(r: Json) -> Reading:
    """r: a resource as parsed. Its own words stay as they were sent; ours are in the reader's language."""
    if modified(r):
        return Reading("", Sense.VOID, hidden=True)
    return READERS.get(str(r.get("resourceType")), read_other)(drop_nulls(r))


def read_other(r: Json) -> Reading:
    sense, marks = judge(r)
    if r.get("resourceType") == "Procedure":
        sense = unless_absent(sense, "procedure", r.get("code"))
    return Reading(named(r), sense, marks, tuple(facts(r)), notes(r.get("note")), str(r.get("conclusion") or ""), first_code(r.get("code")))


def named(r: Json) -> str:
    for key in NAMES.get(str(r.get("resourceType")), ("code",)):
        value = r.get(key)
        if said := value if isinstance(value, str) else reference(value, r.get("contained") or []) if isinstance(value, dict) and "reference" in value else text(value):
            return str(said)
    return str(text(r.get("code")))


def read_condition(r: Json) -> Reading:
    """A diagnosis. What its own words call doubtful is not settled, whatever the codes say; "no known problems" is none."""
    sense, marks = judge(r)
    name = named(r)
    said = Said.UNASKED if words_say(name) is Said.UNASKED else thing_says("problem", r.get("code"))
    if sense in (Sense.CURRENT, Sense.UNCERTAIN) and (excluded(name) or said is not Said.PRESENT):
        sense = Sense.UNASKED if said is Said.UNASKED else Sense.NEGATIVE
    elif sense is Sense.CURRENT and doubted(name):
        sense = Sense.UNCERTAIN
    return Reading(name or _("diagnosis not named"), sense, marks, tuple(facts(r)), notes(r.get("note")), code=first_code(r.get("code")))


def read_encounter(r: Json) -> Reading:
    sense, marks = judge(r)
    stay = r.get("period") or {}
    end = shown_day(stay.get("end"))
    until = _("until %s") % end if end and end != shown_day(stay.get("start")) else ""
    who = (reference(p.get("individual") or {}) for p in r.get("participant") or [])
    name, code = named(r), str((r.get("class") or {}).get("code") or "")
    return Reading(str(CLASS.get(code, code)) if name == code else name, sense, marks, tuple(f for f in (until, *facts(r), *who) if f), (), code=code)


def read_document(r: Json) -> Reading:
    sense, marks = judge(r)
    return Reading(named(r), sense, marks, (*facts(r), *relations(r)), (), str(r.get("conclusion") or ""), first_code(r.get("type")))


def unless_absent(sense: Sense, kind: str, concept: object) -> Sense:
    """The sense, unless the concept names nothing: "no known procedures", 无手术史."""
    said = thing_says(kind, concept)
    if sense not in HOLDS or said is Said.PRESENT:
        return sense
    return Sense.UNASKED if said is Said.UNASKED else Sense.NEGATIVE


def read_immunization(r: Json) -> Reading:
    sense, marks = judge(r)
    sense = unless_absent(sense, "immunization", r.get("vaccineCode"))
    shown = text(r.get("subpotentReason")) if r.get("isSubpotent") is True else ""
    kept = r if shown else {k: v for k, v in r.items() if k != "subpotentReason"}
    return Reading(named(r), sense, marks, tuple(facts(kept)), notes(r.get("note")), code=first_code(r.get("vaccineCode")))


def read_device_use(r: Json) -> Reading:
    """The use of a device; a device that is contained says its own state."""
    sense, marks = judge(r)
    target = str((r.get("device") or {}).get("reference") or "")
    for inner in r.get("contained") or []:
        if target == f"#{inner.get('id')}":
            marks = (*marks, *judge(inner)[1])
    return Reading(named(r), sense, marks, tuple(facts(r)), notes(r.get("note")))


READERS: dict[str, Callable[[Json], Reading]] = {
    "Condition": read_condition, "AllergyIntolerance": read_allergy, "MedicationRequest": read_medicine, "MedicationStatement": read_medicine, "Encounter": read_encounter,
    "DocumentReference": read_document, "Composition": read_document, "Immunization": read_immunization, "DeviceUseStatement": read_device_use,
}
