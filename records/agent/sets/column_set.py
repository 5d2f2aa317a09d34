"""Define a column set: its columns, and the table that maps them to elements of one FHIR type.

A mapping is a pair of functions over several columns (`Both`), made by the functions below for
what occurs often: text, date, code, coding, reference, quantity. Each gives back what it was given.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Callable, Dict

Values = Dict[str, Any]  # column name -> what was read of its cell; empty ones are not there
Resource = Dict[str, Any]


@dataclass(frozen=True)
class Column:
    """name: in code and in English exports. zh: the header of the template, a name of WS 445 where
    it has one. element: its identifier in the catalogue of data elements (WS 363), where known.
    read: turns a cell's text into a value (raises InvalidValue); say: the value as a cell again.
    """

    name: str
    zh: str
    synonyms: str = ""  # parted by blanks
    kind: str = "text"
    required: bool = False
    element: str = ""
    about_zh: str = ""
    about_en: str = ""
    examples: tuple[str, ...] = ()


@dataclass(frozen=True)
class Site:
    """Where a file comes from: what stands in identifiers and local codes. zone: of its clock."""

    source: str = "his"
    hospital: str = "local"
    zone: str = "+08:00"

    def system(self, kind: str) -> str:
        return f"urn:xinglin:local:{self.hospital}:{self.source}:{kind}"


@dataclass(frozen=True)
class Both:
    """columns: those that it maps. write puts values into a resource; read gets them back. compile
    takes the site beforehand, so that a row costs little.
    """

    columns: tuple[str, ...]
    compile: Callable[
        [Site], tuple[Callable[[Resource, Values], None], Callable[[Resource, Values], None]]
    ]
    elements: tuple[str, ...] = ()  # for the documentation


@dataclass(frozen=True)
class ColumnSet:
    """record: alternatives of columns that make the record's number, the first that are all filled
    count. day: columns of the clinical day, likewise. one_of: of each group one column is needed.
    signs: headers that tell this set from others.
    """

    name: str
    zh: str
    en: str
    type: str
    columns: tuple[Column, ...]
    table: tuple[Both, ...]
    record: tuple[tuple[str, ...], ...]
    day: tuple[str, ...] = ()
    one_of: tuple[tuple[str, ...], ...] = ()
    signs: tuple[str, ...] = ()
    file_words: tuple[str, ...] = ()
    constants: tuple[tuple[str, Any], ...] = ()
    check: tuple[Callable[[Values, Site], Any], ...] = ()
    group: Any = None  # of a set whose rows also make a resource together: sets.report_group
    measures: tuple[tuple[str, str], ...] = ()  # column of a number, and of its unit: 0.5g is both
    shared: tuple[str, ...] = ()  # columns that further rows of a group may leave to its first
    other: Any = None  # the set whose table maps some of its rows to another type: those of which
    is_other: Callable[[Values], bool] = lambda values: False  # this is true
    by_name: dict[str, Column] = field(default_factory=dict, compare=False)

    def __post_init__(self) -> None:
        self.by_name.update({c.name: c for c in self.columns})

    @property
    def types(self) -> tuple[str, ...]:
        """Of the resource that a row makes."""
        return (self.type, self.other.type) if self.other else (self.type,)

    @property
    def required(self) -> list[str]:
        return [c.name for c in self.columns if c.required]


VOID = Column(
    "void",
    "作废标志",
    "作废 是否作废 作废标识 撤销标志 有效标志反 zfbz cancelled invalid",
    "yes",
    about_zh="填“是”表示这条记录作废：平台上保留并标明“录入有误”。",
    about_en='"是" (yes): the record was entered in error; it stays, and says so.',
)
DELETED = Column(
    "deleted",
    "删除标志",
    "删除 是否删除 删除标识 scbz deleted isdeleted delflag",
    "yes",
    about_zh="填“是”表示从平台上删除这条记录。",
    about_en='"是" (yes): the record is deleted.',
)
PATIENT = Column(
    "patient",
    "患者编号",
    "患者ID 病人ID 病人编号 患者号 病人号 病人标识 患者标识 患者主索引 病历号 门诊病历号 儿童编号 个案编号 病案号 卡号 就诊卡号 诊疗卡号 档案号 登记号 病人唯一号"
    " patientid patientno patient_id pid hisid brid brbh empi mrn patient_no patient_number",
    "record",
    required=True,
    about_zh="本院系统里这位患者的号码，各文件必须一致。",
    about_en="The patient's number in the hospital's system, the same in all files.",
    examples=("00012345", "00012346"),
)
PATIENT_NAME = Column(
    "patient_name",
    "患者姓名",
    "姓名 病人姓名 名字 patientname name xm hzxm brxm",
    "name",
    element="DE02.01.039.00",
    about_zh="可不填；只用来让人核对。",
    about_en="Optional: for people who compare.",
    examples=("王芳", "张伟"),
)
VISIT = Column(
    "visit",
    "就诊流水号",
    "就诊号 就诊ID 门诊号 住院号 门急诊号 门(急)诊号 门诊流水号 住院流水号 挂号序号 就诊编号 就诊序号 就诊次号 visitid visitno visit_id visit_no"
    " encounterid jzlsh jzh mzh zyh",
    "record",
    about_zh="与“就诊”文件里的就诊流水号一致。",
    about_en="As in the file of visits.",
    examples=("MZ20260503001", "ZY20260418007"),
)
NOTE = Column(
    "note",
    "备注",
    "说明 附注 remark remarks note memo bz",
    "text",
    about_zh="随记录一起上传。",
    about_en="Sent with the record.",
)
