"""Records of many kinds that the asking hospital of a world may not see."""

from typing import Any

from tests.factories.fhir import make_observation
from tests.support.world import HIV, World

UCUM = "http://unitsofmeasure.org"


def write_secrets(w: World, secret: str) -> None:
    """Records of many kinds, each of them sensitive, found by every parameter that the questions
    ask for.
    """
    marked: dict[str, Any] = {
        "meta": {
            "tag": [{"code": "secret"}],
            "profile": ["urn:secret"],
            "source": "urn:secret",
            "security": [{"code": "R"}],
        }
    }
    visit = w.hold(
        "PUT",
        "Encounter/secret-visit",
        {
            "resourceType": "Encounter",
            "id": "secret-visit",
            "status": "finished",
            "class": {"code": "AMB"},
            "subject": {"reference": w.at_b},
        }
        | marked,
    )
    assert visit.status == 201, visit.body
    amount = {"value": 9, "unit": "g", "system": UCUM, "code": "g"}
    made = (
        make_observation(w.at_b)
        | {
            "id": secret,
            "code": HIV,
            "encounter": {"reference": "Encounter/secret-visit"},
            "valueQuantity": amount,
            "hasMember": [{"reference": w.plain}],
            "component": [{"code": {"coding": [{"code": "8480-6"}]}, "valueQuantity": amount}],
        }
        | marked
    )
    assert w.hold("PUT", f"Observation/{secret}", made).status == 201
    w.hold.create(
        {
            "resourceType": "Condition",
            "subject": {"reference": w.at_b},
            "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "B20"}]},
        }
    )
    assert (
        w.hold(
            "PUT",
            "List/secret",
            {
                "resourceType": "List",
                "id": "secret",
                "status": "current",
                "mode": "working",
                "subject": {"reference": w.at_b},
                "entry": [{"item": {"reference": w.plain}}],
            }
            | marked,
        ).status
        == 201
    )
