"""Translate units as laboratories write them to UCUM codes (UCUM 2.2; WS/T 780)."""

import re
import unicodedata

from alliance.platform.remembering import remember_short
from records.search.base_units import SYSTEM, find_base_unit

POWERS = str.maketrans({d: f"^{i}" for i, d in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")})

BILLION = re.compile(
    r"(?:[x×·*]\s*)?10\s*(?:\^|\*\*?|e|\()?\s*(\d{1,2})\)?/(l|ml|ul|μl)", re.IGNORECASE
)

CONCENTRATION = re.compile(
    r"(mc|[munpfk]|μ)?(mol|g|iu|u|eq|osm|osmol|kat)/(l|dl|ml|ul|μl|kg|g|h|d|24h)"
)

SIGN = {"mc": "u", "μ": "u"}

ATOM = {"iu": "[IU]", "u": "U", "osmol": "osm"}

DENOMINATOR = {"l": "L", "dl": "dL", "ml": "mL", "ul": "uL", "μl": "uL", "24h": "(24.h)"}

CASED = {
    "G/L": "10*9/L",
    "T/L": "10*12/L",
    "Gpt/L": "10*9/L",
    "Tpt/L": "10*12/L",
    "K/uL": "10*3/uL",
    "K/μL": "10*3/uL",
    "M/uL": "10*6/uL",
    "M/μL": "10*6/uL",
}  # where a small letter is another unit

# by what is written, without spaces and in small letters
WRITTEN = {
    "mmhg": "mm[Hg]",
    "mm[hg]": "mm[Hg]",
    "毫米汞柱": "mm[Hg]",
    "kpa": "kPa",
    "千帕": "kPa",
    "°c": "Cel",
    "cel": "Cel",
    "摄氏度": "Cel",
    "°f": "[degF]",
    "[degf]": "[degF]",
    "%": "%",
    "百分比": "%",
    "毫克": "mg",
    "微克": "ug",
    "/min": "/min",
    "次/分": "/min",
    "次/分钟": "/min",
    "次/min": "/min",
    "bpm": "/min",
    "beats/min": "/min",
    "breaths/min": "/min",
    "fl": "fL",
    "pg": "pg",
    "s": "s",
    "sec": "s",
    "秒": "s",
    "min": "min",
    "分钟": "min",
    "h": "h",
    "小时": "h",
    "d": "d",
    "天": "d",
    "mm/h": "mm/h",
    "mm/1h": "mm/h",
    "mm/hr": "mm/h",
    "mm": "mm",
    "cm": "cm",
    "厘米": "cm",
    "m": "m",
    "kg": "kg",
    "公斤": "kg",
    "千克": "kg",
    "g": "g",
    "克": "g",
    "mg": "mg",
    "ml": "mL",
    "毫升": "mL",
    "l": "L",
    "升": "L",
    "kg/m2": "kg/m2",
    "kg/m^2": "kg/m2",
    "ml/min": "mL/min",
    "ml/min/1.73m2": "mL/min/{1.73_m2}",
    "ml/min/1.73m^2": "mL/min/{1.73_m2}",
    "ml/(min·1.73m2)": "mL/min/{1.73_m2}",
    "ml/(min·1.73m^2)": "mL/min/{1.73_m2}",
    "ml/min/1.73^m2": "mL/min/{1.73_m2}",
    "/hp": "/[HPF]",
    "/hpf": "/[HPF]",
    "个/hp": "/[HPF]",
    "个/hpf": "/[HPF]",
    "/lp": "/[LPF]",
    "/lpf": "/[LPF]",
    "个/lp": "/[LPF]",
    "/ul": "/uL",
    "/μl": "/uL",
    "个/ul": "/uL",
    "个/μl": "/uL",
    "cells/ul": "/uL",
    "cells/μl": "/uL",
    "毫摩尔/升": "mmol/L",
    "微摩尔/升": "umol/L",
    "克/升": "g/L",
    "毫克/升": "mg/L",
    "微克/升": "ug/L",
    "纳克/毫升": "ng/mL",
    "毫克/分升": "mg/dL",
    "beats/minute": "/min",
    "breaths/minute": "/min",
    "pounds": "[lb_av]",
    "lb": "[lb_av]",
    "lbs": "[lb_av]",
    "inches": "[in_i]",
    "in": "[in_i]",
    "degreesc": "Cel",
    "mm/hg": "mm[Hg]",
    "1": "1",
    "score": "{score}",
    "分": "{score}",
    "ph": "[pH]",
    "inr": "{INR}",
    "ratio": "{ratio}",
    "比值": "{ratio}",
    "copies/ml": "{copies}/mL",
    "拷贝/ml": "{copies}/mL",
    "mmh2o": "mm[H2O]",
    "cmh2o": "cm[H2O]",
    "岁": "a",
    "years": "a",
    "year": "a",
    "yr": "a",
    "y": "a",
    "月": "mo",
    "months": "mo",
    "month": "mo",
    "周": "wk",
    "weeks": "wk",
    "week": "wk",
    "days": "d",
    "day": "d",
}

CHINESE_PARTS = {
    "毫摩尔": "mmol",
    "微摩尔": "umol",
    "毫克": "mg",
    "微克": "ug",
    "纳克": "ng",
    "千克": "kg",
    "公斤": "kg",
    "克": "g",
    "毫升": "mL",
    "微升": "uL",
    "分升": "dL",
    "升": "L",
    "小时": "h",
    "分钟": "min",
    "分": "min",
    "秒": "s",
    "天": "d",
    "日": "d",
    "次/": "/",
    "个/": "/",
}

CHINESE_PART = re.compile("|".join(sorted(CHINESE_PARTS, key=len, reverse=True)))

ANNOTATION = re.compile(r"\{[^{}]*\}")

COUNTED = frozenset(
    {"{beats}/min", "{breaths}/min", "{pulse}/min", "{counts}/min", "{cells}/uL", "{Cells}/uL"}
)  # one thing with and without their word


def tidy_unit(text: str) -> str:
    return (
        unicodedata.normalize("NFKC", text.translate(POWERS))
        .replace(" ", "")
        .replace("µ", "μ")
        .replace("／", "/")
    )


@remember_short
def ucum_from_text(text: str) -> str:
    """The UCUM code of a unit as written, "" where it is not known."""
    plain = tidy_unit(text)
    if plain in CASED:
        return CASED[plain]
    if plain in COUNTED:
        return plain.partition("}")[2]
    if ANNOTATION.sub("", plain) == "%":
        return "%"  # %{HemoglobinA1c}: the annotation says what the code of the test says
    if m := BILLION.fullmatch(plain):
        return f"10*{int(m[1])}/{DENOMINATOR[m[2].lower()]}"
    low = plain.casefold()
    if low in WRITTEN:
        return WRITTEN[low]
    if m := CONCENTRATION.fullmatch(low):
        prefix, atom, denominator = (
            SIGN.get(m[1] or "", m[1] or ""),
            ATOM.get(m[2], m[2]),
            DENOMINATOR.get(m[3], m[3]),
        )
        return f"{prefix}{atom}/{denominator}"
    if "/" in plain and (ascii_ := CHINESE_PART.sub(lambda m: CHINESE_PARTS[m[0]], plain)) != plain:
        return ucum_from_text(ascii_)
    return (
        text.strip()
        if find_base_unit(SYSTEM, text.strip())
        else plain
        if find_base_unit(SYSTEM, plain)
        else ""
    )


# Letters that name a grade, a stage or a type as often as a unit ("2A", "1b", "3 月")
AMBIGUOUS = frozenset({"m", "d", "y", "月", "1"})


@remember_short
def is_printed_unit(text: str) -> bool:
    """Whether a text behind a number is surely a unit, and no rest of the number: a unit of the
    tables, or a fraction in UCUM.
    """
    plain = tidy_unit(text)
    if BILLION.fullmatch(plain):
        return bool(re.match(r"[x×·*]?10(?:\^|\*)", plain, re.IGNORECASE))
    if plain in CASED:
        return True
    low = plain.casefold()
    return low not in AMBIGUOUS and (
        low in WRITTEN
        or bool(CONCENTRATION.fullmatch(low))
        or (
            bool(re.fullmatch(r"[^\W\d][^\W\d_%\[\]]*/[^\W\d]+", plain))
            and ucum_from_text(text) != ""
        )
    )
