"""A Condition's meaning: by both of its states, by words that doubt it, in full."""

import pytest

from records.meaning.sense import Sense
from tests.support.readings import coded, marks, told


@pytest.mark.parametrize(
    ("clinical", "verified", "sense", "said"),
    [
        ("active", "confirmed", Sense.CURRENT, []),
        ("active", None, Sense.CURRENT, []),
        ("recurrence", "confirmed", Sense.CURRENT, ["recurrence"]),
        ("active", "refuted", Sense.NEGATIVE, ["ruled out"]),
        ("resolved", "refuted", Sense.NEGATIVE, ["resolved", "ruled out"]),
        (None, "entered-in-error", Sense.VOID, None),
        ("active", "entered-in-error", Sense.VOID, None),
        ("active", "unconfirmed", Sense.UNCERTAIN, ["unconfirmed"]),
        ("active", "provisional", Sense.UNCERTAIN, ["provisional diagnosis"]),
        ("active", "differential", Sense.UNCERTAIN, ["differential diagnosis"]),
        ("remission", "confirmed", Sense.PAST, ["in remission"]),
        ("inactive", "provisional", Sense.PAST, None),
        (None, "confirmed", Sense.CURRENT, ["not stated whether it is still present"]),
        ("gone", "confirmed", Sense.UNCERTAIN, ["gone"]),
        ("active", "maybe", Sense.UNCERTAIN, ["maybe"]),
    ],
)
def test_a_diagnosis_by_both_of_its_states(
    clinical: str | None, verified: str | None, sense: Sense, said: list[str] | None
) -> None:
    states = {
        k: coded(v)
        for k, v in (("clinicalStatus", clinical), ("verificationStatus", verified))
        if v
    }
    found = told("Condition", code={"text": "肺结核"}, **states)
    assert found.sense is sense and (said is None or marks(found) == said)


@pytest.mark.parametrize(
    ("name", "sense"),
    [
        ("胰腺癌？", Sense.UNCERTAIN),
        ("心肌炎待排", Sense.UNCERTAIN),
        ("疑似肺结核", Sense.UNCERTAIN),
        ("肺结核（已排除）", Sense.NEGATIVE),
        ("排除性诊断", Sense.CURRENT),
        ("高血压", Sense.CURRENT),
        ("发热待查", Sense.CURRENT),
        *(
            (n, Sense.UNCERTAIN)
            for n in (
                "？肺癌",
                "肺癌（？）",
                "肺癌(?)",
                "肺栓塞?待查",
                "肺癌不能除外",
                "肺癌未除外",
                "肺癌不排除",
                "未排除肺癌",
                "急性心梗未能排除",
                "考虑肺癌",
                "肺癌可能",
                "拟诊肺结核",
                "Suspected sepsis",
                "Possible stroke",
                "r/o PE",
                "PE not ruled out",
                "疑肺癌",
            )
        ),
        *(
            (n, Sense.NEGATIVE)
            for n in (
                "否认高血压",
                "无高血压",
                "无糖尿病史",
                "肺结核（排除）",
                "肺结核(已经排除)",
                "肺癌已除外",
                "PE ruled out",
                "No diabetes",
                "否认高血压、糖尿病史",
                "无高血压、糖尿病史",
                "已排除肺结核",
            )
        ),
        *(
            (n, Sense.CURRENT)
            for n in (
                "肺炎，已排除肺结核",
                "肺炎（已排除结核）",
                "冠心病（已排除急性心梗）",
                "发热（新冠已排除）",
                "无症状菌尿",
                "三阴性乳腺癌",
                "无脉症",
                "无痛性甲状腺炎",
                "否认高血压，糖尿病10年",
                "否认高血压 糖尿病",
                "否认冠心病有高血压",
                "肺炎 已排除肺结核",
                "No light perception",
                "no-reflow phenomenon",
                "无症状心肌缺血",
                "Pneumonia with PE ruled out",
                "无Q波心肌梗死",
                "排除肺结核后肺炎",
                "冠心病急性心梗已排除",
                "肺炎合并肺结核已排除",
                "无并发症的糖尿病史",
                "疑病症",
            )
        ),
        *(
            (n, Sense.NEGATIVE)
            for n in (
                "No fever or chills",
                "Denies chest pain",
                "No known drug allergies",
                "No history of stroke",
                "No evidence of metastasis",
                "Negative for tuberculosis",
                "No hepatitis",
                "No known problems",
                "NKDA",
                "无",
                "否认食物、药物过敏史",
                "无手术史",
                "否认结核病史及接触史",
                "无发热",
                "无病史",
            )
        ),
        *(
            (n, Sense.CURRENT)
            for n in (
                "No fetal movement",
                "No urine output",
                "no pulse",
                "No breath sounds",
                "no fetal heart tones",
                "No bowel sounds",
                "No stool",
                "No spontaneous breathing",
                "No vital signs",
                "No consciousness",
                "denies fetal movement",
                "No known fetal movements",
                "no reaction to pain",
                "No response",
                "No corneal reflex",
                "No vision",
                "No history of vaccination",
                "No housing",
                "no pulse or fever",
                "无尿",
                "无脉",
                "没有胎动",
                "否认胎动",
                "无胎动史",
                "无月经史",
                "无接种史",
                "无自主呼吸史",
                "否认排尿",
                "无反应",
                "没有反应",
                "无生命体征",
                "否认生命体征",
                "没有痛觉史",
                "无胎动及发热史",
            )
        ),
        ("肺癌？" + "，既往体健" * 40, Sense.CURRENT),
    ],
)
def test_a_diagnosis_whose_own_words_doubt_it(name: str, sense: Sense) -> None:
    assert (
        told(
            "Condition",
            code={"text": name},
            clinicalStatus=coded("active"),
            verificationStatus=coded("confirmed"),
        ).sense
        is sense
    )


def test_a_diagnosis_in_full() -> None:
    found = told(
        "Condition",
        code={"text": "乳腺癌"},
        clinicalStatus=coded("active"),
        severity={"text": "重度"},
        bodySite=[{"text": "左侧"}],
        stage=[{"summary": {"text": "II期"}}],
        onsetAge={"value": 45, "unit": "岁"},
        note=[{"text": "待复核", "authorString": "王医师", "time": "2026-11-20T23:30:00Z"}],
    )
    assert found.facts == ("重度", "左侧", "stage: II期", "onset: 45 岁")
    assert [(n.text, n.by) for n in found.notes] == [("待复核", "王医师 2026-11-21 07:30")]
    assert (
        told("Condition", code={"text": "肺炎"}, abatementDateTime="2026-03").sense is Sense.PAST
    ), "no clinical status, but it has ended"
    assert (
        told("Condition", code={"text": "肺炎"}, abatementString="未愈").sense is Sense.CURRENT
        and told("Condition", code={"text": "肺炎"}, abatementString="已治愈").sense is Sense.PAST
    )
    assert told("Condition").title == "diagnosis not named"
    assert (
        told("Condition", code=coded("160245001"), clinicalStatus=coded("active")).sense
        is Sense.NEGATIVE
    ), "no current problems"
