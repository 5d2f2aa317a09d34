#!/usr/bin/env python3
"""Verify an evidence package of Xinglin's audit log, or a signed opinion of a consultation, without
Xinglin and without a network.

    python3 verify.py FILE.zip --key SHA256:… [--against OLDER] [--witness KEY] [--lang zh|en]
    python3 verify.py OPINION.json --key SHA256:…  (the hospital's; again: the log's)

It needs Python 3.8 or newer and the library `cryptography`; it reads the package where it lies,
unpacks nothing, and holds one line in memory. The key is that of the log, from whoever you trust:
never from the package. Exit code 0: intact. 1: not intact. 2: nothing could be read, or no key was
given, so that it is only known that the package fits itself.

The formats are those of docs/implementation/evidence-package.md and opinion.md, version 1; the
rules are those of RFC 6962 and RFC 9162 (trees), RFC 8032 (Ed25519), RFC 7515 (JWS), C2SP
signed-note, tlog-checkpoint, tlog-cosignature.
"""

from __future__ import annotations

import argparse
import base64
import csv
import datetime as dt
import hashlib
import io
import json
import re
import struct
import sys
import zipfile
import zlib
from collections import Counter, deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Iterable, Iterator, NamedTuple

try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
except ImportError:
    sys.exit(
        "缺少Python库cryptography：请执行python3 -m pip install cryptography，或改用verify.html。\n"
        "The Python library cryptography is missing: python3 -m pip install cryptography, or open"
        " verify.html instead."
    )

OPINION_KIND, OPINION_BYTES = "xinglin-signed-opinion", 1 << 24
KIND, VERSION, DOMAIN = "xinglin-evidence-package", 1, b"xinglin evidence package\n"
SEALED_COLUMNS = (
    *("id", "recorded", "code", "actor_kind", "actor", "actor_hospital", "role", "purpose"),
    *("outcome", "reason", "person", "target", "detail", "refs", "address", "request_id"),
    "persons",
)
EMPTY = hashlib.sha256(b"").digest()
REQUIRED = ("lines.ndjson", "events.csv", "checkpoint.txt", "cosignatures.json")
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
FORMULA_START = frozenset(FORMULA_STARTS)
MEMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
SIGNATURE_LINE = re.compile(r"— ([^\s+]{1,200}) ([A-Za-z0-9+/]+={0,2})")
ROW_BEGIN = re.compile(rb'\{"id":(0|[1-9][0-9]{0,17}),"leaf":"([0-9a-f]{64})","line":')
ROW_END = re.compile(rb'\],"position":(0|[1-9][0-9]{0,18})\}\n?')
NODE = 67  # bytes of a node in a path: 64 digits, quotes and a comma
SIZE_LINE = re.compile(r"0|[1-9][0-9]{0,18}")
PEM = re.compile(r"-----BEGIN PUBLIC KEY-----(.+?)-----END PUBLIC KEY-----", re.S)
PEM_HEADER = re.compile(r"^(name|from|until): *(.+?) *$", re.M)
FINGERPRINT = re.compile(r"(?:SHA256:)?([0-9a-f]{64})", re.I)
SPKI = bytes.fromhex("302a300506032b6570032100")  # RFC 8410: what precedes the 32 bytes of a key
MOST_MEMBERS, DIRECTORY_BYTES, JSON_BYTES, ROW_BYTES = 64, 1 << 20, 1 << 26, 1 << 26
BOMB_BYTES, BOMB_RATIO = 1 << 26, 250
AHEAD, MOST_TOLD = 64, 50
INTACT, NOT_INTACT, UNPROVED, UNREADABLE = "intact", "not_intact", "unproved", "unreadable"
EXIT = {INTACT: 0, NOT_INTACT: 1, UNPROVED: 2, UNREADABLE: 2}
ZIP_ERRORS = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError)
BAD_VALUES = (AttributeError, KeyError, TypeError, ValueError, RecursionError)

