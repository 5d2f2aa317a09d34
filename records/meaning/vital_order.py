"""In which order vital signs stand on a page, and which two of them are one blood pressure: by
LOINC code (vital signs of FHIR R4), where a hospital has none by name.
"""

import re
from enum import StrEnum

from records.meaning.result_identity import squeeze_text


class PressurePart(StrEnum):
    SYSTOLIC = "systolic"
    DIASTOLIC = "diastolic"


PRESSURE_CODES = {
    "8480-6": PressurePart.SYSTOLIC,
    "8459-0": PressurePart.SYSTOLIC,  # sitting
    "8460-8": PressurePart.SYSTOLIC,  # standing
    "8461-6": PressurePart.SYSTOLIC,  # lying
    "8462-4": PressurePart.DIASTOLIC,
    "8453-3": PressurePart.DIASTOLIC,
    "8454-1": PressurePart.DIASTOLIC,
    "8455-8": PressurePart.DIASTOLIC,
}
PRESSURE_NAMES = (
    (re.compile(r"收缩压|systolic"), PressurePart.SYSTOLIC),
    (re.compile(r"舒张压|diastolic"), PressurePart.DIASTOLIC),
)
# (codes, names) in the order of a chart at the bedside
VITAL_ORDER = (
    ({"8310-5", "8331-1", "8328-7"}, re.compile(r"体温|[腋耳肛口额]温|temperature")),
    ({"8867-4", "8893-0", "8889-8"}, re.compile(r"脉搏|脉率|心率|pulse|heartrate")),
    ({"9279-1"}, re.compile(r"呼吸|respirat")),
    (
        {"85354-9", "8478-0", *PRESSURE_CODES},
        re.compile(r"血压|收缩压|舒张压|动脉压|bloodpressure"),
    ),
    ({"2708-6", "59408-5"}, re.compile(r"氧饱和|spo2|oxygensaturation")),
    ({"8302-2", "8306-3", "3137-7"}, re.compile(r"身高|身长|bodyheight|bodylength")),
    ({"29463-7", "3141-9"}, re.compile(r"体重(?!指数)|bodyweight")),
    ({"39156-5", "59576-9"}, re.compile(r"体质|体重指数|bmi|bodymassindex")),
)


def find_vital_position(loinc: str, title: str) -> int:
    """Where a vital sign stands; whatever is not known stands behind."""
    name = squeeze_text(title)
    return next(
        (n for n, (codes, _names) in enumerate(VITAL_ORDER) if loinc in codes),
        next((n for n, (_c, names) in enumerate(VITAL_ORDER) if names.search(name)), 99),
    )


def pressure_part(loinc: str, title: str) -> PressurePart | None:
    """Of a systolic or diastolic blood pressure; None for anything else."""
    if found := PRESSURE_CODES.get(loinc):
        return found
    name = squeeze_text(title)
    return next((part for words, part in PRESSURE_NAMES if words.search(name)), None)


def sort_title(title: str) -> str:
    """A title as lists sort it: the diastolic pressure right behind the systolic one, which no
    alphabet does in both languages.
    """
    return re.sub("diastolic", "Systolic", title, flags=re.IGNORECASE).replace(
        "舒张压", "收缩压"
    ) + ("\uffff" if PRESSURE_NAMES[1][0].search(squeeze_text(title)) else "")
