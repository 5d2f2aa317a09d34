"""The column set of patients 患者 (WS 445 患者基本信息; WS 363)."""

from __future__ import annotations

from typing import Any, Iterator

from ..refusal import Rule
from ..values.identity_number import birth_date_of_number, gender_of_number
from ..values.value_rules import ID_OTHER_BIRTH, ID_OTHER_GENDER
from .bindings import element, identifier, listed
from .column_set import DELETED, PATIENT, Both, Column, ColumnSet, Resource, Site, Values
from .element_path import read_element

RESIDENT_NUMBER = "urn:oid:2.16.156.10011.1.3"
HEALTH_RECORD = "urn:oid:2.16.156.10011.1.2"
HEALTH_CARD = "urn:oid:2.16.156.10011.1.19"
OWN_GENDER = "http://hl7.org/fhir/StructureDefinition/patient-genderIdentity"
MARITAL = {
    "未婚": "S", "10": "S", "已婚": "M", "20": "M", "21": "M", "22": "M", "23": "M",
    "丧偶": "W", "30": "W", "离婚": "D", "40": "D", "初婚": "M", "再婚": "M", "复婚": "M",
}  # fmt: skip
V3_MARITAL = "http://terminology.hl7.org/CodeSystem/v3-MaritalStatus"


def compile_marital(site: Site) -> tuple[Any, Any]:
    def write(resource: Resource, values: Values) -> None:
        if said := values.get("marital"):
            made: dict[str, Any] = {"text": said}
            if said in MARITAL:
                made["coding"] = [{"system": V3_MARITAL, "code": MARITAL[said]}]
            resource["maritalStatus"] = made

    def read(resource: Resource, values: Values) -> None:
        if "maritalStatus" in resource:
            values["marital"] = resource["maritalStatus"]["text"]

    return write, read


def compile_contact(site: Site) -> tuple[Any, Any]:
    """Name, phone and relation of the person to be called."""

    def write(resource: Resource, values: Values) -> None:
        made: dict[str, Any] = {}
        if relation := values.get("contact_relation"):
            made["relationship"] = [{"text": relation}]
        if name := values.get("contact"):
            made["name"] = {"text": name}
        if phones := values.get("contact_phone"):
            made["telecom"] = [{"system": "phone", "value": p} for p in phones]
        if "name" in made or "telecom" in made:
            resource["contact"] = [made]

    def read(resource: Resource, values: Values) -> None:
        for contact in resource.get("contact", ()):
            if "name" in contact:
                values["contact"] = contact["name"]["text"]
            if "telecom" in contact:
                values["contact_phone"] = [t["value"] for t in contact["telecom"]]
            if "relationship" in contact:
                values["contact_relation"] = contact["relationship"][0]["text"]

    return write, read


def compile_death(site: Site) -> tuple[Any, Any]:
    def write(resource: Resource, values: Values) -> None:
        if "died" in values:
            resource["deceasedDateTime"] = values["died"]

    def read(resource: Resource, values: Values) -> None:
        if died := read_element(resource, (("deceasedDateTime", None),)):
            values["died"] = died

    return write, read


def fill_from_number(values: Values, site: Site) -> Iterator[tuple[Rule, str, dict[str, Any]]]:
    """Birth date and gender stand in the identity number: they are taken where they are missing,
    and told where they differ.
    """
    number = values.get("identity")
    if not number:
        return
    born, gender = birth_date_of_number(number), gender_of_number(number)
    said = values.setdefault("born", born)
    if said != born:
        yield ID_OTHER_BIRTH, "born", {"other": born}
    if values.get("gender", "unknown") == "unknown":
        values["gender"] = gender
    elif values["gender"] != gender:
        yield ID_OTHER_GENDER, "gender", {}


