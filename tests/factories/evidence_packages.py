"""Make evidence packages of a small log that has keys of its own, by the format
(docs/implementation/evidence-package.md), and take them apart again.
"""

import base64
import copy
import csv
import hashlib
import io
import json
import warnings
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from consent.audit import checkpoint, libcrypto_sm2, merkle_tree
from consent.audit.canonical_line import FIELDS, encode_canonical_json, leaf_hash
from consent.audit.second_signature import SecondSignature
from consent.audit.signing_keys import fingerprint_of_key, pem_from_key, raw_key_bytes
from consent.audit.sm2_suite import SM2
from consent.audit.tree_head import TreeHead
from records.agent import checkpoint as agent
from tests.support.sources import ROOT

DOMAIN = b"xinglin evidence package\n"
ORIGIN = "records.xinglin.example"
FORMULA_STARTS = tuple("=+-@\t\r\n＝＋－＠")
READABLE = ["时间", "操作者", "患者"]
SIZE, BEFORE, COSIGNED = 37, 20, 29  # of the log, of its earlier head, of what one witness saw
EXPORTED = [n for n in range(SIZE) if n % 3 != 1]
NAMES = ["司徒云帆", "欧阳明月", "王小红", "古丽娜尔·买买提"]


def key_from(word: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(word.encode()).digest())


LOG_KEY, OTHER_KEY = key_from("the log"), key_from("somebody else")
WITNESS_KEYS = {"donghu-1": key_from("donghu"), "nanqiao-1": key_from("nanqiao")}


@dataclass(frozen=True)
class Sm2Key:
    private: bytes
    public: bytes

    def sign(self, message: bytes) -> bytes:
        return libcrypto_sm2.sign(self.private, self.public, message)

    @property
    def mark(self) -> str:
        return SM2.mark(SM2.fingerprint(self.public))


def sm2_key_from(word: str) -> Sm2Key:
    private = hashlib.sha256(word.encode()).digest()
    return Sm2Key(private, libcrypto_sm2.find_public_key(private))


SM2_KEY, OTHER_SM2_KEY = sm2_key_from("the log's second"), sm2_key_from("somebody else's")


def raw(key: Ed25519PrivateKey) -> bytes:
    return raw_key_bytes(key.public_key())


def fingerprint(key: Ed25519PrivateKey) -> str:
    return f"SHA256:{fingerprint_of_key(raw(key))}"


def pem(key: Ed25519PrivateKey) -> str:
    return pem_from_key(raw(key))


def make_line(n: int) -> dict[str, Any]:
    """Line n of the log: every third with an odd text, every fifth about several persons."""
    line: dict[str, Any] = dict.fromkeys(FIELDS)
    line |= {
        "id": n + 100,
        "recorded": f"2026-11-{n % 28 + 1:02d}T07:30:{n:02d}.123456Z",
        "code": "read",
        "actor_kind": "staff",
        "actor": f"doctor{n % 4}",
        "actor_hospital": "xinglin",
        "role": "clinician",
        "purpose": "TREAT",
        "outcome": "success",
        "person": None if n % 5 == 0 else f"00000000-0000-4000-8000-{n:012d}",
        "refs": [f"Observation/{n}/1", f"Patient/{n}/2"],
        "address": "10.0.0.7",
        "request_id": f"r{n:04d}",
    }
    if n % 3 == 0:
        line["reason"] = ["=HYPERLINK(1)", "＝1+1", "昏迷，需了解“用药史”\n家属在场", "@x"][n % 4]
    if n % 5 == 0:
        persons = [f"00000000-0000-4000-8000-{m:012d}" for m in (n, n + 1)]
        return {"v": 2, **line, "persons": persons}
    return {"v": 1, **line}


def sign_head(
    size: int, root: bytes, key: Ed25519PrivateKey = LOG_KEY, at: str = "2026-11-30T10:00:00+08:00"
) -> TreeHead:
    head = TreeHead(size, root, at, b"", raw(key), 0, "2026-11-30T01:59:58.000000Z")
    return replace(head, signature=key.sign(head.signed_bytes()))


def root_of(leaves: list[bytes]) -> bytes:
    return merkle_tree.build_tree_levels(leaves)[-1][0] if leaves else merkle_tree.EMPTY


def hexes(nodes: list[bytes]) -> list[str]:
    return [n.hex() for n in nodes]


def sealed_cell(value: Any) -> str:
    """A sealed value as the format writes it in a cell."""
    text = " ".join(value) if isinstance(value, list) else "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def table_of(lines: list[dict[str, Any]]) -> list[list[str]]:
    """events.csv, headings first."""
    rows = [[*READABLE, *FIELDS, "persons"]]
    for line in lines:
        name = NAMES[line["id"] % len(NAMES)]
        sealed = [sealed_cell(line.get(f)) for f in (*FIELDS, "persons")]
        rows.append([line["recorded"][:10], f"{name}医生", name, *sealed])
    return rows


