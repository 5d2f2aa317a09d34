"""Read a FHIR resource: what a page, a print or a summary may say of it. The tables of this package
are used through it alone.
"""

from collections.abc import Callable
from dataclasses import replace

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from records.meaning.absence import Presence, presence_of_thing, presence_of_words
from records.meaning.allergy import read_allergy
from records.meaning.diagnosis import is_ruled_out, is_suspected
from records.meaning.family import read_family_history
from records.meaning.imaging import read_imaging_study
from records.meaning.medicine import read_medicine
from records.meaning.phrase import (
    Json,
    choice_element,
    join_distinct,
    list_words,
    read_annotations,
    say_reference,
    say_value,
)
from records.meaning.resource_facts import list_facts, list_relations
from records.meaning.sense import HOLDS, ResourceReading, Sense
from records.meaning.states import judge_state
from records.meaning.times import shown_day
from records.meaning.unknown_modifiers import has_unknown_modifier
from records.meaning.value_text import concept_text, drop_nulls, first_code

# type -> the elements that name it, the first that is there
NAMES = {
    "DocumentReference": ("description", "type"),
    "Composition": ("title", "type"),
    "DiagnosticReport": ("code",),
    "Encounter": ("type", "class"),
    "Immunization": ("vaccineCode",),
    "DeviceUseStatement": ("device",),
    "Device": ("type",),
    "CarePlan": ("title", "description", "category"),
    "Goal": ("description",),
    "EpisodeOfCare": ("type",),
    "CareTeam": ("name", "category"),
}
CLASS = {  # v3-ActCode ActEncounterCode, where the sender gives the code alone
    "AMB": gettext_lazy("outpatient visit"),
    "EMER": gettext_lazy("emergency visit"),
    "IMP": gettext_lazy("hospital stay"),
    "ACUTE": gettext_lazy("hospital stay"),
    "NONAC": gettext_lazy("hospital stay"),
    "OBSENC": gettext_lazy("observation stay"),
    "SS": gettext_lazy("day stay"),
    "HH": gettext_lazy("home visit"),
    "FLD": gettext_lazy("visit outside the hospital"),
    "VR": gettext_lazy("remote visit"),
    "PRENC": gettext_lazy("before admission"),
}


def interpret_resource(r: Json) -> ResourceReading:
    """r: a resource as parsed. Its own words stay as they were sent; ours are in the reader's
    language.
    """
    if has_unknown_modifier(r):
        return ResourceReading("", Sense.VOID, hidden=True)
    return READERS.get(str(r.get("resourceType")), read_other_resource)(drop_nulls(r))


def read_other_resource(r: Json) -> ResourceReading:
    sense, marks = judge_state(r)
    if r.get("resourceType") == "Procedure":
        sense = sense_unless_absent(sense, "procedure", r.get("code"))
    return ResourceReading(
        resource_title(r),
        sense,
        marks,
        tuple(list_facts(r)),
        read_annotations(r.get("note")),
        str(r.get("conclusion") or ""),
        first_code(r.get("code")),
    )


def resource_title(r: Json) -> str:
    for key in NAMES.get(str(r.get("resourceType")), ("code",)):
        value = r.get(key)
        if said := (
            value
            if isinstance(value, str)
            else (
                say_reference(value, r.get("contained") or [])
                if isinstance(value, dict) and "reference" in value
                else concept_text(value)
            )
        ):
            return str(said)
    return str(concept_text(r.get("code")))


def read_condition(r: Json) -> ResourceReading:
    """A diagnosis. What its own words call doubtful is not settled, whatever the codes say; "no
    known problems" is none.
    """
    sense, marks = judge_state(r)
    name = resource_title(r)
    said = (
        Presence.UNASKED
        if presence_of_words(name) is Presence.UNASKED
        else presence_of_thing("problem", r.get("code"))
    )
    if sense in (Sense.CURRENT, Sense.UNCERTAIN) and (
        is_ruled_out(name) or said is not Presence.PRESENT
    ):
        sense = Sense.UNASKED if said is Presence.UNASKED else Sense.NEGATIVE
    elif sense is Sense.CURRENT and is_suspected(name):
        sense = Sense.UNCERTAIN
    return ResourceReading(
        name or _("diagnosis not named"),
        sense,
        marks,
        tuple(list_facts(r)),
        read_annotations(r.get("note")),
        code=first_code(r.get("code")),
    )


def read_encounter(r: Json) -> ResourceReading:
    sense, marks = judge_state(r)
    stay = r.get("period") or {}
    end = shown_day(stay.get("end"))
    until = _("until %s") % end if end and end != shown_day(stay.get("start")) else ""
    who = (say_reference(p.get("individual") or {}) for p in r.get("participant") or [])
    name, code = resource_title(r), str((r.get("class") or {}).get("code") or "")
    return ResourceReading(
        str(CLASS.get(code, code)) if name == code else name,
        sense,
        marks,
        tuple(f for f in (until, *list_facts(r), *who) if f),
        (),
        code=code,
    )


def read_document(r: Json) -> ResourceReading:
    sense, marks = judge_state(r)
    return ResourceReading(
        resource_title(r),
        sense,
        marks,
        (*list_facts(r), *list_relations(r)),
        (),
        str(r.get("conclusion") or ""),
        first_code(r.get("type")),
    )


