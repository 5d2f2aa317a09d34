"""TABLE cause -> the words of a notice, in Chinese and English: counts, names of systems and
hospitals, no patient.
"""

from collections.abc import Mapping

# (problem zh, en, well zh, en)
WORDS: Mapping[str, tuple[str, str, str, str]] = {
    "silent": (
        "前置机已 {number} 分钟没有消息：请看是否开机、xinglin-agent 是否在运行、网络是否通。",
        "Its agent has been silent for {number} minutes: is the machine on, does xinglin-agent run,"
        " does the line work?",
        "前置机已恢复联系。",
        "Its agent is heard of again.",
    ),
    "letters": (
        "24 小时内新增 {number} 条被退回的数据，请病案员在“数据同步”页面处理。",
        "{number} records were refused within 24 hours: a record clerk mends them (page Sync).",
        "新增退回的数据已降到设定值以内。",
        "New refused records are below the limit again.",
    ),
    "waiting": (
        "有数据等待关联数据已超过 {number} 小时：请检查它所指的数据是否发送。",
        "Records have waited for others for {number} hours: were those sent?",
        "等待关联的数据已不超时。",
        "No record waits for others too long any more.",
    ),
    "differs": (
        "最近一次对账有 {number} 天的数据不一致，请在“数据同步”页面查看。",
        "The last comparison found {number} days that differ: see the page Sync.",
        "最近一次对账全部一致。",
        "The last comparison found both sides equal.",
    ),
    "clock": (
        "前置机时钟相差 {number} 秒，请校准。",
        "The clock of its machine is off by {number} seconds: set it.",
        "前置机时钟已准。",
        "The clock of its machine is right again.",
    ),
    "disk": (
        "前置机磁盘已满，已停止接收新数据，请尽快清理。",
        "The disk of its machine is full, and it takes nothing more: make room.",
        "前置机磁盘已有空间。",
        "Its disk has room again.",
    ),
    "witness": (
        "警报：有成员医院见过与平台不同的审计日志（{number} 个树头对不上）。"
        "日志可能被截短、回退或改写，请不要做任何改动，立即联系平台运维和联盟审计员。",
        "Alarm: a member has seen another audit log than the platform's ({number} heads to which it"
        " does not lead). It may have been cut, set back or rewritten: change nothing, and call the"
        " operator and the alliance's auditor.",
        "",
        "",
    ),
    "test": (
        "这是一条测试通知，收到即说明设置正确。",
        "This is a trial: that it arrived shows that the settings are right.",
        "",
        "",
    ),
}


def say_notice(cause: str, well: bool, number: int) -> tuple[str, str]:
    """(zh, en)."""
    words = WORDS[cause]
    zh, en = words[2:] if well else words[:2]
    return zh.format(number=f"{number:,}"), en.format(number=f"{number:,}")