def write_csv(rows: list[list[str]]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out).writerows(rows)
    return out.getvalue().encode("utf-8-sig")


def write_ndjson(rows: list[Any]) -> bytes:
    return b"".join(encode_canonical_json(row) + b"\n" for row in rows)


@dataclass
class EvidencePackage:
    """members: without the manifest; manifest: as far as it does not follow from them."""

    members: dict[str, bytes]
    manifest: dict[str, Any]
    key: Ed25519PrivateKey = LOG_KEY
    packed: bytes = b""  # of manifest.json, as it was signed last

    @property
    def table(self) -> list[list[str]]:
        return list(csv.reader(io.StringIO(self.members["events.csv"].decode("utf-8-sig"))))

    @table.setter
    def table(self, rows: list[list[str]]) -> None:
        self.members["events.csv"] = write_csv(rows)

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(row) for row in self.members["lines.ndjson"].splitlines()]

    @lines.setter
    def lines(self, rows: list[dict[str, Any]]) -> None:
        self.members["lines.ndjson"] = write_ndjson(rows)

    def json(self, name: str) -> Any:
        return json.loads(self.members[name])

    def put_json(self, name: str, content: Any) -> None:
        self.members[name] = encode_canonical_json(content)

    def count_files(self) -> "EvidencePackage":
        """Write the sizes and digests of the members into the manifest."""
        self.manifest["files"] = {
            name: {
                "bytes": len(data),
                "sha256": hashlib.sha256(data).hexdigest(),
                "sm3": hashlib.new("sm3", data).hexdigest(),
            }
            for name, data in self.members.items()
        }
        return self

    def sign(self, key: Ed25519PrivateKey | None = None) -> "EvidencePackage":
        key = key or self.key
        content = {
            k: v for k, v in self.manifest.items() if k not in ("signature", "sm2_signature")
        }
        content["key"] = raw(key).hex()
        message = DOMAIN + encode_canonical_json(content)
        self.manifest = {**content, "signature": key.sign(message).hex()}
        if "key" in content.get("sm2", {}) and "absent" not in content["sm2"]:
            self.manifest["sm2_signature"] = SM2_KEY.sign(message).hex()
        self.packed = json.dumps(self.manifest, ensure_ascii=False, indent=1).encode()
        return self

    def pack_manifest(self) -> "EvidencePackage":
        """As somebody does who has no key: the signature stays what it was."""
        self.packed = json.dumps(self.manifest, ensure_ascii=False, indent=1).encode()
        return self

    def copy(self) -> "EvidencePackage":
        return EvidencePackage(
            dict(self.members), copy.deepcopy(self.manifest), self.key, self.packed
        )

    def write(
        self, path: Path, *more: tuple[str | zipfile.ZipInfo, bytes], compress: bool = True
    ) -> Path:
        """more: members that are written after these, whatever their name."""
        how = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
        members: list[tuple[str | zipfile.ZipInfo, bytes]] = [*self.members.items()]
        with warnings.catch_warnings(), zipfile.ZipFile(path, "w", how) as archive:
            warnings.simplefilter("ignore")  # of a name that stands twice
            for name, data in [*members, ("manifest.json", self.packed), *more]:
                archive.writestr(name, data)
        return path


