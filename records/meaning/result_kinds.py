"""What kind of result an Observation is: of the laboratory, a vital sign, or a finding at the
bedside and a habit, which stand apart on a page.
"""

import re
from enum import StrEnum
from typing import Any

from records.meaning.flag_words import flag_from_quality
from records.meaning.result_flags import ResultFlag
from records.meaning.result_identity import LOINC, concept_key, concept_name, list_codings
from records.meaning.value_text import LONGEST, concept_text


class ResultKind(StrEnum):
    LABORATORY = "laboratory"
    VITAL = "vital"
    FINDING = "finding"


# LOINC, panel "vital signs" of FHIR R4 (observation-vitalsigns.html) and what is measured with them
VITAL_CODES = frozenset(
    (
        *("85353-1", "8716-3", "9279-1", "8867-4", "2708-6", "59408-5", "8310-5", "8302-2"),
        *("9843-4", "29463-7", "39156-5", "85354-9", "8480-6", "8462-4", "8478-0", "8287-5"),
        *("3141-9", "8306-3", "8331-1", "8328-7", "8893-0", "8889-8", "3137-7", "8289-1"),
        *("59576-9", "77606-2", "56086-2", "8280-0"),
    )
)
# LOINC: pain, smoking, alcohol, scales; sent as vital signs or as laboratory results by some
FINDING_CODES = frozenset(
    (
        *("72514-3", "38208-5", "72166-2", "11367-0", "74013-4", "11331-6", "63773-6", "9269-2"),
        *("76504-0", "93025-5", "55757-9", "55758-7", "70274-6", "69737-5", "82667-7", "75626-2"),
    )
)
VITAL_NAMES = re.compile(
    r"(?:体温|腋温|耳温|肛温|口温|额温|脉搏|脉率|心率|呼吸(?:频率|次数)?|血压|收缩压|舒张压|平均动脉压"
    r"|体重|身高|身长|体质(?:量)?指数|体重指数|bmi|头围|腰围|臀围"
    r"|(?:经皮|指脉|脉搏)?(?:血)?氧饱和度|spo2|temperature|bodytemperature|pulse|heartrate"
    r"|respiratoryrate|bloodpressure|(?:systolic|diastolic)bloodpressure|bodyweight|bodyheight)"
)
FINDING_NAMES = re.compile(
    r"吸烟|饮酒|烟草|疼痛|评分|量表|意识|睡眠|职业|婚姻|smok|tobacco|alcohol|pain|score|scale"
)
ASIDE = re.compile(r"[（(\[【].*?[)）\]】]")
KIND_BY_CATEGORY = {
    "laboratory": ResultKind.LABORATORY,
    "vital-signs": ResultKind.VITAL,
    "social-history": ResultKind.FINDING,
    "survey": ResultKind.FINDING,
    "exam": ResultKind.FINDING,
    "activity": ResultKind.FINDING,
    "therapy": ResultKind.FINDING,
    "imaging": ResultKind.FINDING,
    "procedure": ResultKind.FINDING,
}
KIND_BY_WORD = (
    ("检验", ResultKind.LABORATORY),
    ("化验", ResultKind.LABORATORY),
    ("生命体征", ResultKind.VITAL),
    ("体征", ResultKind.VITAL),
    ("社会史", ResultKind.FINDING),
    ("查体", ResultKind.FINDING),
)


def kind_of_observation(observation: dict[str, Any]) -> ResultKind:
    """By a code or name that is known, for categories are often wrong; then by its category; else
    a number, a specimen, a range or a word like "negative" makes a result of the laboratory.
    """
    key = concept_key(observation.get("code"), "")
    codes = {key.code} if key.system == LOINC else set()
    name = ASIDE.sub("", concept_name(observation.get("code")))
    if codes & FINDING_CODES:
        return ResultKind.FINDING
    if codes & VITAL_CODES or VITAL_NAMES.fullmatch(name):
        return ResultKind.VITAL
    for category in as_list(observation.get("category")):
        for coding in list_codings(category):
            if found := KIND_BY_CATEGORY.get(str(coding["code"])):
                return found
        words = concept_text(category)
        for word, kind in KIND_BY_WORD:
            if word in words:
                return kind
    if FINDING_NAMES.search(name) and not codes:
        return ResultKind.FINDING
    measured = "specimen" in observation or "referenceRange" in observation
    if measured or codes or any(k in observation for k in ("valueQuantity", "valueRatio")):
        return ResultKind.LABORATORY
    said = str(
        observation.get("valueString") or concept_text(observation.get("valueCodeableConcept"))
    )
    judged = "interpretation" in observation or (
        len(said) <= LONGEST and flag_from_quality(said) is not ResultFlag.NONE
    )
    return ResultKind.LABORATORY if judged else ResultKind.FINDING


def as_list(node: Any) -> list[Any]:
    return node if isinstance(node, list) else [node] if node else []
