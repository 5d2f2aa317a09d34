"""What FHIR's resource types and sexes are called on pages."""

from django.utils.translation import gettext_lazy

RESOURCE_NAMES = {
    "Patient": gettext_lazy("registration"),
    "Observation": gettext_lazy("result"),
    "Condition": gettext_lazy("diagnosis"),
    "AllergyIntolerance": gettext_lazy("allergy"),
    "MedicationRequest": gettext_lazy("prescription"),
    "MedicationStatement": gettext_lazy("medicine"),
    "Encounter": gettext_lazy("visit"),
    "ImagingStudy": gettext_lazy("imaging study"),
    "DiagnosticReport": gettext_lazy("report"),
    "DocumentReference": gettext_lazy("document"),
    "Composition": gettext_lazy("document"),
    "Consent": gettext_lazy("consent"),
    "Procedure": gettext_lazy("operation"),
    "Immunization": gettext_lazy("vaccination"),
    "Person": gettext_lazy("person of the index"),
    "Practitioner": gettext_lazy("clinician"),
    "Organization": gettext_lazy("hospital"),
}
SEX_NAMES = {
    "male": gettext_lazy("male"),
    "female": gettext_lazy("female"),
    "other": gettext_lazy("other sex"),
    "unknown": gettext_lazy("sex unknown"),
}
