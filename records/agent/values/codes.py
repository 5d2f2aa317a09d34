"""Read coded values by tables: what hospitals write, and the code of FHIR that it means. The first
of the written ones is how a row has it.
"""

from __future__ import annotations

from typing import Tuple

from .blanks import fold, is_not_said
from .invalid_value import InvalidValue
from .value_rules import CODE

Table = Tuple[Tuple[str, str], ...]  # code, written ones parted by blanks

GENDERS: Table = (
    ("male", "男 1 m male 男性 男士 01"),
    ("female", "女 2 f female 女性 女士 02"),
    ("unknown", "未说明 未知 9 0 u unknown 不详 其他 未知的性别 未说明的性别 09 00"),
)
YES: Table = (
    ("yes", "是 1 y yes true t 有 √ 作废 已作废 删除 已删除 撤销 已撤销 退 v d"),
    ("no", "否 0 n no false f 无 正常 有效 未作废 x 未删除"),
)
VISIT_CLASSES: Table = (
    (
        "AMB",
        "门诊 1 01 o op outpatient amb 普通 专家 专科 普通号 专家号 专科号"
        " 普通门诊 专科门诊 专家门诊 门 门诊病人 门诊就诊 体检 4 04",
    ),
    ("EMER", "急诊 2 02 e er emergency emer 门急诊 急 急诊病人"),
    ("IMP", "住院 3 03 i ip inpatient imp 住院病人 入院 住"),
    ("OBSENC", "留观 观察 急诊留观 observation obsenc"),
    ("SS", "日间 日间手术 日间病房 ss"),
    ("HH", "家庭病床 出诊 上门 家床 hh home"),
    ("VR", "互联网 远程 网上 互联网诊疗 vr"),
)
CERTAINTIES: Table = (
    ("confirmed", "确诊 1 确定 已确诊 confirmed"),
    ("provisional", "初步 2 疑似 疑诊 待查 待排 拟诊 临床诊断 provisional suspected"),
    ("refuted", "排除 已排除 3 refuted"),
)
COURSES: Table = (
    ("active", "现患 活动 在治 未愈 active 好转 9"),
    ("resolved", "治愈 已愈 痊愈 resolved"),
    ("inactive", "既往 稳定 inactive"),
)
ORDER_STATES: Table = (
    (
        "active",
        "执行中 有效 正常 在用 已开立 开立 已审核 active 1 已收费 收费 已发药 发药 新开 新增 未执行"
        " 待执行 已校对 校对 已核对 核对 审核 待发药 未发药 未收费"
        " 审核通过 已提交 提交 已下达 下达 已转抄 转抄 执行 正在执行 已发送 已确认",
    ),
    (
        "completed",
        "已完成 完成 已执行 执行完毕 执行完成 已结束 结束 完毕 已报告 已出报告 completed 2",
    ),
    (
        "stopped",
        "停止 已停 停嘱 已停止 已停嘱 停用 停医嘱 停止审核 确认停止"
        " 停止确认 已确认停止 重整 已重整 stopped 3",
    ),
    (
        "cancelled",
        "取消 已取消 作废 已作废 退药 已退药 撤销 已撤销 撤消 已撤消 退费 已退费"
        " 退回 已退回 拒绝 拒绝执行 dc 已dc cancelled canceled 4",
    ),
    ("draft", "草稿 暂存 未提交 保存 预开 draft"),
)
ORDER_TERMS: Table = (
    ("long", "长期 长期医嘱 长 长嘱 长期嘱 长期用药 是 1 l long"),
    ("temporary", "临时 临时医嘱 临 临嘱 临时用药 即刻 否 0 2 s st t temporary"),
    ("discharge", "出院带药 出院 带药 出院带药医嘱"),
    ("standby", "备用 备用医嘱 长期备用 临时备用 prn sos"),
)
URGENCIES: Table = (
    ("routine", "普通 常规 一般 平 平诊 不急 否 0 n routine r"),
    ("urgent", "加急 急 紧急 急诊 急查 是 1 y urgent"),
    ("stat", "立即 即刻 特急 抢救 stat s"),
    ("asap", "尽快 asap a"),
)
REPORT_STATES: Table = (
    ("final", "已审核 审核 最终 正式 完成 已完成 已发布 已报告 报告 final f 1 已打印"),
    ("preliminary", "初步 未审核 临时 初报 preliminary p"),
    ("amended", "修改 更正 已修改 amended corrected c"),
)
ALLERGY_KINDS: Table = (
    ("medication", "药物 药品 1 药物过敏 drug medication"),
    ("food", "食物 食品 2 食物过敏 food"),
    ("environment", "环境 花粉 尘螨 3 接触物 吸入物 environment"),
    ("biologic", "生物制品 疫苗 血液制品 biologic"),
)
SEVERITIES: Table = (
    ("mild", "轻度 轻 1 mild"),
    ("moderate", "中度 中 2 moderate"),
    ("severe", "重度 重 严重 3 severe"),
)
CERTAIN: Table = (
    ("confirmed", "确认 确诊 已确认 皮试阳性 confirmed 1"),
    ("unconfirmed", "未确认 自述 患者自述 疑似 家属代述 unconfirmed 2"),
    ("refuted", "排除 已排除 refuted"),
)
VACCINATION_STATES: Table = (
    ("completed", "已接种 完成 已完成 接种 completed 1"),
    ("not-done", "未接种 未种 禁忌 拒绝 not-done 0"),
)
RANKS: Table = (
    ("主要诊断", "主要诊断 主要 主 主诊断 第一诊断 1 是 y"),
    ("其他诊断", "其他诊断 其他 次要 次 次要诊断 从 2 3 4 5 6 7 8 9 0 否 n"),
)


class CodeTable:
    """strict: an unknown word refuses the row; else the row is taken without the value."""

    def __init__(self, table: Table, strict: bool = True) -> None:
        self.codes: dict[str, str] = {
            word: code for code, words in table for word in words.split(" ")
        }
        self.shown = {code: words.split(" ")[0] for code, words in table}
        self.known = "、".join(self.shown.values())
        self.strict = strict
        self.seen: dict[str, str] = {}

    def parse(self, text: str) -> str:
        """The code, "" where none is told."""
        folded = fold(text).casefold().replace(" ", "").rstrip("。.")
        found = self.codes.get(folded) or self.codes.get(folded.partition("-")[2])
        if found is None:
            if is_not_said(folded):
                return ""
            raise InvalidValue(CODE, soft=not self.strict, known=self.known)
        return found
