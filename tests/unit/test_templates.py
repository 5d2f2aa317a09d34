"""What the templates and pages record is a FHIR Consent like any other."""

from consent.provision import has_denial, parse_consent
from consent.services.directive_circumstances import build_circumstances
from consent.templates import ConsentChoice, ConsentTemplate, build_consent
from records.fhir.validate import validate_resource
from tests.support.deciding import NOW


def test_recorded_consents_are_valid_fhir() -> None:
    """Each template, with the circumstances in which it is given: structure and required codes,
    as the store validates what systems send.
    """
    for choice in (
        ConsentChoice(ConsentTemplate.SHARE, kinds=["HIV", "PSY"]),
        ConsentChoice(ConsentTemplate.ONLY, ["own"], ["other"]),
        ConsentChoice(ConsentTemplate.WITHOUT, kinds=["R"], groups=["results"]),
        ConsentChoice(ConsentTemplate.NOTHING),
    ):
        for image, guardian in (
            (None, ""),
            ((b"\x89PNG", "image/png"), "王芳"),
            ((b"%PDF-", "application/pdf"), ""),
        ):
            whole = (
                build_consent(choice)
                | build_circumstances(NOW, "柜 3", guardian, image)
                | {"patient": {"reference": "Patient/1"}}
            )
            assert validate_resource(whole) == "Consent"
            assert whole["verification"][0]["verified"] and has_denial(parse_consent(whole)) is (
                choice.template in (ConsentTemplate.NOTHING, ConsentTemplate.WITHOUT)
            )