PATIENTS = ColumnSet(
    name="patient",
    zh="患者",
    en="Patients",
    type="Patient",
    columns=(
        PATIENT,
        Column(
            "name",
            "患者姓名",
            "姓名 病人姓名 名字 name xm hzxm brxm patientname patient_name",
            "name",
            required=True,
            element="DE02.01.039.00",
            examples=("王芳", "张伟"),
            about_zh="证件上的姓名。",
            about_en="As on the identity card.",
        ),
        Column(
            "gender",
            "性别",
            "性别代码 性别名称 xb sex gender sexcode xbdm",
            "gender",
            element="DE02.01.040.00",
            examples=("女", "男"),
            about_zh="男、女、未说明，或 1、2、9、0。",
            about_en="男 (male), 女 (female), or 1, 2, 9, 0.",
        ),
        Column(
            "born",
            "出生日期",
            "生日 出生年月日 出生年月 birthday birthdate birth_date csrq dob",
            "date",
            element="DE02.01.005.01",
            examples=("1968-03-07", "1990-11-20"),
            about_zh="可不填：有身份证号就取号里的。",
            about_en="Taken from the identity number where empty.",
        ),
        Column(
            "identity",
            "身份证号",
            "身份证号码 身份证件号码 身份证 居民身份证号 公民身份号码 证件号码 证件号 idcard idno id_card id_no sfzh sfzhm zjhm"
            " identityno idcardno",
            "identity",
            element="DE02.01.030.00",
            examples=("330382196803070040", "330382199011200058"),
            about_zh="18 位；Excel 里要先把这一列设成文本。没有就留空，不要填假号。",
            about_en="18 characters; the column must be text in a spreadsheet. Leave it empty where there is none.",
        ),
        Column(
            "health_record",
            "健康档案编号",
            "居民健康档案编号 城乡居民健康档案编号 档案编号 healthrecordno jkdabh",
            "record",
            element="DE01.00.009.00",
            examples=("33038210200100123", ""),
        ),
        Column(
            "health_card",
            "居民健康卡号",
            "健康卡号 电子健康卡号 healthcardno jkkh",
            "record",
            element="DE01.00.021.00",
        ),
        Column(
            "insurance",
            "医保卡号",
            "医保号 社保卡号 社会保障卡号 医保编号 个人编号 insuranceno ybkh sbkh",
            "record",
        ),
        Column(
            "phone",
            "联系电话",
            "电话 手机 手机号 手机号码 本人电话 电话号码 患者电话 phone mobile tel telephone lxdh dh sjh",
            "phones",
            element="DE02.01.010.00",
            examples=("13800000001", "057760000001"),
            about_zh="几个号码用“/”分开。",
            about_en='Several are parted by "/".',
        ),
        Column(
            "address",
            "现住址",
            "住址 地址 家庭住址 居住地址 联系地址 家庭地址 现住地址 常住地址 address addr zz jtzz dz",
            "text",
            element="DE02.01.009.00",
            examples=("浙江省某市南桥镇某村 1 号",),
        ),
        Column(
            "nation",
            "民族",
            "民族代码 mz nation ethnic",
            "text",
            element="DE02.01.025.00",
            examples=("汉族",),
        ),
        Column(
            "marital",
            "婚姻状况",
            "婚姻 婚姻状况代码 婚姻状态 hyzk marital maritalstatus",
            "text",
            element="DE02.01.018.00",
            examples=("已婚",),
        ),
        Column(
            "contact",
            "联系人姓名",
            "联系人 紧急联系人 监护人 监护人姓名 家属姓名 contact contactname lxr lxrxm",
            "name",
            examples=("张三",),
        ),
        Column(
            "contact_relation",
            "与患者关系",
            "联系人关系 与本人关系 关系 relation relationship gx",
            "text",
            examples=("配偶",),
        ),
        Column(
            "contact_phone",
            "联系人电话",
            "紧急联系人电话 监护人电话 家属电话 contactphone lxrdh",
            "phones",
            examples=("13800000002",),
        ),
        Column("died", "死亡日期", "死亡时间 swrq deathdate deceased", "moment"),
        DELETED,
    ),
    table=(
        identifier("patient", "{patient}", "MR"),
        identifier("identity", RESIDENT_NUMBER, "NNCHN"),
        identifier("health_record", HEALTH_RECORD, ""),
        identifier("health_card", HEALTH_CARD, ""),
        identifier("insurance", "{insurance}", "HC"),
        element("name", "name[0].text"),
        element("gender", "gender"),
        element("born", "birthDate"),
        listed("phone", "telecom", "value", {"system": "phone"}),
        element("address", "address[0].text"),
        element("nation", "extension[url=urn:xinglin:extension:ethnic-group].valueString"),
        Both(("marital",), compile_marital, ("maritalStatus",)),
        Both(("contact", "contact_relation", "contact_phone"), compile_contact, ("contact[0]",)),
        Both(("died",), compile_death, ("deceasedDateTime",)),
    ),
    record=(("patient",),),
    signs=("gender", "identity", "born", "address", "phone"),
    file_words=("患者", "病人", "patient", "基本信息", "hzxx", "brxx"),
    check=(fill_from_number,),
)
