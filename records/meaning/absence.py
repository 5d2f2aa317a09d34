"""Whether words or codes say that something is absent: "no known allergy", 否认青霉素过敏, NKDA.
A sentence that also names something present is no absence.

Codes: SNOMED CT as in the IPS value set "absent or unknown", and IPS CodeSystem
absent-unknown-uv-ips.
"""

import re
import unicodedata
from enum import StrEnum
from itertools import pairwise
from typing import Any

from records.chinese.simplify import simplify_chinese
from records.meaning.result_identity import SNOMED
from records.meaning.value_text import LONGEST, concept_text


class Presence(StrEnum):
    """ABSENT: somebody asked, and there is none. UNASKED: nobody knows. PRESENT: neither, so
    what is named is there.
    """

    PRESENT = "present"
    ABSENT = "absent"
    UNASKED = "unasked"


IPS = "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips"
ABSENT_CODES = frozenset(
    {
        # allergies: any, drug, food, environment, latex, animal, insect; older code for any
        "716186003",
        "409137002",
        "429625007",
        "428607008",
        "716184000",
        "716220001",
        "428197003",
        "716185004",
        "160244002",
        "160245001",  # no current problems or disability
        "787481004",
        "787482006",
        "787483001",  # no known medications, immunizations, device use
        "no-known-allergies",
        "no-known-medication-allergies",
        "no-known-environmental-allergies",
        "no-known-food-allergies",
        "no-known-problems",
        "no-known-medications",
        "no-known-immunizations",
        "no-known-procedures",
        "no-known-devices",
    }
)
UNASKED_CODES = frozenset(
    {
        "no-allergy-info",
        "no-problem-info",
        "no-medication-info",
        "no-immunization-info",
        "no-procedure-info",
        "no-device-info",
        "1631000175102",
    }
)  # SNOMED CT: patient not asked

