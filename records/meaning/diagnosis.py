"""Whether the name of a diagnosis says itself that it is not settled, or not so: 胰腺癌？,
心肌炎待排, 肺结核（已排除）, 否认高血压. Whatever is not surely a denial is the illness.

Only an illness, a complaint or a harmful habit can be denied away: 无胎动, "no urine output" and
whatever else a body ought to have are findings themselves.
"""

import re

from records.meaning.absence import fold_keeping_spaces
from records.meaning.value_text import LONGEST

DOUBTED = re.compile(
    r"\?|待排|待除外|待(?:明确|确诊|证实|鉴别)|^疑(?!病|难|核)|怀疑|疑似|可疑|疑诊|拟诊|考虑|可能|(?:不|未|不能|未能|无法|尚未|尚不能|暂不|难以|没有)(?:完全|彻底)?(?:排除|除外)|"
    r"\b(?:suspected|suspicion|possible|possibly|probable|probably|presumed|likely|query|r/o|rule["
    r" -]?out|to be ruled out|not (?:been )?(?:ruled out|excluded)|cannot (?:be"
    r" )?(?:rule|exclude)\w*)\b"
)
OUT = r"(?:现|目前)?已?(?:经)?(?:被)?(?:排除|除外)"
PART = r"[^,;。:()、/+ ]"
EVER = r"(?:患者|家属|本人|自诉|既往|目前|平素)*"
THERE = r"有|的|但|除|对|合并|伴|发现|今|现|诊断|确诊|\d"  # a second statement within a denial
# 冠心病急性心梗已排除: nobody knows of which it is said
TWO = rf".*(?:合并|伴|后|并发|继发|[病炎癌瘤](?!已|现|目|被){PART}{{2}})"
# 无 begins the name of many an illness (无脉症, 无症状菌尿): only these are denied by it, or what
# ends in 史
ILLNESSES = (
    r"(?:高血压病?|糖尿病|冠心病|心脏病|肝炎|乙肝|丙肝|结核|肺结核|哮喘|肿瘤|恶性肿瘤|癌症|脑卒中|脑梗死|脑出血|高血脂|高脂血症|痛风|肾病|肾炎|癫痫|传染病|慢性病|慢性疾病|遗传病|精神病|基础疾病|"
    r"青光眼|甲亢|甲减|贫血|胃溃疡|消化性溃疡|房颤|心衰|慢阻肺|梅毒|艾滋病|发热|发烧|畏寒|寒战|咳嗽|咳痰|咯血|胸闷|气促|气短|呼吸困难|心悸|头晕|头昏|眩晕|晕厥|恶心|呕吐|腹泻|腹胀|便秘|呕血|黑便|便血|"
    r"血尿|尿频|尿急|水肿|浮肿|皮疹|瘙痒|乏力|盗汗|抽搐|头痛|胸痛|腹痛|腰痛|关节痛|咽痛)"
)
HARM = (  # an illness by what its name ends in; what a past may hold that does harm
    rf"(?:(?!{THERE}){PART}){{0,10}}?(?:{ILLNESSES}|[病炎癌瘤痛]|(?<!体)征|症状?|感染|中毒|骨折|外?伤|损伤|手术|结石|出血|梗死|梗塞|栓塞|血栓|衰竭|畸形|结节|溃疡|息肉|穿孔|梗阻|过敏|不适|"
    r"输血|吸烟|饮酒|烟酒|吸毒|冶游|接触|家族|遗传|传染|用药|服药|住院)"
)
WORDS_BEFORE = (
    r"(?:(?!(?:to|from|by|on|of|at|for|with|or|in|response|reaction|withdrawal|reflex\w*|movements?|pulse|output|sounds?|sensation)\b)[a-z][\w'-]*"
    r" ){0,3}"
)
# The last word of an illness or a complaint: by its meaning, or by an ending that nothing healthy
# has
HARM_EN = (
    rf"{WORDS_BEFORE}(?:(?!diagnosis|prognosis|stoma|norm|eu|sympathy|empathy)[a-z]+(?:itis|oma|osis|[ae]emia|emia|opathy|algia|plegia|paresis|megaly|orrhage|uria)|[a-z]*(?:pain|ache)s?|"
    r"diseases?|disorders?|syndromes?|illness(?:es)?|diabetes(?:"
    r" mellitus)?|hypertension|asthma|copd|strokes?|cancers?|tumou?rs?|mass(?:es)?|"
    r"malignanc(?:y|ies)|"
    r"metasta[st]\w+|lesions?|"
    r"seizures?|epilepsy|convulsions?|fevers?|chills|cough|nausea|vomiting|diarrho?ea|constipation|bleeding|bruising|rash(?:es)?|itching|pruritus|swelling|o?edema|ascites|jaundice|"
    r"dyspno?ea|wheez(?:e|ing)|dizziness|vertigo|syncope|palpitations|numbness|tingling|infections?|sepsis|tb|hiv|aids|syphilis|covid(?:-?19)?|influenza|fractures?|injur(?:y|ies)|trauma|"
    r"allerg(?:y|ies)|ulcers?|gout|(?:heart|renal|kidney|liver|respiratory)"
    r" failure|infarctions?|isch[ae]+mia|embolism|dvt|abscess(?:es)?|hernias?|stones?|"
    r"obstruction|dementia|depression|"
    r"anxiety|complications?|complaints?|symptoms?|abnormalit(?:y|ies))"
)
RULED_OUT = tuple(
    re.compile(p)
    for p in (
        rf"(?!{TWO}){PART}+?[( ]?{OUT}\)?",
        rf"{OUT}(?!性)(?:(?!后|{THERE}){PART})+",
        (
            r"(?!.*\b(?:with|and|but|not|in|after|due)\b)[a-z0-9][\w' /-]*? ?\(?(?:has been |was"
            r" |is |been )?(?:ruled out|excluded)\)?"
        ),
    )
)
# (how a denial begins, what parts those that it denies, what each of them has to be, how the last
# one ends)
DENIED = tuple(
    (re.compile(begins), re.compile(parts), re.compile(each), end)
    for begins, parts, each, end in (
        (rf"{EVER}否认(?:有|患有)?", "[、及和与或]", rf"(?:{HARM}|食物|食品|药物|花粉)史?", ""),
        (rf"{EVER}(?:无|没有)(?:明确|已知|既往)?", "[、及和与或]", rf"{ILLNESSES}(?:病?史)?", ""),
        (
            rf"{EVER}(?:无(?!症状|并发|合并|保护|痛|创|脉|菌|力|尿|汗|精|牙|脑|嗅|排卵|功能|虹膜|性|水)|没有)",
            "[、及和与或]",
            rf"(?:{HARM}|食物|食品|药物|花粉)史?",
            "史",
        ),
        (
            (
                r"(?:no|denies|denied|negative for)(?:"
                r" (?:known|current|prior|past|any|personal|family|"
                r"(?:history|evidence|signs?|symptoms?)"
                r" of))* "
            ),
            " or ",
            rf"{HARM_EN}(?: history)?",
            "",
        ),
    )
)


def is_suspected(name: str) -> bool:
    """Whether it is only suspected."""
    return len(name) <= LONGEST and bool(DOUBTED.search(fold_keeping_spaces(name)))


def is_ruled_out(name: str) -> bool:
    """Whether the whole of it says that the illness is not there; one that also names another
    (肺炎，已排除肺结核) is that other.
    """
    if len(name) > LONGEST or is_suspected(name):
        return False
    words = re.sub(r"(?<=[一-鿿)]) (?=\()|(?<=\() | (?=\))", "", fold_keeping_spaces(name))
    return any(p.fullmatch(words) for p in RULED_OUT) or any(
        words.endswith(end)
        and (start := begins.match(words))
        and all(each.fullmatch(part) for part in parts.split(words[start.end() :]))
        for begins, parts, each, end in DENIED
    )
