"""Laboratory results in a hospital's own codes, as an agent sends them from a table."""

from typing import Any

from alliance.models import Hospital
from alliance.roles import Role
from records.mapping.map_decisions import do_agree_to_mapping, do_propose_mapping
from records.mapping.work import run_mapping_work
from records.meaning.result_identity import LOINC
from records.models import CodeMapping, LocalCode
from tests.factories import alliance
from tests.factories.fhir import Api, make_bundle, make_patient, make_unique_name


def local_system(hospital: str, kind: str = "laboratory", source: str = "lis") -> str:
    return f"urn:xinglin:local:{hospital}:{source}:{kind}"


def make_local_result(
    about: str, hospital: str, code: str = "ALT01", text: str = "★谷丙转氨酶(ALT)", **more: Any
) -> dict[str, Any]:
    """A number in U/L unless more says otherwise."""
    coding = {"system": local_system(hospital), "code": code, "display": text}
    return {
        "resourceType": "Observation",
        "status": "final",
        "category": [{"coding": [{"code": "laboratory"}]}],
        "code": {"coding": [coding], "text": text},
        "subject": {"reference": about},
        "effectiveDateTime": "2026-05-03",
        "valueQuantity": {"value": 31, "unit": "U/L"},
        "referenceRange": [{"low": {"value": 7}, "high": {"value": 40}}],
        **more,
    }


def add_patients(api: Api, count: int, gender: str = "male") -> list[str]:
    """References of so many patients whom nobody else knows."""
    return [api.create(make_patient(make_unique_name()) | {"gender": gender}) for _ in range(count)]


def add_results(api: Api, patients: list[str], each: int = 1, **more: Any) -> list[str]:
    """References of so many results of each patient; more: as make_local_result takes it."""
    reply = api(
        "POST",
        "",
        make_bundle(
            *(
                ("POST", "Observation", make_local_result(p, api.base, **value_of(n), **more))
                for p in patients
                for n in range(each)
            )
        ),
    )
    assert reply.status == 200, reply.json
    return [
        "/".join(e["response"]["location"].split("/_history")[0].split("/")[-2:])
        for e in reply.json["entry"]
    ]


def value_of(number: int) -> dict[str, Any]:
    return {"valueQuantity": {"value": 20 + number, "unit": "U/L"}}


def follow(at: Hospital) -> None:
    """What the worker does each minute, for this hospital alone."""
    run_mapping_work(hospitals=[at])


def get_code(at: Hospital, code: str = "ALT01") -> LocalCode:
    return LocalCode.objects.get(hospital=at, code=code)


def map_code(
    at: Hospital, code: LocalCode, target: str = "1742-6", system: str = LOINC
) -> CodeMapping:
    """Proposed by one clerk of the hospital, agreed to by another; nothing is rewritten yet."""
    one, two = (alliance.make_staff(at, Role.CLERK) for _ in range(2))
    made = do_propose_mapping(code, system, target, acting=alliance.get_staff_principal(one))
    do_agree_to_mapping(made, acting=alliance.get_staff_principal(two))
    made.refresh_from_db()
    return made
