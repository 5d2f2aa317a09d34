"""A refusal names the mend: how a value is written, what an export lacks, which of the words
that a form offers.
"""

from pathlib import Path

import pytest
from django.utils import translation

from consent.audit import export_manifest, signing_keys
from records.fhir.issues import Problem
from records.fhir.validate import validate_resource
from records.web.forms import EmergencyForm

OBSERVATION = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}}
ASKED = {
    "resourceType": "ServiceRequest",
    "status": "active",
    "intent": "order",
    "subject": {"reference": "Patient/1"},
}


@pytest.mark.parametrize(
    ("resource", "where", "mend"),
    [
        ({"resourceType": "Patient", "birthDate": "19800512"}, "Patient.birthDate", "1980-05-12"),
        ({"resourceType": "Patient", "birthDate": "1980-13-40"}, "Patient.birthDate", "1980-05-12"),
        (
            {**OBSERVATION, "effectiveDateTime": "2026-10-12 08:30:00"},
            "Observation.effectiveDateTime",
            "2026-10-12T08:30:00+08:00",
        ),
        (
            {**OBSERVATION, "effectiveDateTime": "2026-10-12T08:30:00"},
            "Observation.effectiveDateTime",
            "offset from UTC",
        ),
        ({**OBSERVATION, "valueTime": "8:30"}, "Observation.valueTime", "08:30:00"),
        (
            {**ASKED, "occurrencePeriod": {"start": "12/10/2026"}},
            "ServiceRequest.occurrencePeriod.start",
            "2026-10-12T08:30:00+08:00",
        ),
    ],
)
def test_a_value_in_another_form_is_told_the_form(
    resource: dict[str, object], where: str, mend: str
) -> None:
    with pytest.raises(Problem) as told:
        validate_resource(resource)
    assert [(i.where, mend in i.says) for i in told.value.issues] == [(where, True)]


def test_a_package_that_cannot_be_checked_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="unpack it"):
        export_manifest.load_manifest(export_manifest.manifest_path(tmp_path / "log.zip"))
    with pytest.raises(OSError, match=r"the manifest belongs beside"):
        export_manifest.load_manifest(export_manifest.manifest_path(tmp_path / "log.csv"))
    with pytest.raises(signing_keys.NoAuditKey, match="64 hexadecimal digits"):
        signing_keys.parse_given_pins("SHA256:3375")
    assert signing_keys.parse_given_pins("SHA256:" + "ab" * 32)[0].fingerprint == "ab" * 32, (
        "the control"
    )


def test_a_form_speaks_the_language_of_whoever_reads_it() -> None:
    for language, words in (("en", "4 h"), ("zh-hans", "4小时")):
        with translation.override(language):
            assert words in str(EmergencyForm()), language
