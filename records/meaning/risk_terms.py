"""TABLES of the codes and names under which blood group, infection, pregnancy and implants are
recorded.

LOINC 2.78 (Regenstrief Institute), ICD-10 (WHO 2019; GB/T 14396-2016), SNOMED CT international
edition; names as Chinese laboratories print them.
"""

import re
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from records.meaning.sense import Words


@dataclass(frozen=True, slots=True)
class InfectionTerm:
    """tests: names of results, as clean_name leaves them; diagnosis: of the whole name."""

    words: Words
    loinc: frozenset[str]
    tests: frozenset[str]
    diagnosis: re.Pattern[str]
    icd10: tuple[str, ...]


BLOOD_CODES = frozenset({"882-1", "883-9"})
RH_CODES = frozenset({"10331-7"})
ABO_NAMES = frozenset(
    {"血型", "abo血型", "abo血型鉴定", "血型鉴定", "abo+rh血型", "abo/rh血型", "abo正定型"}
    | {"abo血型定型", "血型abo", "bloodgroup", "bloodtype", "abogroup", "aboandrhgroup"}
)
RH_NAMES = frozenset(
    {"rh血型", "rh血型鉴定", "rhd血型", "rhd血型鉴定", "rhd", "rh", "rh因子", "血型rh", "rhtype"}
)

END = r"(?:[,;、].*)?"
INFECTIONS = (
    InfectionTerm(
        _("HBsAg positive"),
        frozenset({"5195-3", "5196-1", "63557-3", "58452-4"}),
        frozenset(
            {
                "hbsag",
                "乙肝表面抗原",
                "乙型肝炎表面抗原",
                "乙型肝炎病毒表面抗原",
                "乙肝病毒表面抗原",
            }
            | {"乙肝表面抗原测定", "乙型肝炎表面抗原测定", "hepatitisbsurfaceantigen"}
        ),
        re.compile(
            r"(?:慢性|急性)?(?:乙型(?:病毒性)?肝炎|乙肝)(?:病毒)?(?:感染|携带者?|大三阳|小三阳)?"
            rf"{END}|乙肝(?:大|小)三阳|(?:chronic |acute )?hepatitis b(?: carrier| infection)?"
        ),
        ("B16", "B18.0", "B18.1", "Z22.5"),
    ),
    InfectionTerm(
        _("Hepatitis C positive"),
        frozenset({"16128-1", "13955-0", "5198-7", "11259-9", "11011-4", "20416-4"}),
        frozenset(
            {"抗-hcv", "抗hcv", "anti-hcv", "hcv-ab", "hcvab", "丙肝抗体", "丙型肝炎抗体"}
            | {"丙型肝炎病毒抗体", "丙肝病毒抗体", "hcv-rna", "hcvrna"}
        ),
        re.compile(
            rf"(?:慢性|急性)?(?:丙型(?:病毒性)?肝炎|丙肝)(?:病毒)?(?:感染|携带者?)?{END}|"
            r"(?:chronic |acute )?hepatitis c(?: infection)?"
        ),
        ("B17.1", "B18.2"),
    ),
    InfectionTerm(
        _("HIV positive"),
        frozenset(
            {"75622-1", "56888-1", "31201-7", "7917-8", "29893-5", "68961-2", "80387-4", "25835-0"}
        ),
        frozenset(
            {"抗-hiv", "抗hiv", "anti-hiv", "hiv抗体", "hivab", "hiv-ab", "人类免疫缺陷病毒抗体"}
            | {"hiv抗原抗体", "hiv抗体确证", "艾滋病抗体", "hiv抗原抗体联合检测", "hiv1/2抗体"}
        ),
        re.compile(
            rf"(?:hiv|人类免疫缺陷病毒)(?:感染|病|抗体阳性)?{END}|艾滋病|获得性免疫缺陷综合征|"
            r"(?:hiv|human immunodeficiency virus)(?: infection| disease)?|aids"
        ),
        ("B20", "B21", "B22", "B23", "B24", "Z21"),
    ),
    InfectionTerm(
        _("Syphilis serology positive"),
        frozenset({"24312-1", "20507-0", "22461-8", "47236-5", "71793-4", "8041-6", "24110-9"}),
        frozenset(
            {
                "梅毒抗体",
                "梅毒螺旋体抗体",
                "tppa",
                "tp-ab",
                "抗tp",
                "rpr",
                "trust",
                "梅毒特异性抗体",
            }
            | {"梅毒螺旋体特异性抗体", "抗梅毒螺旋体抗体", "梅毒确证试验"}
        ),
        re.compile(rf"(?:早期|晚期|隐性|潜伏|神经|[一二三]期)*梅毒{END}|syphilis"),
        ("A50", "A51", "A52", "A53"),
    ),
    InfectionTerm(
        _("Multi-resistant organism"),
        frozenset({"13317-3", "35492-8"}),
        frozenset({"mrsa", "mrsa筛查", "cre", "cre筛查", "耐甲氧西林金黄色葡萄球菌"}),
        re.compile(
            r"(?:mrsa|cre|crab|vre|耐甲氧西林金黄色葡萄球菌|耐碳青霉烯类?(?:肠杆菌|鲍曼不动杆菌)|"
            rf"耐万古霉素肠球菌|多重耐药菌)(?:感染|定植|携带)?{END}"
        ),
        ("U82.1", "U83.7"),
    ),
)

