"""Tell a standard code by its shape, where a column of the hospital's own codes holds one."""

from __future__ import annotations

import re

ICD_10 = "http://hl7.org/fhir/sid/icd-10"
LOINC = "http://loinc.org"
ICD_SHAPE = re.compile(r"[A-TV-Z]\d{2}(?:\.[\dXx][\dA-Za-z]{0,2}(?:[xX]\d{2,4})?)?[*+†]?")
LOINC_SHAPE = re.compile(r"(\d{1,6})-(\d)")


def icd_code(code: str) -> str:
    """As ICD-10 with its Chinese extensions (E11.900, I10.x00x002, A00.000x001), else ""."""
    return code if ICD_SHAPE.fullmatch(code) else ""


def loinc_code(code: str) -> str:
    """By its check digit (mod 10), else ""."""
    m = LOINC_SHAPE.fullmatch(code)
    if not m:
        return ""
    digits = m[1][::-1]
    odd = str(int(digits[::2]) * 2)
    total = sum(map(int, digits[1::2])) + sum(map(int, odd))
    return code if (10 - total % 10) % 10 == int(m[2]) else ""