# code: (Chinese, English). verify.html has the same.
WORDS: dict[str, tuple[str, str]] = {
    "unreadable": ("无法作为证据包读取：{why}", "it cannot be read as an evidence package: {why}"),
    "zip-name": (
        "文件名不合规：{name}，证据包只有顶层文件",
        "a name that none of its members has: {name}",
    ),
    "zip-twice": (
        "ZIP中有两个同名文件，不同软件会打开不同的一个",
        "it is in the ZIP twice: one program opens this one, another that one",
    ),
    "zip-order": (
        "ZIP中的文件互相重叠，或前后夹有其他内容",
        "members of the ZIP overlap, or other content lies before, between or after them",
    ),
    "zip-header": (
        "ZIP目录与文件自身的文件头不一，不同软件会读出不同的内容",
        "the directory of the ZIP and the member's own header differ: programs may read different"
        " things",
    ),
    "zip-method": (
        "加密，或用了证据包不用的压缩方式",
        "it is encrypted, or compressed in a way that no package uses",
    ),
    "zip-bomb": (
        "压缩比异常（{size}字节由{packed}字节展开），未读取",
        "{packed} bytes that expand to {size}: it was not read",
    ),
    "member-missing": (
        "清单列有此文件，包中没有",
        "the manifest names it, and it is not in the package",
    ),
    "member-unknown": (
        "包中有此文件，清单没有列出",
        "it is in the package, and the manifest does not name it",
    ),
    "member-damaged": ("文件损坏，无法读取：{why}", "it is damaged and cannot be read: {why}"),
    "member-size": (
        "长度为{found}字节，清单记为{said}字节",
        "it has {found} bytes, the manifest says {said}",
    ),
    "member-sha256": (
        "内容与导出时不同（SHA-256不符）",
        "it is not what was exported (SHA-256 differs)",
    ),
    "member-sm3": (
        "内容与导出时不同（SM3不符）",
        "it is not what was exported (SM3 differs)",
    ),
    "manifest-form": ("清单格式不对：{why}", "the manifest is not as it must be: {why}"),
    "manifest-key": (
        "清单由另一个密钥签署（{mark}），不是您给出的密钥",
        "the manifest is signed by another key ({mark}) than the one you gave",
    ),
    "manifest-time": (
        "清单签署时间{at}不在该密钥的使用期内",
        "the manifest says {at}, when this key did not sign",
    ),
    "manifest-signature": (
        "清单的签名不符：清单被改动过",
        "the signature of the manifest does not fit: the manifest was changed",
    ),
    "head-key": (
        "日志树头由另一个密钥签署（{mark}），不是您给出的密钥",
        "the tree head is signed by another key ({mark}) than the one you gave",
    ),
    "head-time": (
        "树头签署时间{at}不在该密钥的使用期内",
        "the tree head says {at}, when this key did not sign",
    ),
    "head-signature": (
        "日志树头的签名不符：树头被改动过",
        "the signature of the tree head does not fit: the head was changed",
    ),
    "line-form": (
        "这一行不是规定格式：{why}",
        "the row is not in the form that is prescribed: {why}",
    ),
    "line-number": (
        "这一行自称编号{said}，封存的记录编号为{found}",
        "the row says that it is line {said}, the sealed line is {found}",
    ),
    "line-leaf": (
        "编号{id}的记录被改动过：与它的叶哈希不符",
        "line {id} was changed: it does not fit its leaf hash",
    ),
    "line-path": (
        "编号{id}的记录不在树头之下：证明路径到不了签署的根，封存在该处的不是这条记录",
        "line {id} is not below the signed head: its proof does not lead to the root, so this is"
        " not what was sealed there",
    ),
    "line-order": (
        "编号{id}的位置{position}不在上一行之后：行被调换、重复或插入",
        "line {id} stands at place {position}, which does not come after the row before: rows were"
        " moved, doubled or put in",
    ),
    "line-count": (
        "清单记为{said}行，实有{found}行",
        "the manifest says {said} rows, {found} are there",
    ),
    "line-first": ("第一行不是清单所记的那一行", "the first row is not the one of the manifest"),
    "line-last": ("最后一行不是清单所记的那一行", "the last row is not the one of the manifest"),
    "csv-form": ("表格无法读取：{why}", "the table cannot be read: {why}"),
    "csv-columns": (
        "清单没有说明哪一列是封存的“{name}”",
        "the manifest does not say which column is the sealed {name}",
    ),
    "csv-headings": ("列标题不是导出时的标题", "the headings are not those of the export"),
    "csv-width": (
        "有{found}格，应为{said}格",
        "it has {found} cells instead of {said}",
    ),
    "csv-cell": (
        "表格写“{found}”，封存的记录是“{sealed}”",
        "the table says “{found}”, the sealed line “{sealed}”",
    ),
    "csv-missing": (
        "编号{id}的记录从表格中删去了（应在此处）",
        "line {id} was taken out of the table (it belongs here)",
    ),
    "csv-added": (
        "这一行（编号{id}）不是此处封存的记录：被加入、重复或移动",
        "this row (line {id}) is not the line sealed here: it was added, doubled or moved",
    ),
    "csv-count": (
        "清单记为{said}行，表格有{found}行",
        "the manifest says {said} rows, the table has {found}",
    ),
    "since-consistency": (
        "日志不能由较早的树头（{size}条）延续而来：证明不成立",
        "the log is not shown to go on from the earlier head of {size} lines: the proof fails",
    ),
    "checkpoint-form": ("不是C2SP检查点：{why}", "it is no C2SP checkpoint: {why}"),
    "checkpoint-origin": (
        "检查点属于另一份日志（{found}），清单为{said}",
        "the checkpoint is of another log ({found}) than the manifest's ({said})",
    ),
    "checkpoint-head": (
        "检查点的大小和根不是清单所记树头的",
        "size and root of the checkpoint are not those of the manifest's head",
    ),
    "checkpoint-signature": (
        "检查点上没有日志密钥的有效签名",
        "the checkpoint has no valid signature of the log's key",
    ),
    "checkpoint-cosignature": (
        "见证方{name}在检查点上的联署不符",
        "the co-signature of the witness {name} on the checkpoint does not fit",
    ),
    "cosignature-form": ("联署格式不对：{why}", "a co-signature is not as it must be: {why}"),
    "cosignature-key": (
        "见证方{name}的联署出自另一个密钥",
        "the co-signature of the witness {name} is by another key",
    ),
    "cosignature-signature": (
        "见证方{name}没有联署过这个大小和根：签名不符",
        "the witness {name} has not co-signed this size and root: the signature does not fit",
    ),
    "cosignature-consistency": (
        "见证方{name}联署过的日志（{size}条）不能延续到本包的树头：日志被改写或分叉",
        "the log that the witness {name} has co-signed ({size} lines) does not lead to this head:"
        " the log was rewritten, or there are two",
    ),
    "witness-missing": (
        "您给出的见证密钥{mark}在包中没有有效联署",
        "the witness key {mark} that you gave has no valid co-signature in the package",
    ),
    "against-key": (
        "留存的树头没有所给密钥的有效签名",
        "the kept head has no valid signature of the key that you gave",
    ),
    "against-cut": (
        "留存的树头有{kept}条，本包的只有{size}条：日志被截短或回退，或本包更早",
        "the kept head covers {kept} lines, this package's {size}: the log was cut or rolled back,"
        " or this package is the older one",
    ),
    "against-unproved": (
        "包中没有由留存树头（{kept}条）延续而来的证明：请以该树头重新导出",
        "nothing in the package proves that its log goes on from the kept head of {kept} lines:"
        " have it exported since that head",
    ),
    "against-consistency": (
        "本包的日志不是由留存的树头（{kept}条）延续而来：日志被重建",
        "the log of this package does not go on from the kept head of {kept} lines: it was built"
        " anew",
    ),
    "opinion-form": ("会诊意见文件格式不对：{why}", "the opinion file is not as it must be: {why}"),
    "opinion-unsigned": ("文件中没有签名", "there is no signature in the file"),
    "opinion-key": (
        "{name}的签名使用的密钥（{mark}）不是您给出的密钥",
        "the signature of {name} is by another key ({mark}) than those you gave",
    ),
    "opinion-time": (
        "{name}的签署时间{at}不在该密钥的使用期内",
        "{name} signed on {at}, when this key did not sign",
    ),
    "opinion-public": (
        "文件所附公钥不是{name}签名所指的密钥（{mark}）",
        "the public key in the file is not the one ({mark}) that the signature of {name} names",
    ),
    "opinion-other": (
        "{name}的签名属于另一份文书（{said}），不是这一份（{found}）",
        "the signature of {name} is of another document ({said}), not of this one ({found})",
    ),
    "opinion-part": (
        "“{part}”在{name}签署后被改动",
        "“{part}” was changed after {name} had signed",
    ),
    "opinion-added": (
        "“{part}”在{name}签署后被加入",
        "“{part}” was put in after {name} had signed",
    ),
    "opinion-removed": (
        "“{part}”在{name}签署后被删去",
        "“{part}” was taken out after {name} had signed",
    ),
    "opinion-changed": (
        "文书在{name}签署后被改动（摘要不符）",
        "the document was changed after {name} had signed (its digest differs)",
    ),
    "opinion-signature": (
        "{name}的签名不符：签名人、时间或签名被改动，或不是用该密钥签署",
        "the signature of {name} does not fit: signer, time or signature were changed, or it was"
        " not made with this key",
    ),
    "opinion-signer": (
        "签名人{name}（工号{staff}）不是这份文书所列的会诊医师",
        "{name} (staff number {staff}), who signed, is none of the doctors that the document names",
    ),
    "opinion-unproved-signer": (
        "{name}签名时没有在规定时间内再次验证身份",
        "{name} had not proved who they are within the time allowed when they signed",
    ),
    "opinion-line": (
        "日志中封存的签署记录（编号{id}）与{name}的签名不是同一次：{what}不同",
        "the line of the log (number {id}) is not that of the signature of {name}: {what} differs",
    ),
    "opinion-line-leaf": (
        "日志中编号{id}的签署记录被改动过：与它的叶哈希不符",
        "line {id} of the log was changed: it does not fit its leaf hash",
    ),
    "opinion-line-path": (
        "编号{id}的签署记录不在日志树头之下",
        "line {id} is not below the signed head of the log",
    ),
    "opinion-head": (
        "日志树头的签名不符，或树头由另一个密钥签署（{mark}）",
        "the signature of the log's head does not fit, or another key signed it ({mark})",
    ),
}
VERDICTS: dict[str, tuple[str, str]] = {
    INTACT: (
        "完整：{rows}条记录与封存时一致，导出后没有改动、删减、增加或调换。",
        "INTACT: the {rows} lines are what was sealed; nothing was changed, taken out, added or"
        " moved since the export.",
    ),
    NOT_INTACT: (
        "不完整：发现{total}处问题，不能作为原样的记录采信。",
        "NOT INTACT: {total} findings; it must not be relied on as what was sealed.",
    ),
    UNPROVED: (
        "无法判定：没有给出日志密钥，只知道本包自相一致；任何人都能用自己的密钥做出这样的包。",
        "NOT DECIDED: no key of the log was given, so it is only known that the package fits"
        " itself; anybody can make such a package with a key of their own.",
    ),
    UNREADABLE: ("无法读取：没有作出判定。", "NOT READ: nothing was decided."),
}
OPINION_VERDICTS: dict[str, tuple[str, str]] = {
    INTACT: (
        "完整：这份文书自{names}签署后没有改动，签名由您给出的医院密钥作出。",
        "INTACT: nothing was changed since {names} signed, with the hospital's key that you gave.",
    ),
    NOT_INTACT: (
        "不完整：发现{total}处问题，不能作为原样的会诊文书采信。",
        "NOT INTACT: {total} findings; it must not be relied on as what was signed.",
    ),
    UNPROVED: (
        "无法判定：没有给出医院的签名公钥，只知道文书与签名自相一致；任何人都能用自己的密钥做出这样的文件。",
        "NOT DECIDED: the hospital's key was not given, so it is only known that document and"
        " signature fit each other; anybody can make such a file with a key of their own.",
    ),
    UNREADABLE: VERDICTS[UNREADABLE],
}
# What the verdict rests on and does not say; verify.html has the same.
NOTES: dict[str, tuple[str, str]] = {
    "truth": (
        "记录所述为真、平台没有漏记：只证明封存之后没有改动。",
        "That what a line says is true, or that the platform wrote down all it did: only that"
        " nothing was changed after the seal.",
    ),
    "filter": (
        "符合筛选条件的记录都已导出：只由清单签名担保，没有数学证明。",
        "That all lines of the filter were exported: the signature vouches for it, no proof does.",
    ),
    "readable": (
        "姓名等可读列，以及summary.pdf、events.xlsx、events.ndjson属实：只由清单签名担保。",
        "Names and other readable columns, summary.pdf, events.xlsx and events.ndjson: only the"
        " signature vouches for them, as the platform knew them at the export.",
    ),
    "clock": (
        "时间准确：记录用平台的时钟，联署用见证方自己的时钟。",
        "That the times are right: those of lines are by the platform's clock, those of"
        " co-signatures by the witness's.",
    ),
    "today": (
        "日志现在仍与本包一致：请在平台上核对，或留存本包，日后与新的证据包对照（--against）。",
        "That the log of today still leads to this head: ask the installation, or keep this"
        " package and hold a later one against it (--against).",
    ),
    "against": (
        "日志没有被重做过：持有日志密钥的人可以重做，只有见证方或以前留存的树头能发现，"
        "本次没有给出留存的树头。",
        "That the log was never built anew: whoever holds its key could do that, and only witnesses"
        " or a head that was kept earlier would tell; none was given.",
    ),
    "witness": (
        "见证密钥属于见证医院：密钥取自本包（{marks}），请向医院电话核对指纹后给出（--witness）。",
        "That the witnesses' keys are the hospitals': they come from the package ({marks}); ask"
        " each hospital for its fingerprint by telephone and give it (--witness).",
    ),
    "nowitness": (
        "别处有人见过这份日志：包中没有见证方的联署。",
        "That anybody elsewhere has seen this log: no witness has co-signed it.",
    ),
    "opinion-truth": (
        "意见本身正确：只证明签署之后没有改动。",
        "That the opinion is right: only that nothing was changed after it was signed.",
    ),
    "opinion-person": (
        "签名人本人操作：由平台核实并写入签名（{how}），医院密钥由平台保管。",
        "That the signer was at the keyboard: the platform checked it and wrote it into the"
        " signature ({how}); it holds the hospital's key.",
    ),
    "opinion-records": (
        "所附资料的内容：文书只写明其SHA-256，请用原资料计算后对照。",
        "What the records that went along say: the document names their SHA-256; compute it from"
        " the records and compare.",
    ),
    "opinion-clock": (
        "签署时间准确：用平台数据库的时钟。",
        "That the time is right: it is by the clock of the platform's database.",
    ),
    "opinion-nolog": (
        "签署已写入日志：文件中没有日志记录的证明（签署后须等封存，再次下载即可取得）。",
        "That the signature stands in the log: the file has no proof of its line (it comes with the"
        " seal; fetch the file again).",
    ),
    "opinion-log": (
        "日志记录由平台的日志密钥担保：没有给出日志公钥（{mark}），只知道证明自相一致。",
        "That the line is the platform's: the log's key ({mark}) was not given, so its proof only"
        " fits itself.",
    ),
    "sm3": (
        "SM3摘要相符：本机的库没有SM3，只核对了SHA-256。",
        "The SM3 digests: the libraries of this machine have none. SHA-256 was compared.",
    ),
}