# What may stand in a denial without naming anything: kinds, sources, times. What says that
# something is there (有, 现, 对) is not among them.
GENERAL = (
    r"(?:食物|食品|药物|药品|药(?!敏)|食|中药|西药|环境|花粉|接触物?|其[他它]|任何|已知|明确|明显|特殊|既往|目前|"
    r"暂时?|以及|及|和|与|或者?|、|/| |的|性|疾?病|家族|个人|反应|物质?|情况|记录|史|有关|相关)"
)
TAIL = r"(?:史|原|性|疾病|病|反应|物质?|情况|记录|家族|个人|等| )*+"
WHO = r"(?:患者|病人|家属|家长|其母|其父|本人|自诉|自述|诉|既往|平素|目前|现|暂|均|明确|已|曾| )*+"
# 无花果 is a fruit, 无菌敷料 a dressing, 无创面罩 a mask
SUBSTANCES = (
    "花果|菌|患子|水(?!果|产)|机|味|烟|名异|麸|糖|醇|铅|针|尘|纺|汞|色|环鸟苷|创|痛|线|绳|骨|"
    "醛|纸|氟|酶|磷|铝|防腐|添加|酒精|粉手套|粉乳胶|胶带|影灯"
)
NONE = rf"无(?!{SUBSTANCES})"
NOT = rf"(?:否认|{NONE}|没有|未发现|未见|未曾有?|未诉|未有|从未|不存在|未闻及) ?(?:曾有|有|发现)?"
# A substance or several, never a second statement
SAID = (
    r"过敏|药敏|阳性|对(?!乙酰|氨基|比剂|苯)|(?<!没)有(?!机)|出现|发生|发作|引起|导致|今|昨|近|后|"
    r"疹|休克|痒|肿|喘|呼吸|反应|严重|耐受|禁用|慎用|可疑|是|为|\d+年"
)
REST = rf"(?:(?!{SAID})[^,;。:+ ]){{0,40}}?"
RESULT = r"(?:无|否|否认|未发现|没有|未见|阴性|\(-\)|-|no|none|nil|denied|negative)"
ALLERGIES = (
    r"(?:allerg(?:y|ies|ens?)|adverse (?:drug )?reactions?|intolerances?|sensitivit(?:y|ies))"
)
W = (
    r"(?!has\b|had\b|have\b|is\b|with\b|who\b|was\b|report|stat(?:es|ed)\b|allergic\b|react|rash|"
    r"hives|anaphyla|urticaria|shock|swelling|severe)[a-z0-9][\w/-]*"
)
TO = rf"(?: (?:to|history)(?: {W}){{0,4}})?"
PATIENT = r"(?:the )?(?:patient |pt )?"
# Each names a whole clause.
ABSENT_CLAUSES = tuple(
    re.compile(p)
    for p in (
        rf"{WHO}{NOT}{GENERAL}*+(?:过敏|药敏){TAIL}(?:(?:以及|及|和|与|或){GENERAL}*+(?:过敏|药敏){TAIL}|"
        # 无药物过敏史, 否认食物及药物过敏史
        r"、(?:食物|药物|花粉|环境|接触物?|其[他它]|中药|西药)+过敏(?:反应)?史)*",
        rf"{WHO}(?:否认|无|没有|未发现|未见|无殊|无特殊|阴性)|{WHO}{NOT}{GENERAL}++",
        # 否认青霉素过敏, 无青霉素过敏史
        (
            rf"{WHO}(?:否认|{NONE}|没有|未发现|未见) ?(?:曾有|有)?对?{REST}"
            rf" ?(?:过敏|药敏){TAIL}(?:(?:以及|及|和|与|或){REST}(?:过敏|药敏){TAIL})*"
        ),
        # 对青霉素不过敏
        rf"{WHO}对?{REST} ?(?:不过敏|无过敏(?:史|反应)?|未过敏|未见过敏(?:反应)?)",
        rf"{REST} ?(?:皮试|试验|过敏原检测|ige)(?:结果)? ?:? ?(?:阴性|\(-\)|-)",  # 青霉素皮试阴性
        # 药物过敏史：无
        (
            rf"{REST}(?:过敏|药敏)(?:史|情况)?: ?{RESULT}|{REST}(?:过敏|药敏)(?:史|情况)"
            r" (?:无|否认|未发现|没有|未见|阴性)"
        ),
        r"nka|nkda|nkfa|nkma|none|no|nil|negative|(?:none|nil)(?: known| reported| recorded)",
        (
            rf"{PATIENT}(?:has |reports |states )?(?:no|nil)(?: known| history of| documented|"
            rf" reported)*(?: (?!{ALLERGIES}){W}){{0,4}} {ALLERGIES}(?: known| reported|"
            rf" recorded)*{TO}"
        ),
        rf"{PATIENT}(?:denies|denied)(?: any)?(?: (?!{ALLERGIES}){W}){{0,6}}(?: {ALLERGIES}{TO})?",
        rf"{PATIENT}(?:is )?not (?:known to be )?allergic(?: to(?: {W}){{1,4}})?",
        rf"(?:[\w-]+ )?{ALLERGIES}(?: history)?:? ?{RESULT}",
        rf"not known to have(?: (?!{ALLERGIES}){W}){{0,4}} {ALLERGIES}{TO}",
    )
)
# Goes on from a denial: 否认药物，食物过敏史. After a whole denial only a kind with 史 does:
# 否认药物过敏史，花粉过敏 names an allergy.
KINDS = r"(?:食物|食品|药物|药品|中药|西药|接触物?|其[他它]|任何|环境|及|和|与|或)++"
CONTINUED = re.compile(rf"(?:{KINDS}|花粉)(?:(?:过敏|药敏)(?:史|反应)?)?")
CONTINUED_WHOLE = re.compile(rf"{KINDS}(?:过敏|药敏)(?:反应)?史")
UNFINISHED = re.compile(rf"{WHO}{NOT}(?:(?!过敏|药敏|史){GENERAL})++")
BESIDE = re.compile(
    r"verified|confirmed|reviewed|updated|(?:per|by|as told by)"
    r" (?:patient|family)|已?(?:核实|确认|核对)"
)  # NKA (verified)
UNASKED_CLAUSE = re.compile(
    rf"(?:{GENERAL}|过敏原?|:)*+(?:不详|未知|不明|不清楚?|不知|未询问|未问及|未提供|无法(?:询问|获取|提供)|待查)|-+|/|unknown|not"
    r" known|not asked|"
    rf"(?:[\w-]+ )?{ALLERGIES}(?: history)?:? ?unknown|unknown (?:[\w-]+ )?{ALLERGIES}(?:"
    r" history)?|no information(?: [\w-]+)*|unable to (?:obtain|assess)(?: [\w-]+)*"
)
# Words that turn a negative into its opposite, or leave it open
OPEN = re.compile(
    r"不能排除|不除外|未排除|不排除|无法排除|待排|不否认|未否认|无否认|非无|并非|cannot (?:be"
    r" )?(?:excluded|ruled out)|not ruled out|无法确定|除|但|仅|只有|只对|"
    r"\b(?:but|except\w*|excluding|besides|however|although|though|only|save"
    r" for|(?:other|apart|aside) (?:than|from))\b"
)
DENIAL = re.compile(
    r"否认|无|没有|未|(?:the )?(?:patient |pt"
    r" )?\b(?:no|not|nil|none|nk\w+|den(?:y|ies|ied)|negative)\b"
)
# Where a part that is no denial as a whole is parted further, one after the other
SPLITS = tuple(
    re.compile(p)
    for p in (
        r"(?<=[\u4e00-\u9fff):]) | (?=[\u4e00-\u9fff])| [-+/]+ ",
        r"(?<!\()[+/、|&·~=>–—-]+(?!\))",
        ":",
    )
)