PREGNANCY = re.compile(
    r"(?:早期?|中期?|晚期?|宫内|正常|单胎|双胎|多胎|高危)*(?:妊娠|早孕|中孕|晚孕|怀孕)(?:状态|\d+周.*)?|"
    r"宫内孕.*|孕\d+.*|妊娠期.*|.*合并妊娠|妊娠合并.*|(?:normal |early )?pregnancy|pregnant.*"
)
PREGNANCY_CODES = frozenset(
    {"77386006", "72892002", "237238006", "47200007", "Z33", "Z33.X00", "Z34.9", "Z34.0", "Z34.8"}
)  # SNOMED CT: pregnant, normal, confirmed, high risk; ICD-10: pregnant state, supervision

# The kinds that change what may be done: magnet, current, needle, infection
IMPLANT = re.compile(
    r"(?P<defibrillator>除颤器|\bicd植入|defibrillator)|(?P<pacemaker>起搏器|pacemaker|\bcrt-?p\b)|"
    r"(?P<valve>(?:人工|机械|生物)(?:心脏)?瓣膜?|瓣膜置换|prosthetic (?:heart )?valve|"
    r"(?:aortic|mitral) valve replacement)|"
    r"(?P<stent>支架(?:植入|置入|术后)|冠脉支架|\bstent)|"
    r"(?P<cochlear>人工耳蜗|cochlear implant)|(?P<stimulator>脑深部(?:电)?刺激|神经刺激器|"
    r"(?:deep brain|spinal cord|vagus nerve) stimulat)|(?P<clip>动脉瘤夹|aneurysm clip)|"
    r"(?P<port>输液港|implantable (?:venous )?port)|(?P<pump>植入式.{0,4}泵|胰岛素泵|insulin pump)|"
    r"(?P<assist>左?心室辅助装置|ventricular assist)"
)
REMOVED = re.compile(r"取出|移除|拆除|拔除|拟|计划|remov|explant|extraction")
IMPLANT_WORDS: dict[str, Words] = {
    "defibrillator": _("implanted defibrillator"),
    "pacemaker": _("pacemaker"),
    "valve": _("prosthetic heart valve"),
    "stent": _("stent"),
    "cochlear": _("cochlear implant"),
    "stimulator": _("nerve stimulator"),
    "clip": _("aneurysm clip"),
    "port": _("implanted port"),
    "pump": _("implanted pump"),
    "assist": _("ventricular assist device"),
}
# ICD-10 by their beginning, SNOMED CT whole
IMPLANT_CODES = {
    "Z95.0": "pacemaker",
    "Z95.2": "valve",
    "Z95.3": "valve",
    "Z95.5": "stent",
    "441509002": "pacemaker",
    "14106009": "pacemaker",
    "307280005": "pacemaker",
    "72506001": "defibrillator",
}


def split_words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


# By what the rows are found that the patterns above then judge: codes as senders write them most,
# and how names begin
CONDITION_CODES = (
    *split_words(
        "B16 B16.9 B18.0 B18.1 B18.100 B18.2 B18.200 B17.1 Z22.5 B20 B24 Z21 A53.9 A52.3 "
        "A51.0 U82.1 Z95.0 Z95.2 Z95.5 66071002 61977001 50711007 128302006 86406008 76272004 "
    ),
    *sorted(PREGNANCY_CODES),
    *IMPLANT_CODES,
)
CONDITION_BEGINNINGS = split_words(
    "乙肝 乙型 慢性乙 急性乙 丙肝 丙型 慢性丙 急性丙 hiv 人类免疫 艾滋 获得性免疫 aids "
    "梅毒 隐性梅毒 潜伏梅毒 早期梅毒 晚期梅毒 神经梅毒 mrsa cre crab vre 耐甲氧西林 "
    "耐碳青霉烯 耐万古霉素 多重耐药 妊娠 早孕 中孕 晚孕 怀孕 宫内孕 宫内妊娠 孕 早期妊娠 "
    "中期妊娠 晚期妊娠 高危妊娠 正常妊娠 单胎妊娠 双胎妊娠 pregnan hepatitis syphilis "
    "心脏起搏器 起搏器 永久 植入 人工 机械 生物瓣 冠脉支架 冠状动脉支架 支架 pacemaker "
)
PROCEDURE_BEGINNINGS = split_words(
    "起搏器 永久 心脏起搏器 双腔 单腔 植入 埋藏式 icd植入 人工 机械 二尖瓣 主动脉瓣 "
    "冠脉支架 冠状动脉支架 冠状动脉 支架 经皮冠状 脑深部 动脉瘤夹 输液港 胰岛素泵 "
    "implantation insertion pacemaker "
)
