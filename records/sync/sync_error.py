"""Why a request of sync is refused as a whole: code, status, and in Chinese and English what is
wrong and how to mend it (docs/sync.md, Errors).
"""

from typing import Any

from records.sync.detail_words import translate_detail

# reason -> (error, status, zh, en)
REASONS: dict[str, tuple[str, int, str, str]] = {
    "empty": (
        "malformed",
        400,
        "正文是空的：第一行应为批次头，其后每个条目一行，有内容的再加一行资源。",
        "The body is empty: send the header line, then a line for each item and its resource.",
    ),
    "json": (
        "malformed",
        400,
        "第 {line} 行不是有效的 JSON（{detail}）：每行一个 JSON 对象，行内不能换行，编码用 UTF-8。",
        "Line {line} is no JSON ({detail}): one JSON object a line, no line breaks inside, UTF-8.",
    ),
    "object": (
        "malformed",
        400,
        "第 {line} 行不是 JSON 对象：批次头和条目行都应为 {{…}}。",
        "Line {line} is no JSON object: header and item lines are {{…}}.",
    ),
    "field": (
        "malformed",
        400,
        "第 {line} 行的 {name} 不对：应为{form_zh}。",
        "{name} in line {line} is wrong: it is {form_en}.",
    ),
    "no-resource": (
        "malformed",
        400,
        "第 {line} 行的条目后面没有资源行：put 的条目要紧跟一行 FHIR 资源；删除请写 "
        '"action":"delete"。',
        "No resource follows the item of line {line}: a put has one in the next line; a deletion"
        ' says "action":"delete".',
    ),
    "count": (
        "malformed",
        400,
        "批次头写的是 {said} 个条目，正文里有 {found} 个：请改成一致。",
        "The header says {said} items, the body has {found}: make them agree.",
    ),
    "surplus": (
        "malformed",
        400,
        "第 {line} 行多余：批次头写的 {said} 个条目到此已经完了。",
        "Line {line} is too many: the {said} items that the header says end before it.",
    ),
    "root": (
        "root",
        400,
        "批次头的 root 与正文不符：应为各条目摘要依次相连后的 SHA-256。平台算出的是 {found}。",
        "The root of the header does not fit the body: it is the SHA-256 of the items' digests, one"
        " after the other. The platform finds {found}.",
    ),
    "hash": (
        "hash",
        400,
        "第 {line} 行的 hash 与下一行的资源不符：应为资源行原样字节的 SHA-256（不含行尾换行）。",
        "The hash in line {line} does not fit the resource in the next one: it is the SHA-256 of"
        " the resource line's bytes, without the line end.",
    ),
    "items": (
        "too-large",
        413,
        "一个批次最多 {most} 个条目，这里写的是 {said} 个：请分成几个批次。",
        "A batch has {most} items at most, and this one says {said}: send several.",
    ),
    "bytes": (
        "too-large",
        413,
        "正文太大（解压后最多 {most} MiB）：请减少每批的条目。",
        "The body is too large ({most} MiB unpacked at most): send fewer items in a batch.",
    ),
    "values": (
        "too-large",
        413,
        "第 {line} 行的内容太多：{detail}",
        "Line {line} holds too much: {detail}",
    ),
    "media": (
        "media-type",
        415,
        "正文的类型应为 application/x-ndjson（可以加 Content-Encoding: gzip）：{detail}",
        "The body is application/x-ndjson, optionally with Content-Encoding: gzip: {detail}",
    ),
    "packed": (
        "malformed",
        400,
        "正文说是 gzip，却解不开：请把整个正文压成一个完整的 gzip 再发。",
        "The body says gzip and cannot be unpacked: send it whole, as one gzip member.",
    ),
    "cut": (
        "malformed",
        400,
        "正文没有收全，或者来得太慢：请原样再发一次。",
        "The body breaks off, or came too slowly: send the same again.",
    ),
    "query": (
        "malformed",
        400,
        "参数 {name} 不对：应为{form_zh}。",
        "The parameter {name} is wrong: it is {form_en}.",
    ),
    "method": (
        "method",
        405,
        "这个地址不支持 {name} 方法。",
        "{name} is not served at this address.",
    ),
    "not-sandbox": (
        "unknown",
        404,
        "这不是沙箱的系统：验收只在沙箱里做。请管理员发一个沙箱接入码。",
        "This is no sandbox's system: acceptance is tried in a sandbox. Ask the administrator for a"
        " code of the sandbox.",
    ),
    "unknown": (
        "unknown",
        404,
        "没有收到过这个编号的批次。下一个应为 {next}。",
        "No batch of this number was received. The next one is {next}.",
    ),
    "gap": (
        "gap",
        409,
        "中间缺了批次：下一个应为 {next}，收到的是 {number}。请从 {next} 发起。",
        "A batch before this one has not come: {next} is next, {number} came. Send from {next}.",
    ),
    "other-root": (
        "other-root",
        409,
        "编号 {number} 已经收过内容不同的一批（见 receipt）。编号不能重复使用：请用新的编号发。",
        "Another batch came under number {number} (see receipt). Never reuse a number: send this"
        " one under a new number.",
    ),
    "epoch": (
        "epoch",
        410,
        "平台从备份恢复过，恢复点之后收到的批次已不在：请从编号 {next} 起重新发送。",
        "The platform was restored from a backup, and batches that came later are gone: send again"
        " from number {next}.",
    ),
    "streams": (
        "too-many",
        429,
        "一个系统最多 {most} 个流：请在已有的流里发送。",
        "A system has {most} streams at most: send in one of those that it has.",
    ),
    "queue": (
        "busy",
        429,
        "本院已有 {waiting} 个批次在排队，这一批没有收下：过 Retry-After 的秒数再原样发送。",
        "{waiting} batches of this hospital wait, and this one was not taken: the same again after"
        " the seconds in Retry-After.",
    ),
    "busy": (
        "busy",
        503,
        "平台正忙，什么都没有保存：过 Retry-After 的秒数再原样发送。",
        "The platform is busy and stored nothing: the same again after the seconds in Retry-After.",
    ),
    "server": (
        "server",
        500,
        "平台出错，不能确定是否已保存：请原样再发一次，已收下的会得到同一回执。"
        "请把 X-Request-Id 告诉平台管理员。",
        "The platform failed, and it is not certain whether this was stored: send the same again,"
        " what was taken gets the same receipt. Tell the operator the X-Request-Id.",
    ),
    "token": (
        "token",
        401,
        "令牌不可用：请到 /oauth/token 重新取得，放在 Authorization: Bearer 里。{detail}",
        "The token is not valid: ask /oauth/token for one and send it as Authorization: Bearer."
        " {detail}",
    ),
    "forbidden": (
        "forbidden",
        403,
        "不允许：只能用本院自己的系统访问本院的地址，而且令牌的权限要包含所发的类型和操作。{detail}",
        "This is not permitted: a hospital's own systems use its own address, with a token whose"
        " scopes cover the types and actions. {detail}",
    ),
    "body": (
        "malformed",
        400,
        "正文不对：应为一个 JSON 对象，{detail}",
        "The body is wrong: it is one JSON object, {detail}",
    ),
    "buckets": (
        "too-large",
        413,
        "一次最多比对 {most} 项：请分几次问。",
        "At most {most} at a time are compared: ask in several parts.",
    ),
    "cursor": (
        "malformed",
        400,
        "cursor 不是平台发给本院的。请用上一次回答里的 cursor；没有的话不带 cursor（从现在起），"
        "或用 cursor=0（从头起）。",
        "The cursor is not one that the platform gave to this hospital. Take the one of the last"
        " answer; without one leave it out (from now on), or send cursor=0 (from the beginning).",
    ),
    "feed-epoch": (
        "epoch",
        410,
        "平台从备份恢复过，您读到的变更有一部分已不在（{since_zh}）。请从 next 的地址接着读；"
        "此后读到的与您保存的不一致时，以读到的为准。",
        "The platform was restored from a backup, and some of what you have read is gone"
        " ({since_en}). Go on reading from the address in next; where what you hold differs from"
        " what comes, the latter counts.",
    ),
    "unexplained": (
        "away",
        503,
        "平台的数据库可能被恢复过，管理员尚未确认，暂时不给出变更。请保留 cursor，稍后再问。",
        "The platform's database may have been restored, and its operator has not explained that"
        " yet: no changes are told until then. Keep your cursor and ask again later.",
    ),
    "polls": (
        "busy",
        429,
        "本院已有 {most} 个请求在等待变更。请让每个系统只用一个等待的请求，"
        "过 Retry-After 的秒数再问。",
        "{most} requests of this hospital wait for changes already. Use one that waits for each"
        " system, and ask again after the seconds in Retry-After.",
    ),
    "seen": (
        "malformed",
        400,
        'seen 不对：应为 {{"size": 整数, "root": 64 位十六进制}}；'
        "第一次请把 seen 和 cosignature 都省去。",
        'seen is wrong: it is {{"size": number, "root": 64 hexadecimal digits}}; the first time'
        " leave out seen and cosignature.",
    ),
    "cosignature": (
        "cosignature",
        400,
        "联署没有被接受：{detail_zh}。请检查登记时交来的见证密钥；也可以不带 cosignature 再问。",
        "The co-signature was not taken: {detail_en}. Look at the witness key of the enrolment; you"
        " may also ask without a cosignature.",
    ),
    "no-head": (
        "away",
        503,
        "日志还没有签名的树头，请稍后再问。",
        "The log has no signed head yet: ask again later.",
    ),
    "letter": (
        "unknown",
        404,
        "没有这条问题数据。",
        "There is no such dead letter.",
    ),
}


class SyncError(Exception):
    """reason: a key of REASONS; words: what its texts name; more: what helps, beside them."""

    def __init__(
        self, reason: str, more: dict[str, Any] | None = None, *, seconds: int = 0, **words: Any
    ) -> None:
        super().__init__(reason)
        self.reason, self.more, self.words, self.seconds = reason, more or {}, words, seconds

    @property
    def status(self) -> int:
        return REASONS[self.reason][1]

    @property
    def code(self) -> str:
        return REASONS[self.reason][0]

    def as_json(self) -> dict[str, Any]:
        code, _, zh, en = REASONS[self.reason]
        in_chinese = {"detail": translate_detail(str(self.words.get("detail", "")))}
        return {
            "error": code,
            "zh": zh.format(**self.words | in_chinese),
            "en": en.format(**self.words).strip(),
            **self.more,
        }