def fold_words(words: str) -> str:
    """Folded for comparing: simple characters, width, case, blanks."""
    folded = re.sub(
        r"\s+", " ", unicodedata.normalize("NFKC", simplify_chinese(words)).casefold()
    ).strip(" .")
    return re.sub(r"(?<=[\u4e00-\u9fff:]) | (?=[\u4e00-\u9fff])", "", folded)


def fold_keeping_spaces(words: str) -> str:
    """Folded like fold_words, but blanks stay, since they may part two statements; a new line is
    a full stop.
    """
    folded = unicodedata.normalize(
        "NFKC", simplify_chinese(re.sub(r"[\r\n]+", ";", words))
    ).casefold()
    return re.sub(r"\s+", " ", folded).strip(" .")


def is_denial(clause: str) -> bool:
    return any(p.fullmatch(clause) for p in ABSENT_CLAUSES)


def split_clauses(words: str) -> list[str]:
    """The parts of a sentence, what stands in brackets as one of them; a result in brackets,
    (-), belongs to its clause. A part that is no denial as a whole is parted further, at blanks and
    signs.
    """
    without = re.sub(
        r"\((?:situation|finding|disorder|substance)\)", "", fold_keeping_spaces(words)
    )
    parts = [
        c
        for part in re.split(r"[,;。!?]", re.sub(r"\(([^()+-][^()]*)\)", r",\1,", without))
        if (c := part.strip(" ."))
    ]
    for split in SPLITS:
        parts = [
            c
            for part in parts
            for piece in (
                [part] if is_denial(part) or UNASKED_CLAUSE.fullmatch(part) else split.split(part)
            )
            if (c := piece.strip(" ."))
        ]
    return parts


def continues_denial(before: str, clause: str) -> bool:
    """Whether a clause belongs to the denial before it."""
    unfinished = UNFINISHED.fullmatch(before) or (
        CONTINUED.fullmatch(before) and "敏" not in before
    )
    return bool(
        BESIDE.fullmatch(clause)
        or CONTINUED_WHOLE.fullmatch(clause)
        or (CONTINUED.fullmatch(clause) and unfinished)
    )


def presence_of_words(words: str) -> Presence:
    """Of a name as it was typed. Every clause has to say that something is absent, otherwise
    what is named is present.
    """
    found = split_clauses(words) if len(words) <= LONGEST else []
    if not found or any(OPEN.search(c) for c in found):
        return Presence.PRESENT
    if all(UNASKED_CLAUSE.fullmatch(c) for c in found):
        return Presence.UNASKED
    denied = is_denial(found[0]) and all(
        is_denial(c) or continues_denial(before, c) for before, c in pairwise(found)
    )
    return Presence.ABSENT if denied else Presence.PRESENT


def presence_of_code(coding: Any) -> Presence:
    """Of one Coding: by its code alone."""
    if not isinstance(coding, dict) or coding.get("system") not in (None, SNOMED, IPS):
        return Presence.PRESENT
    code = str(coding.get("code"))
    return (
        Presence.ABSENT
        if code in ABSENT_CODES
        else Presence.UNASKED
        if code in UNASKED_CODES
        else Presence.PRESENT
    )


