"""What the templates and pages record is a FHIR Consent like any other."""

from consent.provision import denies, read
from consent.services.directives import circumstances
from consent.templates import Choice, Template, consent
from records.fhir.validate import validate
from tests.unit.test_decide import NOW


def test_recorded_consents_are_valid_fhir() -> None:
    """Each template, with the circumstances in which it is given: structure and required codes, as the store validates what systems send."""
    for choice in (Choice(Template.SHARE, kinds=["HIV", "PSY"]), Choice(Template.ONLY, ["own"], ["other"]), Choice(Template.WITHOUT, kinds=["R"], groups=["results"]), Choice(Template.NOTHING)):
        for image, guardian in ((None, ""), ((b"\x89PNG", "image/png"), "王芳"), ((b"%PDF-", "application/pdf"), "")):
            whole = consent(choice) | circumstances(NOW, "柜 3", guardian, image) | {"patient": {"reference": "Patient/1"}}
            assert validate(whole) == "Consent"
            assert whole["verification"][0]["verified"] and denies(read(whole)) is (choice.template in (Template.NOTHING, Template.WITHOUT))
