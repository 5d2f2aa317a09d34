"""TABLE of refusals: why a request is refused as a whole, in the words of the platform
(docs/sync.md, Errors and Enrol).
"""

from __future__ import annotations

from typing import Any

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
        '第 {line} 行的条目后面没有资源行：put 的条目要紧跟一行 FHIR 资源；删除请写 "action":"delete"。',
        'No resource follows the item of line {line}: a put has one in the next line; a deletion says "action":"delete".',
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
        "The root of the header does not fit the body: it is the SHA-256 of the items' digests, one after the other. The platform finds {found}.",
    ),
    "hash": (
        "hash",
        400,
        "第 {line} 行的 hash 与下一行的资源不符：应为资源行原样字节的 SHA-256（不含行尾换行）。",
        "The hash in line {line} does not fit the resource in the next one: it is the SHA-256 of the resource line's bytes, without the line end.",
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
        "Another batch came under number {number} (see receipt). Never reuse a number: send this one under a new number.",
    ),
    "streams": (
        "too-many",
        429,
        "一个系统最多 {most} 个流：请在已有的流里发送。",
        "A system has {most} streams at most: send in one of those that it has.",
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
        "平台出错，不能确定是否已保存：请原样再发一次，已收下的会得到同一回执。请把 X-Request-Id 告诉平台管理员。",
        "The platform failed, and it is not certain whether this was stored: send the same again, what was taken gets the same receipt. Tell the operator the X-Request-Id.",
    ),
    "token": (
        "token",
        401,
        "令牌不可用：请到 /oauth/token 重新取得，放在 Authorization: Bearer 里。{detail}",
        "The token is not valid: ask /oauth/token for one and send it as Authorization: Bearer. {detail}",
    ),
    "forbidden": (
        "forbidden",
        403,
        "不允许：只能用本院自己的系统访问本院的地址，而且令牌的权限要包含所发的类型和操作。{detail}",
        "This is not permitted: a hospital's own systems use its own address, with a token whose scopes cover the types and actions. {detail}",
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
        "cursor 不是平台发给本院的。请用上一次回答里的 cursor；没有的话不带 cursor（从现在起），或用 cursor=0（从头起）。",
        "The cursor is not one that the platform gave to this hospital. Take the one of the last answer; without one leave it out (from now on), or send cursor=0 (from the beginning).",
    ),
    "polls": (
        "busy",
        429,
        "本院已有 {most} 个请求在等待变更。请让每个系统只用一个等待的请求，过 Retry-After 的秒数再问。",
        "{most} requests of this hospital wait for changes already. Use one that waits for each system, and ask again after the seconds in Retry-After.",
    ),
    "seen": (
        "malformed",
        400,
        'seen 不对：应为 {{"size": 整数, "root": 64 位十六进制}}；第一次请把 seen 和 cosignature 都省去。',
        'seen is wrong: it is {{"size": number, "root": 64 hexadecimal digits}}; the first time leave out seen and cosignature.',
    ),
    "cosignature": (
        "cosignature",
        400,
        "联署没有被接受：{detail_zh}。请检查登记时交来的见证密钥；也可以不带 cosignature 再问。",
        "The co-signature was not taken: {detail_en}. Look at the witness key of the enrolment; you may also ask without a cosignature.",
    ),
    "enrol.malformed": (
        "malformed",
        400,
        "请求内容不对：{field} 缺少或格式不符。请对照 docs/sync.md 的“Enrol”一节。",
        "The request is not what docs/sync.md (Enrol) says: {field} is missing or cannot be read.",
    ),
    "enrol.mistyped-code": (
        "mistyped-code",
        400,
        "接入码输错了：应为 24 个字符，每 4 个一组，您输入了 {length} 个。请对照管理员给的接入码，重新输入。",
        "The code is mistyped: it has 24 characters in groups of four, and {length} came. Compare it with what the administrator gave you, and type it again.",
    ),
    "enrol.unknown-code": (
        "unknown-code",
        400,
        "平台没有这个接入码。请确认网址是不是发码的那个平台，再向管理员核对接入码。",
        "This code is not known here. Make sure that the address is of the platform that gave it, and compare it with what the administrator gave you.",
    ),
    "enrol.used-code": (
        "used-code",
        409,
        "这个接入码已经用过了，一码只能用一次。如果不是您用的，请马上告诉管理员；需要的话请管理员再发一个。",
        "This code has been used: each one is good once. Where it was not you, tell the administrator at once; ask for another one.",
    ),
    "enrol.expired-code": (
        "expired-code",
        410,
        "这个接入码已经过期（24 小时内有效）。请管理员再发一个。",
        "This code has expired: it is good for 24 hours. Ask the administrator for another one.",
    ),
    "enrol.weak-key": (
        "weak-key",
        400,
        "密钥太弱：请用 P-384，或 3072 位以上的 RSA。",
        "The key is too weak: take P-384, or RSA of 3072 bits or more.",
    ),
    "enrol.key": (
        "key",
        400,
        "公钥（jwk）不能用：只收 P-384 或 RSA 公钥，不能带私钥部分。",
        "This key (jwk) cannot be taken: send the public part of a P-384 or RSA key, and no private one.",
    ),
    "enrol.witness-key": (
        "witness-key",
        400,
        "见证公钥（witness_key）应为 Ed25519 公钥，64 位十六进制数。",
        "witness_key is no Ed25519 public key in 64 hexadecimal digits.",
    ),
    "enrol.name": (
        "name",
        400,
        "系统名称应为 1 到 100 个字，不能有换行等控制字符。",
        "The system's name has 1 to 100 characters, and no control characters.",
    ),
    "enrol.name-taken": (
        "name-taken",
        409,
        "本院已有一个叫“{name}”的系统。请换个名称（--name），或者请管理员先撤销原来那个。接入码没有用掉。",
        "This hospital has a system called “{name}” already. Choose another name (--name), or have the administrator revoke that one first. The code is still good.",
    ),
    "enrol.has-secret": (
        "has-secret",
        409,
        "这个系统用的是口令（client_secret），没有密钥可换。请用接入码重新注册。",
        "This system has a client secret, and no key to replace. Enrol it anew with a code.",
    ),
    "enrol.proof": (
        "proof",
        403,
        "换密钥要由现在用的密钥签名证明（proof），光有令牌不行：{detail}",
        "The key that counts has to sign for the new one (proof); a token alone is not enough: {detail}",
    ),
    "enrol.old-key": (
        "old-key",
        409,
        "这把密钥已经换掉了。请另做一把新的。",
        "This key has been replaced already: make a new one.",
    ),
}


class SyncFault(Exception):
    """reason: a key of REASONS; words: what its texts name; more: what helps, beside them."""

    def __init__(
        self, reason: str, more: dict[str, Any] | None = None, seconds: int = 0, **words: Any
    ) -> None:
        super().__init__(reason)
        self.reason, self.more, self.seconds, self.words = reason, more or {}, seconds, words

    @property
    def status(self) -> int:
        return REASONS[self.reason][1]

    def as_json(self) -> dict[str, Any]:
        error, _, zh, en = REASONS[self.reason]
        said = {"detail": "", **self.words}
        return {
            "error": error,
            "zh": zh.format(**said),
            "en": en.format(**said).strip(),
            **self.more,
        }
