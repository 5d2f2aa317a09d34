"""Tell what an order is of: a medicine, or one of the other classes of 医嘱. By the class that the
hospital wrote; where that says nothing, by what else the row holds.
"""

from __future__ import annotations

import re

from .column_set import Values

MEDICINE = "medicine"
CLASSES: tuple[tuple[str, str], ...] = (  # what no word of a medicine undoes, the first that fits
    (r"换药|煎药|药浴|给药费", "treatment"),
    (r"药敏|药物浓度|检验|化验|\blab\b|\blis\b", "laboratory"),
    (r"检查|放射|影像|超声|心电|内镜|内窥镜|病理|核磁|\bct\b|\bexam|\bpacs\b", "examination"),
    (r"手术|麻醉|\bsurg|\boperation", "surgery"),
    (r"护理|级护|\bnurs", "nursing"),
    (r"饮食|膳食|营养膳|\bdiet", "diet"),
    (r"输血|备血|血库|\bblood", "transfusion"),
    (r"药|饮片|膏方|大?输液|^注射$|^针剂$|^口服$|颗粒剂|\bdrug|\bmedic|\bpharm", MEDICINE),
    (r"治疗|处置|理疗|康复|针灸|推拿|输氧|吸氧|透析|\btreat|\btherap", "treatment"),
    (r"材料|耗材|卫材|\bmaterial", "material"),
    (r"会诊|\bconsult", "consultation"),
    (r"嘱托|文字|转科|出院|入院|病情|隔离|\bother", "other"),
)
COMPILED = tuple((re.compile(words, re.IGNORECASE), found) for words, found in CLASSES)
EVIDENCE = ("route", "skin_test", "decoction", "doses")
NO_AMOUNT = frozenset(("次", "项", "人次", "天", "日", "小时", "部位", "例", "套"))  # of services
PICTURE = re.compile(r"(胸|腹|平|摄|拍|光|线|位|盆|椎|骨)片$|皮试")
DRUG_FORM = re.compile(
    r"(片|胶囊|胶丸|注射液|粉针剂?|针剂?|颗粒剂?|口服液|糖浆|[软乳凝]?膏剂?|眼液|眼膏|滴剂|喷雾剂|气雾剂|粉雾剂|栓|栓剂|贴剂?|丸|散|合剂"
    r"|溶液|混悬液|酊|洗剂|搽剂|注射用.+|葡萄糖|氯化钠|灭菌注射用水)$"
)
SERVICE_NAME = re.compile(
    r"护理|饮食|普食|禁食|禁饮|流质|软食|检查|检验|测定|监测|监护|心电|彩超|B超|超声|平扫|透视|常规|培养|换药|吸氧|导尿|灌肠|会诊|出院|转科|病[危重]|卧位|卧床|陪护|陪住"
    r"|推拿|理疗|针刺|血型|备血|输血|采血|拔管|引流|术$|测(血压|体温|血糖)|抽血",
    re.IGNORECASE,
)
BRACKETS = re.compile(r"[（(\[【][^）)\]】]*[）)\]】]|\s")


def class_of_kind(kind: str) -> str:
    """ "" where the hospital's word for the class says nothing of it: 长期医嘱, 1, 其他."""
    for words, found in COMPILED:
        if words.search(kind):
            return found
    return ""


def class_of_order(values: Values) -> str:
    """ "" for an order that is no medicine, of a class that is not told."""
    kind = values.get("kind", "")
    if kind and (found := class_of_kind(kind)):
        return found
    if any(name in values for name in EVIDENCE):
        return MEDICINE
    if "dose" in values and values.get("dose_unit", "") not in NO_AMOUNT:
        return MEDICINE
    name = BRACKETS.sub("", values.get("medicine", ""))
    if PICTURE.search(name):
        return ""
    if DRUG_FORM.search(name) or values.get("strength", "次") not in NO_AMOUNT:
        return MEDICINE
    if kind or SERVICE_NAME.search(name):
        return ""
    return MEDICINE  # a file without classes is one of prescriptions


def is_service(values: Values) -> bool:
    return class_of_order(values) != MEDICINE
