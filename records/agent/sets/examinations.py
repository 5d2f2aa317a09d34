"""The column set of examination reports 检查报告 (WS 445.4 检查记录): imaging, ultrasound, ECG,
endoscopy, pathology.
"""

from __future__ import annotations

from .bindings import coded, element, identifier, plain_text, reference
from .column_set import DELETED, PATIENT, PATIENT_NAME, VISIT, VOID, Column, ColumnSet
from .laboratory_reports import REQUESTER, STATE, TIMES

REPORT_NUMBER = "urn:oid:2.16.156.10011.1.32"

EXAMINATIONS = ColumnSet(
    name="examination",
    zh="检查报告",
    en="Examination reports",
    type="DiagnosticReport",
    columns=(
        Column(
            "report",
            "检查报告单编号",
            "检查报告单号 检查报告编号 报告单号 报告编号 报告号 检查号 检查流水号 检查编号 影像号 检查ID 申请单号 reportno report_no reportid examno studyid accessionno bgdh jch",
            "record",
            required=True,
            element="DE01.00.018.00",
            examples=("CT20260503011",),
        ),
        PATIENT,
        PATIENT_NAME,
        VISIT,
        Column(
            "kind",
            "检查类别",
            "检查类型 检查大类 设备类型 影像类别 modality examtype jclb jclx",
            "text",
            examples=("CT",),
        ),
        Column(
            "code",
            "检查项目代码",
            "检查项目编码 项目代码 项目编码 itemcode examcode jcxmdm",
            "code",
            element="DE04.30.019.00",
            examples=("CT001",),
        ),
        Column(
            "item",
            "检查项目名称",
            "检查项目 项目名称 检查名称 检查内容 医嘱名称 examitem examname itemname jcxmmc jcxm",
            "text",
            required=True,
            element="DE04.30.020.00",
            examples=("胸部 CT 平扫",),
        ),
        Column(
            "part",
            "检查部位",
            "部位 检查部位与方法 检查部位名称 bodypart bodysite jcbw",
            "text",
            examples=("胸部",),
        ),
        Column(
            "findings",
            "检查报告结果-客观所见",
            "检查所见 影像所见 影像表现 超声所见 镜下所见 报告所见 客观所见 所见 检查描述 findings description jcsj yxsj",
            "long",
            element="DE04.50.131.00",
            examples=("双肺纹理增多，右下肺见片状模糊影。",),
        ),
        Column(
            "conclusion",
            "检查报告结果-主观提示",
            "检查结论 诊断意见 影像诊断 超声提示 检查提示 诊断结论 报告结论 检查结果 印象 主观提示 结论 诊断 conclusion impression diagnosis jcjl zdyj",
            "long",
            element="DE04.50.132.00",
            examples=("右下肺炎症，建议治疗后复查。",),
        ),
        Column(
            "collected",
            "检查日期时间",
            "检查时间 检查日期 执行时间 examtime examdate jcsj jcrq",
            "moment",
            examples=("2026-05-03 09:10",),
        ),
        Column(
            "reported",
            "检查报告日期",
            "报告日期 报告时间 审核时间 检查报告日期时间 报告日期时间 reporttime reportdate bgrq bgsj",
            "moment",
            examples=("2026-05-03 09:45",),
        ),
        Column(
            "reporter",
            "报告医师",
            "报告医生 检查医师 检查医生 诊断医师 诊断医生 报告人 医师 医生 reporter bgys jcys",
            "name",
            examples=("李明",),
        ),
        Column(
            "verifier",
            "审核医师",
            "审核医生 审核人 审核者 verifier shys",
            "name",
            examples=("赵强",),
        ),
        REQUESTER,
        STATE,
        VOID,
        DELETED,
    ),
    table=(
        element("state", "status"),
        identifier("report", REPORT_NUMBER, ""),
        coded("code", "item", "code", "examination"),
        element("kind", "category[0].text"),
        reference("patient", "subject", "Patient", "patient_name"),
        reference("visit", "encounter", "Encounter"),
        TIMES,
        plain_text("findings", "检查所见"),
        element("conclusion", "conclusion"),
        element("part", "extension[url=urn:xinglin:extension:body-part].valueString"),
        element("requester", "basedOn[0].display"),
        element("reporter", "performer[0].display"),
        element("verifier", "resultsInterpreter[0].display"),
    ),
    record=(("report",),),
    day=("collected", "reported"),
    one_of=(("conclusion", "findings"), ("collected", "reported")),
    signs=("findings", "conclusion", "part", "kind"),
    file_words=("检查", "影像", "超声", "放射", "exam", "pacs", "ris", "jc"),
    constants=(("status", "final"),),
)
