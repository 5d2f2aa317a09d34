"""TABLE of the data elements of a consultation's record (WS 445 会诊记录, shared document C0045),
and of a remote reading's report as far as a reader writes it (检查记录, C0006): element, words,
length, who fills it. Pure.

Elements and lengths are those of a public transcription of the data sets, compared with templates
of the shared documents; the text of the standard was not at hand (docs/implementation/opinion.md).
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from records.fhir.structure_check import UNPRINTABLE


class FieldKind(StrEnum):
    TEXT = "text"
    NAME = "name"
    CODE = "code"
    NUMBER = "number"
    TIME = "time"


class Filler(StrEnum):
    """Who says it: the asking hospital's registration of the patient; the asking doctor, fixed at
    sending; the experts; or the work item itself, of which nobody types it.
    """

    REGISTRATION = "registration"
    ASKER = "asker"
    EXPERT = "expert"
    ITEM = "item"


@dataclass(frozen=True, slots=True)
class OpinionField:
    """name: its key in the fields of a document; element: of the catalogue of data elements (WS
    363), "" for what is ours; inner: its number within the data set; longest: in characters.
    """

    name: str
    element: str
    inner: str
    zh: str
    en: str
    kind: FieldKind
    longest: int
    filler: Filler
    required: bool = False


Table = tuple[OpinionField, ...]
TEXT, NAME, CODE, NUMBER, TIME = FieldKind
REGISTRATION, ASKER, EXPERT, ITEM = Filler


def make_rows(*rows: tuple[str, str, str, str, str, FieldKind, int, Filler, bool]) -> Table:
    return tuple(OpinionField(*row) for row in rows)


C0045 = make_rows(
    (
        *("request_number", "DE01.00.008.00", "HDSD00.14.026"),
        *("电子申请单编号", "Number of the request"),
        *(TEXT, 20, ITEM, True),
    ),
    (
        *("inpatient_number", "DE01.00.014.00", "HDSD00.14.140"),
        *("住院号", "Inpatient number"),
        *(TEXT, 18, REGISTRATION, False),
    ),
    (
        *("patient_department", "DE08.10.026.00", "HDSD00.14.062"),
        *("科室名称", "The patient's department"),
        *(TEXT, 50, REGISTRATION, False),
    ),
    (
        *("ward", "DE08.10.054.00", "HDSD00.14.007"),
        *("病区名称", "Ward"),
        *(TEXT, 50, REGISTRATION, False),
    ),
    (
        *("room", "DE01.00.019.00", "HDSD00.14.003"),
        *("病房号", "Room"),
        *(TEXT, 10, REGISTRATION, False),
    ),
    (
        *("bed", "DE01.00.026.00", "HDSD00.14.002"),
        *("病床号", "Bed"),
        *(TEXT, 10, REGISTRATION, False),
    ),
    (
        *("patient_name", "DE02.01.039.00", "HDSD00.14.030"),
        *("患者姓名", "The patient's name"),
        *(NAME, 50, REGISTRATION, True),
    ),
    (
        *("sex_code", "DE02.01.040.00", "HDSD00.14.115"),
        *("性别", "Sex"),
        *(CODE, 1, REGISTRATION, True),
    ),
    (
        *("age_years", "DE02.01.026.00", "HDSD00.14.074"),
        *("年龄（岁）", "Age in years"),
        *(NUMBER, 3, REGISTRATION, False),
    ),
    (
        *("age_months", "DE02.01.032.00", "HDSD00.14.075"),
        *("年龄（月）", "Age in months"),
        *(TEXT, 8, REGISTRATION, False),
    ),
    (
        *("summary", "DE06.00.182.00", "HDSD00.14.004"),
        *("病历摘要", "Summary of the case"),
        *(TEXT, 200, ASKER, True),
    ),
    (
        *("auxiliary_results", "DE04.30.009.00", "HDSD00.14.027"),
        *("辅助检查结果", "Results of auxiliary examinations"),
        *(TEXT, 1000, ASKER, False),
    ),
    (
        *("four_examinations", "DE02.10.028.00", "HDSD00.14.129"),
        *("中医“四诊”观察结果", "Findings of the four examinations of Chinese medicine"),
        *(TEXT, 1000, ASKER, False),
    ),
    (
        *("diagnosis_name", "DE05.01.025.00", "HDSD00.14.113"),
        *("西医诊断名称", "Diagnosis"),
        *(TEXT, 50, ASKER, False),
    ),
    (
        *("diagnosis_code", "DE05.01.024.00", "HDSD00.14.112"),
        *("西医诊断编码", "Code of the diagnosis (ICD-10)"),
        *(CODE, 11, ASKER, False),
    ),
    (
        *("tcm_disease_name", "DE05.10.172.00", "HDSD00.14.131"),
        *("中医病名名称", "Disease in Chinese medicine"),
        *(TEXT, 50, ASKER, False),
    ),
    (
        *("tcm_disease_code", "DE05.10.130.00", "HDSD00.14.130"),
        *("中医病名代码", "Code of the disease in Chinese medicine"),
        *(CODE, 9, ASKER, False),
    ),
    (
        *("tcm_syndrome_name", "DE05.10.172.00", "HDSD00.14.133"),
        *("中医证候名称", "Syndrome in Chinese medicine"),
        *(TEXT, 50, ASKER, False),
    ),
    (
        *("tcm_syndrome_code", "DE05.10.130.00", "HDSD00.14.132"),
        *("中医证候代码", "Code of the syndrome in Chinese medicine"),
        *(CODE, 9, ASKER, False),
    ),
    (
        *("treatment_principle", "DE06.00.300.00", "HDSD00.14.125"),
        *("治则治法", "Principle of treatment in Chinese medicine"),
        *(TEXT, 100, ASKER, False),
    ),
    (
        *("course_name", "DE06.00.297.00", "HDSD00.14.121"),
        *("诊疗过程名称", "Treatment so far, by name"),
        *(TEXT, 1000, ASKER, False),
    ),
    (
        *("course", "DE06.00.296.00", "HDSD00.14.120"),
        *("诊疗过程描述", "Treatment so far"),
        *(TEXT, 2000, ASKER, False),
    ),
    (
        *("consultation_kind", "DE06.00.319.00", "HDSD00.14.032"),
        *("会诊类型", "Kind of consultation"),
        *(TEXT, 50, ITEM, True),
    ),
    (
        *("reason", "DE06.00.039.00", "HDSD00.14.042"),
        *("会诊原因", "Reason for the consultation"),
        *(TEXT, 200, ASKER, True),
    ),
    (
        *("purpose", "DE06.00.214.00", "HDSD00.14.033"),
        *("会诊目的", "Purpose of the consultation"),
        *(TEXT, 50, ASKER, True),
    ),
    (
        *("asking_doctor", "DE02.01.039.00", "HDSD00.14.037"),
        *("会诊申请医师", "Asking doctor"),
        *(NAME, 50, ITEM, True),
    ),
    (
        *("asking_department", "DE08.10.026.00", "HDSD00.14.035"),
        *("会诊申请科室", "Asking department"),
        *(TEXT, 50, ITEM, True),
    ),
    (
        *("asking_hospital", "DE08.10.013.00", "HDSD00.14.036"),
        *("会诊申请医疗机构名称", "Asking hospital"),
        *(TEXT, 70, ITEM, True),
    ),
    (
        *("opinion", "DE06.00.018.00", "HDSD00.14.041"),
        *("会诊意见", "Opinion"),
        *(TEXT, 2000, EXPERT, True),
    ),
    (
        *("expert", "DE02.01.039.00", "HDSD00.14.039"),
        *("会诊医师", "Consulted doctor"),
        *(NAME, 50, ITEM, True),
    ),
    (
        *("consulted_department", "DE08.10.026.00", "HDSD00.14.031"),
        *("会诊科室名称", "Consulted department"),
        *(TEXT, 50, ITEM, True),
    ),
    (
        *("expert_hospital", "DE08.10.013.00", "HDSD00.14.040"),
        *("会诊医师所在医疗机构名称", "The consulted doctor's hospital"),
        *(TEXT, 70, ITEM, True),
    ),
    (
        *("consulted_hospital", "DE08.10.013.00", "HDSD00.14.038"),
        *("会诊所在医疗机构名称", "Hospital of the consultation"),
        *(TEXT, 70, ITEM, True),
    ),
    (
        *("ended_at", "DE06.00.343.00", "HDSD00.14.034"),
        *("会诊日期时间", "End of the consultation"),
        *(TIME, 15, ITEM, True),
    ),
)
# What the data set does not have and a consultation of several experts needs.
OWN_FIELDS = make_rows(
    (
        *("discussion", "", ""),
        *("讨论小结", "Summary of the discussion"),
        *(TEXT, 2000, EXPERT, False),
    ),
)
REPORT_FIELDS = make_rows(
    (
        *("examination", "DE04.30.018.00", "HDSD00.05.033"),
        *("检查类别", "Examination"),
        *(TEXT, 100, ASKER, True),
    ),
    (
        *("examined_on", "DE04.50.140.00", "HDSD00.05.034"),
        *("检查日期", "Day of the examination"),
        *(TIME, 8, ASKER, False),
    ),
    (
        *("method", "DE02.10.027.00", "HDSD00.05.030"),
        *("检查方法名称", "Method"),
        *(TEXT, 100, ASKER, False),
    ),
    (
        *("findings", "DE04.50.131.00", "HDSD00.05.023"),
        *("检查所见", "Findings"),
        *(TEXT, 200, EXPERT, True),
    ),
    (
        *("impression", "DE04.50.132.00", "HDSD00.05.024"),
        *("检查提示", "Impression"),
        *(TEXT, 200, EXPERT, True),
    ),
    (
        *("report_note", "DE06.00.179.00", "HDSD00.05.020"),
        *("报告备注", "Note on the report"),
        *(TEXT, 100, EXPERT, False),
    ),
)
FIELDS_BY_NAME = {f.name: f for f in (*C0045, *OWN_FIELDS, *REPORT_FIELDS)}
ASKED_FIELDS = tuple(f for f in C0045 if f.filler is ASKER)
WRITTEN_FIELDS = tuple(f for f in (*C0045, *OWN_FIELDS) if f.filler is EXPERT)


class FaultKind(StrEnum):
    MISSING = "missing"
    TOO_LONG = "too-long"
    UNKNOWN = "unknown"
    UNPRINTABLE = "unprintable"
    MALFORMED = "malformed"


@dataclass(frozen=True, slots=True)
class FieldFault:
    name: str
    kind: FaultKind


def find_field_faults(fields: Mapping[str, str], table: Table) -> list[FieldFault]:
    """Of texts by the names of a table's fields: what is missing, too long, or none of them."""
    faults = []
    known = {f.name: f for f in table}
    for name in fields:
        if name not in known:
            faults.append(FieldFault(name, FaultKind.UNKNOWN))
    for name, field in known.items():
        text = fields.get(name, "")
        if field.required and not text.strip():
            faults.append(FieldFault(name, FaultKind.MISSING))
        elif UNPRINTABLE.search(text):
            faults.append(FieldFault(name, FaultKind.UNPRINTABLE))
        elif len(text) > field.longest:
            faults.append(FieldFault(name, FaultKind.TOO_LONG))
        elif text and field.kind is TIME and not is_moment(text, field.longest):
            faults.append(FieldFault(name, FaultKind.MALFORMED))
    return faults


def is_moment(text: str, length: int) -> bool:
    """Whether it is a day (D8: 20261201) or a moment (DT15: 20261201T083000) of the calendar."""
    try:
        dt.datetime.strptime(text, "%Y%m%d" if length == 8 else "%Y%m%dT%H%M%S")
    except ValueError:
        return False
    return len(text) == length
