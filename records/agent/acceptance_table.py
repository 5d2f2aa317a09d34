"""TABLE of what a system shows in the sandbox before it is let at a hospital's own store: what it
is, whether it must, and what to do so that it shows. Read by docs/how-to/enrol.md's vendors; the
platform and the test server tell it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Behaviour(str, Enum):
    """By the name that the answer has."""

    __str__ = str.__str__

    TOKEN = "token"  # noqa: S105
    BATCH = "batch"
    NEXT_BATCH = "next-batch"
    AGAIN = "again"
    CHANGE = "change"
    DELETION = "deletion"
    RECALL = "recall"
    OLDER = "older"
    LETTERS = "letters"
    MENDED = "mended"
    WAITING = "waiting"
    ASKED = "asked"
    CHINESE = "chinese"
    RARE = "rare"
    LABORATORY = "laboratory"
    COMPARATOR = "comparator"
    FEED = "feed"
    DIGESTS = "digests"
    EQUAL = "equal"
    WITNESS = "witness"


@dataclass(frozen=True)
class Expectation:
    """zh, en: what was shown; mend_zh, mend_en: what to do where it was not."""

    behaviour: Behaviour
    required: bool
    zh: str
    en: str
    mend_zh: str
    mend_en: str


B = Behaviour
EXPECTATIONS = (
    Expectation(
        B.TOKEN,
        True,
        "申请令牌并带上它",
        "asks for a token and sends it",
        "POST /oauth/token，再带上 Authorization: Bearer。",
        "POST /oauth/token, then Authorization: Bearer.",
    ),
    Expectation(
        B.BATCH,
        True,
        "发送批次并入库",
        "sends a batch that is stored",
        "发一个批次，编号 1，至少一个条目合格。",
        "Send a batch, number 1, with an item that is stored.",
    ),
    Expectation(
        B.NEXT_BATCH,
        True,
        "批次编号连续",
        "numbers its batches without a gap",
        "同一条流里接着发编号 2。",
        "Send number 2 of the same stream.",
    ),
    Expectation(
        B.AGAIN,
        True,
        "断线后原样重发",
        "sends the same batch again after a broken line",
        "发出批次后、收到回执前拔掉网线，恢复后应原样重发同一编号。",
        "Cut the line between a batch and its receipt: the same bytes come again under its number.",
    ),
    Expectation(
        B.CHANGE,
        True,
        "更新已有记录",
        "changes a record",
        "同一条记录用更大的版本号再发一次，内容有变化。",
        "Send a record again, changed, with a greater version.",
    ),
    Expectation(
        B.DELETION,
        True,
        "删除记录",
        "deletes a record",
        '在系统里删除一条已上传的记录：条目写 "action":"delete"。',
        'Delete a record that was sent: an item with "action":"delete".',
    ),
    Expectation(
        B.RECALL,
        False,
        "撤回（错录）记录",
        "recalls a record",
        '条目写 "action":"recall"。',
        'An item with "action":"recall".',
    ),
    Expectation(
        B.OLDER,
        False,
        "旧版本不覆盖新版本",
        "sends an older version, which changes nothing",
        "补传一条版本号较小的旧数据。",
        "Send an older version of a record.",
    ),
    Expectation(
        B.LETTERS,
        True,
        "读取退回清单",
        "reads what was refused",
        "GET /sync/<医院>/dead-letters，并把原因显示给操作人员。",
        "GET /sync/<hospital>/dead-letters, and show it to people.",
    ),
    Expectation(
        B.MENDED,
        True,
        "改正退回的条目并重发",
        "mends what was refused",
        "故意发一条不合格的，改正后再发（版本号相同或更大）。",
        "Send an item that is refused, then the same one mended.",
    ),
    Expectation(
        B.WAITING,
        False,
        "先到的条目等待所引用的记录",
        "sends an item before what it refers to",
        "先发检验结果，再发它的患者。",
        "Send a result before its patient.",
    ),
    Expectation(
        B.ASKED,
        True,
        "按编号查询回执",
        "asks for a receipt by its number",
        "GET /sync/<医院>/batches/<流>/<编号>；收到 202 之后就要这样查。",
        "GET /sync/<hospital>/batches/<stream>/<number>, as after a 202.",
    ),
    Expectation(
        B.CHINESE,
        True,
        "中文正确（UTF-8）",
        "sends Chinese in UTF-8",
        "发一条含中文姓名的患者。",
        "Send a patient with a Chinese name.",
    ),
    Expectation(
        B.RARE,
        True,
        "生僻字正确",
        "sends rare characters",
        "发一位姓名含生僻字（如“𠮷”“㛃”）的患者，不能变成问号。",
        "Send a patient with a rare character, such as U+20BB7: no question mark.",
    ),
    Expectation(
        B.LABORATORY,
        True,
        "检验结果带异常标志和参考范围",
        "sends a result with flag and range",
        "Observation 里填 interpretation（H/L）和 referenceRange。",
        "An Observation with interpretation and referenceRange.",
    ),
    Expectation(
        B.COMPARATOR,
        False,
        "“<0.01”这样的结果带比较符",
        "sends a comparator",
        "“<0.01”写成 valueQuantity 的 comparator 和 value，不要整个写成文字。",
        "Send “<0.01” as comparator and value.",
    ),
    Expectation(
        B.FEED,
        False,
        "凭游标读取变化",
        "reads the feed from its cursor on",
        "GET /sync/<医院>/feed?cursor=…，存好返回的游标再读下一页。",
        "GET /sync/<hospital>/feed?cursor=…, with the cursor that was kept.",
    ),
    Expectation(
        B.DIGESTS,
        False,
        "对账",
        "compares digests",
        "POST /sync/<医院>/digests。",
        "POST /sync/<hospital>/digests.",
    ),
    Expectation(
        B.EQUAL,
        False,
        "对账结果一致",
        "compares digests, and nothing differs",
        "补齐差异后再对一次账。",
        "Mend what differs, and compare once more.",
    ),
    Expectation(
        B.WITNESS,
        False,
        "见证平台日志",
        "co-signs the log",
        "POST /sync/<医院>/heads，带上 cosignature。",
        "POST /sync/<hospital>/heads with a cosignature.",
    ),
)
# error of docs/sync.md -> (zh, en): what no accepted system does
FAULTS = {
    "other-root": (
        "同一编号发过不同的内容。编号用过就不能再用于别的批次。",
        "It has sent another batch under a number that was used.",
    ),
    "malformed": ("发过格式不对的请求。", "It has sent what docs/sync.md does not know."),
    "root": ("发过 root 算错的批次。", "It has sent a batch whose root does not fit."),
    "hash": ("发过 hash 算错的条目。", "It has sent an item whose hash does not fit."),
    "forbidden": ("用过别的医院的地址。", "It has asked another hospital's address."),
}
