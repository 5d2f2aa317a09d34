"""Changes of heads, signatures, co-signatures, of the manifest and of the ZIP itself."""

import base64
import hashlib
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from consent.audit import checkpoint
from records.agent import checkpoint as agent
from tests.factories.evidence_packages import (
    LOG_KEY,
    ORIGIN,
    OTHER_KEY,
    WITNESS_KEYS,
    EvidencePackage,
    make_package,
    raw,
    sign_head,
)
from tests.support.package_tampering import More, Tampering, told

TAMPERINGS: list[Tampering] = []


def each(package: EvidencePackage, name: str, change: Callable[[Any], None]) -> None:
    content = package.json(name)
    change(content)
    package.put_json(name, content)


@told(TAMPERINGS, "head-key")
def a_head_of_another_key(p: EvidencePackage) -> None:
    head = p.manifest["head"]
    p.manifest["head"] = sign_head(head["size"], bytes.fromhex(head["root"]), OTHER_KEY).as_json()
    p.sign()


@told(
    TAMPERINGS,
    "head-signature",
    "line-path",
    "checkpoint-head",
    "cosignature-consistency",
    "since-consistency",
)
def a_head_with_another_root(p: EvidencePackage) -> None:
    p.manifest["head"]["root"] = hashlib.sha256(b"another").hexdigest()
    p.sign()


@told(TAMPERINGS, "manifest-key", "head-key")
def all_by_another_key(p: EvidencePackage) -> None:
    forged = make_package(log_key=OTHER_KEY)
    p.members, p.manifest, p.packed = forged.members, forged.manifest, forged.packed


@told(TAMPERINGS, "manifest-key", "checkpoint-signature")
def a_manifest_of_another_key(p: EvidencePackage) -> None:
    p.sign(OTHER_KEY)


@told(TAMPERINGS, "manifest-time", "head-time", key="until: 2026-11-01T00:00:00+08:00\nPEM")
def a_key_that_had_ended(p: EvidencePackage) -> None:
    pass


@told(TAMPERINGS, "manifest-signature")
def the_reason_in_the_manifest(p: EvidencePackage) -> None:
    p.manifest["reason"] = "内部检查"
    p.pack_manifest()


@told(TAMPERINGS, "manifest-signature", "line-count", "csv-count")
def the_rows_in_the_manifest(p: EvidencePackage) -> None:
    p.manifest["rows"] += 1
    p.pack_manifest()


@told(TAMPERINGS, "manifest-form")
def a_manifest_of_another_version(p: EvidencePackage) -> None:
    p.manifest["v"] = 2
    p.sign()


@told(TAMPERINGS, "unreadable")
def a_manifest_that_says_its_reason_twice(p: EvidencePackage) -> None:
    p.packed = p.packed.replace(b'"reason"', b'"reason": "x", "reason"')


def sign_note(p: EvidencePackage, origin: str, size: int, root: bytes) -> None:
    body = checkpoint.build_checkpoint_body(origin, size, root)
    signed = checkpoint.compute_key_id(origin, b"\x01", raw(LOG_KEY)) + LOG_KEY.sign(body.encode())
    p.members["checkpoint.txt"] = (
        f"{body}\n— {origin} {base64.b64encode(signed).decode()}\n".encode()
    )
    p.count_files().sign()


@told(TAMPERINGS, "checkpoint-origin")
def a_checkpoint_of_another_log(p: EvidencePackage) -> None:
    head = p.manifest["head"]
    sign_note(p, "other.example", head["size"], bytes.fromhex(head["root"]))


@told(TAMPERINGS, "checkpoint-head")
def a_checkpoint_of_another_size(p: EvidencePackage) -> None:
    head = p.manifest["head"]
    sign_note(p, ORIGIN, head["size"] + 1, bytes.fromhex(head["root"]))


@told(TAMPERINGS, "checkpoint-signature")
def a_checkpoint_that_is_not_signed(p: EvidencePackage) -> None:
    note = p.members["checkpoint.txt"].decode().split("\n")
    p.members["checkpoint.txt"] = "\n".join([*note[:4], note[5], ""]).encode()
    p.count_files().sign()


@told(TAMPERINGS, "checkpoint-form")
def a_checkpoint_without_signatures(p: EvidencePackage) -> None:
    p.members["checkpoint.txt"] = p.members["checkpoint.txt"].partition(b"\n\n")[0]
    p.count_files().sign()


def forge_cosignature(
    p: EvidencePackage, number: int, by: Any, root: bytes | None = None, *, as_witness: bool
) -> str:
    """A line by another key, or over another root."""
    entry = p.json("cosignatures.json")[number]
    seen = agent.Head(entry["size"], root or bytes.fromhex(entry["root"]), ORIGIN)
    line = agent.cosign(seen, by, entry["name"], entry["at"]).strip()
    if as_witness:
        start, _, coded = line.rpartition(" ")
        key = checkpoint.compute_key_id(entry["name"], b"\x04", bytes.fromhex(entry["key"]))
        line = f"{start} {base64.b64encode(key + base64.b64decode(coded)[4:]).decode()}"
    return line


def put_cosignature(p: EvidencePackage, number: int, **changed: Any) -> None:
    each(p, "cosignatures.json", lambda listed: listed[number].update(changed))
    p.count_files().sign()


