"""TABLE of ways to change a signed opinion, each with what a verifier must say: both of them do
(tests/unit/test_verify_opinion.py, tests/browser/test_verify_opinion_page.py).
"""

import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from consent.audit.canonical_line import encode_canonical_json
from records.consultations.opinion_document import digest_parts
from records.consultations.signature_header import encode_part, read_header
from tests.factories.opinions import (
    ASKER,
    AT,
    CENTRE,
    LEAD,
    OTHER_SECRET,
    RECORDS,
    SECOND,
    make_context,
    make_file,
    make_opinion,
    sign,
)

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class OpinionTampering:
    """make: the changed file; codes: of the findings, in their order; says: what the first one says
    in Chinese, in part.
    """

    name: str
    make: Callable[[], Json]
    codes: tuple[str, ...]
    says: str = ""


def part_of(file: Json, name: str) -> Json:
    part: Json = next(
        e["resource"] for e in file["document"]["entry"] if e["resource"]["id"] == name
    )
    return part


def change(**values: str) -> Callable[[], Json]:
    """The texts of data elements, by the names of their parts."""

    def make() -> Json:
        file = make_file()
        for name, text in values.items():
            part_of(file, name.replace("_", "-"))["valueString"] = text
        return file

    return make


def edit(edit_file: Callable[[Json], Any]) -> Callable[[], Json]:
    def make() -> Json:
        file = make_file()
        edit_file(file)
        return file

    return make


def one_character_less() -> Json:
    file = make_file()
    opinion = part_of(file, "field-opinion")
    opinion["valueString"] = opinion["valueString"].replace("24小时", "2小时")
    return file


def swap_digests(file: Json) -> None:
    first, second = part_of(file, "record-1"), part_of(file, "record-2")
    first["masterIdentifier"], second["masterIdentifier"] = (
        second["masterIdentifier"],
        first["masterIdentifier"],
    )


def rewrite_header(file: Json, **changes: Any) -> None:
    """Of a forger without the key, who keeps the signature."""
    jws = file["signatures"][0]["jws"]
    header = read_header(jws) | changes
    file["signatures"][0]["jws"] = (
        f"{encode_part(encode_canonical_json(header))}..{jws.rpartition('.')[2]}"
    )


def name_another_signer(file: Json) -> None:
    other = {"staff": str(SECOND.staff_id), "name": SECOND.name, "hospital": CENTRE.code}
    rewrite_header(file, signer=other | {"role": "expert"})


def cover_up(file: Json) -> None:
    """The opinion changed, and the header's digests with it: only the signature is left to tell."""
    part_of(file, "field-opinion")["valueString"] = "观察。"
    data = encode_canonical_json(file["document"])
    parts = digest_parts(file["document"])
    rewrite_header(file, sha256=hashlib.sha256(data).hexdigest(), parts=parts)


def take_other_signature(file: Json) -> None:
    other = make_opinion(number="2026-000099")
    file["signatures"][0]["jws"] = sign(other).jws


def sign_by_other_key() -> Json:
    document = make_opinion()
    return make_file(document, [sign(document, secret=OTHER_SECRET)])


def put_public_key(file: Json) -> None:
    document = make_opinion()
    file["signatures"][0]["key"] = sign(document, secret=OTHER_SECRET).key.key.hex()


def signed_by_stranger() -> Json:
    """With the hospital's key, by somebody whom the document does not name."""
    document = make_opinion()
    return make_file(document, [sign(document, replace(LEAD, staff_id=999, name="王建国"))])


def signed_under_another_name() -> Json:
    document = make_opinion()
    return make_file(document, [sign(document, replace(LEAD, name="王建国"))])


def signed_by_asker() -> Json:
    document = make_opinion()
    return make_file(document, [sign(document, replace(ASKER, hospital=CENTRE))])


def signed_without_proof() -> Json:
    document = make_opinion()
    return make_file(document, [sign(document, age=7200)])


def signed_before_key() -> Json:
    document = make_opinion()
    return make_file(document, [sign(document, at=AT.replace(year=2020))])


def other_expert(file: Json) -> None:
    part_of(file, "expert-1")["name"][0]["text"] = "王建国"


def take_line_of_other(file: Json) -> None:
    other = make_opinion(number="2026-000099")
    file["signatures"][0]["line"] = make_file(other)["signatures"][0]["line"]
    file["head"] = make_file(other)["head"]


def change_line(file: Json) -> None:
    file["signatures"][0]["line"]["line"]["recorded"] = "2026-12-01T08:00:00.000000Z"


def move_line(file: Json) -> None:
    file["signatures"][0]["line"]["position"] = 2


def change_head(file: Json) -> None:
    file["head"]["sealed_at"] = "2026-12-01T18:00:00+08:00"


