"""Units of results: what laboratories write -> UCUM codes, UCUM codes -> what people read, and which amounts are the same by their units alone
(UCUM 2.2; WS/T 780). Data keep what was sent."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Any

from records.search.units import SYSTEM, base

POWERS = str.maketrans({d: f"^{i}" for i, d in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")})
BILLION = re.compile(r"(?:[x×·*]\s*)?10\s*(?:\^|\*\*?|e|\()?\s*(\d{1,2})\)?/(l|ml|ul|μl)", re.IGNORECASE)
CONCENTRATION = re.compile(r"(mc|[munpfk]|μ)?(mol|g|iu|u|eq|osm|osmol|kat)/(l|dl|ml|ul|μl|kg|g|h|d|24h)")
SIGN = {"mc": "u", "μ": "u"}
ATOM = {"iu": "[IU]", "u": "U", "osmol": "osm"}
DENOMINATOR = {"l": "L", "dl": "dL", "ml": "mL", "ul": "uL", "μl": "uL", "24h": "(24.h)"}
CASED = {"G/L": "10*9/L", "T/L": "10*12/L", "Gpt/L": "10*9/L", "Tpt/L": "10*12/L", "K/uL": "10*3/uL", "K/μL": "10*3/uL", "M/uL": "10*6/uL", "M/μL": "10*6/uL"}  # where a small letter is another unit
# by what is written, without spaces and in small letters
WRITTEN = {
    "mmhg": "mm[Hg]", "mm[hg]": "mm[Hg]", "毫米汞柱": "mm[Hg]", "kpa": "kPa", "千帕": "kPa", "°c": "Cel", "cel": "Cel", "摄氏度": "Cel", "°f": "[degF]", "[degf]": "[degF]",
    "%": "%", "百分比": "%", "毫克": "mg", "微克": "ug",
    "/min": "/min", "次/分": "/min", "次/分钟": "/min", "次/min": "/min", "bpm": "/min", "beats/min": "/min", "breaths/min": "/min",
    "fl": "fL", "pg": "pg", "s": "s", "sec": "s", "秒": "s", "min": "min", "分钟": "min", "h": "h", "小时": "h", "d": "d", "天": "d", "mm/h": "mm/h", "mm/1h": "mm/h",
    "mm/hr": "mm/h", "mm": "mm", "cm": "cm", "厘米": "cm", "m": "m", "kg": "kg", "公斤": "kg", "千克": "kg", "g": "g", "克": "g", "mg": "mg", "ml": "mL", "毫升": "mL", "l": "L", "升": "L",
    "kg/m2": "kg/m2", "kg/m^2": "kg/m2", "ml/min": "mL/min", "ml/min/1.73m2": "mL/min/{1.73_m2}", "ml/min/1.73m^2": "mL/min/{1.73_m2}", "ml/(min·1.73m2)": "mL/min/{1.73_m2}",
    "ml/(min·1.73m^2)": "mL/min/{1.73_m2}", "ml/min/1.73^m2": "mL/min/{1.73_m2}", "/hp": "/[HPF]", "/hpf": "/[HPF]", "个/hp": "/[HPF]", "个/hpf": "/[HPF]",
    "/lp": "/[LPF]", "/lpf": "/[LPF]", "个/lp": "/[LPF]",
    "/ul": "/uL", "/μl": "/uL", "个/ul": "/uL", "个/μl": "/uL", "cells/ul": "/uL", "cells/μl": "/uL", "毫摩尔/升": "mmol/L", "微摩尔/升": "umol/L", "克/升": "g/L",
    "毫克/升": "mg/L", "微克/升": "ug/L", "纳克/毫升": "ng/mL", "毫克/分升": "mg/dL",
    "beats/minute": "/min", "breaths/minute": "/min", "pounds": "[lb_av]", "lb": "[lb_av]", "lbs": "[lb_av]", "inches": "[in_i]", "in": "[in_i]", "degreesc": "Cel", "mm/hg": "mm[Hg]",
    "1": "1", "score": "{score}", "分": "{score}", "ph": "[pH]", "inr": "{INR}", "ratio": "{ratio}", "比值": "{ratio}", "copies/ml": "{copies}/mL", "拷贝/ml": "{copies}/mL",
    "mmh2o": "mm[H2O]", "cmh2o": "cm[H2O]", "岁": "a", "years": "a", "year": "a", "yr": "a", "y": "a", "月": "mo", "months": "mo", "month": "mo",
    "周": "wk", "weeks": "wk", "week": "wk", "days": "d", "day": "d",
}
CHINESE_PARTS = {"毫摩尔": "mmol", "微摩尔": "umol", "毫克": "mg", "微克": "ug", "纳克": "ng", "千克": "kg", "公斤": "kg", "克": "g", "毫升": "mL", "微升": "uL", "分升": "dL", "升": "L",
                 "小时": "h", "分钟": "min", "分": "min", "秒": "s", "天": "d", "日": "d", "次/": "/", "个/": "/"}
CHINESE_PART = re.compile("|".join(sorted(CHINESE_PARTS, key=len, reverse=True)))
ANNOTATION = re.compile(r"\{[^{}]*\}")
COUNTED = frozenset({"{beats}/min", "{breaths}/min", "{pulse}/min", "{counts}/min", "{cells}/uL", "{Cells}/uL"})  # one thing with and without their word
# UCUM -> what people read; Chinese where it differs
READ = {
    "1": "", "{score}": "", "{INR}": "", "{ratio}": "", "[pH]": "", "[degF]": "℉", "Cel": "℃", "mm[Hg]": "mmHg", "mm[H2O]": "mmH₂O", "cm[H2O]": "cmH₂O", "/[HPF]": "/HP", "/[LPF]": "/LP",
    "mL/min/{1.73_m2}": "mL/min/1.73m²", "{copies}/mL": "copies/mL", "a": "y", "mo": "mo", "wk": "wk", "d": "d", "kg/m2": "kg/m²",
}
CHINESE = {"/min": "次/分", "{copies}/mL": "拷贝/mL", "/[HPF]": "/HP", "a": "岁", "mo": "月", "wk": "周", "d": "天", "h": "小时", "min": "分钟", "s": "秒"}
PIECES = ((re.compile(r"10\*(\d+)"), lambda m: "×10" + m[1].translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))), (re.compile(r"\bu(?=mol|g\b|L\b|\[|U\b|kat)"), lambda m: "μ"),
          (re.compile(r"\[(IU|iU)\]"), lambda m: "IU"), (re.compile(r"\[HPF\]"), lambda m: "HP"), (re.compile(r"\((24)\.h\)"), lambda m: "24h"), (re.compile(r"\bmeq\b"), lambda m: "mEq"),
          (re.compile(r"\bmosm\b"), lambda m: "mOsm"), (re.compile(r"\bm2\b"), lambda m: "m²"), (re.compile(r"\[arb'U\]"), lambda m: "AU"))


@dataclass(frozen=True, slots=True)
class Unit:
    """code: in UCUM where it is known, else what was written; sent: what was written; odd: unit and code say different things, so that it is compared
    with nothing."""

    code: str = ""
    sent: str = ""
    odd: bool = False

    def shown(self, chinese: bool = True) -> str:
        if self.odd:
            return f"{self.sent}［编码：{self.code}］" if chinese else f"{self.sent} [coded: {self.code}]"
        return self.sent if self.sent and self.code == tidy(self.sent) and not base(SYSTEM, self.code) and self.code not in READ else shown_unit(self.code, chinese)


NONE = Unit()


def tidy(text: str) -> str:
    return unicodedata.normalize("NFKC", text.translate(POWERS)).replace(" ", "").replace("µ", "μ").replace("／", "/")


def code_of(text: str) -> str:
    """The UCUM code of a unit as written, "" where it is not known."""
    plain = tidy(text)
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
        prefix, atom, denominator = SIGN.get(m[1] or "", m[1] or ""), ATOM.get(m[2], m[2]), DENOMINATOR.get(m[3], m[3])
        return f"{prefix}{atom}/{denominator}"
    if "/" in plain and (ascii_ := CHINESE_PART.sub(lambda m: CHINESE_PARTS[m[0]], plain)) != plain:
        return code_of(ascii_)
    return text.strip() if base(SYSTEM, text.strip()) else plain if base(SYSTEM, plain) else ""


# Letters that name a grade, a stage or a type as often as a unit ("2A", "1b", "3 月")
AMBIGUOUS = frozenset({"m", "d", "y", "月", "1"})


def printed(text: str) -> bool:
    """Whether a text behind a number is surely a unit, and no rest of the number: a unit of the tables, or a fraction in UCUM."""
    plain = tidy(text)
    if BILLION.fullmatch(plain):
        return bool(re.match(r"[x×·*]?10(?:\^|\*)", plain, re.IGNORECASE))
    if plain in CASED:
        return True
    low = plain.casefold()
    return low not in AMBIGUOUS and (low in WRITTEN or bool(CONCENTRATION.fullmatch(low)) or (bool(re.fullmatch(r"[^\W\d][^\W\d_%\[\]]*/[^\W\d]+", plain)) and code_of(text) != ""))


def unit_of(quantity: Any) -> Unit:
    """Of a Quantity: its UCUM code, else what its unit says."""
    if not isinstance(quantity, dict):
        return NONE
    written, coded = str(quantity.get("unit") or ""), str(quantity.get("code") or "")
    if coded and quantity.get("system") not in (SYSTEM, None):
        return unit(written or coded)
    if not coded:
        return unit(written)
    exact = code_of(coded) or coded
    return Unit(exact, written or coded) if not written or agree(written, coded) else Unit(coded, written, odd=True)


WORDLESS = frozenset({"1", "{score}", "{ratio}", "{INR}", "[pH]"})
UNITS_OF_EFFECT = frozenset({"u", "iu", "单位", "国际单位"})  # of a medicine: U and IU are written for one another
EFFECT_CODES = frozenset({"U", "[IU]", "[iU]", "[USP'U]"})


def agree(written: str, coded: str) -> bool:
    """Whether a printed unit and a code say the same. A word that is not known agrees with a code that only counts ("片" with 1 or {tablet}), and with one
    that measures nothing that is known."""
    exact, said, plain = code_of(coded) or coded, code_of(written), tidy(written).casefold()
    if plain in (tidy(coded).casefold(), tidy(shown_unit(exact, False)).casefold(), tidy(shown_unit(exact)).casefold()):
        return True
    if plain in UNITS_OF_EFFECT and coded in EFFECT_CODES:
        return True
    if plain == "分" and exact == "min":
        return True
    counts = exact in WORDLESS or not ANNOTATION.sub("", exact).strip("1/.")
    if not said:
        return counts or "{" in exact or not (base(SYSTEM, coded) or base(SYSTEM, exact))
    if said in WORDLESS:
        return counts
    return said == ANNOTATION.sub("", exact) or factor(said, exact) == (1.0, 0.0)


def unit(written: str) -> Unit:
    return Unit(code_of(written) or tidy(written), written) if written.strip() else NONE


def shown_unit(code: str, chinese: bool = True) -> str:
    """mm[Hg] -> mmHg, Cel -> ℃, 10*9/L -> ×10⁹/L, umol/L -> μmol/L, {score} and 1 -> nothing, /min -> 次/分."""
    if chinese and code in CHINESE:
        return CHINESE[code]
    if code in READ:
        return READ[code]
    out = ANNOTATION.sub("", code)
    for pattern, put in PIECES:
        out = pattern.sub(put, out)
    return out


def dimension(code: str) -> str:
    """What a unit measures, as far as units alone tell: two units of one dimension are converted exactly. "" for what is compared with itself only:
    units without a row, without a dimension (%), of equivalents or osmoles (whose amount hangs on the ion), and with another annotation."""
    if re.search(r"eq|osm", code):
        return ""
    by = base(SYSTEM, code)
    return f"{by[2]}{''.join(sorted(ANNOTATION.findall(code)))}" if by and by[2] else ""


def factor(sent: str, wanted: str) -> tuple[float, float] | None:
    """(a, b): a value in the unit sent times a plus b is in the unit wanted. None where that is not exact by the units alone: never from molar to mass."""
    if sent == wanted:
        return 1.0, 0.0
    if not dimension(sent) or dimension(sent) != dimension(wanted):
        return None
    one, two = base(SYSTEM, sent), base(SYSTEM, wanted)
    if one is None or two is None:
        return None
    return float(f"{one[0] / two[0]:.9g}"), float(f"{(one[1] - two[1]) / two[0]:.9g}")


def convert(value: float, sent: str, wanted: str) -> float | None:
    """A number in another unit, rounded to nine digits that count; None where it cannot be said exactly."""
    by = factor(sent, wanted)
    return None if by is None else value if by == (1.0, 0.0) else float(f"{value * by[0] + by[1]:.9g}")