@told(TAMPERINGS, "cosignature-signature", row=2)
def a_cosignature_that_is_forged(p: EvidencePackage) -> None:
    put_cosignature(p, 1, line=forge_cosignature(p, 1, OTHER_KEY, as_witness=True))


@told(TAMPERINGS, "cosignature-key", row=2)
def a_cosignature_of_another_key(p: EvidencePackage) -> None:
    put_cosignature(p, 1, line=forge_cosignature(p, 1, OTHER_KEY, as_witness=False))


@told(TAMPERINGS, "cosignature-consistency", row=2)
def a_cosignature_over_another_root(p: EvidencePackage) -> None:
    root = hashlib.sha256(b"what the witness saw").digest()
    line = forge_cosignature(p, 1, WITNESS_KEYS["nanqiao-1"], root, as_witness=False)
    put_cosignature(p, 1, line=line, root=root.hex())


@told(TAMPERINGS, "cosignature-signature", row=2)
def a_cosignature_for_another_root(p: EvidencePackage) -> None:
    put_cosignature(p, 1, root=hashlib.sha256(b"another").hexdigest())


@told(TAMPERINGS, "cosignature-form", row=1)
def a_cosignature_with_another_time(p: EvidencePackage) -> None:
    put_cosignature(p, 0, at=1)


@told(TAMPERINGS, "checkpoint-cosignature")
def a_forged_cosignature_on_the_checkpoint(p: EvidencePackage) -> None:
    note = p.members["checkpoint.txt"].decode().split("\n")
    note[5] = forge_cosignature(p, 0, OTHER_KEY, as_witness=True)
    p.members["checkpoint.txt"] = "\n".join(note).encode()
    p.count_files().sign()


@told(TAMPERINGS, "since-consistency")
def another_earlier_head(p: EvidencePackage) -> None:
    p.manifest["since"]["root"] = hashlib.sha256(b"another").hexdigest()
    p.sign()


@told(TAMPERINGS, "since-consistency")
def an_earlier_head_without_proof(p: EvidencePackage) -> None:
    p.manifest["since"]["proof"] = []
    p.sign()


@told(TAMPERINGS, "member-unknown")
def a_member_added(p: EvidencePackage) -> None:
    p.members["note.txt"] = b"read me first"


@told(TAMPERINGS, "member-missing")
def a_member_removed(p: EvidencePackage) -> None:
    del p.members["events.xlsx"]


@told(TAMPERINGS, "member-missing")
def lines_removed_by_who_has_the_key(p: EvidencePackage) -> None:
    del p.members["lines.ndjson"]
    p.count_files().sign()


@told(TAMPERINGS, "member-missing", "member-unknown")
def a_member_renamed(p: EvidencePackage) -> None:
    p.members["events2.xlsx"] = p.members.pop("events.xlsx")


@told(TAMPERINGS, "zip-twice", digests=True)
def a_member_doubled(p: EvidencePackage) -> More:
    return [("summary.pdf", b"%PDF-1.7\n% another cover\n")]


@told(TAMPERINGS, "zip-name", "member-unknown")
def a_path_that_leads_out(p: EvidencePackage) -> More:
    return [("../../etc/cron.d/x", b"* * * * *")]


@told(TAMPERINGS, "zip-bomb")
def a_member_that_expands_without_end(p: EvidencePackage) -> None:
    p.members["events.xlsx"] = b"\0" * (65 << 20)
    p.count_files().sign()


def append_junk(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"PK\x03\x04 something that some programs find")


@told(TAMPERINGS, "zip-order", after=append_junk)
def something_after_the_end(p: EvidencePackage) -> None:
    pass


def change_local_header(path: Path) -> None:
    """Of summary.pdf, which other programs then unpack as another length."""
    with zipfile.ZipFile(path) as archive:
        at = archive.getinfo("summary.pdf").header_offset
    data = bytearray(path.read_bytes())
    data[at + 22] ^= 1
    path.write_bytes(data)


@told(TAMPERINGS, "zip-header", after=change_local_header)
def a_header_that_differs_from_the_directory(p: EvidencePackage) -> None:
    pass


@told(TAMPERINGS, "zip-header")
def a_second_name_in_the_directory(p: EvidencePackage) -> More:
    info = zipfile.ZipInfo("note.txt")
    data = b"\x01" + zlib.crc32(b"note.txt").to_bytes(4, "little") + b"other.txt"
    info.extra = b"up" + len(data).to_bytes(2, "little") + data
    p.members["note.txt"] = b"x"
    p.count_files().sign()
    del p.members["note.txt"]
    return [(info, b"x")]


def damage(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        info = archive.getinfo("events.csv")
    data = bytearray(path.read_bytes())
    data[info.header_offset + 30 + len("events.csv") + info.compress_size // 2] ^= 0x55
    path.write_bytes(data)


@told(TAMPERINGS, "member-damaged", after=damage)
def a_member_damaged(p: EvidencePackage) -> None:
    pass


@told(TAMPERINGS, "unreadable")
def no_manifest(p: EvidencePackage) -> None:
    p.packed = b"nothing"


@told(TAMPERINGS, "member-sm3")
def another_sm3(p: EvidencePackage) -> None:
    p.manifest["files"]["summary.pdf"]["sm3"] = "00" * 32
    p.sign()
