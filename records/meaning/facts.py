"""TABLE resource type -> (element, phrase): what is said beside the name, in this order. Elements that narrow, place or explain what is recorded;
states stand in `states.py`, allergies and medicines have their own files."""

from collections.abc import Iterator

from django.utils.translation import gettext_lazy as _

from records.meaning.phrase import Json, chosen, list_words, say
from records.meaning.sense import Words

# CodeableConcepts speak for themselves; codes of FHIR's own value sets have their words here.
CODES: dict[str, Words] = {
    "routine": "", "urgent": _("urgent"), "asap": _("as soon as possible"), "stat": _("at once"),
    "replaces": _("replaces %s"), "transforms": _("transforms %s"), "signs": _("signs %s"), "appends": _("adds to %s"),
}
# [x] is left out of choice elements; a dot leads into an element, through all of its repetitions. "%s" alone: the value says enough.
FACTS: dict[str, tuple[tuple[str, Words], ...]] = {
    "Condition": (
        ("severity", "%s"), ("bodySite", "%s"), ("stage.summary", _("stage: %s")), ("onsetAge", _("onset: %s")), ("onsetRange", _("onset: %s")), ("onsetString", _("onset: %s")),
        ("abatement", _("ended: %s")),
    ),
    "Flag": (("category", "%s"), ("period", "%s")),
    "Encounter": (
        ("serviceType", "%s"), ("priority", "%s"), ("reasonCode", "%s"), ("diagnosis.condition.display", "%s"), ("hospitalization.dischargeDisposition", _("discharge: %s")),
    ),
    "DiagnosticReport": (("category", "%s"), ("conclusionCode", "%s"), ("specimen", _("specimen: %s"))),
    "DocumentReference": (("category", "%s"), ("context.period", "%s")),
    "Composition": (("category", "%s"),),
    "Observation": (
        ("focus", _("about: %s")), ("bodySite", _("site: %s")), ("method", _("method: %s")), ("specimen", _("specimen: %s")), ("device", _("device: %s")),
    ),
    "Procedure": (
        ("statusReason", _("reason: %s")), ("bodySite", _("site: %s")), ("outcome", _("outcome: %s")), ("complication", _("complication: %s")), ("reasonCode", _("for: %s")),
    ),
    "Immunization": (
        ("statusReason", _("reason: %s")), ("protocolApplied.doseNumber", _("dose no. %s")), ("subpotentReason", _("subpotent because: %s")), ("doseQuantity", "%s"), ("route", "%s"),
        ("site", _("site: %s")), ("reportOrigin", _("source: %s")), ("lotNumber", _("lot %s")),
    ),
    "DeviceUseStatement": (("bodySite", _("site: %s")), ("reasonCode", _("for: %s")), ("timing", "%s")),
}

# type -> the elements that date it, the first that is there
DATED: dict[str, tuple[str, ...]] = {
    "Condition": ("onsetDateTime", "onsetPeriod", "recordedDate"), "AllergyIntolerance": ("onsetDateTime", "recordedDate"), "Flag": ("period",),
    "MedicationRequest": ("authoredOn",), "MedicationStatement": ("effectiveDateTime", "effectivePeriod", "dateAsserted"), "Encounter": ("period",),
    "DiagnosticReport": ("effectiveDateTime", "effectivePeriod", "issued"), "DocumentReference": ("date",), "Composition": ("date",),
    "Observation": ("effectiveDateTime", "effectiveInstant", "effectivePeriod", "effectiveTiming", "issued"), "Immunization": ("occurrenceDateTime", "occurrenceString", "recorded"),
    "Procedure": ("performedDateTime", "performedPeriod", "performedString", "performedAge", "performedRange"),
    "DeviceUseStatement": ("timingDateTime", "timingPeriod", "recordedOn"),
}


def values(node: Json, path: str) -> Iterator[tuple[str, object]]:
    """(key, value) of each element that a path names; the last step may be a choice."""
    first, _dot, rest = path.partition(".")
    key, value = chosen(node, first)
    for item in value if isinstance(value, list) else [value]:
        if item is None:
            continue
        if rest and isinstance(item, dict):
            yield from values(item, rest)
        elif not rest:
            yield key, item


def facts(resource: Json) -> Iterator[str]:
    """The phrases of a resource's type; values that repeat stand in one phrase."""
    contained = resource.get("contained") or []
    for path, phrase in FACTS.get(str(resource.get("resourceType")), ()):
        said = [say(v, k, contained) for k, v in values(resource, path)]
        if words := list_words(said):
            yield str(phrase) % words


def relations(resource: Json) -> Iterator[str]:
    """What a document does to another one (DocumentReference.relatesTo, Composition.relatesTo)."""
    for relation in resource.get("relatesTo") or []:
        _key, target = chosen(relation, "target")
        code = str(relation.get("code") or "")
        yield str(CODES.get(code, f"{code} %s")) % say(target or {})
