"""Know the UCUM codes (UCUM 2.2) of units that are written in one way everywhere; any other stays
as written, and the platform reads it or maps it.
"""

from __future__ import annotations

UCUM_SYSTEM = "http://unitsofmeasure.org"
SAME = frozenset(
    [
        "mmol/L",
        "umol/L",
        "nmol/L",
        "pmol/L",
        "mol/L",
        "g/L",
        "mg/L",
        "ug/L",
        "ng/L",
        "pg/mL",
        "ng/mL",
        "ug/mL",
        "mg/mL",
        "mg/dL",
        "g/dL",
        "ng/dL",
        "ug/dL",
        "U/L",
        "mL",
        "mg",
        "g",
        "kg",
        "L",
        "mm",
        "cm",
        "%",
        "fL",
        "pg",
        "s",
        "min",
        "h",
        "mL/min",
        "mm/h",
        "kPa",
        "mg/g",
        "mg/24.h",
    ]
)
WRITTEN = {
    "10^9/L": "10*9/L",
    "10^12/L": "10*12/L",
    "10*9/L": "10*9/L",
    "10*12/L": "10*12/L",
    "×10^9/L": "10*9/L",
    "×10^12/L": "10*12/L",
    "x10^9/L": "10*9/L",
    "x10^12/L": "10*12/L",
    "10⁹/L": "10*9/L",
    "10¹²/L": "10*12/L",
    "μmol/L": "umol/L",
    "µmol/L": "umol/L",
    "μg/L": "ug/L",
    "µg/L": "ug/L",
    "μg/mL": "ug/mL",
    "μg/dL": "ug/dL",
    "IU/L": "[IU]/L",
    "IU/mL": "[IU]/mL",
    "mIU/L": "m[IU]/L",
    "mIU/mL": "m[IU]/mL",
    "μIU/mL": "u[IU]/mL",
    "uIU/mL": "u[IU]/mL",
    "mmHg": "mm[Hg]",
    "℃": "Cel",
    "秒": "s",
    "次/分": "/min",
    "mg/dl": "mg/dL",
    "mmol/l": "mmol/L",
    "umol/l": "umol/L",
    "g/l": "g/L",
    "u/l": "U/L",
    "mg/l": "mg/L",
    "ng/ml": "ng/mL",
    "pg/ml": "pg/mL",
    "fl": "fL",
    "ml": "mL",
    "U/l": "U/L",
}


def ucum_of(written: str) -> str:
    """ "" for what is not surely one."""
    return written if written in SAME else WRITTEN.get(written, "")