@dataclass
class PinnedKey:
    """A key that the user trusts: raw bytes (b"" where only the fingerprint is known) and when."""

    mark: str
    key: bytes = b""
    since: dt.datetime | None = None
    until: dt.datetime | None = None

    def covers(self, at: dt.datetime) -> bool:
        return (self.since is None or self.since <= at) and (self.until is None or at < self.until)


@dataclass
class Finding:
    code: str
    member: str = ""
    row: int | None = None
    column: str = ""
    details: dict[str, Any] = field(default_factory=dict)

    def say(self, lang: str) -> str:
        zh = lang == "zh"
        place = self.member
        if self.row is not None:
            place += f" 第{self.row}行" if zh else f" row {self.row}"
        if self.column:
            place += f" {self.column}列" if zh else f" column {self.column}"
        own = {k: v[0 if zh else 1] if isinstance(v, tuple) else v for k, v in self.details.items()}
        said = fill(WORDS[self.code][0 if zh else 1], own)
        return (f"{place}：{said}" if zh else f"{place}: {said}") if place else said

    def as_json(self) -> dict[str, Any]:
        place = {"member": self.member, "row": self.row, "column": self.column}
        return {"code": self.code, **place, "zh": self.say("zh"), "en": self.say("en")}


@dataclass
class Report:
    """What was found. facts: what the package says of itself, for whoever reads the verdict."""

    findings: list[Finding] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    notes: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    keyed: bool = False
    opinion: bool = False

    def tell(
        self, code: str, member: str = "", row: int | None = None, column: str = "", **more: Any
    ) -> None:
        self.counts[code] += 1
        if self.counts[code] <= MOST_TOLD:
            self.findings.append(Finding(code, member, row, column, more))

    @property
    def verdict(self) -> str:
        if self.counts["unreadable"]:
            return UNREADABLE
        return NOT_INTACT if self.counts else INTACT if self.keyed else UNPROVED

    def say_verdict(self, lang: str) -> str:
        verdicts = OPINION_VERDICTS if self.opinion else VERDICTS
        names = ("、" if lang == "zh" else ", ").join(self.facts.get("signers", []))
        numbers = {"total": sum(self.counts.values()), "rows": self.facts.get("rows", 0)}
        return fill(verdicts[self.verdict][0 if lang == "zh" else 1], {"names": names, **numbers})

    def say_notes(self, lang: str) -> list[str]:
        return [fill(NOTES[code][0 if lang == "zh" else 1], more) for code, more in self.notes]

    def as_json(self) -> dict[str, Any]:
        return {
            "verdict": self.verdict,
            "exit_code": EXIT[self.verdict],
            "says": {"zh": self.say_verdict("zh"), "en": self.say_verdict("en")},
            "counts": dict(self.counts),
            "findings": [f.as_json() for f in self.findings],
            "not_proved": {"zh": self.say_notes("zh"), "en": self.say_notes("en")},
            "facts": self.facts,
        }


class Unreadable(Exception):
    """Nothing can be decided: there is no package, or no manifest in it."""


def fill(text: str, details: dict[str, Any]) -> str:
    return re.sub(r"\{(\w+)\}", lambda m: str(details.get(m[1], "")), text)


def refuse_number(text: str) -> Any:
    raise ValueError(f"{text} is no whole number")


def refuse_twins(found: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(found)
    if len(members) != len(found):
        raise ValueError("a name stands twice")
    return members


CANONICAL = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))
WHOLE_NUMBERS = json.JSONDecoder(parse_float=refuse_number, parse_constant=refuse_number)
STRICT = json.JSONDecoder(
    object_pairs_hook=refuse_twins, parse_float=refuse_number, parse_constant=refuse_number
)


def encode_canonical_json(value: Any) -> bytes:
    return CANONICAL.encode(value).encode()


def parse_strict_json(data: bytes) -> Any:
    """JSON whose members are named once and whose numbers are whole: all programs read the same."""
    return STRICT.decode(data.decode())


def from_hex(text: str, length: int | None = None) -> bytes:
    data = bytes.fromhex(text)
    if data.hex() != text:
        raise ValueError(f"{text[:80]!r} is not hexadecimal as it is written here")
    if length is not None and len(data) != length:
        raise ValueError(f"{len(data)} bytes instead of {length}")
    return data


