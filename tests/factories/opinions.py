"""Opinions of consultations for tests: what is asked and answered, and signed files of a log that
has keys of its own, by the format (docs/implementation/opinion.md).
"""

import copy
import datetime as dt
import json
from pathlib import Path
from typing import Any

from consent.audit import merkle_tree
from consent.audit.canonical_line import encode_canonical_json, leaf_hash
from records.consultations.hospital_keys import PublicKey, derive_private_key
from records.consultations.opinion_document import build_opinion, digest_request, encode_document
from records.consultations.opinion_parties import (
    Doctor,
    DoctorRole,
    Institution,
    OpinionContext,
    RegisteredPatient,
    SentRecord,
)
from records.consultations.opinion_provenance import build_provenance
from records.consultations.sign_opinion import DocumentSignature, StepUp, make_signature
from tests.factories.evidence_packages import make_line, raw, sign_head

AT = dt.datetime(2026, 12, 1, 8, 30, tzinfo=dt.UTC)
SECRET, OTHER_SECRET = b"s" * 32, b"o" * 32
ASKING = Institution("qingshan-f1", "青山镇卫生院", "12420115MB1D00001X")
CENTRE = Institution("xinglin-f1", "杏林中心医院", "124200004412345678")
ASKER = Doctor(31, "何文静", ASKING, "全科医学科", "主治医师", DoctorRole.ASKING)
LEAD = Doctor(71, "欧阳明月", CENTRE, "心血管内科", "主任医师", DoctorRole.LEAD)
SECOND = Doctor(72, "古丽娜尔·买买提", CENTRE, "医学影像科", "副主任医师")
PATIENT = RegisteredPatient("p-100", "司徒云帆", "1", "1957-03-04")
RECORDS = (
    SentRecord("qingshan-f1/Observation/a1", "2", "11" * 32, "肌钙蛋白I"),
    SentRecord("qingshan-f1/DiagnosticReport/b2", "1", "22" * 32, "心电图"),
)
ASKED = {
    "summary": "反复胸痛两周，加重一天，含服硝酸甘油后缓解。",
    "auxiliary_results": "心电图：V4～V6导联ST段压低0.1 mV；肌钙蛋白I 0.03 ng/mL。",
    "four_examinations": "舌暗红，苔白腻，脉弦。",
    "diagnosis_name": "不稳定型心绞痛",
    "diagnosis_code": "I20.000",
    "tcm_disease_name": "胸痹",
    "tcm_disease_code": "BNX020",
    "tcm_syndrome_name": "痰瘀互结证",
    "tcm_syndrome_code": "ZBXX00",
    "treatment_principle": "化痰祛瘀",
    "course_name": "抗血小板、调脂治疗",
    "course": "入院后予阿司匹林、阿托伐他汀，\n症状仍反复。",
    "reason": "疗效不佳，需明确冠脉情况",
    "purpose": "是否转院行冠脉造影",
    "inpatient_number": "Z20261107",
    "patient_department": "全科医学科",
    "ward": "二病区",
    "room": "203",
    "bed": "12",
}
ANSWERED = {
    "opinion": "1. 考虑不稳定型心绞痛<高危>，GRACE>140；\n2. 建议24小时内转院行冠脉造影 & 评估。",
    "discussion": "两位专家意见一致。",
}
QUESTION = "患者症状反复，是否需要尽快造影？途中如何监护？"


def make_context(**more: Any) -> OpinionContext:
    said: dict[str, Any] = {
        "number": "2026-000012",
        "kind": "院外会诊",
        "patient": PATIENT,
        "asking": ASKER,
        "consulted": CENTRE,
        "experts": (LEAD, SECOND),
        "question": QUESTION,
        "asked_at": AT - dt.timedelta(hours=5),
        "request_digest": digest_request(ASKED, QUESTION, RECORDS),
        "ended_at": AT,
        "written_at": AT + dt.timedelta(minutes=2),
        "attachments": RECORDS,
    }
    return OpinionContext(**said | more)


def make_opinion(**more: Any) -> dict[str, Any]:
    return build_opinion(ASKED | ANSWERED, make_context(**more))


def make_key(
    generation: int = 1, *, secret: bytes = SECRET, until: dt.datetime | None = None
) -> tuple[PublicKey, Any]:
    private = derive_private_key(secret, CENTRE.code, generation)
    key = PublicKey(CENTRE.code, generation, raw(private), AT - dt.timedelta(days=9), until)
    return key, private


def sign(
    document: dict[str, Any],
    signer: Doctor = LEAD,
    *,
    secret: bytes = SECRET,
    at: dt.datetime = AT + dt.timedelta(minutes=3),
    proved: tuple[str, ...] = ("pwd", "otp"),
    age: int = 60,
) -> DocumentSignature:
    key, private = make_key(secret=secret)
    step_up = StepUp(proved, at - dt.timedelta(seconds=age))
    return make_signature(document, signer, step_up, key, private, at)


def make_signing_line(number: int, signed: DocumentSignature) -> dict[str, Any]:
    return make_line(number) | {
        "v": 1,
        "code": "records:opinion:sign",
        "actor": str(signed.signer.staff_id),
        "person": "00000000-0000-4000-8000-000000000009",
        "target": "work/12",
        "detail": f"sha256:{signed.digest} · {signed.key.mark} · {signed.jws.rpartition('.')[2]}",
        "address": "",
        "refs": [],
    }


def make_file(
    document: dict[str, Any] | None = None,
    signatures: list[DocumentSignature] | None = None,
    *,
    logged: bool = True,
) -> dict[str, Any]:
    """A signed opinion as it is taken along. logged: with the lines' proofs."""
    document = make_opinion() if document is None else document
    signatures = [sign(document)] if signatures is None else signatures
    lines = [make_line(n) for n in (1, 2, 4, 7, 8)]
    lines += [make_signing_line(10 + n, s) for n, s in enumerate(signatures)]
    levels = merkle_tree.build_tree_levels([leaf_hash(encode_canonical_json(x)) for x in lines])
    head = sign_head(len(lines), levels[-1][0], at="2026-12-01T17:00:00+08:00")
    entries = []
    for n, signed in enumerate(signatures, 5):
        path = merkle_tree.build_inclusion_proof(levels, n)
        entries.append(
            {
                "jws": signed.jws,
                "key": signed.key.key.hex(),
                "pem": signed.key.pem,
                "provenance": build_provenance(document, signed.jws),
                "line": {
                    "id": lines[n]["id"],
                    "line": lines[n],
                    "leaf": levels[0][n].hex(),
                    "position": n,
                    "path": [node.hex() for node in path],
                }
                if logged
                else None,
            }
        )
    return copy.deepcopy(
        {
            "v": 1,
            "kind": "xinglin-signed-opinion",
            "document": json.loads(encode_document(document)),
            "signatures": entries,
            "head": head.as_json() if logged else None,
        }
    )


def write_file(content: dict[str, Any], path: Path) -> Path:
    path.write_bytes(encode_canonical_json(content))
    return path
