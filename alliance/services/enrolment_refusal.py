"""TABLE code -> why a machine is not enrolled, or gets no other key, and how to mend it, in Chinese
and English: it stands in front of whoever installs, who has no account here.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RefusalWords:
    status: int
    zh: str
    en: str


class EnrolmentRefusal(Exception):
    """code: of REFUSALS; helps: what stands beside the words in the answer."""

    def __init__(self, code: str, **helps: str | int) -> None:
        super().__init__(code)
        self.code, self.helps = code, helps

    @property
    def words(self) -> RefusalWords:
        found = REFUSALS[self.code]
        return RefusalWords(
            found.status, found.zh.format(**self.helps), found.en.format(**self.helps)
        )


REFUSALS = {
    "malformed": RefusalWords(
        400,
        "请求内容不对：{field} 缺少或格式不符。请对照 docs/sync.md 的“Enrol”一节。",
        "The request is not what docs/sync.md (Enrol) says: {field} is missing or cannot be read.",
    ),
    "mistyped-code": RefusalWords(
        400,
        "接入码输错了：应为 24 个字符，每 4 个一组，您输入了 {length} 个。"
        "请对照管理员给的接入码，重新输入。",
        "The code is mistyped: it has 24 characters in groups of four, and {length} came. Compare"
        " it with what the administrator gave you, and type it again.",
    ),
    "mistyped-group": RefusalWords(
        400,
        "接入码输错了，很可能错在第 {group} 组。请对照管理员给的接入码，重新输入。",
        "The code is mistyped, probably in group {group}. Compare it with what the administrator"
        " gave you, and type it again.",
    ),
    "unknown-code": RefusalWords(
        400,
        "平台没有这个接入码。请确认网址是不是发码的那个平台，再向管理员核对接入码。",
        "This code is not known here. Make sure that the address is of the platform that gave it,"
        " and compare it with what the administrator gave you.",
    ),
    "used-code": RefusalWords(
        409,
        "这个接入码已经用过了，一码只能用一次。如果不是您用的，请马上告诉管理员；需要的话请管理员再发一个。",
        "This code has been used: each one is good once. Where it was not you, tell the"
        " administrator at once; ask for another one.",
    ),
    "expired-code": RefusalWords(
        410,
        "这个接入码已经过期（24 小时内有效）。请管理员再发一个。",
        "This code has expired: it is good for 24 hours. Ask the administrator for another one.",
    ),
    "withdrawn-code": RefusalWords(
        410,
        "这个接入码已被收回，或者发码的人已不再管理这家医院。请管理员再发一个。",
        "This code was withdrawn, or whoever made it does not administer the hospital any more. Ask"
        " the administrator for another one.",
    ),
    "suspended": RefusalWords(
        403,
        "这家医院目前不参加联盟（已暂停或不在成员期内），不能注册系统。请联系联盟管理员。",
        "This hospital does not take part in the alliance at present. Ask the administrator of the"
        " alliance.",
    ),
    "weak-key": RefusalWords(
        400,
        "密钥太弱：请用 P-384，或 3072 位以上的 RSA。",
        "The key is too weak: take P-384, or RSA of 3072 bits or more.",
    ),
    "key": RefusalWords(
        400,
        "公钥（jwk）不能用：只收 P-384 或 RSA 公钥，不能带私钥部分。",
        "This key (jwk) cannot be taken: send the public part of a P-384 or RSA key, and no private"
        " one.",
    ),
    "witness-key": RefusalWords(
        400,
        "见证公钥（witness_key）应为 Ed25519 公钥，64 位十六进制数。",
        "witness_key is no Ed25519 public key in 64 hexadecimal digits.",
    ),
    "name": RefusalWords(
        400,
        "系统名称应为 1 到 100 个字，不能有换行等控制字符。",
        "The system's name has 1 to 100 characters, and no control characters.",
    ),
    "name-taken": RefusalWords(
        409,
        "本院已有一个叫“{name}”的系统。请换个名称（--name），或者请管理员先撤销原来那个。接入码没有用掉。",
        "This hospital has a system called “{name}” already. Choose another name (--name), or have"
        " the administrator revoke that one first. The code is still good.",
    ),
    "narrow-token": RefusalWords(
        403,
        "这个令牌的权限比系统的小，不能换密钥。请申请全部权限的令牌（不写 scope）。",
        "This token may less than the system: no key is replaced by it. Ask for one without a"
        " scope.",
    ),
    "has-secret": RefusalWords(
        409,
        "这个系统用的是口令（client_secret），没有密钥可换。请用接入码重新注册。",
        "This system has a client secret, and no key to replace. Enrol it anew with a code.",
    ),
    "proof": RefusalWords(
        403,
        "换密钥要由现在用的密钥签名证明（proof），光有令牌不行：{detail}",
        "The key that counts has to sign for the new one (proof); a token alone is not enough:"
        " {detail}",
    ),
    "old-key": RefusalWords(
        409,
        "这把密钥已经换掉了。请另做一把新的。",
        "This key has been replaced already: make a new one.",
    ),
    "many-keys": RefusalWords(
        409,
        "一小时内换密钥的次数太多。请等旧密钥失效后再换。",
        "The key was replaced too often within an hour: wait until the old ones have ended.",
    ),
    "slow-down": RefusalWords(
        429,
        "输错的次数太多，请 {seconds} 秒后再试。",
        "Too many wrong codes from this address: wait {seconds} seconds.",
    ),
}