def whole(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 63:
        raise ValueError(f"{str(value)[:80]!r} is no number of lines")
    return value


def hash_leaf(data: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + data).digest()


def hash_node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


class PathFollower:
    """Follow the paths of lines one after the other to one root: what a path shares with the one
    before it, from some step on, was followed already (RFC 9162 2.1.3.2).
    """

    def __init__(self, size: int, root: bytes) -> None:
        self.size, self.root = size, root
        self.path = b""  # the last one that led to the root
        self.steps: list[tuple[int, int, bytes]] = []  # before each of its nodes

    def follow(self, leaf: bytes, index: int, path: bytes) -> bool:
        """Whether it leads there. path: of nodes as JSON lists them. Raises ValueError where it is
        none.
        """
        if path and (len(path) + 1) % NODE:
            raise ValueError("its path is no list of nodes")
        node, fn, sn = leaf, index, self.size - 1
        steps: list[tuple[int, int, bytes]] = []
        for at in range(0, len(path), NODE):
            step, done = (fn, sn, node), len(steps)
            if done < len(self.steps) and step == self.steps[done] and path[at:] == self.path[at:]:
                self.steps[:done], self.path = steps, path
                return index < self.size
            steps.append(step)
            sibling = parse_node(path, at)
            if sn == 0:
                for other in range(at + NODE, len(path), NODE):
                    parse_node(path, other)
                return False
            if fn & 1 or fn == sn:
                node = hash_node(sibling, node)
                while fn and not fn & 1:
                    fn, sn = fn >> 1, sn >> 1
            else:
                node = hash_node(node, sibling)
            fn, sn = fn >> 1, sn >> 1
        if sn != 0 or not 0 <= index < self.size or node != self.root:
            return False
        self.steps, self.path = steps, path
        return True


def parse_node(path: bytes, at: int) -> bytes:
    """The node there: 64 digits in quotes, a comma before the next one. Raises ValueError."""
    text = path[at : at + NODE]
    if text[:1] != b'"' or text[65:] != (b'"' if at + NODE > len(path) else b'",'):
        raise ValueError("its path is no list of nodes")
    return from_hex(text[1:65].decode(), 32)


def is_consistent(
    first: int, first_root: bytes, second: int, second_root: bytes, path: list[bytes]
) -> bool:
    """RFC 9162 2.1.4.2. The empty tree leads to every other, without a proof."""
    if first == 0 < second:
        return not path and first_root == EMPTY
    if first >= second:
        return not path and (first, first_root) == (second, second_root)
    nodes = [first_root, *path] if first & (first - 1) == 0 else list(path)
    if not nodes:
        return False
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    earlier = later = nodes[0]
    for node in nodes[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            earlier, later = hash_node(node, earlier), hash_node(node, later)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            later = hash_node(later, node)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and (earlier, later) == (first_root, second_root)


def is_signed(key: bytes, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def fingerprint_of(key: bytes) -> str:
    return hashlib.sha256(SPKI + key).hexdigest()


def key_id_of(name: str, kind: int, key: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + key).digest()[:4]


def parse_time(text: str) -> dt.datetime:
    at = dt.datetime.fromisoformat(text[:-1] + "+00:00" if text.endswith("Z") else text)
    if at.tzinfo is None:
        raise ValueError(f"{text!r} has no offset from UTC")
    return at


def parse_keys(text: str) -> list[PinnedKey]:
    """Read the keys that somebody trusts: a fingerprint, PEM blocks (with `until:` above), or a
    file of these. Raises ValueError, OSError.
    """
    plain = text.strip()
    found = FINGERPRINT.fullmatch(plain.replace(":", "") if plain.count(":") == 31 else plain)
    if found:
        return [PinnedKey(found[1].lower())]
    if "-----BEGIN" not in text:
        text = Path(plain).read_text(encoding="utf-8-sig")
        if FINGERPRINT.fullmatch(text.strip()):
            return parse_keys(text)
    keys, end = [], 0
    for block in PEM.finditer(text):
        header = dict(PEM_HEADER.findall(text[end : block.start()]))
        end = block.end()
        der = base64.b64decode("".join(block[1].split()), validate=True)
        if len(der) != 44 or not der.startswith(SPKI):
            raise ValueError(
                "the log is signed with Ed25519; this PEM block is another kind of key"
            )
        since, until = (parse_time(header[n]) if n in header else None for n in ("from", "until"))
        keys.append(PinnedKey(fingerprint_of(der[12:]), der[12:], since, until))
    if not keys:
        raise ValueError("no fingerprint (SHA256: and 64 digits) and no PEM block of a public key")
    return keys


def fits_directory(local: bytes, info: zipfile.ZipInfo) -> bool:
    """Whether a member's own header says what the directory says, and neither another name."""
    if len(local) < 30:
        return False
    flags, method = struct.unpack("<HH", local[6:10])
    numbers = (info.CRC, info.compress_size, info.file_size)
    later = flags & 8  # they follow the member
    said = zip(struct.unpack("<III", local[14:26]), numbers)
    at, names = 0, False
    while at + 4 <= len(info.extra):
        kind, length = struct.unpack("<HH", info.extra[at : at + 4])
        names, at = names or kind == 0x7075, at + 4 + length
    return (
        (flags, method) == (info.flag_bits, info.compress_type)
        and all(later or a in (b, 0xFFFFFFFF) for a, b in said)
        and not names
    )


class Package:
    """The ZIP, read from where it lies. Raises Unreadable where it is none."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.tidy = self.check_end(path)
            self.archive = zipfile.ZipFile(path)
        except (*ZIP_ERRORS, ValueError, struct.error) as error:
            raise Unreadable(f"{path.name}: {error}") from error
        self.infos: dict[str, zipfile.ZipInfo] = {i.filename: i for i in self.archive.infolist()}

    @staticmethod
    def check_end(path: Path) -> bool:
        """Whether the directory ends the file, as any unpacker finds it. It is bounded first."""
        with path.open("rb") as file:
            size = file.seek(0, io.SEEK_END)
            file.seek(max(0, size - 65_557 - 20))
            tail = file.read()
            at = tail.rfind(b"PK\x05\x06")
            if at < 0 or len(tail) - at < 22:
                raise ValueError("it is no ZIP")
            count, length, start = struct.unpack("<HII", tail[at + 10 : at + 20])
            if 0xFFFF in (count,) or 0xFFFFFFFF in (length, start):
                if tail[at - 20 : at - 16] != b"PK\x06\x07":
                    raise ValueError("its directory is damaged")
                file.seek(struct.unpack("<Q", tail[at - 12 : at - 4])[0])
                count, length, start = struct.unpack("<QQQ", file.read(56)[32:56])
            if count > MOST_MEMBERS or length > DIRECTORY_BYTES:
                raise ValueError(f"it has {count} members; a package has a dozen")
        return at + 22 == len(tail) and tail[at + 20 : at + 22] == b"\0\0"

    def check_layout(self, report: Report) -> None:
        """Whether every unpacker sees the same members, and none expands without end."""
        seen: Counter[str] = Counter(i.filename for i in self.archive.infolist())
        end, slack, tidy = 0, 0, self.tidy
        for info in sorted(self.archive.infolist(), key=lambda i: i.header_offset):
            name = info.filename
            if not MEMBER.fullmatch(info.orig_filename):
                report.tell("zip-name", name=repr(info.orig_filename[:100]))
            if seen[name] > 1:
                report.tell("zip-twice", name)
                seen[name] = 0
            if info.flag_bits & 0x41 or info.compress_type not in (0, 8):
                report.tell("zip-method", name)
            local = self.read_local(info)
            if not fits_directory(local, info):
                report.tell("zip-header", name)
            tidy = tidy and end <= info.header_offset <= end + slack
            slack = 24 if info.flag_bits & 8 else 0  # a data descriptor follows
            end = info.header_offset + 30 + len(info.orig_filename.encode()) + info.compress_size
            end += struct.unpack("<H", local[28:30])[0] if len(local) == 30 else 0
        if not tidy or not end <= self.archive.start_dir <= end + slack:
            report.tell("zip-order")

    def read_local(self, info: zipfile.ZipInfo) -> bytes:
        with self.path.open("rb") as file:
            file.seek(info.header_offset)
            return file.read(30)

    def is_bomb(self, name: str) -> bool:
        info = self.infos[name]
        return info.file_size > BOMB_BYTES and info.file_size > BOMB_RATIO * info.compress_size

    def chunks(self, name: str) -> Iterator[bytes]:
        with self.archive.open(self.infos[name]) as file:
            while True:
                chunk = file.read(1 << 16)
                if not chunk:
                    return
                yield chunk

    def read_json(self, name: str) -> Any:
        if self.infos[name].file_size > JSON_BYTES:
            raise ValueError(f"{name} is too long")
        return parse_strict_json(b"".join(self.chunks(name)))

    def rows(self, name: str) -> Iterator[bytes]:
        """Lines with their end, one in memory. Raises ValueError where one is too long."""
        pieces: list[bytes] = []
        size = 0
        for chunk in self.chunks(name):
            *ended, rest = chunk.split(b"\n")
            for part in ended:
                yield b"".join([*pieces, part, b"\n"])
                pieces, size = [], 0
            pieces.append(rest)
            size += len(rest)
            if size > ROW_BYTES:
                raise ValueError("a row is longer than any line of the log")
        if size:
            yield b"".join(pieces)


@dataclass
class Head:
    size: int
    root: bytes
    sealed_at: str
    key: bytes
    signature: bytes
    signed: bytes

    @classmethod
    def parse(cls, content: Any) -> Head:
        signed: dict[str, Any] = {
            "v": 1,
            "size": whole(content["size"]),
            "root": from_hex(content["root"], 32).hex(),
            "sealed_at": content["sealed_at"],
        }
        parse_time(content["sealed_at"])
        if content.get("previous") is not None:
            signed.update(v=2, previous=content["previous"], through=content["through"])
        return cls(
            signed["size"],
            from_hex(content["root"]),
            content["sealed_at"],
            from_hex(content["key"], 32),
            from_hex(content["signature"], 64),
            encode_canonical_json(signed),
        )


def check_manifest_form(manifest: Any) -> Head:
    """Raises one of BAD_VALUES where it is no manifest of this version."""
    if manifest["v"] != VERSION or manifest["kind"] != KIND:
        raise ValueError("it is of another kind or version")
    parse_time(manifest["exported_at"])
    whole(manifest["rows"])
    from_hex(manifest["key"], 32)
    from_hex(manifest["signature"], 64)
    for name, file in manifest["files"].items():
        if not MEMBER.fullmatch(name):
            raise ValueError(f"files: {name[:80]!r}")
        whole(file["bytes"])
        from_hex(file["sha256"], 32)
        from_hex(file.get("sm3", "00" * 32), 32)
    for place in (manifest["first"], manifest["last"]):
        if place is not None:
            whole(place["id"]), whole(place["position"]), str(place["recorded"])
        if (place is None) != (manifest["rows"] == 0):
            raise ValueError("first and last do not fit the number of rows")
    for texts in (manifest["columns"], manifest["headings"]):
        if not isinstance(texts, list) or len(texts) != len(manifest["columns"]):
            raise ValueError("columns and headings")
    if not all(isinstance(t, str) for t in [manifest["origin"], *manifest["headings"]]):
        raise ValueError("origin and headings are texts")
    if manifest["since"] is not None:
        parse_proof(manifest["since"], "proof")
    return Head.parse(manifest["head"])


def parse_proof(content: Any, name: str) -> tuple[int, bytes, list[bytes]]:
    proof = content[name]
    if not isinstance(proof, list):
        raise ValueError(f"{name} is a list")
    return whole(content["size"]), from_hex(content["root"], 32), [from_hex(n, 32) for n in proof]


def check_signature(
    report: Report, kind: str, pins: list[PinnedKey], key: bytes, at: str, fits: bool
) -> None:
    mark = fingerprint_of(key)
    matching = [p for p in pins if p.mark == mark]
    if pins and not matching:
        report.tell(f"{kind}-key", "manifest.json", mark=f"SHA256:{mark}")
    elif pins and not any(p.covers(parse_time(at)) for p in matching):
        report.tell(f"{kind}-time", "manifest.json", at=at)
    if not fits:
        report.tell(f"{kind}-signature", "manifest.json")


def new_sm3() -> Any:
    try:
        return hashlib.new("sm3")
    except ValueError:
        pass
    try:
        from cryptography.hazmat.primitives.hashes import SM3, Hash

        return Hash(SM3())
    except Exception:  # of this library's own: an OpenSSL without SM3
        return None


def check_members(package: Package, manifest: Any, report: Report) -> list[str]:
    """Compare every member with the manifest. Returns those that can be read further."""
    named, good = manifest["files"], []
    for name in sorted(set(named) - set(package.infos)):
        report.tell("member-missing", name)
    for name in sorted(set(package.infos) - {"manifest.json"}):
        if name not in named:
            report.tell("member-unknown", name[:100])
            continue
        info, said = package.infos[name], named[name]
        if package.is_bomb(name):
            report.tell("zip-bomb", name, size=info.file_size, packed=info.compress_size)
            continue
        sha, sm3, size = hashlib.sha256(), new_sm3() if "sm3" in said else None, 0
        try:
            for chunk in package.chunks(name):
                sha.update(chunk)
                size += len(chunk)
                if sm3:
                    sm3.update(chunk)
        except ZIP_ERRORS as error:
            report.tell("member-damaged", name, why=str(error))
            continue
        good.append(name)
        if size != said["bytes"]:
            report.tell("member-size", name, found=size, said=said["bytes"])
        if sha.hexdigest() != said["sha256"]:
            report.tell("member-sha256", name)
        if sm3:
            found = sm3.hexdigest() if hasattr(sm3, "hexdigest") else sm3.finalize().hex()
            if found != said["sm3"]:
                report.tell("member-sm3", name)
        elif "sm3" in said and ("sm3", {}) not in report.notes:
            report.notes.append(("sm3", {}))
    return good


class LineRow(NamedTuple):
    """sealed: the canonical bytes of the line; path: its nodes as JSON lists them."""

    number: Any
    leaf: bytes
    line: dict[str, Any]
    sealed: bytes
    path: bytes
    position: int


def parse_line_row(row: bytes) -> LineRow:
    """A row of lines.ndjson. Raises one of BAD_VALUES where it is not canonical JSON, or has other
    members. One that is canonical is taken apart where it must be; what is said of any other is
    said of the whole.
    """
    end = row.rfind(b'],"position":')
    begin = row.rfind(b',"path":[', 0, max(end, 0))
    before, after = ROW_BEGIN.match(row), ROW_END.fullmatch(row, max(end, 0))
    if before and after and begin >= before.end():
        sealed = row[before.end() : begin]
        line = WHOLE_NUMBERS.decode(sealed.decode())
        if isinstance(line, dict) and encode_canonical_json(line) == sealed:
            leaf, path = bytes.fromhex(before[2].decode()), row[begin + 9 : end]
            return LineRow(int(before[1]), leaf, line, sealed, path, whole(int(after[1])))
    content = parse_strict_json(row)
    if encode_canonical_json(content) != row.rstrip(b"\n"):
        raise ValueError("it is not canonical JSON")
    line, number, position = content["line"], content["id"], whole(content["position"])
    leaf = from_hex(content["leaf"], 32)
    path = b",".join(b'"%b"' % from_hex(n, 32).hex().encode() for n in content["path"])
    if not isinstance(line, dict) or set(content) != {"id", "leaf", "line", "path", "position"}:
        raise ValueError("its members are others")
    return LineRow(number, leaf, line, encode_canonical_json(line), path, position)


def check_lines(
    package: Package,
    manifest: Any,
    head: Head,
    report: Report,
    on_leaf: Callable[[int, bytes], None] | None,
) -> Iterator[dict[str, Any]]:
    """Yield the sealed lines, checking each, then their number and ends."""
    member, count, before, last = "lines.ndjson", 0, -1, None
    follower = PathFollower(head.size, head.root)
    for row in package.rows(member):
        count += 1
        try:
            content = parse_line_row(row)
            proved = follower.follow(content.leaf, content.position, content.path)
        except BAD_VALUES as error:
            report.tell("line-form", member, count, why=str(error))
            yield {}
            continue
        line, number, position = content.line, content.number, content.position
        if line.get("id") != number:
            report.tell("line-number", member, count, said=number, found=line.get("id"))
        if hash_leaf(content.sealed) != content.leaf:
            report.tell("line-leaf", member, count, id=number)
        elif not proved:
            report.tell("line-path", member, count, id=number)
        elif on_leaf:
            on_leaf(position, content.leaf)
        if position <= before:
            report.tell("line-order", member, count, id=number, position=position)
        before = position
        last = {"id": number, "position": position, "recorded": line.get("recorded")}
        if count == 1 and last != manifest["first"]:
            report.tell("line-first", member, 1)
        yield line
    if count != manifest["rows"]:
        report.tell("line-count", member, said=manifest["rows"], found=count)
    if last and last != manifest["last"]:
        report.tell("line-last", member, count)


def cell_of(line: dict[str, Any], name: str) -> str:
    value = line.get(name)
    text = " ".join(map(str, value)) if isinstance(value, list) else str(value)
    text = "" if value is None else text
    return "'" + text if text.startswith(FORMULA_STARTS) else text


def read_table(package: Package) -> Iterator[list[str]]:
    """Rows of events.csv. Raises ValueError, csv.Error."""
    pending = 0

    def texts() -> Iterator[str]:
        nonlocal pending
        for n, row in enumerate(package.rows("events.csv")):
            pending += len(row)
            if pending > ROW_BYTES:
                raise ValueError("a row is longer than any line of the log")
            yield row.decode("utf-8-sig" if n == 0 else "utf-8")

    csv.field_size_limit(ROW_BYTES)
    for cells in csv.reader(texts(), strict=True):
        pending = 0
        yield cells


def check_table(
    package: Package, manifest: Any, lines: Iterator[dict[str, Any]], report: Report
) -> None:
    """Compare the sealed columns of each row with the line that belongs there; lines that are
    missing and rows that are too many are named, up to AHEAD of them at a place.
    """
    member, columns, headings = "events.csv", manifest["columns"], manifest["headings"]
    sealed = [(n, name) for n, name in enumerate(columns) if name is not None]
    for name in SEALED_COLUMNS:
        if columns.count(name) != 1:
            report.tell("csv-columns", "manifest.json", name=name)
    table = read_table(package)
    at = columns.index("id") if "id" in columns else None
    rows: deque[list[str]] = deque()
    waiting: deque[dict[str, Any]] = deque()
    ended = broken = False
    count = 0

    def fill_rows(most: int) -> None:
        nonlocal ended, broken
        while len(rows) < most and not ended:
            try:
                rows.append(next(table))
            except StopIteration:
                ended = True
            except (csv.Error, ValueError) as error:
                ended = broken = True
                report.tell("csv-form", member, count + len(rows) + 1, why=str(error))

    def fill_lines(most: int) -> None:
        while len(waiting) < most:
            line = next(lines, None)
            if line is None:
                return
            waiting.append(line)

    def number_of(row: list[str]) -> str:
        return row[at] if at is not None and at < len(row) else ""

    fill_rows(1)
    if not rows or rows.popleft() != headings:
        report.tell("csv-headings", member)
    while True:
        fill_rows(1)
        fill_lines(1)
        if not rows or not waiting:
            break
        if at is not None and number_of(rows[0]) != cell_of(waiting[0], "id"):
            fill_rows(AHEAD)
            fill_lines(AHEAD)
            later_line = find(number_of(rows[0]), [cell_of(line, "id") for line in waiting])
            later_row = find(cell_of(waiting[0], "id"), [number_of(row) for row in rows])
            if later_line and (not later_row or later_line <= later_row):
                for _ in range(later_line):
                    report.tell("csv-missing", member, count + 1, id=waiting.popleft().get("id"))
            elif later_row:
                for _ in range(later_row):
                    count += 1
                    report.tell("csv-added", member, count, id=number_of(rows.popleft()))
        count += 1
        compare_row(rows.popleft(), waiting.popleft(), sealed, headings, count, report)
    while waiting and not broken:  # what follows a row that cannot be read is not known
        report.tell("csv-missing", member, count + 1, id=waiting.popleft().get("id"))
        fill_lines(1)
    while rows:
        count += 1
        report.tell("csv-added", member, count, id=number_of(rows.popleft()))
        fill_rows(1)
    if count != manifest["rows"] and not broken:
        report.tell("csv-count", member, said=manifest["rows"], found=count)


def find(wanted: str, among: list[str]) -> int:
    """Its place; 0 where it is not there."""
    return among.index(wanted) if wanted in among else 0


def compare_row(
    row: list[str],
    line: dict[str, Any],
    sealed: list[tuple[int, str]],
    headings: list[str],
    count: int,
    report: Report,
) -> None:
    if len(row) != len(headings):
        report.tell("csv-width", "events.csv", count, found=len(row), said=len(headings))
        return
    if not line:
        return
    for n, name in sealed:
        cell, value = row[n], line.get(name)
        if (value == cell and cell[:1] not in FORMULA_START) or (value is None and not cell):
            continue  # as most are
        expected = cell_of(line, name)
        if row[n] != expected:
            report.tell(
                "csv-cell",
                "events.csv",
                count,
                headings[n],
                found=row[n][:80],
                sealed=expected[:80],
            )


def split_note(text: str) -> tuple[str, list[tuple[str, bytes]]]:
    """Body and signatures of a signed note. Raises ValueError."""
    if any(ord(c) < 32 and c != "\n" for c in text):
        raise ValueError("control characters")
    body, gap, rest = text.rpartition("\n\n")
    signatures = []
    if not gap or not rest.endswith("\n"):
        raise ValueError("no signatures after an empty line")
    for line in rest[:-1].split("\n"):
        match = SIGNATURE_LINE.fullmatch(line)
        if match is None:
            raise ValueError("a line that is no signature")
        signatures.append((match[1], base64.b64decode(match[2], validate=True)))
    if not 1 <= len(signatures) <= 100:
        raise ValueError("too many signatures")
    return body + "\n", signatures


def is_cosigned(key: bytes, signature: bytes, body: str) -> bool:
    """signature: of cosignature/v1, without the key's id: eight bytes of time, then Ed25519."""
    if len(signature) != 72:
        return False
    at = int.from_bytes(signature[:8], "big")
    return is_signed(key, signature[8:], f"cosignature/v1\ntime {at}\n{body}".encode())


def check_checkpoint(
    package: Package, manifest: Any, head: Head, witnesses: dict[bytes, str], report: Report
) -> None:
    member = "checkpoint.txt"
    try:
        body, signatures = split_note(read_text(package, member))
        origin, size, root = body.split("\n")[:3]
        if not SIZE_LINE.fullmatch(size) or len(base64.b64decode(root, validate=True)) != 32:
            raise ValueError("size and root")
    except (*BAD_VALUES, *ZIP_ERRORS) as error:
        report.tell("checkpoint-form", member, why=str(error))
        return
    if origin != manifest["origin"]:
        report.tell("checkpoint-origin", member, found=origin, said=manifest["origin"])
    if (int(size), base64.b64decode(root)) != (head.size, head.root):
        report.tell("checkpoint-head", member)
    key = bytes.fromhex(manifest["key"])
    own = [s for name, s in signatures if s[:4] == key_id_of(name, 1, key) and name == origin]
    if not own or not all(is_signed(key, s[4:], body.encode()) for s in own):
        report.tell("checkpoint-signature", member)
    for name, signature in signatures:
        for known in witnesses:
            if signature[:4] == key_id_of(name, 4, known) and not is_cosigned(
                known, signature[4:], body
            ):
                report.tell("checkpoint-cosignature", member, name=name)


def read_text(package: Package, member: str) -> str:
    if package.infos[member].file_size > 1 << 20:
        raise ValueError(f"{member} is too long")
    return b"".join(package.chunks(member)).decode()


def check_cosignatures(
    package: Package, manifest: Any, head: Head, report: Report
) -> dict[bytes, dict[str, Any]]:
    """Check the witnesses' newest co-signatures. Returns the good ones by key."""
    member, good = "cosignatures.json", {}
    try:
        listed = package.read_json(member)
        if not isinstance(listed, list):
            raise ValueError("it is no list")
    except (*BAD_VALUES, *ZIP_ERRORS) as error:
        report.tell("cosignature-form", member, why=str(error))
        return {}
    for number, entry in enumerate(listed, 1):
        try:
            size, root, path = parse_proof(entry, "consistency")
            key, name = from_hex(entry["key"], 32), str(entry["name"])
            match = SIGNATURE_LINE.fullmatch(entry["line"].rstrip("\n"))
            if match is None:
                raise ValueError("its line is no signature line")
            signature = base64.b64decode(match[2], validate=True)
            at = int.from_bytes(signature[4:12], "big")
            if len(signature) != 76 or at != entry["at"] or at >= 1 << 63:
                raise ValueError("its length or its time")
        except BAD_VALUES as error:
            report.tell("cosignature-form", member, number, why=str(error))
            continue
        body = f"{manifest['origin']}\n{size}\n{base64.b64encode(root).decode()}\n"
        if signature[:4] != key_id_of(match[1], 4, key):
            report.tell("cosignature-key", member, number, name=name)
        elif not is_cosigned(key, signature[4:], body):
            report.tell("cosignature-signature", member, number, name=name)
        elif not is_consistent(size, root, head.size, head.root, path):
            report.tell("cosignature-consistency", member, number, name=name, size=size)
        else:
            good[key] = {
                "name": name,
                "hospital": str(entry.get("hospital", "")),
                "size": size,
                "root": root.hex(),
                "at": at,
                "fingerprint": f"SHA256:{fingerprint_of(key)}",
            }
    return good


def read_kept_head(path: Path) -> Head:
    """The head of an older package, of a manifest, or alone. Raises Unreadable."""
    try:
        if zipfile.is_zipfile(path):
            content = Package(path).read_json("manifest.json")
        else:
            content = parse_strict_json(path.read_bytes())
        return Head.parse(content.get("head", content))
    except (*BAD_VALUES, *ZIP_ERRORS) as error:
        raise Unreadable(f"{path.name}: {error}") from error


def check_against(
    kept: Head,
    manifest: Any,
    head: Head,
    cosigned: Iterable[dict[str, Any]],
    pins: list[PinnedKey],
    report: Report,
) -> None:
    """Whether this package's log goes on from a head that somebody kept."""
    mark = fingerprint_of(kept.key)
    pinned = any(p.mark == mark and p.covers(parse_time(kept.sealed_at)) for p in pins)
    if (pins and not pinned) or not is_signed(kept.key, kept.signature, kept.signed):
        report.tell("against-key")
        return
    if kept.size > head.size:
        report.tell("against-cut", kept=kept.size, size=head.size)
        return
    since = parse_proof(manifest["since"], "proof") if manifest["since"] else None
    if kept.size == head.size:
        same = kept.root == head.root
    elif since and since[0] == kept.size:
        same = is_consistent(kept.size, kept.root, head.size, head.root, since[2])
    else:
        roots = {c["root"] for c in cosigned if c["size"] == kept.size}
        if not roots and kept.size:
            report.tell("against-unproved", kept=kept.size)
            return
        same = not kept.size or roots == {kept.root.hex()}
    if not same:
        report.tell("against-consistency", kept=kept.size)


def verify_package(
    path: Path,
    pins: list[PinnedKey],
    *,
    against: Path | None = None,
    witnesses: list[PinnedKey] | None = None,
    on_leaf: Callable[[int, bytes], None] | None = None,
) -> Report:
    """Check a package under the keys that are trusted. on_leaf: told place and leaf of each line
    that is proved.
    """
    report = Report(keyed=bool(pins))
    try:
        package = Package(path)
        kept = read_kept_head(against) if against else None
        if "manifest.json" not in package.infos or package.is_bomb("manifest.json"):
            raise Unreadable(f"{path.name}: no manifest.json")
        try:
            manifest = package.read_json("manifest.json")
        except (*BAD_VALUES, *ZIP_ERRORS) as error:
            raise Unreadable(f"manifest.json: {error}") from error
    except Unreadable as error:
        report.tell("unreadable", why=str(error))
        return report
    with package.archive:
        package.check_layout(report)
        try:
            head = check_manifest_form(manifest)
        except BAD_VALUES as error:
            report.tell("manifest-form", "manifest.json", why=f"{type(error).__name__}: {error}")
            return report
        check_contents(package, manifest, head, pins, kept, witnesses or [], report, on_leaf)
    return report


def check_contents(
    package: Package,
    manifest: Any,
    head: Head,
    pins: list[PinnedKey],
    kept: Head | None,
    witnesses: list[PinnedKey],
    report: Report,
    on_leaf: Callable[[int, bytes], None] | None,
) -> None:
    key, signature = bytes.fromhex(manifest["key"]), bytes.fromhex(manifest["signature"])
    unsigned = {k: v for k, v in manifest.items() if k != "signature"}
    fits = is_signed(key, signature, DOMAIN + encode_canonical_json(unsigned))
    check_signature(report, "manifest", pins, key, manifest["exported_at"], fits)
    fits = is_signed(head.key, head.signature, head.signed)
    check_signature(report, "head", pins, head.key, head.sealed_at, fits)
    good = check_members(package, manifest, report)
    lines: Iterator[dict[str, Any]] = iter(())
    if "lines.ndjson" in good:
        lines = check_lines(package, manifest, head, report, on_leaf)
    for name in REQUIRED:
        if name not in manifest["files"]:
            report.tell("member-missing", name)
    try:
        if "events.csv" in good and "lines.ndjson" in good:
            check_table(package, manifest, lines, report)
        for _ in lines:  # what the table has not asked for
            pass
    except (*BAD_VALUES, *ZIP_ERRORS) as error:
        report.tell("line-form", "lines.ndjson", why=str(error))
    if manifest["since"]:
        size, root, proof = parse_proof(manifest["since"], "proof")
        if not is_consistent(size, root, head.size, head.root, proof):
            report.tell("since-consistency", "manifest.json", size=size)
    cosigned: dict[bytes, dict[str, Any]] = {}
    if "cosignatures.json" in good:
        cosigned = check_cosignatures(package, manifest, head, report)
    known = {k: c["name"] for k, c in cosigned.items()}
    if "keys.json" in good:
        known.update(read_witness_keys(package))
    if "checkpoint.txt" in good:
        check_checkpoint(package, manifest, head, known, report)
    for pin in witnesses:
        if not any(fingerprint_of(k) == pin.mark for k in cosigned):
            report.tell("witness-missing", mark=f"SHA256:{pin.mark}")
    if kept:
        check_against(kept, manifest, head, cosigned.values(), pins, report)
    confirmed = {w.mark for w in witnesses}
    for k, c in cosigned.items():
        c["confirmed"] = fingerprint_of(k) in confirmed
    tell_facts(manifest, head, list(cosigned.values()), kept, report)


def read_witness_keys(package: Package) -> dict[bytes, str]:
    try:
        listed = package.read_json("keys.json")["witnesses"]
        return {from_hex(w["key"], 32): str(w["name"]) for w in listed}
    except (*BAD_VALUES, *ZIP_ERRORS):
        return {}  # a convenience: the manifest's hash tells whether somebody changed it


def tell_facts(
    manifest: Any,
    head: Head,
    cosigned: list[dict[str, Any]],
    kept: Head | None,
    report: Report,
) -> None:
    report.facts = {
        **{
            k: manifest.get(k)
            for k in ("origin", "exported_at", "exported_by", "reason", "filter_words", "rows")
        },
        "first": manifest["first"],
        "last": manifest["last"],
        "head": {"size": head.size, "root": head.root.hex(), "sealed_at": head.sealed_at},
        "key": f"SHA256:{fingerprint_of(bytes.fromhex(manifest['key']))}",
        "witnesses": cosigned,
        "against": {"size": kept.size, "sealed_at": kept.sealed_at} if kept else None,
    }
    codes = ["truth", "filter", "readable", "clock", "today"]
    if kept is None:
        codes.append("against")
    if not cosigned:
        codes.append("nowitness")
    report.notes = [(code, {}) for code in codes] + report.notes
    unasked = [f"{c['name']} {c['fingerprint']}" for c in cosigned if not c["confirmed"]]
    if unasked:
        report.notes.append(("witness", {"marks": ", ".join(unasked)}))


# ---- a signed opinion ----
# Words for the parts of its document by their id; verify.html has the same.
PARTS: dict[str, tuple[str, str]] = {
    "composition": ("文书正文", "the text of the document"),
    "patient": ("患者", "the patient"),
    "hospital": ("医疗机构", "a hospital"),
    "asking-doctor": ("申请医师", "the asking doctor"),
    "expert": ("会诊医师", "a consulted doctor"),
    "request": ("会诊申请", "the request"),
    "stay": ("住院信息", "the patient's stay"),
    "record": ("随附资料", "a record that went along"),
    "report": ("检查报告", "the report"),
}
STEP_UP_SECONDS = 900


def name_part(resource: Any, part: str, lang: str) -> str:
    """What a reader calls a part of the document."""
    found = resource if isinstance(resource, dict) else {}
    code, name = found.get("code"), found.get("name")
    if part.startswith("field-") and isinstance(code, dict):
        return str(code.get("text", part))
    if isinstance(name, list) and name and isinstance(name[0], dict):
        name = name[0].get("text")
    kind = max((k for k in PARTS if part.startswith(k)), key=len, default="")
    words = PARTS[kind][0 if lang == "zh" else 1] if kind else part
    text = found.get("description") or name
    return f"{words} {text}" if isinstance(text, str) else words


@dataclass
class OpinionSignature:
    """One signature of the file, taken apart."""

    header: dict[str, Any]
    signing_input: bytes
    signature: bytes
    public_key: bytes
    line: Any

    @property
    def name(self) -> str:
        return str(self.header["signer"]["name"])

    @property
    def mark(self) -> str:
        return str(self.header["kid"]).lower().replace("sha256:", "")


def from_base64url(text: str) -> bytes:
    if not isinstance(text, str) or not re.fullmatch(r"[A-Za-z0-9_-]*", text):
        raise ValueError("no base64url")
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if base64.urlsafe_b64encode(data).decode().rstrip("=") != text:
        raise ValueError("base64url that is written in two ways")
    return data


def to_base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def parse_opinion_signature(entry: Any, data: bytes) -> OpinionSignature:
    """Raises one of BAD_VALUES where it is no detached JWS of this kind (RFC 7515, appendix F)."""
    first, payload, last = entry["jws"].split(".")
    header = parse_strict_json(from_base64url(first))
    if payload:
        raise ValueError("the JWS is not detached")
    if header["alg"] not in ("EdDSA", "Ed25519") or "crit" in header:
        raise ValueError("the JWS is of another algorithm, or has extensions")
    parse_time(header["sigT"]), parse_time(header["proved"]["at"])
    from_hex(header["sha256"], 32)
    for name in ("kid", "document"):
        if not isinstance(header[name], str):
            raise ValueError(name)
    for name in ("staff", "name", "hospital"):
        if not isinstance(header["signer"][name], str):
            raise ValueError(name)
    if not isinstance(header["parts"], dict) or not isinstance(header["proved"]["by"], list):
        raise ValueError("parts, proved")
    return OpinionSignature(
        header,
        f"{first}.{to_base64url(data)}".encode(),
        from_base64url(last),
        from_hex(entry["key"], 32),
        entry.get("line"),
    )


def list_document_parts(document: Any) -> dict[str, Any]:
    """The resources of the document by their ids. Raises one of BAD_VALUES."""
    if document["resourceType"] != "Bundle" or document["type"] != "document":
        raise ValueError("the document is no document Bundle")
    parts = {str(entry["resource"]["id"]): entry["resource"] for entry in document["entry"]}
    if len(parts) != len(document["entry"]) or "composition" not in parts:
        raise ValueError("two parts have one id, or there is no Composition")
    return parts


def verify_opinion(data: bytes, pins: list[PinnedKey]) -> Report:
    """Check a signed opinion under the keys that are trusted: the hospital's, and the log's."""
    report = Report(opinion=True)
    try:
        check_opinion(data, pins, report)
    except (*BAD_VALUES, IndexError) as error:
        report.tell("opinion-form", why=f"{type(error).__name__}: {error}")
    return report


def check_opinion(data: bytes, pins: list[PinnedKey], report: Report) -> None:
    """Raises one of BAD_VALUES where the file is none."""
    content = parse_strict_json(data)
    if content["v"] != 1 or content["kind"] != OPINION_KIND:
        raise ValueError("it is of another kind or version")
    document = content["document"]
    parts = list_document_parts(document)
    found_id = str(document["identifier"]["value"])
    signed = encode_canonical_json(document)
    signatures = [parse_opinion_signature(s, signed) for s in content["signatures"]]
    head = Head.parse(content["head"]) if content.get("head") else None
    experts = list_experts(parts)
    if not signatures:
        report.tell("opinion-unsigned")
    digest = hashlib.sha256(signed).hexdigest()
    pinned = {p.mark for p in pins}
    report.keyed = bool(signatures) and all(s.mark in pinned for s in signatures)
    for signature in signatures:
        check_opinion_key(signature, head, pins, report)
        check_opinion_document(signature, parts, found_id, digest, report)
        check_opinion_signer(signature, experts, report)
        check_step_up(signature, report)
        check_opinion_line(signature, head, report)
    if head is not None:
        mark = fingerprint_of(head.key)
        strange = mark in pinned and not any(
            p.mark == mark and p.covers(parse_time(head.sealed_at)) for p in pins
        )
        if strange or not is_signed(head.key, head.signature, head.signed):
            report.tell("opinion-head", mark=f"SHA256:{mark}")
    tell_opinion_facts(document, parts, signatures, head, pinned, digest, report)


def list_experts(parts: dict[str, Any]) -> dict[str, str]:
    """Names by staff number of the doctors that the document names as its experts."""
    return {
        str(part["identifier"][0]["value"]): str(part["name"][0]["text"])
        for name, part in parts.items()
        if part["resourceType"] == "Practitioner" and name != "asking-doctor"
    }


def check_opinion_key(
    signature: OpinionSignature, head: Head | None, pins: list[PinnedKey], report: Report
) -> None:
    """A key that is given only for the log is no other key than the hospital's."""
    name, at = signature.name, signature.header["sigT"]
    mark = fingerprint_of(signature.public_key)
    if mark != signature.mark:
        report.tell("opinion-public", name=name, mark=signature.header["kid"])
    log_mark = fingerprint_of(head.key) if head else ""
    theirs = [p for p in pins if p.mark != log_mark or p.mark == signature.mark]
    matching = [p for p in theirs if p.mark == signature.mark]
    if theirs and not matching:
        report.tell("opinion-key", name=name, mark=signature.header["kid"])
    elif matching and not any(p.covers(parse_time(at)) for p in matching):
        report.tell("opinion-time", name=name, at=at)


def check_opinion_document(
    signature: OpinionSignature, parts: dict[str, Any], found_id: str, digest: str, report: Report
) -> None:
    name, header = signature.name, signature.header
    if header["document"] != found_id:
        report.tell("opinion-other", name=name, said=header["document"], found=found_id)
        return
    if header["sha256"] == digest:
        if not is_signed(signature.public_key, signature.signature, signature.signing_input):
            report.tell("opinion-signature", name=name)
        return
    before = sum(report.counts.values())
    for part in sorted({*parts, *header["parts"]}):
        found = parts.get(part)
        words = name_part(found, part, "zh"), name_part(found, part, "en")
        if found is None:
            report.tell("opinion-removed", name=name, part=words)
        elif part not in header["parts"]:
            report.tell("opinion-added", name=name, part=words)
        elif hashlib.sha256(encode_canonical_json(found)).hexdigest()[:16] != header["parts"][part]:
            report.tell("opinion-part", name=name, part=words)
    if before == sum(report.counts.values()):
        report.tell("opinion-changed", name=name)


def check_opinion_signer(
    signature: OpinionSignature, experts: dict[str, str], report: Report
) -> None:
    """By number, and by name where the document's part is the one that was signed."""
    staff = signature.header["signer"]["staff"]
    if staff not in experts or (
        experts[staff] != signature.name and not report.counts["opinion-part"]
    ):
        report.tell("opinion-signer", name=signature.name, staff=staff)


def check_step_up(signature: OpinionSignature, report: Report) -> None:
    proved = signature.header["proved"]
    age = (parse_time(signature.header["sigT"]) - parse_time(proved["at"])).total_seconds()
    if not proved["by"] or abs(age) > STEP_UP_SECONDS:
        report.tell("opinion-unproved-signer", name=signature.name)


def check_opinion_line(signature: OpinionSignature, head: Head | None, report: Report) -> None:
    """Whether the sealed line is that of this signature, and stands below the head."""
    if signature.line is None or head is None:
        return
    header = signature.header
    try:
        row = parse_line_row(encode_canonical_json(signature.line))
        line, number = row.line, row.number
        digest, mark, value = str(line["detail"]).split(" · ")[:3]
        follower = PathFollower(head.size, head.root)
        proved = follower.follow(row.leaf, row.position, row.path)
    except BAD_VALUES as error:
        report.tell("opinion-form", why=f"line: {error}")
        return
    said = {
        "SHA-256": (digest, f"sha256:{header['sha256']}"),
        "key": (mark, header["kid"]),
        "signature": (value, to_base64url(signature.signature)),
        "signer": (str(line["actor"]), header["signer"]["staff"]),
        "number": (line["id"], number),
        "code": (line["code"], "records:opinion:sign"),
    }
    for what, (found, wanted) in said.items():
        if found != wanted:
            report.tell("opinion-line", id=number, name=signature.name, what=what)
    if hash_leaf(row.sealed) != row.leaf:
        report.tell("opinion-line-leaf", id=number)
    elif not proved:
        report.tell("opinion-line-path", id=number)


def tell_opinion_facts(
    document: Any,
    parts: dict[str, Any],
    signatures: list[OpinionSignature],
    head: Head | None,
    pinned: set[str],
    digest: str,
    report: Report,
) -> None:
    numbers = parts.get("request", {}).get("identifier") or [{}]
    names = parts.get("patient", {}).get("name") or [{}]
    report.facts = {
        "title": str(parts["composition"].get("title", "")),
        "number": str(numbers[0].get("value", "")),
        "patient": str(names[0].get("text", "")),
        "document": str(document["identifier"]["value"]),
        "sha256": digest,
        "records": sum(p["resourceType"] == "DocumentReference" for p in parts.values()),
        "signers": [s.name for s in signatures],
        "elements": read_elements(parts),
        "signatures": [
            {
                "name": s.name,
                "hospital": s.header["signer"]["hospital"],
                "staff": s.header["signer"]["staff"],
                "at": s.header["sigT"],
                "proved": " + ".join(map(str, s.header["proved"]["by"])),
                "key": s.header["kid"],
                "line": s.line["id"] if isinstance(s.line, dict) else None,
            }
            for s in signatures
        ],
        "head": {"size": head.size, "root": head.root.hex(), "sealed_at": head.sealed_at}
        if head
        else None,
    }
    how = ", ".join(f"{s['name']}: {s['proved']}" for s in report.facts["signatures"])
    report.notes = [("opinion-truth", {}), ("opinion-person", {"how": how}), ("opinion-clock", {})]
    if report.facts["records"]:
        report.notes.append(("opinion-records", {}))
    if head is None or any(s.line is None for s in signatures):
        report.notes.append(("opinion-nolog", {}))
    if head is not None and fingerprint_of(head.key) not in pinned:
        report.notes.append(("opinion-log", {"mark": f"SHA256:{fingerprint_of(head.key)}"}))


def read_elements(parts: dict[str, Any]) -> list[tuple[str, str]]:
    """What the document says, element by element: label and text."""
    read = []
    for name, part in parts.items():
        code = part.get("code")
        if name.startswith("field-") and isinstance(code, dict):
            concept = part.get("valueCodeableConcept")
            codings = concept.get("coding") if isinstance(concept, dict) else None
            coded = codings[0].get("code") if isinstance(codings, list) and codings else ""
            read.append((str(code.get("text", name)), str(part.get("valueString") or coded)))
    return read


def verify_file(
    path: Path,
    pins: list[PinnedKey],
    *,
    against: Path | None = None,
    witnesses: list[PinnedKey] | None = None,
    on_leaf: Callable[[int, bytes], None] | None = None,
) -> Report:
    """A signed opinion, which is JSON, or an evidence package, which is a ZIP."""
    try:
        with path.open("rb") as file:
            start = file.read(1)
            if start == b"{":
                data = start + file.read(OPINION_BYTES)
                if len(data) <= OPINION_BYTES:
                    return verify_opinion(data, pins)
    except OSError:
        pass  # the reader of packages says so
    return verify_package(path, pins, against=against, witnesses=witnesses, on_leaf=on_leaf)


def print_opinion_facts(facts: dict[str, Any], zh: bool, out: Callable[[str], Any]) -> None:
    rows = [
        ("文书", "document", facts["title"]),
        ("编号", "number", facts["number"]),
        ("患者", "patient", facts["patient"]),
        ("文书标识", "identifier", facts["document"]),
        ("SHA-256", "SHA-256", facts["sha256"]),
        ("随附资料", "records", facts["records"]),
    ]
    for s in facts["signatures"]:
        line = s["line"] if s["line"] is not None else "-"
        said = f"{s['name']} · {s['hospital']} · {s['staff']} · {s['at']} · {s['proved']}"
        rows.append(("签名", "signed", f"{said} · {s['key']} · log {line}"))
    for name_zh, name_en, value in rows:
        out(f"{name_zh}：{value}" if zh else f"{name_en}: {value}")
    out("")
    for label, text in facts["elements"]:
        out(f"{label}：{text}" if zh else f"{label}: {text}")
    out("")


def print_report(report: Report, lang: str, out: Callable[[str], Any] = print) -> None:
    zh, facts = lang == "zh", report.facts
    if facts and report.opinion:
        print_opinion_facts(facts, zh, out)
    elif facts:
        by = facts["exported_by"] if isinstance(facts["exported_by"], dict) else {}
        words = facts["filter_words"] if isinstance(facts["filter_words"], dict) else {}
        asked = f"{by.get('name', '')} {by.get('account', '')} {by.get('hospital', '')}"
        head = facts["head"]
        rows = [
            ("日志", "log", facts["origin"]),
            ("导出时间", "exported", facts["exported_at"]),
            ("导出人", "by", asked),
            ("理由", "for", facts["reason"]),
            ("筛选", "of", words.get(lang, "")),
            ("行数", "lines", facts["rows"]),
            ("签名密钥", "key", facts["key"]),
            ("树头", "head", f"{head['size']} · {head['root']} · {head['sealed_at']}"),
        ]
        for c in facts["witnesses"]:
            at = seconds_to_text(c["at"])
            sure = ("已核对", "confirmed") if c["confirmed"] else ("未核对", "not confirmed")
            said = f"{c['name']} {c['hospital']} · {c['size']} · {at} · {c['fingerprint']}"
            rows.append(("见证", "witness", f"{said} · {sure[0 if zh else 1]}"))
        for name_zh, name_en, value in rows:
            out(f"{name_zh}：{value}" if zh else f"{name_en}: {value}")
        out("")
    for finding in report.findings:
        out(f"✗ [{finding.code}] {finding.say(lang)}")
    hidden = sum(report.counts.values()) - len(report.findings)
    if hidden:
        out(f"… 另有{hidden}处" if zh else f"… and {hidden} more")
    if report.notes:
        out("本次核对不证明：" if zh else "What this does not prove:")
        for said in report.say_notes(lang):
            out(f"- {said}")
    out("")
    out(report.say_verdict("zh"))
    out(report.say_verdict("en"))


def seconds_to_text(at: int) -> str:
    try:
        return dt.datetime.fromtimestamp(at, dt.timezone.utc).isoformat()
    except (OverflowError, ValueError, OSError):
        return str(at)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("package", type=Path, metavar="FILE")
    parser.add_argument("--key", action="append", default=[], help="fingerprint, or file of PEM")
    parser.add_argument("--witness", action="append", default=[], help="a witness's, likewise")
    parser.add_argument("--against", type=Path, help="an older package, manifest, or kept head")
    parser.add_argument("--lang", choices=("zh", "en"), default="zh")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    try:
        pins = [pin for text in given.key for pin in parse_keys(text)]
        witnesses = [pin for text in given.witness for pin in parse_keys(text)]
    except (OSError, ValueError) as error:
        print(f"--key, --witness: {error}", file=sys.stderr)
        return 2
    report = verify_file(given.package, pins, against=given.against, witnesses=witnesses)
    if given.json:
        print(json.dumps(report.as_json(), ensure_ascii=False, indent=1))
    else:
        print_report(report, given.lang)
    return EXIT[report.verdict]


if __name__ == "__main__":
    sys.exit(main())
