"""An invented patient with more allergies, alerts and critical values than a banner holds."""

import datetime as dt

from django.utils import timezone

from records.models import SourcePatient
from tests.factories.fhir import (
    Api,
    make_bundle,
    make_citizen_number,
    make_observation,
    make_patient,
)

LONG_NAME = "布比卡因脂质体注射用混悬液（长效局部麻醉药，含二棕榈酰磷脂酰胆碱与三辛酸甘油酯辅料）"


def make_crowded_patient(api: Api) -> tuple[str, str]:
    """A patient with a long name, thirty allergies, eight alerts and five critical values; the
    person id, and the reference of their Patient.
    """
    about = api.create(
        make_patient(
            "阿卜杜热合曼·买买提依明·吐尔逊江·阿布都克里木·艾合买提江",
            resident=make_citizen_number(),
        )
    )
    names = [f"{LONG_NAME}{i}" for i in range(28)] + ["花生", "青霉素"]
    sent = [
        (
            "POST",
            "AllergyIntolerance",
            {
                "resourceType": "AllergyIntolerance",
                "patient": {"reference": about},
                "code": {"text": name},
                "criticality": "high" if name == "青霉素" else "low",
                "clinicalStatus": {
                    "coding": [
                        {
                            "system": (
                                "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"
                            ),
                            "code": "active",
                        }
                    ]
                },
                "reaction": [
                    {
                        "manifestation": [{"text": "全身荨麻疹伴面部血管性水肿及持续性低血压"}],
                        "severity": "moderate",
                    }
                ],
            },
        )
        for name in names
    ]
    sent += [
        (
            "POST",
            "Flag",
            {
                "resourceType": "Flag",
                "status": "active",
                "subject": {"reference": about},
                "code": {"text": f"跌倒与压力性损伤高风险，须双人陪护{i}"},
            },
        )
        for i in range(8)
    ]
    at = (timezone.now() - dt.timedelta(hours=1)).isoformat(timespec="seconds")
    sent += [
        (
            "POST",
            "Observation",
            make_observation(about, date=at)
            | {
                "code": {"text": f"危急项目{i}"},
                "interpretation": [{"coding": [{"code": "HH"}]}],
            },
        )
        for i in range(5)
    ]
    assert api("POST", "", make_bundle(*sent)).status == 200  # type: ignore[arg-type]
    found = SourcePatient.objects.get(hospital__code=api.base, fhir_id=about.split("/")[1])
    return str(found.person_id), about
