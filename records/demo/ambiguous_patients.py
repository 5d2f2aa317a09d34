"""Invented registrations that the index cannot decide alone: twins and a child without a name,
somebody with another's card, a misread date, and a patient of whom nobody knew the name.
"""

import datetime as dt
from typing import Any

from records.mpi.matching.rules.resident_number import RESIDENT_NUMBER_SYSTEM, check_digit

NOWHERE = "999"  # no province of GB/T 2260 begins so
ADDRESS = {"湖滨": "东湖区湖滨路18号3栋2单元502室", "桥头": "南桥镇桥头村四组26号"}


def make_ambiguous_patients(today: dt.date) -> list[tuple[str, dict[str, Any]]]:
    """(hospital, Patient)."""
    born = (today - dt.timedelta(days=60)).isoformat()
    child = born.replace("-", "")
    return [
        (
            "xinglin",
            make_ambiguous_patient(
                "d1", "欧阳景行", "male", born, "19900001101", "湖滨", f"{NOWHERE}101{child}001"
            ),
        ),
        (
            "xinglin",
            make_ambiguous_patient(
                "d2", "欧阳景知", "male", born, "19900001101", "湖滨", f"{NOWHERE}101{child}003"
            ),
        ),
        ("donghu", make_ambiguous_patient("d3", "李静文之子", "male", born, "19900001101", "湖滨")),
        (
            "donghu",
            make_ambiguous_patient(
                "d4",
                "李静文",
                "female",
                "1994-08-21",
                "19900001101",
                "湖滨",
                f"{NOWHERE}10219940821002",
            ),
        ),
        (
            "nanqiao",
            make_ambiguous_patient(
                "d5",
                "谭桂芳",
                "female",
                "1956-02-03",
                "19900001202",
                "桥头",
                f"{NOWHERE}20119560203004",
            ),
        ),
        (
            "xinglin",
            make_ambiguous_patient(
                "d6",
                "谭秀莲",
                "female",
                "1956-02-03",
                "19900001202",
                "桥头",
                f"{NOWHERE}20119560203004",
            ),
        ),
        (
            "beishan",
            make_ambiguous_patient("d7", "司马长风", "male", "1948-11-05", "19900001303", ""),
        ),
        ("xinglin", make_ambiguous_patient("d8", "司马长风", "male", "1948-11-15", "", "")),
        ("xinglin", make_ambiguous_patient("d9", "无名氏", "male", "", "", "")),
        (
            "nanqiao",
            make_ambiguous_patient(
                "d10",
                "上官云龙",
                "male",
                "1967-07-30",
                "19900001404",
                "",
                f"{NOWHERE}20219670730005",
            ),
        ),
        (
            "xinglin",
            make_ambiguous_patient(
                "d11",
                "上官云龙",
                "male",
                "1967-07-30",
                "19900001404",
                "",
                f"{NOWHERE}20319670730007",
            ),
        ),
    ]


def make_ambiguous_patient(
    key: str, name: str, gender: str, born: str, phone: str, address: str, first: str = ""
) -> dict[str, Any]:
    """first: 17 digits of a citizen number."""
    return {
        "resourceType": "Patient",
        "id": f"demo-{key}",
        "name": [{"use": "official", "text": name}],
        "gender": gender,
        **({"birthDate": born} if born else {}),
        **({"telecom": [{"system": "phone", "value": phone}]} if phone else {}),
        **({"address": [{"text": ADDRESS[address]}]} if address else {}),
        **(
            {
                "identifier": [
                    {"system": RESIDENT_NUMBER_SYSTEM, "value": first + check_digit(first)}
                ]
            }
            if first
            else {}
        ),
    }


def make_patient_bundle(patients: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            {"resource": p, "request": {"method": "PUT", "url": f"Patient/{p['id']}"}}
            for p in patients
        ],
    }