def make_package(
    *,
    since: int = BEFORE,
    exported: list[int] | None = None,
    size: int = SIZE,
    log: list[dict[str, Any]] | None = None,
    head: TreeHead | None = None,
    log_key: Ed25519PrivateKey = LOG_KEY,
) -> EvidencePackage:
    """A package that is intact. since: size of the earlier head that it goes on from; log, head
    and log_key: of a log that there is.
    """
    log = [make_line(n) for n in range(size)] if log is None else log
    size = len(log)
    leaves = [leaf_hash(encode_canonical_json(line)) for line in log]
    levels = merkle_tree.build_tree_levels(leaves)
    head = head or sign_head(size, levels[-1][0], log_key)
    chosen = EXPORTED if exported is None else exported
    proofs = [
        {
            "id": log[n]["id"],
            "position": n,
            "leaf": leaves[n].hex(),
            "line": log[n],
            "path": hexes(merkle_tree.build_inclusion_proof(levels, n)),
        }
        for n in chosen
    ]
    table = table_of([log[n] for n in chosen])
    places = [
        {"id": log[n]["id"], "position": n, "recorded": log[n]["recorded"]}
        for n in (chosen[:1] + chosen[-1:])
    ]
    body = checkpoint.build_checkpoint_body(ORIGIN, size, head.root)
    signed = checkpoint.compute_key_id(ORIGIN, checkpoint.ED25519, raw(log_key))
    signed += log_key.sign(body.encode())
    note = f"{body}\n— {ORIGIN} {base64.b64encode(signed).decode()}\n"
    cosigned = []
    for (name, key), seen in zip(WITNESS_KEYS.items(), (size, min(COSIGNED, size)), strict=True):
        root = root_of(leaves[:seen])
        line = agent.cosign(agent.Head(seen, root, ORIGIN), key, name, 1_795_000_000 + seen)
        cosigned.append(
            {
                "name": name,
                "hospital": name.partition("-")[0],
                "key": raw(key).hex(),
                "size": seen,
                "root": root.hex(),
                "at": 1_795_000_000 + seen,
                "line": line.strip(),
                "consistency": hexes(merkle_tree.build_consistency_proof(levels, seen)),
            }
        )
        if seen == size:
            note += line.strip() + "\n"
    own = {"fingerprint": fingerprint(log_key), "pem": pem(log_key)}
    keys = {
        "log": [own],
        "witnesses": [{k: c[k] for k in ("name", "hospital", "key")} for c in cosigned],
    }
    members = {
        "README.txt": "证据包。如何核对：见verify.html。\nAn evidence package.\n".encode(),
        "summary.pdf": b"%PDF-1.7\n% a cover\n",
        "events.csv": write_csv(table),
        "events.xlsx": b"a workbook",
        "events.ndjson": write_ndjson(
            [{"resourceType": "AuditEvent", "id": str(p["id"])} for p in proofs]
        ),
        "lines.ndjson": write_ndjson(proofs),
        "checkpoint.txt": note.encode(),
        "cosignatures.json": encode_canonical_json(cosigned),
        "keys.json": encode_canonical_json(keys),
        "verify.py": (ROOT / "tools/verify.py").read_bytes(),
        "verify.html": (ROOT / "tools/verify.html").read_bytes(),
    }
    manifest = {
        "v": 1,
        "kind": "xinglin-evidence-package",
        "origin": ORIGIN,
        "exported_at": "2026-11-30T10:00:05.123+08:00",
        "exported_by": {
            "name": "陈审",
            "account": "chenshen",
            "hospital": "xinglin",
            "role": "auditor",
        },
        "reason": "法院调取：（2026）东民初字第88号",
        "filter": {"person": None, "codes": ["read"], "start": "2026-11-01"},
        "filter_words": {"zh": "2026年11月，全部调阅", "en": "November 2026, all reads"},
        "rows": len(proofs),
        "first": places[0] if places else None,
        "last": places[-1] if places else None,
        "columns": [None] * len(READABLE) + [*FIELDS, "persons"],
        "headings": table[0],
        "head": head.as_json(),
        "since": {
            "size": since,
            "root": root_of(leaves[:since]).hex(),
            "proof": hexes(merkle_tree.build_consistency_proof(levels, since)),
        },
    }
    return EvidencePackage(members, manifest, log_key).count_files().sign()


def sign_twice(package: EvidencePackage, absent: str = "") -> EvidencePackage:
    """The package as an installation writes it whose SM2 signature is on: head, note and manifest
    have it, or say what was missing.
    """
    head = TreeHead.from_json(package.manifest["head"])
    unsigned = replace(head, second=SecondSignature(SM2_KEY.public, absent=absent))
    message, made = unsigned.signed_bytes(), b""
    if not absent:
        made = SM2_KEY.sign(message)
        body, gap, lines = package.members["checkpoint.txt"].decode().rpartition("\n\n")
        signed = checkpoint.compute_key_id(ORIGIN, SM2.note_kind, SM2_KEY.public)
        signed += SM2_KEY.sign(f"{body}\n".encode())
        line = f"— {ORIGIN} {base64.b64encode(signed).decode()}\n"
        package.members["checkpoint.txt"] = f"{body}{gap}{lines}{line}".encode()
    second = SecondSignature(SM2_KEY.public, made, absent)
    head = replace(unsigned, signature=package.key.sign(message), second=second)
    package.manifest |= {"head": head.as_json(), "sm2": second.statement()}
    return package.count_files().sign()


def earlier_head(size: int = BEFORE) -> TreeHead:
    """A head of the same log that somebody kept."""
    leaves = [leaf_hash(encode_canonical_json(make_line(n))) for n in range(size)]
    return sign_head(size, root_of(leaves), at="2026-11-20T10:00:00+08:00")