def agrees_with_denial(words: str) -> bool:
    """Whether words beside a code of absence agree with it: a denial of anything, in a single
    clause.
    """
    found = split_clauses(words) if len(words) <= LONGEST else []
    if len(found) != 1 or OPEN.search(found[0]):
        return False
    start = DENIAL.match(found[0])
    rest = found[0][start.end() :] if start else ""
    return bool(start) and not re.search(
        rf"阳性|对|有|出现|过敏.+过敏|过敏史?[^史反原]|{ALLERGIES}.", rest
    )


def presence_of_concept(concept: Any) -> Presence:
    """Of a CodeableConcept. Where its text, or another of its codings, names something that its
    code calls absent, that is present.
    """
    if not isinstance(concept, dict):
        return Presence.PRESENT
    codings = [c for c in concept.get("coding") or [] if isinstance(c, dict)]
    by_code = next(
        (said for c in codings if (said := presence_of_code(c)) is not Presence.PRESENT),
        Presence.PRESENT,
    )
    if by_code is Presence.PRESENT:
        return presence_of_words(concept_text(concept))
    others = [c for c in codings if presence_of_code(c) is Presence.PRESENT]
    named = [str(c.get("display") or "") for c in others]
    if any(c.get("system") in (None, SNOMED, IPS) and c.get("code") for c in others) or any(
        n and presence_of_words(n) is Presence.PRESENT and not agrees_with_denial(n) for n in named
    ):
        return Presence.PRESENT
    written = str(concept.get("text") or "")
    return by_code if not written or agrees_with_denial(written) else presence_of_words(written)


NOTHING = (
    r"(?:无|否认|没有|从未|未曾|未|暂无|目前无|现无|目前未|目前没有)"
    r"(?:目前|现|长期|任何|特殊|其[他它]|已知|正在|规律|口服|在)*"
)
EMPTY = {
    "medicine": re.compile(
        rf"{NOTHING}(?:用药|服药|使用药物|服用药物|药物|用药情况|治疗药物|药)(?:史|情况)?|无|none|nil|"
        r"(?:no|nil)(?: known| current| regular| active| home)*(?: medications?| medicines?| meds|"
        r" drugs?)|"
        r"not (?:currently )?(?:on|taking) (?:any )?(?:medications?|medicines?|drugs?)"
    ),
    "immunization": re.compile(
        rf"{NOTHING}(?:接种|预防接种|疫苗接种|接种疫苗)(?:史|情况)?|"
        r"无|none|nil|(?:no|nil)(?: known| previous| prior)*(?: immuni[sz]ations?| vaccinations?|"
        r" vaccines?)"
    ),
    "procedure": re.compile(
        rf"{NOTHING}(?:手术|手术外伤|操作|外科手术)(?:史|情况)?|"
        r"无|none|nil|(?:no|nil)(?: known| previous| prior| past)*(?: procedures?| surger(?:y|ies)|"
        r" surgical history| operations?)"
    ),
    "problem": re.compile(
        rf"{NOTHING}(?:疾病|基础疾病|慢性疾病|慢性病|病|不适|诊断|病史|异常)(?:史|情况)?|(?:无|否认|没有)(?:明显|明确)?(?:特殊|异常|不适)?|未发现|未见|未见异常|阴性|nk[a-z]*a|"
        r"none|nil|no|negative|(?:none|nil|no)(?: known| current| active| significant| other|"
        r" reported)*(?: (?:health )?problems?| diseases?| conditions?| illness(?:es)?|"
        r" diagnos[ei]s| (?:past )?medical history| comorbidit(?:y|ies)| complaints?)?(?: known|"
        r" reported| recorded)?"
    ),
}


def presence_of_thing(kind: str, concept: Any) -> Presence:
    """Of the CodeableConcept of a diagnosis, a medicine, an immunization or a procedure; kind: a
    key of EMPTY. Only words that name nothing at all are an absence.
    """
    if not isinstance(concept, dict):
        return Presence.PRESENT
    written = fold_keeping_spaces(concept_text(concept)[: LONGEST + 1]).replace("。", "")
    by_code = {presence_of_code(c) for c in concept.get("coding") or []}
    if EMPTY[kind].fullmatch(written):
        return Presence.ABSENT
    return (
        Presence.PRESENT
        if by_code - {Presence.ABSENT, Presence.UNASKED} or not by_code
        else presence_of_concept(concept)
    )
