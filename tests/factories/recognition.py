"""Items of the catalogue of mutual recognition, and hospitals that are qualified for them."""

import datetime as dt
import itertools
import uuid
from typing import Any

from django.utils import timezone

from alliance.models import Hospital
from records.models import RecognitionItem, RecognitionPrompt, RecognitionQualification

NUMBERS = itertools.count(1)
LOINC = "http://loinc.org"


def make_item(**values: Any) -> RecognitionItem:
    """One of its own: its code and its code of LOINC are no other test's."""
    number = next(NUMBERS)
    return RecognitionItem.objects.create(
        **{
            "code": f"T-{number}-{timezone.now():%H%M%S%f}",
            "name_zh": "试验项目",
            "name_en": "Test item",
            "loincs": f"{90000 + number}-{number % 10}",
            "window": 7,
            "price": "12.50",
            "changed_at": timezone.now(),
        }
        | values
    )


def qualify(hospital: Hospital, item: RecognitionItem, **values: Any) -> RecognitionQualification:
    return RecognitionQualification.objects.create(
        **{
            "hospital": hospital,
            "item": item,
            "starts": dt.date(2020, 1, 1),
            "made_at": timezone.now(),
        }
        | values
    )


def make_prompt(hospital: Hospital, item: RecognitionItem, person: Any) -> RecognitionPrompt:
    """Of a result that the hospital was told of today."""
    return RecognitionPrompt.objects.create(
        id=uuid.uuid4(),
        hospital=hospital,
        asker="client/1",
        person=person,
        item=item,
        hits=["x/Observation/y/1"],
        day=timezone.localdate(),
        asked_at=timezone.now(),
    )


def item_code(item: RecognitionItem) -> dict[str, Any]:
    """As an Observation's code."""
    return {"coding": [{"system": LOINC, "code": item.loincs.split()[0]}], "text": item.name_zh}


def asked_item(item: RecognitionItem) -> str:
    """As $recognition-check is asked for it."""
    return f"{LOINC}|{item.loincs.split()[0]}"


def parts(parameters: Any, *names: str) -> list[Any]:
    """The parameters of a name, or those within parts of a name."""
    found = parameters.get("parameter") or parameters.get("part") or []
    of_name = [p for p in found if p["name"] == names[0]]
    return of_name if len(names) == 1 else [q for p in of_name for q in parts(p, *names[1:])]


def value_of(parameters: Any, *names: str) -> Any:
    """Of the first of them."""
    found = parts(parameters, *names)
    return next((v for p in found for k, v in p.items() if k.startswith("value")), None)
