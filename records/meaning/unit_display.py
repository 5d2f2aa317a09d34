"""Write UCUM codes as people read units, in Chinese and in English (UCUM 2.2; WS/T 780)."""

import re

from alliance.platform.remembering import remember_short
from records.meaning.written_units import ANNOTATION

# UCUM -> what people read; Chinese where it differs
READ = {
    "1": "",
    "{score}": "",
    "{INR}": "",
    "{ratio}": "",
    "[pH]": "",
    "[degF]": "℉",
    "Cel": "℃",
    "mm[Hg]": "mmHg",
    "mm[H2O]": "mmH₂O",
    "cm[H2O]": "cmH₂O",
    "/[HPF]": "/HP",
    "/[LPF]": "/LP",
    "mL/min/{1.73_m2}": "mL/min/1.73m²",
    "{copies}/mL": "copies/mL",
    "a": "y",
    "mo": "mo",
    "wk": "wk",
    "d": "d",
    "kg/m2": "kg/m²",
}

CHINESE = {
    "/min": "次/分",
    "{copies}/mL": "拷贝/mL",
    "/[HPF]": "/HP",
    "a": "岁",
    "mo": "月",
    "wk": "周",
    "d": "天",
    "h": "小时",
    "min": "分钟",
    "s": "秒",
}

PIECES = (
    (
        re.compile(r"10\*(\d+)"),
        lambda m: "×10" + m[1].translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")),
    ),
    (re.compile(r"\bu(?=mol|g\b|L\b|\[|U\b|kat)"), lambda m: "μ"),
    (re.compile(r"\[(IU|iU)\]"), lambda m: "IU"),
    (re.compile(r"\[HPF\]"), lambda m: "HP"),
    (re.compile(r"\((24)\.h\)"), lambda m: "24h"),
    (re.compile(r"\bmeq\b"), lambda m: "mEq"),
    (re.compile(r"\bmosm\b"), lambda m: "mOsm"),
    (re.compile(r"\bm2\b"), lambda m: "m²"),
    (re.compile(r"\[arb'U\]"), lambda m: "AU"),
)


@remember_short
def shown_unit(code: str, chinese: bool = True) -> str:
    """mm[Hg] -> mmHg, Cel -> ℃, 10*9/L -> ×10⁹/L, umol/L -> μmol/L, {score} and 1 -> nothing,
    /min -> 次/分.
    """
    if chinese and code in CHINESE:
        return CHINESE[code]
    if code in READ:
        return READ[code]
    out = ANNOTATION.sub("", code)
    for pattern, put in PIECES:
        out = pattern.sub(put, out)
    return out