def detach_nothing(file: Json) -> None:
    jws = file["signatures"][0]["jws"]
    data = base64.urlsafe_b64encode(encode_canonical_json(file["document"])).decode().rstrip("=")
    file["signatures"][0]["jws"] = jws.replace("..", f".{data}.")


def add_part(file: Json) -> None:
    resource = {
        "resourceType": "Observation",
        "id": "field-report-note",
        "status": "final",
        "code": {"text": "报告备注"},
        "valueString": "另加",
    }
    file["document"]["entry"].append({"fullUrl": "urn:uuid:1", "resource": resource})


def remove_part(file: Json) -> None:
    file["document"]["entry"] = [
        e for e in file["document"]["entry"] if e["resource"]["id"] != "field-discussion"
    ]


def sent_record_removed() -> Json:
    file = make_file()
    shorter = make_opinion(attachments=RECORDS[:1], request_digest=make_context().request_digest)
    file["document"] = json.loads(encode_canonical_json(shorter))
    return file


TAMPERINGS = [
    OpinionTampering(
        "one character of the opinion", one_character_less, ("opinion-part",), "会诊意见"
    ),
    OpinionTampering(
        "the question's reason", change(field_reason="其他原因"), ("opinion-part",), "会诊原因"
    ),
    OpinionTampering(
        "the text alone that people read",
        edit(lambda f: part_of(f, "composition")["section"][0].update(title="另一题")),
        ("opinion-part",),
        "文书正文",
    ),
    OpinionTampering(
        "two digests of records exchanged",
        edit(swap_digests),
        ("opinion-part", "opinion-part"),
        "随附资料 肌钙蛋白I",
    ),
    OpinionTampering(
        "a record left out",
        sent_record_removed,
        ("opinion-part", "opinion-removed", "opinion-part"),
    ),
    OpinionTampering(
        "the patient's name",
        edit(lambda f: part_of(f, "patient")["name"][0].update(text="王秀英")),
        ("opinion-part",),
        "患者 王秀英",
    ),
    OpinionTampering("another expert's name", edit(other_expert), ("opinion-part",), "会诊医师"),
    OpinionTampering("a part put in", edit(add_part), ("opinion-added",), "报告备注"),
    OpinionTampering("a part taken out", edit(remove_part), ("opinion-removed",)),
    OpinionTampering(
        "the moment of the document",
        edit(lambda f: f["document"].update(timestamp="2026-12-01T16:33:00+08:00")),
        ("opinion-changed",),
    ),
    OpinionTampering(
        "another signer in the header",
        edit(name_another_signer),
        ("opinion-signature", "opinion-line"),
        "签名不符",
    ),
    OpinionTampering(
        "another moment in the header",
        edit(lambda f: rewrite_header(f, sigT="2026-12-01T08:34:00Z")),
        ("opinion-signature",),
    ),
    OpinionTampering(
        "document and digests changed together",
        edit(cover_up),
        ("opinion-signature", "opinion-line"),
    ),
    OpinionTampering(
        "the signature of another opinion",
        edit(take_other_signature),
        ("opinion-other", "opinion-line", "opinion-line"),
        "属于另一份文书",
    ),
    OpinionTampering("another key signs", sign_by_other_key, ("opinion-key",), "不是您给出的密钥"),
    OpinionTampering(
        "another public key in the file",
        edit(put_public_key),
        ("opinion-public", "opinion-signature"),
    ),
    OpinionTampering(
        "somebody whom the document does not name signs", signed_by_stranger, ("opinion-signer",)
    ),
    OpinionTampering(
        "an expert signs under another name", signed_under_another_name, ("opinion-signer",)
    ),
    OpinionTampering("the asking doctor signs", signed_by_asker, ("opinion-signer",)),
    OpinionTampering(
        "signed long after the last proof", signed_without_proof, ("opinion-unproved-signer",)
    ),
    OpinionTampering("signed before the key began", signed_before_key, ("opinion-time",)),
    OpinionTampering(
        "no signature", edit(lambda f: f.update(signatures=[], head=None)), ("opinion-unsigned",)
    ),
    OpinionTampering(
        "the log's line of another opinion",
        edit(take_line_of_other),
        ("opinion-line", "opinion-line"),
        "不是同一次",
    ),
    OpinionTampering("the log's line changed", edit(change_line), ("opinion-line-leaf",)),
    OpinionTampering("the log's line moved", edit(move_line), ("opinion-line-path",)),
    OpinionTampering("the log's head changed", edit(change_head), ("opinion-head",)),
    OpinionTampering("a JWS that is not detached", edit(detach_nothing), ("opinion-form",)),
    OpinionTampering(
        "an algorithm that is none",
        edit(lambda f: rewrite_header(f, alg="none")),
        ("opinion-form",),
    ),
    OpinionTampering(
        "another kind of file", edit(lambda f: f.update(kind="another")), ("opinion-form",)
    ),
]
