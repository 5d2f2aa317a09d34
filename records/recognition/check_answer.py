"""The answer of $recognition-check as a Parameters resource
(urn:xinglin:operation:recognition-check).
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from alliance.models import Hospital
from records.meaning.recognition_extension import PlacedMark, make_mark_extension
from records.meaning.recognition_words import say_mark
from records.meaning.result_wording import is_reader_chinese, value_words
from records.meaning.trend_joins import GAP_WORDS
from records.recognition.catalogue_item import LIST_SYSTEM, CatalogueItem
from records.recognition.judge_result import MISS_WORDS, JudgedResult, mark_applies
from records.recognition.quote import write_quote
from records.recognition.recognition_check import CheckedItem

Json = dict[str, Any]
MOST_MISSES = 10


def neutral_line() -> str:
    """Stands in every answer and on every page, whatever was found."""
    return str(
        _(
            "Only results that are open to you are looked at: that none is listed does not mean"
            " that there is none elsewhere."
        )
    )


def part(name: str, **value: Any) -> Json:
    return {"name": name, **value}


def build_answer(checked: Sequence[CheckedItem], date: dt.date, root: str) -> Json:
    """root: the absolute URL of the bases, for links."""
    names = {h.code: h.name for h in Hospital.objects.all()}
    return {
        "resourceType": "Parameters",
        "parameter": [
            part("date", valueDate=date.isoformat()),
            part("note", valueString=neutral_line()),
            *(part("item", part=list_item_parts(c, names, root)) for c in checked),
        ],
    }


def list_item_parts(checked: CheckedItem, names: dict[str, str], root: str) -> list[Json]:
    item = checked.item
    return [
        part(
            "item",
            valueCoding={
                "system": LIST_SYSTEM,
                "code": item.code,
                "display": item.name(chinese=is_reader_chinese()),
            },
        ),
        *([part("window", valueInteger=item.window)] if item.window is not None else []),
        *([part("prompt", valueId=str(checked.prompt))] if checked.prompt else []),
        *(part("hit", part=list_hit_parts(item, j, names, root)) for j in checked.hits),
        *(
            part("near-miss", part=list_miss_parts(j, names, root))
            for j in checked.misses[:MOST_MISSES]
        ),
    ]


def list_result_parts(judged: JudgedResult, names: dict[str, str], root: str) -> list[Json]:
    hospital, type_name, fhir_id, _version = judged.ref.split("/")
    return [
        part("result", valueReference={"reference": f"{root}/{hospital}/{type_name}/{fhir_id}"}),
        part("version", valueString=judged.ref),
        part("hospital", valueString=names.get(judged.hospital, judged.hospital)),
        part("hospital-code", valueCode=judged.hospital),
        *([part("date", valueDate=judged.day.isoformat())] if judged.day else []),
    ]


def list_hit_parts(
    item: CatalogueItem, judged: JudgedResult, names: dict[str, str], root: str
) -> list[Json]:
    result = judged.result
    return [
        *list_result_parts(judged, names, root),
        part("own", valueBoolean=judged.own),
        part("name", valueString=result.sent_title or result.title or item.name_zh),
        make_value_part(judged),
        *([part("days-left", valueInteger=judged.left)] if judged.left is not None else []),
        *([] if judged.is_report else [part("comparable", valueBoolean=judged.gap is None)]),
        *(
            [
                part("comparability", valueCode=judged.gap.value),
                part("comparability-text", valueString=str(GAP_WORDS[judged.gap])),
            ]
            if judged.gap
            else []
        ),
        part("quality", valueCode=judged.quality),
        *(make_mark_part(p, item) for p in judged.marks),
        part(
            "quote",
            valueString=write_quote(item, judged, names.get(judged.hospital, judged.hospital)),
        ),
    ]


def make_value_part(judged: JudgedResult) -> Json:
    result = judged.result
    if result.number is None:
        return part("value", valueString=value_words(result))
    return part(
        "value",
        valueQuantity={
            "value": result.number,
            **({"comparator": result.value.comparator} if result.value.comparator else {}),
            **({"unit": result.unit.sent} if result.unit.sent else {}),
            **(
                {"system": "http://unitsofmeasure.org", "code": result.unit.code}
                if result.unit.code
                else {}
            ),
        },
    )


def make_mark_part(placed: PlacedMark, item: CatalogueItem) -> Json:
    return {
        "extension": [make_mark_extension(placed)],
        "name": "mark",
        "part": [
            part("text", valueString=say_mark(placed.mark)),
            part("applies", valueBoolean=mark_applies(placed, item)),
        ],
    }


def list_miss_parts(judged: JudgedResult, names: dict[str, str], root: str) -> list[Json]:
    if judged.miss is None:
        return []
    return [
        *list_result_parts(judged, names, root),
        part("reason", valueCode=judged.miss.value),
        part("reason-text", valueString=str(MISS_WORDS[judged.miss])),
    ]
