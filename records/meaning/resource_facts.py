"""TABLE resource type -> (element, phrase): what is said beside the name, in this order.
Elements that narrow, place or explain what is recorded; states stand in `states.py`, allergies and
medicines have their own files.
"""

from collections.abc import Iterator

from django.utils.translation import gettext_lazy as _

from records.meaning.dosage import timing_phrases
from records.meaning.phrase import Json, choice_element, list_words, say_value
from records.meaning.sense import Words

# CodeableConcepts speak for themselves; codes of FHIR's own value sets have their words here.
CODES: dict[str, Words] = {
    "routine": "",
    "urgent": _("urgent"),
    "asap": _("as soon as possible"),
    "stat": _("at once"),
    "replaces": _("replaces %s"),
    "transforms": _("transforms %s"),
    "signs": _("signs %s"),
    "appends": _("adds to %s"),
}
DOSE_PATH = "protocolApplied.doseNumber"
# [x] is left out of choice elements; a dot leads into an element, through all of its repetitions.
# "%s" alone: the value says enough.
FACTS: dict[str, tuple[tuple[str, Words], ...]] = {
    "Condition": (
        ("severity", "%s"),
        ("bodySite", "%s"),
        ("stage.summary", _("stage: %s")),
        ("onsetAge", _("onset: %s")),
        ("onsetRange", _("onset: %s")),
        ("onsetString", _("onset: %s")),
        ("abatement", _("ended: %s")),
    ),
    "Flag": (("category", "%s"), ("period", "%s")),
    "Encounter": (
        ("serviceType", "%s"),
        ("priority", "%s"),
        ("reasonCode", "%s"),
        ("diagnosis.condition.display", "%s"),
        ("hospitalization.dischargeDisposition", _("discharge: %s")),
    ),
    "DiagnosticReport": (
        ("category", "%s"),
        ("conclusionCode", "%s"),
        ("specimen", _("specimen: %s")),
    ),
    "DocumentReference": (("category", "%s"), ("context.period", "%s")),
    "Composition": (("category", "%s"),),
    "Observation": (
        ("focus", _("about: %s")),
        ("bodySite", _("site: %s")),
        ("method", _("method: %s")),
        ("specimen", _("specimen: %s")),
        ("device", _("device: %s")),
    ),
    "Procedure": (
        ("statusReason", _("reason: %s")),
        ("bodySite", _("site: %s")),
        ("outcome", _("outcome: %s")),
        ("complication", _("complication: %s")),
        ("reasonCode", _("for: %s")),
        ("focalDevice.manipulated", _("device: %s")),
        ("usedCode", _("used: %s")),
        ("performer.actor", _("performed by: %s")),
        ("followUp", _("follow-up: %s")),
    ),
    "Immunization": (
        ("statusReason", _("reason: %s")),
        (DOSE_PATH, _("dose no. %s")),
        ("subpotentReason", _("subpotent because: %s")),
        ("doseQuantity", "%s"),
        ("route", "%s"),
        ("site", _("site: %s")),
        ("reportOrigin", _("source: %s")),
        ("lotNumber", _("lot %s")),
        ("manufacturer", _("maker: %s")),
        ("expirationDate", _("use by %s")),
        ("reaction.detail", _("reaction: %s")),
    ),
    "Device": (
        ("type", "%s"),
        ("manufacturer", _("maker: %s")),
        ("modelNumber", _("model %s")),
        ("lotNumber", _("lot %s")),
        ("serialNumber", _("serial no. %s")),
        ("expirationDate", _("use by %s")),
        ("safety", "%s"),
    ),
    "CarePlan": (
        ("category", "%s"),
        ("period", "%s"),
        ("addresses", _("for: %s")),
        ("goal", _("goal: %s")),
        ("author", _("made by: %s")),
    ),
    "EpisodeOfCare": (
        ("careManager", _("in charge: %s")),
        ("team", _("team: %s")),
        ("managingOrganization", "%s"),
        ("diagnosis.condition", _("for: %s")),
        ("period", "%s"),
    ),
    "CareTeam": (
        ("category", "%s"),
        ("managingOrganization", "%s"),
        ("reasonCode", _("for: %s")),
        ("period", "%s"),
    ),
    "Goal": (
        ("achievementStatus", "%s"),
        ("priority", "%s"),
        ("addresses", _("for: %s")),
        ("statusReason", _("reason: %s")),
    ),
    "ServiceRequest": (
        ("category", "%s"),
        ("priority", "%s"),
        ("orderDetail", "%s"),
        ("bodySite", _("site: %s")),
        ("reasonCode", _("for: %s")),
        ("occurrence", _("when: %s")),
        ("asNeeded", _("as needed: %s")),
        ("requester", _("ordered by: %s")),
        ("performer", _("to be done by: %s")),
        ("patientInstruction", "%s"),
    ),
    "DeviceUseStatement": (
        ("bodySite", _("site: %s")),
        ("reasonCode", _("for: %s")),
        ("timing", "%s"),
    ),
}