def sense_unless_absent(sense: Sense, kind: str, concept: object) -> Sense:
    """The sense, unless the concept names nothing: "no known procedures", 无手术史."""
    said = presence_of_thing(kind, concept)
    if sense not in HOLDS or said is Presence.PRESENT:
        return sense
    return Sense.UNASKED if said is Presence.UNASKED else Sense.NEGATIVE


def read_immunization(r: Json) -> ResourceReading:
    sense, marks = judge_state(r)
    sense = sense_unless_absent(sense, "immunization", r.get("vaccineCode"))
    shown = concept_text(r.get("subpotentReason")) if r.get("isSubpotent") is True else ""
    kept = r if shown else {k: v for k, v in r.items() if k != "subpotentReason"}
    return ResourceReading(
        resource_title(r),
        sense,
        marks,
        tuple(list_facts(kept)),
        read_annotations(r.get("note")),
        code=first_code(r.get("vaccineCode")),
    )


def read_device_use(r: Json) -> ResourceReading:
    """The use of a device; a device that is contained says its own state."""
    sense, marks = judge_state(r)
    target = str((r.get("device") or {}).get("reference") or "")
    for inner in r.get("contained") or []:
        if target == f"#{inner.get('id')}":
            marks = (*marks, *judge_state(inner)[1])
    return ResourceReading(
        resource_title(r), sense, marks, tuple(list_facts(r)), read_annotations(r.get("note"))
    )


def read_device(r: Json) -> ResourceReading:
    """A device that is recorded of the patient: its own name, else what kind it is."""
    sense, marks = judge_state(r)
    names = [str(n.get("name")) for n in r.get("deviceName") or [] if n.get("name")]
    title = names[0] if names else resource_title(r)
    return ResourceReading(
        title or _("device not named"),
        sense,
        marks,
        tuple(f for f in list_facts(r) if f != title),
        read_annotations(r.get("note")),
        code=first_code(r.get("type")),
    )


def read_care_plan(r: Json) -> ResourceReading:
    """A plan with what shall be done and what must not be, as far as it says so itself."""
    sense, marks = judge_state(r)
    details = [a["detail"] for a in r.get("activity") or [] if isinstance(a.get("detail"), dict)]
    title = resource_title(r)
    about = str(r.get("description") or "")
    return ResourceReading(
        title or _("plan not named"),
        sense,
        marks,
        tuple(f for f in (*list_facts(r), *map(say_planned_activity, details)) if f and f != title),
        read_annotations(r.get("note")),
        about if about != title else "",
        first_code(r.get("category")),
    )


def say_planned_activity(detail: Json) -> str:
    """What shall be done, with its own state; one that was entered in error is left out."""
    sense, marks = judge_state({**detail, "resourceType": "CarePlan.activity.detail"})
    if sense is Sense.VOID:
        return ""
    key, when = choice_element(detail, "scheduled")
    return join_distinct(
        (
            list_words((concept_text(detail.get("code")), str(detail.get("description") or ""))),
            say_value(when, key) if when is not None else "",
            *(m.text for m in marks),
        )
    )


def read_episode(r: Json) -> ResourceReading:
    """A time in which somebody answers for the patient's care: a family doctor's contract, a
    programme for a long illness.
    """
    reading = read_other_resource(r)
    return replace(reading, title=reading.title or _("episode of care"))


def read_care_team(r: Json) -> ResourceReading:
    """Who cares for the patient together, each with their part in it."""
    reading = read_other_resource(r)
    members = (say_member(p) for p in r.get("participant") or [] if isinstance(p, dict))
    return replace(
        reading,
        title=reading.title or _("care team"),
        facts=tuple(f for f in (*members, *reading.facts) if f and f != reading.title),
    )


def say_member(participant: Json) -> str:
    role = list_words(concept_text(c) for c in participant.get("role") or [])
    name = say_reference(participant.get("member"))
    return f"{role}{_(': ')}{name}" if role and name else role or name


def read_goal(r: Json) -> ResourceReading:
    """A goal with its measure and until when."""
    sense, marks = judge_state(r)
    targets = []
    for t in r.get("target") or []:
        amount = choice_element(t, "detail")[1]
        key, due = choice_element(t, "due")
        targets.append(
            list_words(
                (
                    join_distinct((concept_text(t.get("measure")), say_value(amount)), " "),
                    _("until %s") % say_value(due, key) if due is not None else "",
                )
            )
        )
    return ResourceReading(
        resource_title(r) or _("goal not named"),
        sense,
        marks,
        tuple(f for f in (*targets, *list_facts(r)) if f),
        read_annotations(r.get("note")),
        code=first_code(r.get("description")),
    )


READERS: dict[str, Callable[[Json], ResourceReading]] = {
    "Condition": read_condition,
    "AllergyIntolerance": read_allergy,
    "MedicationRequest": read_medicine,
    "MedicationStatement": read_medicine,
    "Encounter": read_encounter,
    "DocumentReference": read_document,
    "Composition": read_document,
    "Immunization": read_immunization,
    "DeviceUseStatement": read_device_use,
    "Device": read_device,
    "FamilyMemberHistory": read_family_history,
    "ImagingStudy": read_imaging_study,
    "CarePlan": read_care_plan,
    "Goal": read_goal,
    "EpisodeOfCare": read_episode,
    "CareTeam": read_care_team,
}