# type -> the elements that date it, the first that is there
DATED: dict[str, tuple[str, ...]] = {
    "Condition": ("onsetDateTime", "onsetPeriod", "recordedDate"),
    "AllergyIntolerance": ("onsetDateTime", "recordedDate"),
    "Flag": ("period",),
    "MedicationRequest": ("authoredOn",),
    "MedicationStatement": ("effectiveDateTime", "effectivePeriod", "dateAsserted"),
    "Encounter": ("period",),
    "DiagnosticReport": ("effectiveDateTime", "effectivePeriod", "issued"),
    "DocumentReference": ("date",),
    "Composition": ("date",),
    "Observation": (
        "effectiveDateTime",
        "effectiveInstant",
        "effectivePeriod",
        "effectiveTiming",
        "issued",
    ),
    "Immunization": ("occurrenceDateTime", "occurrenceString", "recorded"),
    "Device": ("manufactureDate",),
    "Procedure": (
        "performedDateTime",
        "performedPeriod",
        "performedString",
        "performedAge",
        "performedRange",
    ),
    "DeviceUseStatement": ("timingDateTime", "timingPeriod", "recordedOn"),
    "CarePlan": ("period", "created"),
    "EpisodeOfCare": ("period",),
    "CareTeam": ("period",),
    "Goal": ("startDate", "statusDate"),
    "FamilyMemberHistory": ("date",),
    "ServiceRequest": ("authoredOn", "occurrenceDateTime", "occurrencePeriod"),
    "ImagingStudy": ("started",),
}


def values_at_path(node: Json, path: str) -> Iterator[tuple[str, object]]:
    """(key, value) of each element that a path names; the last step may be a choice."""
    first, _dot, rest = path.partition(".")
    key, value = choice_element(node, first)
    for item in value if isinstance(value, list) else [value]:
        if item is None:
            continue
        if rest and isinstance(item, dict):
            yield from values_at_path(item, rest)
        elif not rest:
            yield key, item


def list_facts(resource: Json) -> Iterator[str]:
    """The phrases of a resource's type; values that repeat stand in one phrase."""
    contained = resource.get("contained") or []
    for path, phrase in FACTS.get(str(resource.get("resourceType")), ()):
        said = [
            list_words(timing_phrases(v))
            if k.endswith(("Timing", "timing")) and isinstance(v, dict)
            else say_value(v, k, contained)
            for k, v in values_at_path(resource, path)
        ]
        if words := list_words(said):
            yield str(phrase) % words


def list_relations(resource: Json) -> Iterator[str]:
    """What a document does to another one (DocumentReference.relatesTo, Composition.relatesTo)."""
    for relation in resource.get("relatesTo") or []:
        _key, target = choice_element(relation, "target")
        code = str(relation.get("code") or "")
        yield str(CODES.get(code, f"{code} %s")) % say_value(target or {})
